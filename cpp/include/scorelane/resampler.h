#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace scorelane {

/// Converts a stream of mono samples to another rate (soxr, 20-bit quality, linear phase, delay
/// compensated). The output is the same to the last bit however the input is cut into pieces.
class Resampler {
 public:
  /// Rates in Hz. Throws Error(kAudio) for an input rate outside 1 kHz to 384 kHz.
  Resampler(double input_rate, double output_rate);
  ~Resampler();
  Resampler(const Resampler&) = delete;
  Resampler& operator=(const Resampler&) = delete;
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  /// Appends to `out` what `samples` complete.
  void push(const float* samples, std::size_t count, std::vector<float>& out);

  /// Appends the tail to `out`. Nothing may be pushed afterwards.
  void flush(std::vector<float>& out);

 private:
  struct Soxr;

  void convert(const float* samples, std::size_t count, std::vector<float>& out);

  std::unique_ptr<Soxr> soxr_;  ///< null where the rates are equal
  double ratio_;
  std::vector<float> block_;  ///< input waiting for a whole block
};

}  // namespace scorelane
