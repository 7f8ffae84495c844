#include "greedy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "scorelane/error.h"

namespace scorelane {

namespace {

// One window at a time can be stopped soon on a CPU, and is no slower there.
constexpr std::int64_t kEncodedAtOnceOnCpu = 1;
constexpr float kHardly = std::numeric_limits<float>::lowest();
constexpr float kNever = -std::numeric_limits<float>::infinity();

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
    bias.index_put_({rows, at::indexing::Slice(first, end)}, kNever);
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

/// Leaves of every tensor the rows `kept`, in this order. Only rows that change their place are
/// copied, and nothing is allocated: caches are large.
void keep_rows(const TensorList& tensors, const std::vector<std::int64_t>& kept) {
  const auto count = static_cast<std::int64_t>(kept.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor tensor = tensors.get(i);
    for (std::int64_t to = 0; to < count; ++to) {
      const std::int64_t from = kept[static_cast<std::size_t>(to)];
      if (from != to) tensor.select(0, to).copy_(tensor.select(0, from));
    }
    tensors.set(i, tensor.narrow(0, 0, count));
  }
}

/// One batch on its way from audio to tokens.
class Batch {
 public:
  Batch(const Archive& archive, const InstrumentMask& mask, GroupProgress& progress)
      : archive_(archive),
        config_(archive.config()),
        masked_(archive.config(), mask, archive.device()),
        progress_(progress) {}

  std::vector<TokenRow> run(const std::vector<Segment>& segments);

 private:
  void encode(const std::vector<Segment>& segments);
  void step(std::int64_t position);
  at::Tensor keep_ties(const at::Tensor& logits) const;
  void record(const at::Tensor& report);
  void retire();

  const Archive& archive_;
  const ModelConfig& config_;
  MaskedLogits masked_;
  GroupProgress& progress_;
  TensorList memory_;
  TensorList state_;
  at::Tensor tokens_;                ///< [rows in the batch], what the next step consumes
  std::vector<std::size_t> places_;  ///< for each row in the batch, its place in `rows_`
  std::vector<char> ended_;          ///< for each row in the batch
  std::size_t active_ = 0;           ///< rows that have not ended
  std::vector<TokenRow> rows_;
  std::vector<TieSection> ties_;  ///< of each of `rows_`
};

std::vector<TokenRow> Batch::run(const std::vector<Segment>& segments) {
  encode(segments);
  if (progress_.stop) return {};
  const auto batch = static_cast<std::int64_t>(segments.size());
  state_ = archive_.start(memory_);
  tokens_ = at::full({batch}, Vocabulary::kPad,
                     at::TensorOptions().dtype(at::kLong).device(archive_.device()));
  masked_.start(batch, state_);
  rows_.assign(segments.size(), TokenRow{});
  const bool programs = config_.granularity != Granularity::kFlat;
  for (const Segment& segment : segments) {
    ties_.emplace_back(config_.vocabulary, programs, segment.ties);
  }
  places_.resize(segments.size());
  std::iota(places_.begin(), places_.end(), std::size_t{0});
  ended_.assign(segments.size(), 0);
  active_ = segments.size();

  for (std::int64_t position = 0; position < config_.max_tokens && active_ > 0; ++position) {
    if (progress_.stop) return {};
    step(position);
    retire();
  }
  progress_.ended += active_;  // these end without EOS
  return std::move(rows_);
}

void Batch::encode(const std::vector<Segment>& segments) {
  const auto batch = static_cast<std::int64_t>(segments.size());
  const std::int64_t length = config_.window_samples();
  at::Tensor audio = at::empty({batch, length}, at::kFloat);
  for (std::int64_t row = 0; row < batch; ++row) {
    std::memcpy(audio.data_ptr<float>() + row * length,
                segments[static_cast<std::size_t>(row)].window,
                static_cast<std::size_t>(length) * sizeof(float));
  }
  audio = audio.to(archive_.device());

  const std::int64_t at_once = archive_.device().is_cpu() ? kEncodedAtOnceOnCpu : batch;
  std::vector<std::vector<at::Tensor>> parts;
  for (std::int64_t first = 0; first < batch; first += at_once) {
    if (progress_.stop) return;
    const std::int64_t end = std::min(batch, first + at_once);
    const TensorList part = archive_.encode(audio.slice(0, first, end));
    parts.resize(part.size());
    for (std::size_t i = 0; i < part.size(); ++i) parts[i].push_back(part.get(i));
    progress_.encoded += static_cast<std::size_t>(end - first);
  }
  memory_ = TensorList();
  for (const std::vector<at::Tensor>& part : parts) {
    memory_.push_back(part.size() == 1 ? part.front() : at::cat(part, 0));
  }
}

void Batch::step(std::int64_t position) {
  auto [logits, heads] = archive_.step(tokens_, position, memory_, state_);
  logits = keep_ties(masked_.apply(logits));
  tokens_ = logits.argmax(1);
  masked_.consume(tokens_);
  // All that the host needs, in one copy: the new token and either the heads of the consumed one
  // or, where the network has none, the new token's probability. Ids are exact in a float.
  const at::Tensor column = tokens_.to(at::kFloat).unsqueeze(1);
  const at::Tensor rest =
      config_.has_note_heads ? heads : (logits.amax(1, true) - logits.logsumexp(1, true)).exp();
  record(at::cat({column, rest}, 1).to(at::kCPU));
}

/// Leaves only the tokens that keep to the rules of the rows' tie sections.
at::Tensor Batch::keep_ties(const at::Tensor& logits) const {
  at::Tensor kept = logits;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const TieSection& ties = ties_[places_[i]];
    if (ended_[i] || !ties.open()) continue;
    if (kept.is_same(logits)) kept = logits.clone();
    const std::vector<Token> next = ties.next();
    const at::Tensor ids = at::tensor(next, at::kInt).to(archive_.device());
    at::Tensor row = kept.select(0, static_cast<std::int64_t>(i));
    // The model's own grammar may forbid them all; the rule goes before it.
    const at::Tensor scores = row.index_select(0, ids).clamp_min(kHardly);
    row.fill_(kNever).index_copy_(0, ids.to(at::kLong), scores);
  }
  return kept;
}

void Batch::record(const at::Tensor& report) {
  const auto values = report.accessor<float, 2>();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (ended_[i]) continue;
    const auto line = values[static_cast<std::int64_t>(i)];
    TokenRow& row = rows_[places_[i]];
    if (config_.has_note_heads && !row.tokens.empty() &&
        config_.vocabulary.is_note(row.tokens.back())) {
      const long velocity = std::lround(std::clamp(line[1], 0.0F, 1.0F) * 127.0F);
      row.heads.back().velocity = static_cast<std::int32_t>(std::max(1L, velocity));
      row.heads.back().confidence = 1.0F / (1.0F + std::exp(-line[2]));
      // Behind the heads stands how it sounds, where the model says so.
      row.heads.back().players.assign(line.data() + 3, line.data() + line.size(0));
    }
    const auto token = static_cast<Token>(line[0]);
    if (token == Vocabulary::kEos) {
      ended_[i] = 1;
      --active_;
      ++progress_.ended;
      continue;
    }
    row.tokens.push_back(token);
    ties_[places_[i]].consume(token);
    // The heads of a row's very last token are never computed where it ends without EOS.
    row.heads.emplace_back().confidence = config_.has_note_heads ? 0.5F : line[1];
  }
}

/// Rows that have ended give their places to rows from the batch's end.
void Batch::retire() {
  if (active_ == 0 || active_ == places_.size()) return;
  std::vector<std::int64_t> kept(active_);
  std::size_t last = places_.size();
  for (std::size_t i = 0; i < active_; ++i) {
    std::size_t from = i;
    if (ended_[i]) {
      do --last;
      while (ended_[last]);
      from = last;
    }
    kept[i] = static_cast<std::int64_t>(from);
    places_[i] = places_[from];
  }
  keep_rows(memory_, kept);
  keep_rows(state_, kept);
  const at::Tensor rows = at::tensor(kept, at::kLong).to(archive_.device());
  masked_.keep(rows);
  tokens_ = tokens_.index_select(0, rows);
  places_.resize(active_);
  ended_.assign(active_, 0);
}

}  // namespace

std::vector<TokenRow> decode_greedily(const Archive& archive, const std::vector<Segment>& segments,
                                      const InstrumentMask& mask, GroupProgress& progress) {
  if (segments.empty()) return {};
  return Batch(archive, mask, progress).run(segments);
}

}  // namespace scorelane
