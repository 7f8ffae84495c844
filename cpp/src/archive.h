#pragma once

#include <torch/script.h>

#include <cstdint>
#include <string>
#include <utility>

#include "scorelane/model_config.h"

namespace scorelane {

using TensorList = c10::List<at::Tensor>;

/// The TorchScript module of a model: its methods with C++ types. What torch throws while they run
/// passes through.
class Archive {
 public:
  /// See Model::load.
  Archive(const std::string& path, const std::string& device);

  /// Audio [batch, window] to what the decoder attends to; dimension 0 of every tensor is batch.
  TensorList encode(const at::Tensor& audio) const;

  /// Whether what it hears can be judged together, with the three methods that follow.
  bool reconsiders() const { return reconsiders_; }

  /// What may be played in `memory`; dimension 0 of every tensor is batch.
  TensorList candidates(const TensorList& memory) const;

  /// What the `candidates` of all segments of a group gain beside each other, segment by segment.
  TensorList agree(const TensorList& candidates) const;

  /// `memory` with what its candidates gain.
  TensorList reconsider(const TensorList& memory, const TensorList& gains) const;

  /// A fresh decoder state for `memory`.
  TensorList start(const TensorList& memory) const;

  /// Consumes tokens [batch] at `position` and updates `state` in place. Returns logits of the
  /// next tokens [batch, vocabulary] and note heads [batch, 2] of the consumed ones.
  std::pair<at::Tensor, at::Tensor> step(const at::Tensor& tokens, std::int64_t position,
                                         const TensorList& memory, const TensorList& state) const;

  const ModelConfig& config() const { return config_; }
  const std::string& config_json() const { return config_json_; }
  const c10::Device& device() const { return device_; }

 private:
  torch::jit::Method method(const char* name) const;

  c10::Device device_;
  std::string config_json_;  // before the module: loading that fills it
  torch::jit::Module module_;
  ModelConfig config_;
  bool reconsiders_;
};

}  // namespace scorelane
