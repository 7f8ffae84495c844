#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include "editor/popup.h"
#include "editor/workspace.h"

namespace scorelane::plugin {

/// Model, device, soundfont, and what the keys do.
/// `popup` shows the latter.
void show_settings(Workspace& workspace, juce::Component& target, Popup& popup);

}  // namespace scorelane::plugin
