#pragma once

#include <cstdint>

#include "archive.h"
#include "scorelane/network.h"

namespace scorelane {

/// Adds -inf to the logits that the user's choice of instruments forbids.
class MaskedLogits {
 public:
  MaskedLogits(const ModelConfig& config, const InstrumentMask& mask, const c10::Device& device);

  /// [batch, vocabulary] in and out.
  at::Tensor apply(const at::Tensor& logits) const;
  void start(std::int64_t batch, const TensorList& state);
  void consume(const at::Tensor& tokens);
  void keep(const at::Tensor& rows);

 private:
  bool active_;
  bool knows_grammar_;
  std::int64_t first_program_;
  std::int64_t first_drum_;
  at::Tensor bias_;          ///< [2, vocabulary]: before and after a row's first program
  at::Tensor past_program_;  ///< [batch], 0 or 1
};

}  // namespace scorelane
