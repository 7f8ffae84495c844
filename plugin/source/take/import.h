#pragma once

#include <juce_audio_formats/juce_audio_formats.h>

#include <functional>
#include <memory>

#include "take/take.h"

namespace scorelane::plugin {

/// A sound file as a take: decoded into the takes folder. WAV, AIFF, FLAC, Ogg Vorbis, MP3.
/// More than two channels become one, their mean.
class Import {
 public:
  /// Opens the file; `error()` is a sentence for the user where it cannot be used.
  explicit Import(const juce::File& file);

  const juce::String& error() const { return error_; }
  std::shared_ptr<Take> take() const { return take_; }

  /// Decodes all of it. `go_on` is told the seconds done and may stop it by returning false: then
  /// the result is false and `error()` empty.
  bool decode(const std::function<bool(double seconds_done)>& go_on);

  double seconds() const;  ///< the file's length as its header has it

 private:
  juce::File source_;
  std::unique_ptr<juce::AudioFormatReader> reader_;
  std::shared_ptr<Take> take_;
  juce::String error_;
};

}  // namespace scorelane::plugin
