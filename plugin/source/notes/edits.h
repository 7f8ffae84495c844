#pragma once

#include <set>

#include "notes/note.h"

namespace scorelane::plugin {

using NoteIds = std::set<std::uint32_t>;

/// What the piano roll does to the notes that are selected. Each marks what it touches as edited.
void move_notes(NoteList& notes, const NoteIds& ids, double seconds, int semitones);
void lengthen_notes(NoteList& notes, const NoteIds& ids, double seconds);
void change_velocity(NoteList& notes, const NoteIds& ids, int by);
void set_lane(NoteList& notes, const NoteIds& ids, LaneKey lane);
void remove_notes(NoteList& notes, const NoteIds& ids);

/// First of every edit: the notes become what is shown of them (`shown`: the presentation's notes),
/// so that a note that was quantised, snapped or given to another lane does not jump when touched.
void adopt(NoteList& notes, const NoteIds& ids, const NoteList& shown, int transpose);

}  // namespace scorelane::plugin
