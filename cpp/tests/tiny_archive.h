#pragma once

#include <string>

/// Model archives of a few lines of TorchScript, so that these tests need no trained weights.
namespace tiny {

inline constexpr int kWindow = 1600;

struct Archive {
  std::string body;         ///< its methods
  std::string config_json;  ///< empty: none
};

/// Each row writes as many drums as its loudness says, 35 first, then ends: a row of the samples x
/// writes round(mean |x| * 10) of them. The note heads say velocity 64 and confidence 0.5.
Archive counting();

/// The same, but each row writes as many drums as the loudest of its group.
Archive agreeing();

/// The same, but what drums gain has another shape than they.
Archive disagreeing();

/// Writes program 40 and pitch 60 for ever, program 0 as second choice.
Archive endless();

/// Its step raises.
Archive failing();

/// Writes the archive into a new temporary file and returns its path.
std::string save(const Archive& archive);

/// Writes `bytes` into a new temporary file and returns its path.
std::string save_bytes(const std::string& bytes);

}  // namespace tiny
