#pragma once

#include <juce_audio_basics/juce_audio_basics.h>

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "notes/presentation.h"

namespace scorelane::plugin {

/// Plays a presentation's audible lanes as MIDI. `render` is for the audio thread and neither locks
/// nor allocates; `show` is for any one other thread at a time.
class MidiPlayer {
 public:
  MidiPlayer();
  ~MidiPlayer();

  /// Plays this from the next block on. What sounds and is no longer there is ended.
  void show(const Presentation& presentation);

  /// Before audio starts; `block` is the longest block. Forgets what sounds.
  void prepare(int block);

  /// Writes the events of a block. `start` is the block's place on the host's timeline in seconds,
  /// `rolling` whether time passes. A stop, a jump of time or a new presentation ends what sounds;
  /// program changes come before the first note after each of them. Valid until the next call.
  const juce::MidiBuffer& render(double start, int samples, double sample_rate, bool rolling);

  /// Ends all that sounds, at the block's first sample: bypass, reset, MIDI out switched off.
  const juce::MidiBuffer& silence();

 private:
  struct Plan;  ///< events by time, built by `show`

  std::atomic<Plan*> next_{nullptr};     ///< from `show` to `render`
  std::atomic<Plan*> retired_{nullptr};  ///< back, to be deleted off the audio thread
};

}  // namespace scorelane::plugin
