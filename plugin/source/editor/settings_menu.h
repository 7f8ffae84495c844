#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include "editor/workspace.h"

namespace scorelane::plugin {

/// Model, device, soundfont, and what the keys do.
void show_settings(Workspace& workspace, juce::Component& target);

}  // namespace scorelane::plugin
