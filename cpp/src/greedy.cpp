#include "greedy.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "masked_logits.h"

namespace scorelane {

namespace {

// One window at a time can be stopped soon on a CPU, and is no slower there.
constexpr std::int64_t kEncodedAtOnceOnCpu = 1;
constexpr float kHardly = std::numeric_limits<float>::lowest();
constexpr float kNever = -std::numeric_limits<float>::infinity();

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

}  // namespace

class Batch::Impl {
 public:
  Impl(const Archive& archive, const InstrumentMask& mask, std::vector<Segment> segments,
       GroupProgress& progress)
      : archive_(archive),
        config_(archive.config()),
        segments_(std::move(segments)),
        masked_(archive.config(), mask, archive.device()),
        progress_(progress) {}

  void encode();
  TensorList candidates() const { return archive_.candidates(memory_); }
  void reconsider(const TensorList& gains) { memory_ = archive_.reconsider(memory_, gains); }
  std::vector<TokenRow> decode();

 private:
  void step(std::int64_t position);
  at::Tensor keep_ties(const at::Tensor& logits) const;
  void record(const at::Tensor& report);
  void retire();

  const Archive& archive_;
  const ModelConfig& config_;
  std::vector<Segment> segments_;
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

std::vector<TokenRow> Batch::Impl::decode() {
  if (progress_.stop) return {};
  const auto batch = static_cast<std::int64_t>(segments_.size());
  state_ = archive_.start(memory_);
  tokens_ = at::full({batch}, Vocabulary::kPad,
                     at::TensorOptions().dtype(at::kLong).device(archive_.device()));
  masked_.start(batch, state_);
  rows_.assign(segments_.size(), TokenRow{});
  const bool programs = config_.granularity != Granularity::kFlat;
  for (const Segment& segment : segments_) {
    ties_.emplace_back(config_.vocabulary, programs, segment.ties);
  }
  places_.resize(segments_.size());
  std::iota(places_.begin(), places_.end(), std::size_t{0});
  ended_.assign(segments_.size(), 0);
  active_ = segments_.size();

  for (std::int64_t position = 0; position < config_.max_tokens && active_ > 0; ++position) {
    if (progress_.stop) return {};
    step(position);
    retire();
  }
  progress_.ended += active_;  // these end without EOS
  return std::move(rows_);
}

void Batch::Impl::encode() {
  const auto batch = static_cast<std::int64_t>(segments_.size());
  const std::int64_t length = config_.window_samples();
  at::Tensor audio = at::empty({batch, length}, at::kFloat);
  for (std::int64_t row = 0; row < batch; ++row) {
    std::memcpy(audio.data_ptr<float>() + row * length,
                segments_[static_cast<std::size_t>(row)].window,
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

void Batch::Impl::step(std::int64_t position) {
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
at::Tensor Batch::Impl::keep_ties(const at::Tensor& logits) const {
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

void Batch::Impl::record(const at::Tensor& report) {
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
void Batch::Impl::retire() {
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

Batch::Batch(const Archive& archive, const InstrumentMask& mask, std::vector<Segment> segments,
             GroupProgress& progress)
    : impl_(std::make_unique<Impl>(archive, mask, std::move(segments), progress)) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;

void Batch::encode() {
  impl_->encode();
}

TensorList Batch::candidates() const {
  return impl_->candidates();
}

void Batch::reconsider(const TensorList& gains) {
  impl_->reconsider(gains);
}

std::vector<TokenRow> Batch::decode() {
  return impl_->decode();
}

}  // namespace scorelane
