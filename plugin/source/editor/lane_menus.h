#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include <functional>
#include <vector>

#include "editor/workspace.h"

namespace scorelane::plugin {

using LaneChosen = std::function<void(LaneKey)>;

/// All instruments of General MIDI by class, and the drums; `ticked` are the present ones.
juce::PopupMenu instrument_menu(const std::vector<LaneKey>& ticked, const LaneChosen& chosen);

/// The lanes that there are, then all instruments.
juce::PopupMenu lane_menu(const Workspace& workspace, const LaneChosen& chosen);

/// Automatic, or one of sixteen; `channel` is counted from 0, -1: automatic.
juce::PopupMenu channel_menu(int ticked, const std::function<void(int channel)>& chosen);

}  // namespace scorelane::plugin
