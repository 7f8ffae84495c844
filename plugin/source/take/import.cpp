#include "take/import.h"

#include <algorithm>

#include "engine/bundle.h"
#include "take/take_writer.h"

namespace scorelane::plugin {
namespace {

constexpr double kLongestHours = 3.0;
constexpr double kLowestRate = 1000.0, kHighestRate = 384000.0;  // what the engine resamples
constexpr unsigned int kMostChannels = 64;  // JUCE's WAV reader never ends with a thousand
constexpr int kBlock = 65536;

}  // namespace

Import::Import(const juce::File& file) : source_(file) {
  const auto name = "\"" + file.getFileName() + "\"";
  if (!file.existsAsFile()) {
    error_ = "There is no file " + name + ".";
    return;
  }
  juce::AudioFormatManager formats;
  formats.registerBasicFormats();
  // By what is inside: the name may say something else.
  reader_.reset(formats.createReaderFor(file.createInputStream()));
  if (reader_ == nullptr) {
    error_ = name + " is not a sound file that can be read here; try WAV, AIFF, FLAC, Ogg or MP3.";
  } else if (reader_->lengthInSamples <= 0 || reader_->numChannels == 0 ||
             !(reader_->sampleRate > 0.0)) {
    error_ = name + " holds no sound.";
  } else if (reader_->numChannels > kMostChannels || reader_->sampleRate < kLowestRate ||
             reader_->sampleRate > kHighestRate) {
    error_ = name + " has " + juce::String(reader_->numChannels) + " channels at " +
             juce::String(reader_->sampleRate, 0) + " Hz; up to " + juce::String(kMostChannels) +
             " channels at 1000 to 384000 Hz can be read.";
  } else if (seconds() > kLongestHours * 3600.0) {
    error_ = name + " is longer than " + juce::String(kLongestHours, 0) +
             " hours; use `scorelane transcribe` for it, or cut it into pieces.";
  }
  if (error_.isNotEmpty()) return;
  const auto target = bundle::new_take("Import " + file.getFileNameWithoutExtension());
  const auto channels = reader_->numChannels == 2 ? 2 : 1;
  take_ = std::make_shared<Take>(target, file.getFileName(), reader_->sampleRate, channels, 0.0);
}

double Import::seconds() const {
  return reader_ == nullptr ? 0.0
                            : static_cast<double>(reader_->lengthInSamples) / reader_->sampleRate;
}

bool Import::decode(const std::function<bool(double)>& go_on) {
  TakeWriter writer(take_);
  const auto channels = static_cast<int>(reader_->numChannels);
  juce::AudioBuffer<float> block(channels, kBlock);
  for (std::int64_t done = 0; done < reader_->lengthInSamples; done += kBlock) {
    if (!go_on(static_cast<double>(done) / reader_->sampleRate)) return false;
    const auto frames =
        static_cast<int>(std::min<std::int64_t>(kBlock, reader_->lengthInSamples - done));
    if (!reader_->read(block.getArrayOfWritePointers(), channels, done, frames)) {
      error_ = "\"" + source_.getFileName() + "\" is damaged: it ends after " +
               juce::String(static_cast<double>(done) / reader_->sampleRate, 1) + " s.";
      return false;
    }
    if (channels > 2) {
      for (int channel = 1; channel < channels; ++channel) {
        block.addFrom(0, 0, block, channel, 0, frames);
      }
      block.applyGain(0, 0, frames, 1.0F / static_cast<float>(channels));
    }
    if (!writer.append(block.getArrayOfReadPointers(), frames)) {
      error_ = writer.error();
      return false;
    }
  }
  return true;
}

}  // namespace scorelane::plugin
