#pragma once

#include <juce_audio_formats/juce_audio_formats.h>

#include <memory>

#include "play/handoff.h"
#include "take/take.h"

namespace scorelane::plugin {

/// Plays a take's audio from its file, mapped into memory. `render` is for the audio thread and
/// neither locks nor allocates.
class TakePlayer {
 public:
  /// From any one thread at a time; null, or a take that is not complete: nothing to play.
  void show(const std::shared_ptr<const Take>& take);

  /// Adds the audio from `seconds` after the take's start on to `audio`. Other rates than the
  /// take's are reached by cubic interpolation, good enough to listen to.
  void render(double seconds, juce::AudioBuffer<float>& audio, int samples, double sample_rate,
              float gain);

 private:
  struct Audio {
    std::unique_ptr<juce::MemoryMappedAudioFormatReader> reader;  ///< null: silence
  };

  Handoff<Audio> audio_;
};

}  // namespace scorelane::plugin
