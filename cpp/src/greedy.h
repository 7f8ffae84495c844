#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "archive.h"
#include "scorelane/network.h"

namespace scorelane {

/// What the threads that decode one group share with the thread that waits for them.
struct GroupProgress {
  std::atomic<std::size_t> encoded{0};  ///< windows that the decoder can begin with
  std::atomic<std::size_t> ended{0};    ///< windows whose tokens are complete
  std::atomic<bool> stop{false};        ///< set by anyone: give up at the next step
};

/// A batch of segments on its way from audio to tokens: encoded, perhaps reconsidered, and decoded.
/// Incomplete after a stop. May go from one thread to another.
class Batch {
 public:
  /// `segments`: at least one.
  Batch(const Archive& archive, const InstrumentMask& mask, std::vector<Segment> segments,
        GroupProgress& progress);
  ~Batch();
  Batch(Batch&& other) noexcept;

  void encode();

  /// What may be played, once encoded, and what that gains by all that the group's may.
  TensorList candidates() const;
  void reconsider(const TensorList& gains);

  /// The likeliest token at every step. Rows that have ended are taken out as the loop goes on.
  std::vector<TokenRow> decode();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scorelane
