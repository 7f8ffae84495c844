#pragma once

#include <array>
#include <cstdint>
#include <tuple>

namespace scorelane {

/// General MIDI's 128 programs come in groups of so many.
constexpr std::int32_t kGroupPrograms = 8;

/// Steps for each group of programs.
using Linger = std::array<std::int64_t, 128 / kGroupPrograms>;

/// One played note. Times are seconds from the start of the recording.
struct Note {
  double onset = 0.0;
  double offset = 0.0;
  std::int32_t pitch = 0;    ///< MIDI pitch 0-127; the General MIDI key for drums
  std::int32_t program = 0;  ///< General MIDI program 0-127, counted from 0; 0 for drums
  bool is_drum = false;
  std::int32_t velocity = 100;  ///< 1-127
  float confidence = 1.0F;      ///< 0-1
};

/// The order in which notes are handed out: by onset, then in the order of the fields.
inline bool operator<(const Note& a, const Note& b) {
  return std::tie(a.onset, a.offset, a.pitch, a.program, a.is_drum, a.velocity, a.confidence) <
         std::tie(b.onset, b.offset, b.pitch, b.program, b.is_drum, b.velocity, b.confidence);
}

inline bool operator==(const Note& a, const Note& b) {
  return !(a < b) && !(b < a);
}

}  // namespace scorelane
