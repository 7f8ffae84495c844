#include "notes/edits.h"

#include <algorithm>
#include <unordered_map>

namespace scorelane::plugin {

namespace {

template <typename Change>
void change_each(NoteList& notes, const NoteIds& ids, Change change) {
  for (Note& note : notes) {
    if (ids.count(note.id) > 0) {
      change(note);
      note.edited = true;
    }
  }
}

}  // namespace

void move_notes(NoteList& notes, const NoteIds& ids, double seconds, int semitones) {
  // The notes move as one: where the first would leave the roll, all stop.
  for (const Note& note : notes) {
    if (ids.count(note.id) > 0) {
      seconds = std::max(seconds, -note.onset);
      semitones = std::clamp(semitones, -note.pitch, 127 - note.pitch);
    }
  }
  change_each(notes, ids, [&](Note& note) {
    note.onset += seconds;
    note.offset += seconds;
    note.pitch += semitones;
  });
}

void lengthen_notes(NoteList& notes, const NoteIds& ids, double seconds) {
  change_each(notes, ids, [&](Note& note) {
    note.offset = std::max(note.offset + seconds, note.onset + kShortestNote);
  });
}

void change_velocity(NoteList& notes, const NoteIds& ids, int by) {
  change_each(notes, ids,
              [&](Note& note) { note.velocity = std::clamp(note.velocity + by, 1, 127); });
}

void set_lane(NoteList& notes, const NoteIds& ids, LaneKey lane) {
  change_each(notes, ids, [&](Note& note) { note.lane = lane; });
}

void remove_notes(NoteList& notes, const NoteIds& ids) {
  notes.erase(std::remove_if(notes.begin(), notes.end(),
                             [&](const Note& note) { return ids.count(note.id) > 0; }),
              notes.end());
}

void adopt(NoteList& notes, const NoteIds& ids, const NoteList& shown, int transpose) {
  std::unordered_map<std::uint32_t, const Note*> by_id;
  for (const Note& note : shown) {
    if (ids.count(note.id) > 0) {
      by_id[note.id] = &note;
    }
  }
  for (Note& note : notes) {
    const auto found = by_id.find(note.id);
    if (found != by_id.end()) {
      note.onset = found->second->onset;
      note.offset = found->second->offset;
      note.lane = found->second->lane;
      note.pitch = found->second->pitch - (note.lane.is_drum ? 0 : transpose);
      note.edited = true;
    }
  }
}

}  // namespace scorelane::plugin
