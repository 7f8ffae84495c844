#include "tuning.h"

#include <torch/script.h>

#include <cmath>
#include <cstdint>

namespace scorelane {

namespace {

constexpr double kWindow = 0.5;  // seconds: long enough to tell cents apart at 80 Hz
constexpr double kLowest = 80.0, kHighest = 2000.0;  // Hz of the partials that are judged
constexpr double kFaintest = 1e-3;                   // of full scale: softer windows tell less
constexpr double kPartial = 1e-2;                    // of the strongest one in a window
// What tells: cents off times how far the partials agree, 0 to 1. They agree to 0.6 in ensembles,
// to 0.08 in a voice, to 0.04 in drums, which are nowhere near any semitone.
constexpr double kClear = 2.5;
constexpr double kPi = 3.14159265358979323846;

/// Magnitudes [windows, bins] of half-overlapping windows; a full-scale sine gives 1.
at::Tensor spectra(const std::vector<float>& samples, std::int64_t window) {
  const auto audio = torch::from_blob(const_cast<float*>(samples.data()),
                                      {static_cast<std::int64_t>(samples.size())});
  const at::Tensor shape = torch::hann_window(window);
  const at::Tensor windows = audio.unfold(0, window, window / 2) * shape;
  return at::fft_rfft(windows).abs() * (4.0 / static_cast<double>(window));
}

}  // namespace

double heard_tuning(const std::vector<float>& samples, double sample_rate) {
  const at::InferenceMode inference;
  const auto window = static_cast<std::int64_t>(kWindow * sample_rate);
  if (static_cast<std::int64_t>(samples.size()) < window) return 0.0;
  const at::Tensor magnitude = spectra(samples, window);
  const at::Tensor loudest = magnitude.amax(1, true).clamp_min(kFaintest);

  // Peaks of the spectrum, and where they lie between its bins: the top of a parabola.
  const at::Tensor level = (magnitude + 1e-9).log();
  const std::int64_t bins = magnitude.size(1);
  const at::Tensor before = level.narrow(1, 0, bins - 2);
  const at::Tensor here = level.narrow(1, 1, bins - 2);
  const at::Tensor after = level.narrow(1, 2, bins - 2);
  const at::Tensor beside = 0.5 * (before - after) / (before - 2.0 * here + after);
  const at::Tensor bin = torch::arange(1, bins - 1) + beside;
  const at::Tensor hertz = bin * (sample_rate / static_cast<double>(window));
  const at::Tensor strength = magnitude.narrow(1, 1, bins - 2) / loudest;
  const at::Tensor judged = (here > before) & (here >= after) & (strength > kPartial) &
                            (hertz > kLowest) & (hertz < kHighest);

  // Cents go round: of 100 only the rest counts.
  const at::Tensor turn = (hertz.masked_select(judged) / 440.0).log2() * (12.0 * 2.0 * kPi);
  const at::Tensor weight = strength.masked_select(judged);
  const double total = weight.sum().item<double>();
  if (total <= 0.0) return 0.0;
  const double across = (weight * turn.cos()).sum().item<double>() / total;
  const double along = (weight * turn.sin()).sum().item<double>() / total;
  const double cents = std::atan2(along, across) * 50.0 / kPi;
  return std::abs(cents) * std::hypot(across, along) >= kClear ? cents : 0.0;
}

}  // namespace scorelane
