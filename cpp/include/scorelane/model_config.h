#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scorelane/note.h"
#include "scorelane/vocabulary.h"

namespace scorelane {

enum class Granularity { kFull, kClass, kFlat };

/// What the engine needs to know of a model; read from the archive's `config.json`.
struct ModelConfig {
  double sample_rate = 0.0;          ///< Hz
  std::int64_t segment_samples = 0;  ///< length of a segment
  std::int64_t context_samples = 0;  ///< audio on either side that the network also hears
  std::int64_t max_tokens = 0;       ///< most tokens that one segment can have
  std::int64_t vocabulary_size = 0;  ///< width of the logits, padding included
  bool has_note_heads = false;       ///< the network gives velocity and confidence
  bool grammar = false;              ///< the archive keeps to the order of events by itself
  bool ties = true;                  ///< segments begin with the notes that still sound
  Linger linger_steps{};             ///< how much longer notes last than the network says
  Granularity granularity = Granularity::kFull;
  std::vector<std::int32_t> programs;  ///< those that the model writes, ascending; empty: all
  Vocabulary vocabulary;

  std::int64_t window_samples() const { return segment_samples + 2 * context_samples; }

  /// The first step of a segment: its start in seconds, floored to the vocabulary's grid.
  std::int64_t segment_start_step(std::int64_t index) const;

  /// Throws Error(kModel) that names the key which is missing or wrong.
  static ModelConfig parse(const std::string& json);
};

}  // namespace scorelane
