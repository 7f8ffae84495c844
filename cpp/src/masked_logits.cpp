#include "masked_logits.h"

#include <algorithm>
#include <limits>

#include "scorelane/error.h"

namespace scorelane {

namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

}  // namespace

MaskedLogits::MaskedLogits(const ModelConfig& config, const InstrumentMask& mask,
                           const c10::Device& device)
    : active_(!mask.drums || !mask.all_programs),
      knows_grammar_(config.grammar),
      first_program_(config.vocabulary.first_program()),
      first_drum_(config.vocabulary.first_drum()) {
  if (!active_) return;
  const Vocabulary& vocabulary = config.vocabulary;
  at::Tensor bias = at::zeros({2, config.vocabulary_size}, at::kFloat);
  const auto forbid = [&](at::indexing::Slice rows, std::int64_t first, std::int64_t end) {
    bias.index_put_({rows, at::indexing::Slice(first, end)}, kForbidden);
  };
  const at::indexing::Slice always;
  if (!mask.drums) forbid(always, vocabulary.first_drum(), vocabulary.end_of_events());
  if (!mask.all_programs && mask.programs.empty()) {
    forbid(always, vocabulary.first_pitch(), vocabulary.first_velocity());
  }
  if (!mask.all_programs && config.granularity != Granularity::kFlat) {
    // A model of MIDI classes writes the first program of each class.
    const std::int32_t width = config.granularity == Granularity::kClass ? 8 : 1;
    for (std::int32_t program = 0; program < Vocabulary::kMidiValues; ++program) {
      const bool wanted =
          std::any_of(mask.programs.begin(), mask.programs.end(),
                      [&](std::int32_t chosen) { return chosen / width == program / width; });
      const Token token = vocabulary.first_program() + program;
      if (!wanted) forbid(always, token, token + 1);
    }
    // A pitch takes the program written before it, so none may stand before the first program.
    forbid(at::indexing::Slice(0, 1), vocabulary.first_pitch(), vocabulary.first_velocity());
  }
  bias_ = bias.to(device);
}

at::Tensor MaskedLogits::apply(const at::Tensor& logits) const {
  return active_ ? logits + bias_.index_select(0, past_program_) : logits;
}

void MaskedLogits::start(std::int64_t batch, const TensorList& state) {
  if (!active_) return;
  past_program_ = at::zeros({batch}, bias_.options().dtype(at::kLong));
  // A grammar must know what is forbidden, else it would lead to where nothing else is left.
  if (!knows_grammar_) return;
  const at::Tensor wanted = state.get(state.size() - 1);
  if (wanted.scalar_type() != at::kBool || wanted.dim() != 2 || wanted.size(0) != batch ||
      wanted.size(1) != bias_.size(1)) {
    throw Error(ErrorKind::kModel,
                "The model's state does not end with the tokens that it may write; export it again "
                "with `scorelane export`.");
  }
  wanted.logical_and_(bias_.select(0, 1).eq(0.0));
}

void MaskedLogits::consume(const at::Tensor& tokens) {
  if (active_) {
    past_program_.bitwise_or_(tokens.ge(first_program_).logical_and_(tokens.lt(first_drum_)));
  }
}

void MaskedLogits::keep(const at::Tensor& rows) {
  if (active_) past_program_ = past_program_.index_select(0, rows);
}

}  // namespace scorelane
