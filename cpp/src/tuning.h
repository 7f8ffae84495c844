#pragma once

#include <vector>

namespace scorelane {

/// By how many cents music is tuned above or below A4 = 440 Hz, -50 to 50; 0 where it does not tell
/// clearly that it is, as drums. `sample_rate` in Hz.
double heard_tuning(const std::vector<float>& samples, double sample_rate);

}  // namespace scorelane
