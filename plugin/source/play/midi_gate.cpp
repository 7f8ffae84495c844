#include "play/midi_gate.h"

namespace scorelane::plugin {

void MidiGate::pass(const juce::MidiBuffer& events, bool open, juce::MidiBuffer& out) {
  if (cut_ || !open) end_all(out);
  for (const auto event : events) {
    const auto kind = event.data[0] & 0xF0;
    const auto channel = static_cast<std::size_t>(event.data[0] & 0x0F);
    if (kind == 0xC0) {
      programs_[channel] = event.data[1];
    } else if (open && kind == 0x90) {
      note_on(event, out);
    } else if (kind == 0x80) {
      auto& on = sounding_[channel][event.data[1]];
      if (!on) continue;
      on = false;
      --count_;
      out.addEvent(event.data, event.numBytes, event.samplePosition);
    }
  }
}

void MidiGate::note_on(const juce::MidiMessageMetadata& event, juce::MidiBuffer& out) {
  const auto channel = static_cast<std::size_t>(event.data[0] & 0x0F);
  if (programs_[channel] != kNone) {
    const juce::uint8 program[] = {static_cast<juce::uint8>(0xC0 | channel),
                                   static_cast<juce::uint8>(programs_[channel])};
    out.addEvent(program, 2, event.samplePosition);
    programs_[channel] = kNone;
  }
  auto& on = sounding_[channel][event.data[1]];
  count_ += on ? 0 : 1;
  on = true;
  out.addEvent(event.data, event.numBytes, event.samplePosition);
}

void MidiGate::end_all(juce::MidiBuffer& out) {
  cut_ = false;
  for (std::size_t channel = 0; channel < 16 && count_ > 0; ++channel) {
    for (std::size_t pitch = 0; pitch < 128; ++pitch) {
      auto& on = sounding_[channel][pitch];
      if (!on) continue;
      on = false;
      --count_;
      const juce::uint8 off[] = {static_cast<juce::uint8>(0x80 | channel),
                                 static_cast<juce::uint8>(pitch), 0};
      out.addEvent(off, 3, 0);
    }
  }
}

}  // namespace scorelane::plugin
