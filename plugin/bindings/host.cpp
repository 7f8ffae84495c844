#include "host.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace scorelane::plugin {
namespace {

[[noreturn]] void refuse(const std::string& reason) {
  throw std::invalid_argument(reason);
}

}  // namespace

Host::Host(double sample_rate, int block_size, int channels, bool realtime)
    : sample_rate_(sample_rate), block_size_(block_size), channels_(channels) {
  if (!(sample_rate >= 1000.0 && sample_rate <= 384000.0)) {
    refuse("the sample rate must lie between 1000 and 384000 Hz");
  }
  if (block_size < 1 || block_size > 65536) refuse("the block size must lie between 1 and 65536");
  if (channels != 1 && channels != 2) refuse("the plugin takes one channel or two");
  const auto set = juce::AudioChannelSet::canonicalChannelSet(channels);
  juce::AudioProcessor::BusesLayout layout;
  layout.inputBuses.add(set);
  layout.outputBuses.add(set);
  processor_.setBusesLayout(layout);
  processor_.setNonRealtime(!realtime);
  processor_.setPlayHead(this);
  prepare(block_size);
}

Host::~Host() {
  processor_.releaseResources();
  processor_.setPlayHead(nullptr);
}

void Host::prepare(int block_size) {
  if (block_size > 0) block_size_ = block_size;
  processor_.setRateAndBufferSizeDetails(sample_rate_, block_size_);
  processor_.prepareToPlay(sample_rate_, block_size_);
}

std::vector<TimedMidi> Host::process(juce::AudioBuffer<float>& audio,
                                     const std::vector<TimedMidi>& in) {
  std::vector<TimedMidi> out;
  juce::MidiBuffer midi;
  for (int start = 0; start < audio.getNumSamples(); start += block_size_) {
    const auto count = std::min(block_size_, audio.getNumSamples() - start);
    juce::AudioBuffer<float> block(audio.getArrayOfWritePointers(), channels_, start, count);
    midi.clear();
    for (const auto& [sample, bytes] : in) {
      if (sample >= start && sample < start + count) {
        midi.addEvent(bytes.data(), static_cast<int>(bytes.size()),
                      static_cast<int>(sample) - start);
      }
    }
    {
      const juce::ScopedLock lock(processor_.getCallbackLock());
      processor_.processBlock(block, midi);
    }
    for (const auto event : midi) {
      out.emplace_back(start + event.samplePosition,
                       std::string(reinterpret_cast<const char*>(event.data),
                                   static_cast<std::size_t>(event.numBytes)));
    }
    if (transport_.has_value() && transport_->playing) transport_->seconds += count / sample_rate_;
  }
  return out;
}

std::string Host::state() {
  juce::MemoryBlock block;
  processor_.getStateInformation(block);
  return {static_cast<const char*>(block.getData()), block.getSize()};
}

void Host::set_state(const std::string& bytes) {
  processor_.setStateInformation(bytes.data(), static_cast<int>(bytes.size()));
}

void Host::set_transport(std::optional<Transport> transport) {
  transport_ = transport;
}

juce::Optional<juce::AudioPlayHead::PositionInfo> Host::getPosition() const {
  if (!transport_.has_value()) return {};
  PositionInfo position;
  position.setIsPlaying(transport_->playing);
  position.setBpm(transport_->bpm);
  position.setTimeInSeconds(transport_->seconds);
  position.setTimeInSamples(std::llround(transport_->seconds * sample_rate_));
  position.setPpqPosition(transport_->seconds * transport_->bpm / 60.0);
  position.setTimeSignature(TimeSignature{4, 4});
  return position;
}

std::vector<std::string> Host::parameters() const {
  std::vector<std::string> ids;
  for (auto* each : processor_.getParameters()) {
    if (const auto* with_id = dynamic_cast<juce::AudioProcessorParameterWithID*>(each)) {
      ids.push_back(with_id->paramID.toStdString());
    }
  }
  return ids;
}

bool Host::has_parameter(const std::string& id) const {
  return processor_.parameters().getParameter(id) != nullptr;
}

juce::RangedAudioParameter& Host::find(const std::string& id) const {
  auto* const found = processor_.parameters().getParameter(id);
  if (found == nullptr) refuse("there is no parameter \"" + id + "\"");
  return *found;
}

Value Host::parameter(const std::string& id) const {
  auto& found = find(id);
  if (const auto* choice = dynamic_cast<juce::AudioParameterChoice*>(&found)) {
    return choice->getCurrentChoiceName().toStdString();
  }
  if (const auto* flag = dynamic_cast<juce::AudioParameterBool*>(&found)) return flag->get();
  return static_cast<double>(found.convertFrom0to1(found.getValue()));
}

void Host::set_parameter(const std::string& id, const Value& value) {
  auto& found = find(id);
  auto plain = 0.0;
  if (const auto* choice = dynamic_cast<juce::AudioParameterChoice*>(&found)) {
    const auto* name = std::get_if<std::string>(&value);
    const auto index = name == nullptr ? -1 : choice->choices.indexOf(juce::String(*name));
    if (index < 0) {
      refuse(id + " must be one of: " + choice->choices.joinIntoString(", ").toStdString());
    }
    plain = index;
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    plain = *flag ? 1.0 : 0.0;
  } else if (const auto* number = std::get_if<double>(&value)) {
    plain = *number;
  } else {
    refuse(id + " must be a number");
  }
  const auto& range = found.getNormalisableRange();
  if (!(plain >= static_cast<double>(range.start) && plain <= static_cast<double>(range.end))) {
    refuse(id + " must lie between " + juce::String(range.start).toStdString() + " and " +
           juce::String(range.end).toStdString());
  }
  found.setValueNotifyingHost(found.convertTo0to1(static_cast<float>(plain)));
}

}  // namespace scorelane::plugin
