#include "editor/edit_actions.h"

#include <algorithm>

#include "session/parameters.h"

namespace scorelane::plugin::edit_actions {
namespace {

/// The selected note that the others follow: the first.
const Note* leader(const Workspace& workspace) {
  const Note* first = nullptr;
  for (const auto id : workspace.selection()) {
    const Note* note = workspace.index().find(id);
    if (note != nullptr && (first == nullptr || plays_before(*note, *first))) first = note;
  }
  return first;
}

NoteIds selected_of_kind(const Workspace& workspace, bool drums) {
  NoteIds ids;
  for (const auto id : workspace.selection()) {
    const Note* note = workspace.index().find(id);
    if (note != nullptr && note->lane.is_drum == drums) ids.insert(id);
  }
  return ids;
}

void move_drums(NoteList& notes, const NoteIds& ids, const Workspace& workspace, int rows) {
  for (Note& note : notes) {
    if (ids.count(note.id) > 0) note.pitch = pitch_after(workspace, {true, note.pitch}, rows);
  }
}

}  // namespace

int pitch_after(const Workspace& workspace, Row from, int rows) {
  if (!from.is_drum) return std::clamp(from.pitch + rows, 0, 127);
  const auto& keys = workspace.pitch.drum_keys();  // from high to low
  const auto at = std::find(keys.begin(), keys.end(), from.pitch);
  if (at == keys.end()) return from.pitch;
  const auto last = static_cast<int>(keys.size()) - 1;
  const auto place = std::clamp(static_cast<int>(at - keys.begin()) - rows, 0, last);
  return keys[static_cast<std::size_t>(place)];
}

void move_in_time(Workspace& workspace, int steps, bool merge) {
  const Note* note = leader(workspace);
  if (note == nullptr) return;
  const double by = workspace.grid().moved(note->onset, steps) - note->onset;
  workspace.edit(
      "Move notes", workspace.selection(),
      [&](NoteList& notes) { move_notes(notes, workspace.selection(), by, 0); }, merge);
  if (const Note* moved = leader(workspace)) workspace.time.reveal(moved->onset);
}

void move_in_pitch(Workspace& workspace, int semitones, bool merge) {
  const NoteIds pitched = selected_of_kind(workspace, false);
  const NoteIds drums = selected_of_kind(workspace, true);
  workspace.edit(
      "Change pitch", workspace.selection(),
      [&](NoteList& notes) {
        move_notes(notes, pitched, 0.0, semitones);
        move_drums(notes, drums, workspace, std::clamp(semitones, -1, 1));
      },
      merge);
}

void lengthen(Workspace& workspace, int steps, bool merge) {
  const Note* note = leader(workspace);
  if (note == nullptr) return;
  const double by = workspace.grid().moved(note->offset, steps) - note->offset;
  workspace.edit(
      "Change length", workspace.selection(),
      [&](NoteList& notes) { lengthen_notes(notes, workspace.selection(), by); }, merge);
}

void change_velocity(Workspace& workspace, int by, bool merge) {
  if (by == 0) return;
  workspace.edit(
      "Change velocity", workspace.selection(),
      [&](NoteList& notes) { plugin::change_velocity(notes, workspace.selection(), by); }, merge);
}

void remove(Workspace& workspace) {
  workspace.edit("Delete notes", workspace.selection(),
                 [&](NoteList& notes) { remove_notes(notes, workspace.selection()); });
}

void send_to_lane(Workspace& workspace, LaneKey lane) {
  // A drum's key is not transposed, a pitch is: what one sees stays.
  const int transpose = juce::roundToInt(workspace.parameter(parameter::kTranspose));
  const NoteIds& ids = workspace.selection();
  workspace.edit("Change lane", ids, [&](NoteList& notes) {
    for (Note& note : notes) {
      if (ids.count(note.id) == 0 || note.lane.is_drum == lane.is_drum) continue;
      note.pitch = std::clamp(note.pitch + (lane.is_drum ? transpose : -transpose), 0, 127);
    }
    set_lane(notes, ids, lane);
  });
  workspace.choose_lane(lane);
}

void undo(Workspace& workspace) {
  workspace.session().undo();
  workspace.poll();
}

void redo(Workspace& workspace) {
  workspace.session().redo();
  workspace.poll();
}

void move(Workspace& workspace, double seconds, int rows, Row anchor) {
  if (seconds == 0.0 && rows == 0) return;
  const NoteIds same_kind = selected_of_kind(workspace, anchor.is_drum);
  workspace.edit("Move notes", workspace.selection(), [&](NoteList& notes) {
    move_notes(notes, workspace.selection(), seconds, 0);
    if (anchor.is_drum) {
      move_drums(notes, same_kind, workspace, rows);
    } else {
      move_notes(notes, same_kind, 0.0, rows);
    }
  });
}

void lengthen_by(Workspace& workspace, double seconds) {
  if (seconds == 0.0) return;
  workspace.edit("Change length", workspace.selection(),
                 [&](NoteList& notes) { lengthen_notes(notes, workspace.selection(), seconds); });
}

void select_all(Workspace& workspace) {
  NoteIds ids;
  for (const Note& note : workspace.shown().notes) ids.insert(note.id);
  workspace.select(std::move(ids));
}

void select_lane(Workspace& workspace, LaneKey lane, bool add) {
  NoteIds ids = add ? workspace.selection() : NoteIds();
  for (const Note& note : workspace.shown().notes) {
    if (note.lane == lane) ids.insert(note.id);
  }
  workspace.select(std::move(ids));
  workspace.choose_lane(lane);
}

void change_program(Workspace& workspace, LaneKey from, LaneKey to) {
  if (from == to) return;
  // The notes are not marked as edited: another name for a lane is no reason to stop filtering it.
  NoteIds there;
  for (const Note& note : workspace.shown().notes) {
    if (note.lane == from) there.insert(note.id);
  }
  workspace.session().edit("Change instrument", [&](DocumentState& state) {
    for (Note& note : state.notes) {
      if (note.lane == from || there.count(note.id) > 0) note.lane = to;
    }
    const auto settings = state.lanes.find(from);
    if (settings == state.lanes.end()) return;
    state.lanes.emplace(to, settings->second);
    state.lanes.erase(from);
  });
  workspace.choose_lane(to);
  workspace.poll();
}

void change_settings(Workspace& workspace, const std::string& what, LaneKey lane,
                     const std::function<void(LaneSettings&)>& change) {
  workspace.session().edit(what, [&](DocumentState& state) { change(state.lanes[lane]); });
  workspace.poll();
}

void solo_only(Workspace& workspace, LaneKey lane) {
  const auto& lanes = workspace.shown().lanes;
  const bool alone = std::all_of(lanes.begin(), lanes.end(), [&](const Lane& one) {
    return one.settings.solo == (one.key == lane);
  });
  workspace.session().edit("Solo lane", [&](DocumentState& state) {
    for (const Lane& one : lanes) state.lanes[one.key].solo = one.key == lane && !alone;
  });
  workspace.poll();
}

}  // namespace scorelane::plugin::edit_actions
