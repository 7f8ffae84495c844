#include "play/built_in_sounds.h"

#include <cmath>

namespace scorelane::plugin {

namespace {

constexpr std::array<double, kPartials> kHarmonic{1, 2, 3, 4, 5, 6};
constexpr std::array<double, kPartials> kOdd{1, 3, 5, 7, 9, 11};
constexpr std::array<double, kPartials> kOctaves{0.5, 1, 2, 3, 4, 8};
constexpr std::array<double, kPartials> kBar{1, 3.93, 9.2, 1, 1, 1};  // a struck bar's partials

constexpr std::array<Tone, 16> kTones{{
    {kHarmonic, {1, 0.5, 0.25, 0.15, 0.08, 0.05}, 0.003, 4.0, 0.25},  // piano
    {kBar, {1, 0.4, 0.1, 0, 0, 0}, 0.002, 2.5, 0.5},                  // chromatic percussion
    {kOctaves, {0.3, 0.8, 0.5, 0.2, 0.3, 0.1}, 0.008, 0, 0.06},       // organ
    {kHarmonic, {1, 0.6, 0.4, 0.25, 0.15, 0.1}, 0.003, 2.5, 0.2},     // guitar
    {kHarmonic, {1, 0.7, 0.3, 0.15, 0.05, 0}, 0.004, 3.0, 0.12},      // bass
    {kHarmonic, {0.8, 0.45, 0.3, 0.22, 0.16, 0.1}, 0.06, 0, 0.25},    // strings
    {kHarmonic, {0.7, 0.4, 0.3, 0.15, 0.1, 0.05}, 0.09, 0, 0.4},      // ensemble
    {kHarmonic, {0.6, 0.5, 0.45, 0.35, 0.25, 0.15}, 0.03, 0, 0.12},   // brass
    {kOdd, {0.9, 0.45, 0.25, 0.12, 0.06, 0}, 0.03, 0, 0.12},          // reed
    {kHarmonic, {1, 0.2, 0.08, 0.03, 0, 0}, 0.04, 0, 0.15},           // pipe
    {kOdd, {0.8, 0.27, 0.16, 0.11, 0.09, 0.07}, 0.005, 0, 0.1},       // synth lead
    {kHarmonic, {0.8, 0.35, 0.2, 0.1, 0.05, 0}, 0.15, 0, 0.7},        // synth pad
    {kHarmonic, {0.7, 0.4, 0.1, 0.3, 0, 0.1}, 0.05, 6.0, 0.7},        // synth effects
    {kHarmonic, {0.9, 0.6, 0.5, 0.3, 0.25, 0.15}, 0.002, 1.8, 0.2},   // ethnic
    {kBar, {1, 0.5, 0.2, 0, 0, 0}, 0.002, 0.8, 0.3},                  // percussive
    {kOdd, {0.6, 0.3, 0.2, 0.1, 0.1, 0.1}, 0.01, 1.5, 0.3},           // sound effects
}};

constexpr Drum kKick{1.6, 140, 48, 0.12, 0.15, 2000, 0.02, 0.35};
constexpr Drum kSnare{0.5, 220, 180, 0.1, 0.8, 1200, 0.25, 0.3};
constexpr Drum kClap{0.0, 1, 1, 1, 0.9, 1500, 0.2, 0.3};
constexpr Drum kStick{0.8, 900, 800, 0.05, 0.2, 3000, 0.03, 0.08};
constexpr Drum kClosedHat{0.0, 1, 1, 1, 0.6, 6000, 0.09, 0.1};
constexpr Drum kOpenHat{0.0, 1, 1, 1, 0.6, 6000, 0.7, 0.8};
constexpr Drum kCrash{0.0, 1, 1, 1, 0.7, 4000, 2.0, 2.2};
constexpr Drum kRide{0.15, 3100, 3100, 1, 0.35, 6500, 1.0, 1.2};

Drum tom(double hertz) {
  return {1.2, 1.6 * hertz, hertz, 0.15, 0.1, 1500, 0.04, 0.5};
}

Drum tick(double hertz) {
  return {0.8, hertz, hertz, 1, 0.15, 5000, 0.03, 0.15};
}

}  // namespace

const Tone& built_in_tone(int midi_class) {
  return kTones.at(static_cast<std::size_t>(midi_class));
}

Drum built_in_drum(int key) {
  switch (key) {
    case 35:
    case 36:
      return kKick;
    case 38:
    case 40:
      return kSnare;
    case 39:
      return kClap;
    case 31:
    case 37:
      return kStick;
    case 42:
    case 44:
    case 69:
    case 70:
    case 82:
      return kClosedHat;
    case 46:
    case 54:
      return kOpenHat;
    case 49:
    case 52:
    case 55:
    case 57:
      return kCrash;
    case 51:
    case 53:
    case 59:
      return kRide;
    case 41:
    case 43:
    case 45:
    case 47:
    case 48:
    case 50:
      return tom(80.0 + 14.0 * (key - 41));
    case 60:
    case 61:
    case 62:
    case 63:
    case 64:
    case 65:
    case 66:
      return tom(400.0 - 28.0 * (key - 60));
    default:
      return tick(300.0 * std::pow(2.0, (key % 24) / 8.0));
  }
}

}  // namespace scorelane::plugin
