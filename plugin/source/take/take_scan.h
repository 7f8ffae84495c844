#pragma once

#include <juce_audio_formats/juce_audio_formats.h>

#include <memory>

#include "take/take.h"

namespace scorelane::plugin {

/// Opens the file of an earlier session as a take again. The take can be used at once; its peaks
/// come bit by bit.
class TakeScan {
 public:
  /// Where the file has gone or is no recording, there is no take.
  TakeScan(const juce::File& file, const juce::String& name, double start, const TempoMap& tempo);

  std::shared_ptr<Take> take() const { return take_; }

  /// Reads some seconds more; false: all is done.
  bool step();

 private:
  std::unique_ptr<juce::AudioFormatReader> reader_;
  std::shared_ptr<Take> take_;
  std::int64_t done_ = 0;
};

}  // namespace scorelane::plugin
