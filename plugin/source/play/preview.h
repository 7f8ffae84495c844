#pragma once

#include <juce_audio_basics/juce_audio_basics.h>

#include <memory>

namespace scorelane::plugin {

/// Sounds the lanes: by fluidsynth with a soundfont that was chosen, else by a plain built-in
/// voice. Drums are what comes on channel 9. `render` is for the audio thread and neither locks nor
/// allocates; the rest is for others, `reset` for any.
class Preview {
 public:
  Preview();
  ~Preview();

  void prepare(double sample_rate, int block);

  /// Adds the sound of `midi` to `audio` at `gain`; mono or stereo, any number of samples. At no
  /// gain it costs nothing, and notes that begin then are never heard; programs are kept.
  void render(const juce::MidiBuffer& midi, juce::AudioBuffer<float>& audio, int samples,
              float gain);

  /// Ends all sound at once, without a fade, which bypassed audio must not hear. On the audio
  /// thread.
  void silence();

  /// Ends all sound within 5 ms, for a seek or a stop; takes effect with the next `render`.
  void reset();

  /// A soundfont of the user's; an empty file: one found on the system, else the built-in voice.
  /// Loads it on the calling thread, which takes a second for a large one; until it is called, the
  /// built-in voice sounds. After an error what sounded before goes on. The error is a sentence for
  /// the user.
  juce::Result choose_soundfont(const juce::File& file);

  /// What sounds: the soundfont's name, or "Built-in".
  juce::String voice() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scorelane::plugin
