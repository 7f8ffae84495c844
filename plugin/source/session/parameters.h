#pragma once

#include <juce_audio_processors/juce_audio_processors.h>

#include <array>

#include "notes/view.h"

namespace scorelane::plugin {

/// The host parameters. Ids and names are a contract: sessions and scripts hold them. An id is its
/// name in Python, too.
namespace parameter {
inline constexpr const char* kRecord = "record";
inline constexpr const char* kSensitivity = "sensitivity";
inline constexpr const char* kShortest = "min_length";    ///< ms
inline constexpr const char* kLowest = "lowest_pitch";    ///< MIDI pitch
inline constexpr const char* kHighest = "highest_pitch";  ///< MIDI pitch
inline constexpr const char* kTidyLanes = "tidy_lanes";
inline constexpr const char* kGrid = "quantise_grid";  ///< choice, see kGrids
inline constexpr const char* kStrength = "quantise_strength";
inline constexpr const char* kSwing = "swing";
inline constexpr const char* kScaleRoot = "scale_root";  ///< choice, C to B
inline constexpr const char* kScale = "scale";           ///< choice, see kScales
inline constexpr const char* kTranspose = "transpose";   ///< semitones
inline constexpr const char* kTempo = "tempo";           ///< where the host has none
inline constexpr const char* kMidiOut = "midi_out";
inline constexpr const char* kMix = "mix";                     ///< 0 original, 1 preview
inline constexpr const char* kPreviewLevel = "preview_level";  ///< dB
inline constexpr const char* kDrums = "allow_drums";
inline constexpr const char* kBypass = "bypass";
/// Instruments allowed, by MIDI class (0-15): "allow_piano" to "allow_sound_effects".
juce::String midi_class(int index);
}  // namespace parameter

struct Grid {
  const char* name;
  double quarters;  ///< 0: off
};
inline constexpr std::array<Grid, 9> kGrids{{{"Off", 0.0},
                                             {"1/4", 1.0},
                                             {"1/8", 0.5},
                                             {"1/16", 0.25},
                                             {"1/32", 0.125},
                                             {"1/4 triplet", 2.0 / 3.0},
                                             {"1/8 triplet", 1.0 / 3.0},
                                             {"1/16 triplet", 1.0 / 6.0},
                                             {"1/1", 4.0}}};

struct Scale {
  const char* name;
  unsigned degrees;  ///< bit n: n semitones above the root
};
inline constexpr std::array<Scale, 8> kScales{{{"Chromatic", 0xFFF},
                                               {"Major", 0xAB5},
                                               {"Minor", 0x5AD},
                                               {"Harmonic minor", 0x9AD},
                                               {"Melodic minor", 0xAAD},
                                               {"Major pentatonic", 0x295},
                                               {"Minor pentatonic", 0x4A9},
                                               {"Blues", 0x4E9}}};

juce::AudioProcessorValueTreeState::ParameterLayout make_parameters();

/// The view that the parameters ask for; its `least_confidence` is left to the session, which knows
/// the model.
ViewSettings read_view(const juce::AudioProcessorValueTreeState& parameters);

}  // namespace scorelane::plugin
