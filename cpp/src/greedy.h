#pragma once

#include <atomic>
#include <cstddef>
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

/// Decodes a batch of segments on this thread: encode, then the likeliest token at every step. Rows
/// that have ended are taken out of the batch as the loop goes on. Incomplete after a stop.
std::vector<TokenRow> decode_greedily(const Archive& archive, const std::vector<Segment>& segments,
                                      const InstrumentMask& mask, GroupProgress& progress);

}  // namespace scorelane
