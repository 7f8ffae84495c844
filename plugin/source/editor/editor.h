#pragma once

#include <juce_audio_processors/juce_audio_processors.h>

namespace scorelane::plugin {

class Processor;

/// What the host shows. The caller owns it.
juce::AudioProcessorEditor* make_editor(Processor& processor);

}  // namespace scorelane::plugin
