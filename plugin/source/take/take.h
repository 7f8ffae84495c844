#pragma once

#include <juce_audio_formats/juce_audio_formats.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "notes/tempo_map.h"

namespace scorelane::plugin {

/// Lowest and highest sample of a stretch of audio, for drawing.
struct Peak {
  float low = 0.0F;
  float high = 0.0F;
};

/// One recording: a float WAV file on disk that may still be growing, and its place on the host's
/// timeline. One thread writes (TakeWriter); any but the audio thread may read.
///
/// The members that are open to see never change.
class Take {
 public:
  static constexpr int kPeakFrames = 512;  ///< frames per Peak

  const juce::File file;
  const juce::String name;  ///< for the user: the dropped file's, or "Recording"
  const double sample_rate;
  const int channels;
  const double start;  ///< on the host's timeline, seconds

  Take(juce::File file, juce::String name, double sample_rate, int channels, double start);

  std::int64_t frames() const { return frames_.load(std::memory_order_acquire); }
  double seconds() const { return static_cast<double>(frames()) / sample_rate; }
  bool complete() const { return complete_.load(std::memory_order_acquire); }

  /// Peaks from index `first` on; more come while the take grows.
  std::vector<Peak> peaks(std::size_t first = 0) const;

  TempoMap tempo() const;
  void set_tempo(TempoMap tempo);

 private:
  friend class TakeWriter;
  friend class TakeScan;

  void add_peaks(const float* const* samples, int frames);

  std::atomic<std::int64_t> frames_{0};
  std::atomic<bool> complete_{false};
  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<Peak> peaks_;
  Peak peak_;  ///< of the frames since the last whole one
  int peak_frames_ = 0;
  TempoMap tempo_;
};

}  // namespace scorelane::plugin
