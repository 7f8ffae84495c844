#pragma once

#include <algorithm>
#include <random>

#include "notes/note.h"

namespace scorelane::plugin {

inline Note note_at(double onset, double offset, int pitch = 60, int program = 0,
                    bool is_drum = false) {
  Note note;
  note.onset = onset;
  note.offset = offset;
  note.pitch = pitch;
  note.lane = {is_drum, is_drum ? 0 : program};
  return note;
}

/// Notes on the network's grid of 10 ms, crowded so that pitches overlap and repeat.
inline NoteList random_notes(std::mt19937& random, int count, int programs = 6,
                             double seconds = 20.0) {
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  NoteList notes;
  for (int i = 0; i < count; ++i) {
    const bool is_drum = pick(0, 4) == 0;
    const double onset = 0.01 * pick(0, static_cast<int>(100.0 * seconds));
    Note note = note_at(onset, onset + 0.01 * pick(1, 200), pick(40, 80),
                        std::min(127, 9 * pick(0, programs - 1)), is_drum);
    note.velocity = pick(1, 127);
    note.confidence = 0.01F * static_cast<float>(pick(0, 100));
    notes.push_back(note);
  }
  std::sort(notes.begin(), notes.end(), plays_before);
  return notes;
}

}  // namespace scorelane::plugin
