#pragma once

#include <juce_core/juce_core.h>

#include <memory>
#include <vector>

#include "play/synth.h"

namespace scorelane::plugin {

/// A General MIDI soundfont played by fluidsynth, drums on channel 9 alone. Null where the file
/// cannot be loaded or fluidsynth is not installed. Takes a second for a large file.
std::unique_ptr<Synth> make_soundfont_synth(const juce::File& file, double sample_rate);

/// Whether fluidsynth is installed.
bool can_play_soundfonts();

/// General MIDI soundfonts that the system has, the one that its owner prefers first. Windows and
/// macOS have no place for them.
std::vector<juce::File> system_soundfonts();

}  // namespace scorelane::plugin
