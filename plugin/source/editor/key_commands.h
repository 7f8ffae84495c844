#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include "editor/workspace.h"

namespace scorelane::plugin {

/// Does what a key stands for. False: nothing, and the host may have the key.
bool press_key(Workspace& workspace, const juce::KeyPress& key, juce::Component& editor);

}  // namespace scorelane::plugin
