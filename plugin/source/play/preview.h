#pragma once

#include <juce_audio_basics/juce_audio_basics.h>

#include <memory>

namespace scorelane::plugin {

/// Sounds the lanes: by fluidsynth with a soundfont where both are found, else by a plain built-in
/// voice. `render` is for the audio thread and neither locks nor allocates; the rest is for others.
class Preview {
 public:
  Preview();
  ~Preview();

  void prepare(double sample_rate, int block);

  /// Adds the sound of `midi` to `audio` at `gain`; mono or stereo.
  void render(const juce::MidiBuffer& midi, juce::AudioBuffer<float>& audio, int samples,
              float gain);

  /// Ends all sound at once, for a seek or a stop.
  void reset();

  /// A soundfont of the user's; an empty file: one found on the system, else the built-in voice.
  /// Loads it on the calling thread. The error is a sentence for the user.
  juce::Result choose_soundfont(const juce::File& file);

  /// What sounds: the soundfont's name, or "Built-in".
  juce::String voice() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scorelane::plugin
