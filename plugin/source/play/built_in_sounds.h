#pragma once

#include <array>
#include <cstddef>

namespace scorelane::plugin {

inline constexpr std::size_t kPartials = 6;

/// How a MIDI class sounds. Seconds; times of decay and release are those in which 60 dB are lost.
struct Tone {
  std::array<double, kPartials> ratios;  ///< of the partials to the note's pitch
  std::array<double, kPartials> levels;
  double attack;
  double decay;  ///< of the first partial, higher ones fall faster; 0: it lasts
  double release;
};

/// How a drum sounds: a tone that falls in pitch, and high-passed noise.
struct Drum {
  double tone;
  double first_hertz;
  double last_hertz;
  double fall;  ///< seconds from first to last
  double noise;
  double noise_hertz;    ///< the noise lies above this
  double noise_seconds;  ///< in which the noise dies
  double seconds;        ///< in which all dies
};

const Tone& built_in_tone(int midi_class);  ///< 0-15
Drum built_in_drum(int key);                ///< General MIDI key

}  // namespace scorelane::plugin
