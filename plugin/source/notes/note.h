#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

namespace scorelane::plugin {

/// Which lane a note belongs to: its instrument. Drums are one lane, whatever their key.
struct LaneKey {
  bool is_drum = false;
  int program = 0;  ///< General MIDI, 0-127; 0 for drums

  friend bool operator==(LaneKey a, LaneKey b) {
    return a.is_drum == b.is_drum && a.program == b.program;
  }
  friend bool operator<(LaneKey a, LaneKey b) {
    return std::tie(a.is_drum, a.program) < std::tie(b.is_drum, b.program);
  }
};

inline constexpr double kShortestNote = 0.01;  ///< seconds; edits and arrangement keep to it

/// One played note; times in seconds from the start of the take.
struct Note {
  double onset = 0.0;
  double offset = 0.0;
  int pitch = 60;  ///< 0-127; the General MIDI key for drums
  LaneKey lane;
  int velocity = 100;       ///< 1-127
  float confidence = 1.0F;  ///< 0-1
  std::uint32_t id = 0;     ///< names the note within a document, across edits; 0: none yet
  bool edited = false;      ///< set by hand: filters, quantise and scale leave the note alone
};

/// Ordered by onset, then lane, then pitch.
using NoteList = std::vector<Note>;

inline bool plays_before(const Note& a, const Note& b) {
  return std::tie(a.onset, a.lane, a.pitch) < std::tie(b.onset, b.lane, b.pitch);
}

}  // namespace scorelane::plugin
