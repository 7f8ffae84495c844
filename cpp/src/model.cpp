#include "scorelane/model.h"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <future>
#include <string>
#include <utility>

#include "archive.h"
#include "greedy.h"
#include "scorelane/error.h"
#include "tuning.h"

namespace scorelane {

namespace {

constexpr std::int64_t kBatchOnCpu = 64;
constexpr std::int64_t kBatchOnCuda = 128;
constexpr auto kPollInterval = std::chrono::milliseconds(20);

/// `report` is TorchScript's, a traceback whose last line says what happened.
Error model_failed(std::string report) {
  while (!report.empty() && std::isspace(static_cast<unsigned char>(report.back()))) {
    report.pop_back();
  }
  const std::string reason = report.substr(report.rfind('\n') + 1);
  return Error(ErrorKind::kEngine,
               "The model failed while it ran (" + reason + "); export it again, or use another.");
}

/// Runs `work` of the model on this thread.
template <typename Work>
void run_model(const Archive& archive, const Work& work) {
  const at::InferenceMode inference;
  // TorchScript's optimizer would cost a second for each new batch size and gain nothing.
  const torch::jit::GraphOptimizerEnabledGuard no_optimizer(false);
  if (archive.device().is_cpu()) at::set_num_threads(1);
  try {
    work();
  } catch (const c10::OutOfMemoryError&) {
    throw Error(ErrorKind::kEngine,
                "The device ran out of memory; use a smaller batch size or the device cpu.");
  } catch (const c10::Error& error) {
    throw model_failed(error.what_without_backtrace());
  } catch (const torch::jit::JITException& error) {
    throw model_failed(error.what());
  }
}

/// One group, shared out among threads. Whatever happens, none outlives it.
class Shares {
 public:
  Shares(const Archive& archive, const std::vector<Segment>& segments, const InstrumentMask& mask,
         std::size_t threads);
  ~Shares();
  Shares(const Shares&) = delete;
  Shares& operator=(const Shares&) = delete;

  /// Each begins its work, whose end is waited for.
  void begin_to_encode();
  void begin_to_decode();

  /// Waits for at most the poll interval; true where all are done.
  bool wait() const;
  /// Throws what a share threw.
  void finish();
  /// Lets all that the shares may play be judged together.
  void agree();
  double done() const;
  std::vector<TokenRow> collect();

 private:
  struct Share {
    Batch batch;
    std::vector<TokenRow> rows;
    std::future<void> work;
  };

  template <typename Work>
  void begin(const Work& work);

  const Archive& archive_;
  std::size_t segments_;
  GroupProgress progress_;
  std::vector<Share> shares_;
  int torch_threads_ = at::get_num_threads();
};

Shares::Shares(const Archive& archive, const std::vector<Segment>& segments,
               const InstrumentMask& mask, std::size_t threads)
    : archive_(archive), segments_(segments.size()) {
  const std::size_t count = std::min(threads, segments.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto first = static_cast<std::ptrdiff_t>(i * segments.size() / count);
    const auto end = static_cast<std::ptrdiff_t>((i + 1) * segments.size() / count);
    std::vector<Segment> own(segments.begin() + first, segments.begin() + end);
    shares_.push_back({Batch(archive, mask, std::move(own), progress_), {}, {}});
  }
}

Shares::~Shares() {
  progress_.stop = true;
  for (const Share& share : shares_) {
    if (share.work.valid()) share.work.wait();
  }
  // The threads' setting is also torch's default for threads still to come: put that back.
  at::set_num_threads(torch_threads_);
}

template <typename Work>
void Shares::begin(const Work& work) {
  for (Share& share : shares_) {
    share.work = std::async(std::launch::async, [this, &share, work] {
      try {
        run_model(archive_, [&] { work(share); });
      } catch (...) {
        progress_.stop = true;
        throw;
      }
    });
  }
}

void Shares::begin_to_encode() {
  begin([](Share& share) { share.batch.encode(); });
}

void Shares::begin_to_decode() {
  begin([](Share& share) { share.rows = share.batch.decode(); });
}

bool Shares::wait() const {
  const auto until = std::chrono::steady_clock::now() + kPollInterval;
  return std::all_of(shares_.begin(), shares_.end(), [&](const Share& share) {
    return share.work.wait_until(until) == std::future_status::ready;
  });
}

void Shares::finish() {
  for (Share& share : shares_) share.work.get();
}

void Shares::agree() {
  if (!archive_.reconsiders()) return;
  run_model(archive_, [&] {
    std::vector<TensorList> candidates;
    for (const Share& share : shares_) candidates.push_back(share.batch.candidates());
    if (candidates.front().empty()) return;
    TensorList all;
    for (std::size_t kind = 0; kind < candidates.front().size(); ++kind) {
      std::vector<at::Tensor> parts;
      for (const TensorList& some : candidates) parts.push_back(some.get(kind));
      all.push_back(at::cat(parts, 0));
    }
    const TensorList gains = archive_.agree(all);
    std::int64_t first = 0;
    for (std::size_t i = 0; i < shares_.size(); ++i) {
      const std::int64_t end = first + candidates[i].get(0).size(0);
      TensorList own;
      for (const at::Tensor& gain : gains) own.push_back(gain.slice(0, first, end));
      shares_[i].batch.reconsider(own);
      first = end;
    }
  });
}

/// From 0 to 1; encoding takes about as long as decoding.
double Shares::done() const {
  const std::size_t halves = progress_.encoded + progress_.ended;
  return static_cast<double>(halves) / (2.0 * static_cast<double>(segments_));
}

std::vector<TokenRow> Shares::collect() {
  std::vector<TokenRow> rows;
  for (Share& share : shares_) {
    for (TokenRow& row : share.rows) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

struct Model::Impl {
  Archive archive;
  std::size_t threads;
};

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

std::shared_ptr<const Model> Model::load(const std::string& path, const std::string& device,
                                         int threads) {
  if (threads < 0) {
    throw Error(ErrorKind::kEngine, "The number of threads cannot be negative; use 0 for all.");
  }
  Archive archive(path, device);
  // A GPU is fed by one thread.
  int workers = 1;
  if (archive.device().is_cpu()) workers = threads > 0 ? threads : at::get_num_threads();
  auto impl = std::make_unique<Impl>(Impl{std::move(archive), static_cast<std::size_t>(workers)});
  return std::shared_ptr<const Model>(new Model(std::move(impl)));
}

const ModelConfig& Model::config() const {
  return impl_->archive.config();
}

std::int64_t Model::default_batch_size() const {
  return impl_->archive.device().is_cpu() ? kBatchOnCpu : kBatchOnCuda;
}

double Model::tuning(const std::vector<float>& samples) const {
  try {
    return heard_tuning(samples, config().sample_rate);
  } catch (const c10::Error& error) {
    throw model_failed(error.what_without_backtrace());
  }
}

std::vector<TokenRow> Model::transcribe(const std::vector<Segment>& segments,
                                        const InstrumentMask& mask,
                                        const BatchProgress& progress) const {
  Shares shares(impl_->archive, segments, mask, impl_->threads);
  const auto wait = [&] {
    do {
      if (progress && !progress(shares.done())) {
        throw Error(ErrorKind::kCancelled, "The transcription was cancelled.");
      }
    } while (!shares.wait());
    shares.finish();
  };
  shares.begin_to_encode();
  wait();
  shares.agree();
  shares.begin_to_decode();
  wait();
  return shares.collect();
}

const std::string& Model::config_json() const {
  return impl_->archive.config_json();
}

std::string Model::device() const {
  return impl_->archive.device().str();
}

}  // namespace scorelane
