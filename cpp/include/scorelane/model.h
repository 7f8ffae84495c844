#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "scorelane/network.h"

namespace scorelane {

/// A TorchScript archive with `encode`, `start` and `step` and a `config.json`; see
/// docs/ENGINE-API.md. May serve several streams on several threads at once.
class Model final : public Network {
 public:
  /// `path` in UTF-8. `device` is "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:N".
  /// `threads` share the windows of a group on a CPU; 0: as many as torch would use. Throws
  /// Error(kModel) where the file cannot be used and Error(kEngine) where the device cannot.
  static std::shared_ptr<const Model> load(const std::string& path,
                                           const std::string& device = "auto", int threads = 0);

  ~Model() override;

  const ModelConfig& config() const override;
  std::int64_t default_batch_size() const override;
  double tuning(const std::vector<float>& samples) const override;
  std::vector<TokenRow> transcribe(const std::vector<Segment>& segments, const InstrumentMask& mask,
                                   const BatchProgress& progress) const override;

  const std::string& config_json() const;
  std::string device() const;

 private:
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace scorelane
