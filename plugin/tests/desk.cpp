#include "desk.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace scorelane::plugin {

Desk::Desk(bool realtime, double sample_rate, int block, int channels) {
  processor_.setNonRealtime(!realtime);
  processor_.setPlayHead(this);
  prepare(sample_rate, block, channels);
}

Desk::~Desk() {
  processor_.setPlayHead(nullptr);
}

void Desk::prepare(double sample_rate, int block, int channels) {
  sample_rate_ = sample_rate;
  block_ = block;
  const auto set = juce::AudioChannelSet::canonicalChannelSet(channels);
  juce::AudioProcessor::BusesLayout layout;
  layout.inputBuses.add(set);
  layout.outputBuses.add(set);
  processor_.setBusesLayout(layout);
  processor_.setRateAndBufferSizeDetails(sample_rate, block);
  processor_.prepareToPlay(sample_rate, block);
  audio_.setSize(channels, block);
  sent_.setSize(channels, block);
  midi_.ensureSize(2048);  // as JUCE's own wrappers do
}

void Desk::release() {
  processor_.releaseResources();
}

bool Desk::process(int samples, bool bypassed) {
  juce::AudioBuffer<float> block(audio_.getArrayOfWritePointers(), audio_.getNumChannels(),
                                 samples);
  for (int channel = 0; channel < block.getNumChannels(); ++channel) {
    auto* const to = block.getWritePointer(channel);
    for (int i = 0; i < samples; ++i) to[i] = random_.nextFloat() - 0.5F;
    sent_.copyFrom(channel, 0, to, samples);
  }
  midi_.clear();
  // Others may turn the switch meanwhile: then nobody can say which way the block went.
  const bool was_bypassed = get(parameter::kBypass) > 0.5F;
  {
    const juce::ScopedLock lock(processor_.getCallbackLock());
    if (bypassed) {
      processor_.processBlockBypassed(block, midi_);
    } else {
      processor_.processBlock(block, midi_);
    }
  }
  if (transport.has_value() && transport->playing) transport->seconds += samples / sample_rate_;
  watch();
  const bool is_bypassed = was_bypassed && get(parameter::kBypass) > 0.5F;
  if ((bypassed || is_bypassed) && !passed(samples)) {
    complaint_ = "audio changed in bypass";
  }
  return complaint_.isEmpty();
}

bool Desk::process_seconds(double seconds) {
  auto left = juce::roundToInt(seconds * sample_rate_);
  while (left > 0 && process(std::min(left, block_))) left -= block_;
  return complaint_.isEmpty();
}

bool Desk::passed(int samples) const {
  for (int channel = 0; channel < audio_.getNumChannels(); ++channel) {
    if (std::memcmp(audio_.getReadPointer(channel), sent_.getReadPointer(channel),
                    static_cast<std::size_t>(samples) * sizeof(float)) != 0) {
      return false;
    }
  }
  return true;
}

void Desk::watch() {
  int last = 0;
  for (const auto event : midi_) {
    const auto message = event.getMessage();
    if (event.samplePosition < last) complaint_ = "MIDI runs backwards";
    last = event.samplePosition;
    if (!message.isNoteOnOrOff()) continue;
    auto& on = on_[static_cast<std::size_t>(message.getChannel() - 1)]
                  [static_cast<std::size_t>(message.getNoteNumber())];
    if (message.isNoteOn() == on) {
      complaint_ = on ? "a note begins that sounds" : "a note ends that does not sound";
    }
    on = message.isNoteOn();
    sounding_ += on ? 1 : -1;
  }
}

juce::Optional<juce::AudioPlayHead::PositionInfo> Desk::getPosition() const {
  if (!transport.has_value()) return {};
  PositionInfo position;
  position.setIsPlaying(transport->playing);
  position.setBpm(transport->bpm);
  // As JUCE's VST3 says it: before the timeline's start, only the quarters go on.
  const auto seconds = std::max(0.0, transport->seconds);
  position.setTimeInSeconds(seconds);
  position.setTimeInSamples(std::llround(seconds * sample_rate_));
  position.setPpqPosition(transport->seconds * transport->bpm / 60.0);
  position.setTimeSignature(TimeSignature{transport->beats_per_bar, 4});
  return position;
}

void Desk::set(const char* id, float plain) {
  auto* const found = processor_.parameters().getParameter(id);
  found->setValueNotifyingHost(found->convertTo0to1(plain));
}

float Desk::get(const char* id) {
  return processor_.parameters().getRawParameterValue(id)->load();
}

}  // namespace scorelane::plugin
