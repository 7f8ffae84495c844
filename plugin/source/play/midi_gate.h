#pragma once

#include <juce_audio_basics/juce_audio_basics.h>

#include <array>

namespace scorelane::plugin {

/// Stands between the player and the host: knows what the host was sent, and ends that and nothing
/// else. For the audio thread; allocates only where the host's buffer has no room.
class MidiGate {
 public:
  MidiGate() { forget_programs(); }

  /// Adds `events` to `out` while open. Shut, it ends what the host still hears. A program is sent
  /// before a channel's first note, also where it was chosen while the gate was shut.
  void pass(const juce::MidiBuffer& events, bool open, juce::MidiBuffer& out);

  /// Ends at the first sample of `out` what the host still hears: bypass.
  void end_all(juce::MidiBuffer& out);

  /// Ends it with the next block: audio was prepared anew, and there is no block to say it in.
  void cut() { cut_ = true; }

 private:
  static constexpr int kNone = -1;

  void forget_programs() { programs_.fill(kNone); }
  void note_on(const juce::MidiMessageMetadata& event, juce::MidiBuffer& out);

  std::array<std::array<bool, 128>, 16> sounding_{};
  int count_ = 0;
  std::array<int, 16> programs_{};  ///< still to be sent; kNone: nothing is
  bool cut_ = false;
};

}  // namespace scorelane::plugin
