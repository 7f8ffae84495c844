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

/// One thread's share of a group.
std::vector<TokenRow> decode_share(const Archive& archive, const std::vector<Segment>& segments,
                                   const InstrumentMask& mask, GroupProgress& progress) {
  const at::InferenceMode inference;
  // TorchScript's optimizer would cost a second for each new batch size and gain nothing.
  const torch::jit::GraphOptimizerEnabledGuard no_optimizer(false);
  if (archive.device().is_cpu()) at::set_num_threads(1);
  try {
    return decode_greedily(archive, segments, mask, progress);
  } catch (const c10::OutOfMemoryError&) {
    throw Error(ErrorKind::kEngine,
                "The device ran out of memory; use a smaller batch size or the device cpu.");
  } catch (const c10::Error& error) {
    throw model_failed(error.what_without_backtrace());
  } catch (const torch::jit::JITException& error) {
    throw model_failed(error.what());
  }
}

/// The threads at work on one group. Whatever happens, none outlives it.
class Shares {
 public:
  Shares(const Archive& archive, const std::vector<Segment>& segments, const InstrumentMask& mask,
         std::size_t threads);
  ~Shares();
  Shares(const Shares&) = delete;
  Shares& operator=(const Shares&) = delete;

  /// Waits for at most the poll interval; true where all are done.
  bool wait() const;
  void stop() { progress_.stop = true; }
  double done() const;
  std::vector<TokenRow> collect();

 private:
  std::size_t segments_;
  GroupProgress progress_;
  std::vector<std::future<std::vector<TokenRow>>> parts_;
  int torch_threads_ = at::get_num_threads();
};

Shares::Shares(const Archive& archive, const std::vector<Segment>& segments,
               const InstrumentMask& mask, std::size_t threads)
    : segments_(segments.size()) {
  const std::size_t count = std::min(threads, segments.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto first = static_cast<std::ptrdiff_t>(i * segments.size() / count);
    const auto end = static_cast<std::ptrdiff_t>((i + 1) * segments.size() / count);
    std::vector<Segment> share(segments.begin() + first, segments.begin() + end);
    parts_.push_back(
        std::async(std::launch::async, [this, &archive, &mask, own = std::move(share)] {
          try {
            return decode_share(archive, own, mask, progress_);
          } catch (...) {
            stop();
            throw;
          }
        }));
  }
}

Shares::~Shares() {
  stop();
  for (const auto& part : parts_) {
    if (part.valid()) part.wait();
  }
  // The threads' setting is also torch's default for threads still to come: put that back.
  at::set_num_threads(torch_threads_);
}

bool Shares::wait() const {
  const auto until = std::chrono::steady_clock::now() + kPollInterval;
  return std::all_of(parts_.begin(), parts_.end(), [&](const auto& part) {
    return part.wait_until(until) == std::future_status::ready;
  });
}

/// From 0 to 1; encoding takes about as long as decoding.
double Shares::done() const {
  const std::size_t halves = progress_.encoded + progress_.ended;
  return static_cast<double>(halves) / (2.0 * static_cast<double>(segments_));
}

std::vector<TokenRow> Shares::collect() {
  std::vector<TokenRow> rows;
  for (auto& part : parts_) {
    for (TokenRow& row : part.get()) rows.push_back(std::move(row));
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
  do {
    if (progress && !progress(shares.done())) {
      throw Error(ErrorKind::kCancelled, "The transcription was cancelled.");
    }
  } while (!shares.wait());
  return shares.collect();
}

const std::string& Model::config_json() const {
  return impl_->archive.config_json();
}

std::string Model::device() const {
  return impl_->archive.device().str();
}

}  // namespace scorelane
