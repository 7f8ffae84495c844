#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "scorelane/model_config.h"
#include "scorelane/note_decoder.h"
#include "scorelane/tie_section.h"

namespace scorelane {

/// Which instruments may appear. The default allows all.
struct InstrumentMask {
  bool all_programs = true;
  std::vector<std::int32_t> programs;  ///< General MIDI programs, read where not `all_programs`
  bool drums = true;
  /// For each of `programs` which of the named players may have it, counted from 0; empty where
  /// nobody said who plays.
  std::vector<std::int32_t> players = {};
};

/// One segment to be transcribed: its window of audio and the rule for its tie section.
struct Segment {
  const float* window;
  TieRule ties;
};

/// Told how much of a batch is done, 0 to 1; false asks to stop.
using BatchProgress = std::function<bool(double done)>;

/// Windows of audio in, tokens out: the part of the engine that a neural network does.
class Network {
 public:
  virtual ~Network() = default;

  virtual const ModelConfig& config() const = 0;

  /// How many segments go through together where the user does not say.
  virtual std::int64_t default_batch_size() const = 0;

  /// By how many cents `samples`, of `config().sample_rate`, are tuned above or below A4 = 440 Hz,
  /// -50 to 50; 0 where they do not tell.
  virtual double tuning(const std::vector<float>& samples) const = 0;

  /// Transcribes segments with windows of `config().window_samples()` each, of one recording: each
  /// by itself, but that what they say of drums may be compared.
  /// `progress` is called on this thread, every 20 ms or so; where it returns false,
  /// Error(kCancelled) is thrown, and what it throws passes through.
  virtual std::vector<TokenRow> transcribe(const std::vector<Segment>& segments,
                                           const InstrumentMask& mask,
                                           const BatchProgress& progress) const = 0;
};

}  // namespace scorelane
