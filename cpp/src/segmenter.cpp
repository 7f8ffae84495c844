#include "scorelane/segmenter.h"

#include <algorithm>
#include <cmath>

namespace scorelane {

namespace {

constexpr float kSilence = 1e-4F;  // -80 dB below full scale

bool is_silent(const std::vector<float>& samples) {
  return std::none_of(samples.begin(), samples.end(),
                      [](float x) { return std::abs(x) >= kSilence; });
}

}  // namespace

Segmenter::Segmenter(std::size_t segment_samples, std::size_t context_samples)
    : segment_(segment_samples), context_(context_samples), buffer_(context_samples, 0.0F) {
  buffer_.reserve(segment_ + 2 * context_);
}

void Segmenter::push(const float* samples, std::size_t count, std::vector<Window>& out) {
  const std::size_t window = segment_ + 2 * context_;
  pushed_ += static_cast<std::int64_t>(count);
  while (count > 0) {
    const std::size_t taken = std::min(count, window - buffer_.size());
    buffer_.insert(buffer_.end(), samples, samples + taken);
    samples += taken;
    count -= taken;
    if (buffer_.size() == window) emit(out);
  }
}

void Segmenter::flush(std::vector<Window>& out) {
  while (next_index_ * static_cast<std::int64_t>(segment_) < pushed_) emit(out);
}

void Segmenter::emit(std::vector<Window>& out) {
  Window window;
  window.index = next_index_++;
  window.samples = buffer_;
  window.samples.resize(segment_ + 2 * context_, 0.0F);
  window.silent = is_silent(window.samples);
  out.push_back(std::move(window));

  const auto used = std::min(segment_, buffer_.size());
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used));
}

}  // namespace scorelane
