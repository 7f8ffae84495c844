#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "processor.h"

namespace scorelane::plugin {

/// A MIDI message and the sample, from the start of the audio, at which it comes.
using TimedMidi = std::pair<std::int64_t, std::string>;

/// A transport like a DAW's; time moves with the audio while it plays.
struct Transport {
  bool playing = false;
  double seconds = 0.0;
  double bpm = 120.0;
};

/// A parameter's value as Python sees it: a switch, a number, or a choice's name.
using Value = std::variant<bool, double, std::string>;

/// The least that a plugin host does, around one processor.
class Host final : private juce::AudioPlayHead {
 public:
  /// Throws std::invalid_argument for values that no host would have.
  Host(double sample_rate, int block_size, int channels, bool realtime);
  ~Host() override;

  Processor& processor() { return processor_; }
  double sample_rate() const { return sample_rate_; }
  int block_size() const { return block_size_; }
  int channels() const { return channels_; }

  /// Runs `audio` through in place, block by block, with the MIDI `in`; returns the MIDI that came
  /// out.
  std::vector<TimedMidi> process(juce::AudioBuffer<float>& audio, const std::vector<TimedMidi>& in);

  /// Prepares anew, with another block size if one is given (not 0).
  void prepare(int block_size);

  std::string state();
  void set_state(const std::string& bytes);

  /// The host's transport, where it has one.
  std::optional<Transport> transport() const { return transport_; }
  void set_transport(std::optional<Transport> transport);

  std::vector<std::string> parameters() const;
  Value parameter(const std::string& id) const;
  /// Throws std::invalid_argument for a value that the parameter cannot have.
  void set_parameter(const std::string& id, const Value& value);
  bool has_parameter(const std::string& id) const;

 private:
  juce::Optional<PositionInfo> getPosition() const override;
  juce::RangedAudioParameter& find(const std::string& id) const;

  // JUCE's message manager lives as long as a processor does, and never until the exit handlers,
  // where what it needs is gone already.
  juce::ScopedJuceInitialiser_GUI juce_;
  double sample_rate_;
  int block_size_;
  int channels_;
  std::optional<Transport> transport_;
  mutable Processor processor_;
};

}  // namespace scorelane::plugin
