#pragma once

#include <juce_audio_processors/juce_audio_processors.h>
#include <juce_gui_basics/juce_gui_basics.h>

#include <array>
#include <optional>

#include "processor.h"

namespace scorelane::plugin {

/// A host for tests: a transport, blocks of noise, and a watch over the MIDI that comes out.
class Desk final : private juce::AudioPlayHead {
 public:
  struct Transport {
    bool playing = true;
    double seconds = 0.0;
    double bpm = 120.0;
    int beats_per_bar = 4;
  };

  explicit Desk(bool realtime, double sample_rate = 44100.0, int block = 512, int channels = 2);
  ~Desk() override;

  Processor& processor() { return processor_; }

  /// As hosts do before audio starts; `channels` is 1 or 2.
  void prepare(double sample_rate, int block, int channels);
  void release();
  double sample_rate() const { return sample_rate_; }
  int block() const { return block_; }

  /// None: the host does not say where it is.
  std::optional<Transport> transport;

  /// One block of noise; `samples` is at most the block that was prepared for. False: audio that
  /// should have passed untouched did not, or the MIDI makes no sense (`complaint` says how).
  bool process(int samples, bool bypassed = false);
  bool process_seconds(double seconds);

  /// Notes that began and have not ended.
  int sounding() const { return sounding_; }
  const juce::String& complaint() const { return complaint_; }
  const juce::MidiBuffer& midi() const { return midi_; }  ///< of the last block

  void set(const char* id, float plain);
  float get(const char* id);

 private:
  juce::Optional<PositionInfo> getPosition() const override;
  bool passed(int samples) const;
  void watch();

  juce::ScopedJuceInitialiser_GUI juce_;  ///< first: parameters and editors need it
  Processor processor_;
  double sample_rate_ = 44100.0;
  int block_ = 512;
  juce::AudioBuffer<float> audio_;
  juce::AudioBuffer<float> sent_;
  juce::MidiBuffer midi_;
  juce::Random random_{1};
  std::array<std::array<bool, 128>, 16> on_{};
  int sounding_ = 0;
  juce::String complaint_;
};

}  // namespace scorelane::plugin
