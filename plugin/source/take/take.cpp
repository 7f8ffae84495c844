#include "take/take.h"

#include <algorithm>
#include <utility>

namespace scorelane::plugin {

Take::Take(juce::File file_, juce::String name_, double sample_rate_, int channels_, double start_)
    : file(std::move(file_)),
      name(std::move(name_)),
      sample_rate(sample_rate_),
      channels(channels_),
      start(start_) {}

std::vector<Peak> Take::peaks(std::size_t first) const {
  const std::lock_guard lock(mutex_);
  const auto begin = peaks_.begin() + static_cast<std::ptrdiff_t>(std::min(first, peaks_.size()));
  return {begin, peaks_.end()};
}

TempoMap Take::tempo() const {
  const std::lock_guard lock(mutex_);
  return tempo_;
}

void Take::set_tempo(TempoMap tempo) {
  const std::lock_guard lock(mutex_);
  tempo_ = std::move(tempo);
}

void Take::add_peaks(const float* const* samples, int count) {
  const std::lock_guard lock(mutex_);
  for (int frame = 0; frame < count; ++frame) {
    for (int channel = 0; channel < channels; ++channel) {
      peak_.low = std::min(peak_.low, samples[channel][frame]);
      peak_.high = std::max(peak_.high, samples[channel][frame]);
    }
    if (++peak_frames_ == kPeakFrames) {
      peaks_.push_back(std::exchange(peak_, {}));
      peak_frames_ = 0;
    }
  }
}

}  // namespace scorelane::plugin
