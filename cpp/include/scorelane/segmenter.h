#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace scorelane {

/// One segment of the recording with its context on both sides.
struct Window {
  std::int64_t index = 0;      ///< of the segment, from 0
  std::vector<float> samples;  ///< context + segment + context; zeros outside the recording
  bool silent = false;         ///< nothing in it is louder than -80 dB
};

/// Cuts a stream of mono samples into windows, holding no more than one window of audio.
/// Segment i covers the samples [i * segment, (i + 1) * segment).
class Segmenter {
 public:
  Segmenter(std::size_t segment_samples, std::size_t context_samples);

  /// Appends the windows that `samples` complete.
  void push(const float* samples, std::size_t count, std::vector<Window>& out);

  /// Appends the windows that are left, filled up with zeros.
  void flush(std::vector<Window>& out);

 private:
  void emit(std::vector<Window>& out);

  std::size_t segment_;
  std::size_t context_;
  std::vector<float> buffer_;  ///< starts where the next window starts
  std::int64_t next_index_ = 0;
  std::int64_t pushed_ = 0;
};

}  // namespace scorelane
