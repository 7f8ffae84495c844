#pragma once

#include "editor/workspace.h"

namespace scorelane::plugin {

/// What the user does to the selected notes; each is one undoable step. `merge`: a key is held
/// down, so the step joins the one before.
namespace edit_actions {

void move_in_time(Workspace& workspace, int steps, bool merge);
void move_in_pitch(Workspace& workspace, int semitones, bool merge);  ///< drums: by rows
void lengthen(Workspace& workspace, int steps, bool merge);
void change_velocity(Workspace& workspace, int by, bool merge);
void remove(Workspace& workspace);
void send_to_lane(Workspace& workspace, LaneKey lane);
void undo(Workspace& workspace);
void redo(Workspace& workspace);

/// As a drag left them: `rows` moves the notes of `anchor`'s kind, drums along the keys in use.
void move(Workspace& workspace, double seconds, int rows, Row anchor);
void lengthen_by(Workspace& workspace, double seconds);

void select_all(Workspace& workspace);
void select_lane(Workspace& workspace, LaneKey lane, bool add);

// Lanes.
void change_program(Workspace& workspace, LaneKey from, LaneKey to);
void change_settings(Workspace& workspace, const std::string& what, LaneKey lane,
                     const std::function<void(LaneSettings&)>& change);
void solo_only(Workspace& workspace, LaneKey lane);  ///< or none, if it alone was

/// Where a row lies, `rows` above (negative: below); drums go along the keys in use.
int pitch_after(const Workspace& workspace, Row from, int rows);

}  // namespace edit_actions
}  // namespace scorelane::plugin
