#include "scorelane/model.h"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <cctype>
#include <string>
#include <utility>

#include "archive.h"
#include "greedy.h"
#include "scorelane/error.h"

namespace scorelane {

namespace {

constexpr std::int64_t kBatchOnCpu = 16;
constexpr std::int64_t kBatchOnCuda = 64;

/// Sets torch's number of threads while the engine computes and puts the host's back.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(at::get_num_threads()) {
    changed_ = threads > 0 && threads != before_;
    if (changed_) at::set_num_threads(threads);
  }
  ~ThreadCount() {
    if (changed_) at::set_num_threads(before_);
  }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
  bool changed_;
};

/// `report` is TorchScript's, a traceback whose last line says what happened.
Error model_failed(std::string report) {
  while (!report.empty() && std::isspace(static_cast<unsigned char>(report.back()))) {
    report.pop_back();
  }
  const std::string reason = report.substr(report.rfind('\n') + 1);
  return Error(ErrorKind::kEngine,
               "The model failed while it ran; export it again, or use another. (" + reason + ")");
}

}  // namespace

struct Model::Impl {
  Archive archive;
  int threads;
};

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

std::shared_ptr<const Model> Model::load(const std::string& path, const std::string& device,
                                         int threads) {
  if (threads < 0) {
    throw Error(ErrorKind::kEngine, "The number of threads cannot be negative; use 0 for all.");
  }
  auto impl = std::make_unique<Impl>(Impl{Archive(path, device), threads});
  return std::shared_ptr<const Model>(new Model(std::move(impl)));
}

const ModelConfig& Model::config() const {
  return impl_->archive.config();
}

std::int64_t Model::default_batch_size() const {
  return impl_->archive.device().is_cpu() ? kBatchOnCpu : kBatchOnCuda;
}

std::vector<TokenRow> Model::transcribe(const std::vector<const float*>& windows,
                                        const InstrumentMask& mask,
                                        const BatchProgress& progress) const {
  const at::InferenceMode inference;
  const ThreadCount threads(impl_->threads);
  // Only what torch throws is turned into ours: `progress` may throw its own and must get it back.
  try {
    return decode_greedily(impl_->archive, windows, mask, progress);
  } catch (const c10::OutOfMemoryError&) {
    throw Error(ErrorKind::kEngine,
                "The device ran out of memory; use a smaller batch size or the device cpu.");
  } catch (const c10::Error& error) {
    throw model_failed(error.what_without_backtrace());
  } catch (const torch::jit::JITException& error) {
    throw model_failed(error.what());
  }
}

const std::string& Model::config_json() const {
  return impl_->archive.config_json();
}

std::string Model::device() const {
  return impl_->archive.device().str();
}

}  // namespace scorelane
