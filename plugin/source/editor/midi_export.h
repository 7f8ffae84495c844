#pragma once

#include <optional>

#include "editor/workspace.h"

namespace scorelane::plugin {

/// The lanes that leave as MIDI: one, or all that are audible.
using LaneChoice = std::optional<LaneKey>;

/// A file name for them, without an extension.
juce::String export_name(const Workspace& workspace, LaneChoice lane);

/// Asks where to and writes. What went wrong, or where the file is, goes to the status line.
void save_midi(Workspace& workspace, LaneChoice lane, juce::Component& parent);

/// Lets the user drag them out of the window as a file. From a mouseDrag of `source`.
void drag_midi(Workspace& workspace, LaneChoice lane, juce::Component& source);

}  // namespace scorelane::plugin
