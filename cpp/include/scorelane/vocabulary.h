#pragma once

#include <cstdint>

namespace scorelane {

using Token = std::int32_t;

/// What a token says. `kNone` covers padding, "unknown" and everything past the last event.
enum class EventKind { kNone, kEnd, kShift, kPitch, kVelocity, kTie, kProgram, kDrum };

struct Event {
  EventKind kind = EventKind::kNone;
  std::int32_t value = 0;
};

/// The token ids of MT3: PAD, EOS, UNK, then each kind of event in a fixed order.
struct Vocabulary {
  std::int32_t velocity_bins = 1;  ///< 1 (on/off) or 127
  std::int32_t max_shift = 1000;
  std::int32_t steps_per_second = 100;

  static constexpr Token kPad = 0;
  static constexpr Token kEos = 1;
  static constexpr std::int32_t kMidiValues = 128;  ///< pitches, programs and drum keys alike

  constexpr Token first_shift() const { return 3; }
  constexpr Token first_pitch() const { return first_shift() + max_shift + 1; }
  constexpr Token first_velocity() const { return first_pitch() + kMidiValues; }
  constexpr Token tie() const { return first_velocity() + velocity_bins + 1; }
  constexpr Token first_program() const { return tie() + 1; }
  constexpr Token first_drum() const { return first_program() + kMidiValues; }
  constexpr Token end_of_events() const { return first_drum() + kMidiValues; }

  constexpr Event event(Token token) const {
    if (token == kEos) return {EventKind::kEnd, 0};
    if (token < first_shift() || token >= end_of_events()) return {EventKind::kNone, 0};
    if (token < first_pitch()) return {EventKind::kShift, token - first_shift()};
    if (token < first_velocity()) return {EventKind::kPitch, token - first_pitch()};
    if (token < tie()) return {EventKind::kVelocity, token - first_velocity()};
    if (token < first_program()) return {EventKind::kTie, 0};
    if (token < first_drum()) return {EventKind::kProgram, token - first_program()};
    return {EventKind::kDrum, token - first_drum()};
  }

  constexpr bool is_note(Token token) const {
    return (token >= first_pitch() && token < first_velocity()) ||
           (token >= first_drum() && token < end_of_events());
  }
};

}  // namespace scorelane
