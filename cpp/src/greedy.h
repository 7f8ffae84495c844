#pragma once

#include <vector>

#include "archive.h"
#include "scorelane/network.h"

namespace scorelane {

/// Decodes a batch of windows with one archive: encode, then the likeliest token at every step.
/// Rows that have ended are taken out of the batch as the loop goes on.
std::vector<TokenRow> decode_greedily(const Archive& archive,
                                      const std::vector<const float*>& windows,
                                      const InstrumentMask& mask, const BatchProgress& progress);

}  // namespace scorelane
