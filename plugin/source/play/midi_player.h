#pragma once

#include <juce_audio_basics/juce_audio_basics.h>

#include <array>
#include <cstddef>

#include "notes/presentation.h"
#include "play/handoff.h"

namespace scorelane::plugin {

/// Plays a presentation's audible lanes as MIDI. `render` is for the audio thread and neither locks
/// nor allocates; `show` is for any one other thread at a time.
///
/// Every note-on gets its note-off. A note is never started in its middle: what already sounds
/// where playback begins stays silent. A pitch that is struck while it sounds on its channel, by
/// whichever lane, ends first; a pitch that two lanes strike together on one channel is struck
/// once.
class MidiPlayer {
 public:
  MidiPlayer();
  ~MidiPlayer();

  /// Plays this from the next block on. What sounds and is no longer there is ended; what is still
  /// there sounds on.
  void show(const Presentation& presentation);

  /// Before audio starts; `block` is the longest block. Forgets what sounds.
  void prepare(int block);

  /// Writes the events of a block. `start` is the block's place on the host's timeline in seconds,
  /// `rolling` whether time passes. A stop or a jump of time (by more than 1.5 samples) ends what
  /// sounds. Program changes come before a channel's first note after each start and jump, and
  /// where another presentation brings another program. Valid until the next call.
  const juce::MidiBuffer& render(double start, int samples, double sample_rate, bool rolling);

  /// Ends all that sounds, at the block's first sample: bypass, reset, MIDI out switched off.
  const juce::MidiBuffer& silence();

 private:
  struct Plan;  ///< events by time, built by `show`

  struct Sounding {
    bool on = false;
    double onset = 0.0;  ///< on the host's timeline, seconds
  };

  void seek(double seconds);
  void end_what_went();
  void note_on(std::size_t event_index, int offset);
  void note_off(int channel, int pitch, int offset);
  void end_all();

  Handoff<Plan> plans_;
  std::array<std::array<Sounding, 128>, 16> sounding_{};
  int sounding_count_ = 0;
  std::array<int, 16> sent_{};  ///< program of each channel; -1: to be sent
  std::size_t next_event_ = 0;
  bool rolling_ = false;
  double expected_ = 0.0;      ///< start of the next block if time goes on
  double played_until_ = 0.0;  ///< events before this time are done with
};

}  // namespace scorelane::plugin
