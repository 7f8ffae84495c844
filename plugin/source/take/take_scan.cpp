#include "take/take_scan.h"

#include <algorithm>

namespace scorelane::plugin {
namespace {

constexpr int kStep = 1 << 18;

}  // namespace

TakeScan::TakeScan(const juce::File& file, const juce::String& name, double start,
                   const TempoMap& tempo) {
  if (!file.existsAsFile()) return;
  juce::WavAudioFormat wav;
  reader_.reset(wav.createReaderFor(new juce::FileInputStream(file), true));
  if (reader_ == nullptr || reader_->numChannels == 0 || reader_->numChannels > 2) return;
  take_ = std::make_shared<Take>(file, name, reader_->sampleRate,
                                 static_cast<int>(reader_->numChannels), start);
  take_->set_tempo(tempo);
  take_->frames_ = reader_->lengthInSamples;
  take_->complete_ = true;
}

bool TakeScan::step() {
  if (take_ == nullptr || done_ >= reader_->lengthInSamples) return false;
  const auto frames =
      static_cast<int>(std::min<std::int64_t>(kStep, reader_->lengthInSamples - done_));
  juce::AudioBuffer<float> block(take_->channels, frames);
  if (!reader_->read(block.getArrayOfWritePointers(), take_->channels, done_, frames)) return false;
  take_->add_peaks(block.getArrayOfReadPointers(), frames);
  done_ += frames;
  return true;
}

}  // namespace scorelane::plugin
