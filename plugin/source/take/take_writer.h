#pragma once

#include <juce_audio_formats/juce_audio_formats.h>

#include <memory>

#include "take/take.h"

namespace scorelane::plugin {

/// Writes a take's audio to its file. Readers may follow: every half second the file is whole.
class TakeWriter {
 public:
  /// Creates the file and its folder; `error()` says where that failed.
  explicit TakeWriter(std::shared_ptr<Take> take);
  ~TakeWriter();  ///< finishes

  /// Appends `frames` samples of each of the take's channels; false where the disk refuses.
  bool append(const float* const* channels, int frames);

  /// Completes the file and the take.
  void finish();

  /// A sentence for the user; empty while all is well.
  const juce::String& error() const { return error_; }

 private:
  void show_frames();

  std::shared_ptr<Take> take_;
  std::unique_ptr<juce::AudioFormatWriter> writer_;
  std::int64_t written_ = 0;
  juce::String error_;
};

}  // namespace scorelane::plugin
