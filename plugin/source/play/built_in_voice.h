#pragma once

#include <memory>

#include "play/synth.h"

namespace scorelane::plugin {

/// A plain synthesizer for where there is no soundfont: a few decaying partials per MIDI class,
/// noise and falling tones for drums (channel 9). 64 notes sound at once; of more, the oldest ends.
std::unique_ptr<Synth> make_built_in_voice(double sample_rate);

}  // namespace scorelane::plugin
