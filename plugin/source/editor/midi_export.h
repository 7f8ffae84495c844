#pragma once

#include <optional>

#include "editor/workspace.h"

namespace scorelane::plugin {

/// The lanes that leave as MIDI: one, or all that are audible.
using LaneChoice = std::optional<LaneKey>;

/// A file name for them, without an extension.
juce::String export_name(const Workspace& workspace, LaneChoice lane);

/// Asks where to and writes. What went wrong, or where the file is, goes to the status line. `part`
/// is any part of the editor.
void save_midi(Workspace& workspace, LaneChoice lane, juce::Component& part);
void save_midi_as(Workspace& workspace, LaneChoice lane, const juce::File& target);

/// A file for the host to take, which is removed a day later; none where that failed (the status
/// line says why).
juce::File midi_to_drag(Workspace& workspace, LaneChoice lane);

/// Lets the user drag it out of the window. From a mouseDrag of `source`.
void drag_midi(Workspace& workspace, LaneChoice lane, juce::Component& source);

}  // namespace scorelane::plugin
