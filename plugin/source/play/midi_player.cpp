#include "play/midi_player.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "notes/channel_notes.h"

namespace scorelane::plugin {

namespace {

constexpr double kUnitsPerSecond = 1e7;  // of a plan's times: far finer than a sample
constexpr double kSameOnset = 1e-6;      // seconds
constexpr double kJump = 1.5;            // samples
constexpr std::size_t kEventBytes = 9;   // of a MIDI buffer: sample, size, three bytes
constexpr std::size_t kMostSounding = 16 * 128;

}  // namespace

struct MidiPlayer::Plan {
  struct Event {
    double seconds;  ///< on the host's timeline
    double end;      ///< of a note-on: when its note ends
    int channel;
    int pitch;
    int velocity;  ///< 0: note-off
  };

  std::vector<Event> events;  ///< by time, note-offs first
  std::array<int, 16> programs{};
  juce::MidiBuffer out;  ///< what `render` returns

  std::size_t first_at(double seconds) const {
    const auto found =
        std::lower_bound(events.begin(), events.end(), seconds,
                         [](const Event& event, double s) { return event.seconds < s; });
    return static_cast<std::size_t>(found - events.begin());
  }

  /// Room for whatever one call can write: each note-on of the plan at most once, a note-off for
  /// each of them and for each pitch that sounded before, and a program for each channel.
  void reserve() {
    out.ensureSize(kEventBytes * (events.size() + kMostSounding + programs.size()));
  }

  void add(const ChannelNote& note, double start) {
    const auto seconds = [&](std::int64_t units) {
      return start + static_cast<double>(units) / kUnitsPerSecond;
    };
    const double on = seconds(note.start);
    const double off = seconds(note.end);
    events.push_back({on, off, note.channel, note.pitch, note.velocity});
    events.push_back({off, off, note.channel, note.pitch, 0});
  }
};

MidiPlayer::MidiPlayer() {
  show(Presentation());
  plans_.update();
  prepare(0);
}

MidiPlayer::~MidiPlayer() = default;

void MidiPlayer::show(const Presentation& presentation) {
  std::vector<Lane> audible;
  std::copy_if(presentation.lanes.begin(), presentation.lanes.end(), std::back_inserter(audible),
               [](const Lane& lane) { return lane.audible; });
  auto plan = std::make_unique<Plan>();
  plan->programs = channel_programs(presentation.notes, audible);
  const ChannelNote* last = nullptr;
  const auto notes = channel_notes(presentation.notes, audible, [](double seconds) {
    return std::llround(seconds * kUnitsPerSecond);
  });
  for (const ChannelNote& note : notes) {
    const bool struck_already = last != nullptr && last->channel == note.channel &&
                                last->pitch == note.pitch && last->start == note.start;
    if (!struck_already) {
      plan->add(note, presentation.start);
    }
    last = &note;
  }
  std::sort(plan->events.begin(), plan->events.end(),
            [](const Plan::Event& a, const Plan::Event& b) {
              return std::make_tuple(a.seconds, a.velocity > 0, a.channel, a.pitch) <
                     std::make_tuple(b.seconds, b.velocity > 0, b.channel, b.pitch);
            });
  plan->reserve();
  plans_.give(std::move(plan));
}

void MidiPlayer::prepare(int /*block*/) {
  // A plan's buffer holds all of its events, however long the block.
  sounding_ = {};
  sounding_count_ = 0;
  rolling_ = false;
}

const juce::MidiBuffer& MidiPlayer::render(double start, int samples, double sample_rate,
                                           bool rolling) {
  if (samples <= 0) {
    plans_.current()->out.clear();
    return plans_.current()->out;
  }
  const bool changed = plans_.update();
  Plan& plan = *plans_.current();
  plan.out.clear();
  if (!rolling || !(sample_rate > 0.0)) {
    end_all();
    rolling_ = false;
    return plan.out;
  }

  if (!rolling_ || !(std::abs(start - expected_) * sample_rate <= kJump)) {
    end_all();
    sent_.fill(-1);
    seek(start - 0.5 / sample_rate);
  } else if (changed) {
    end_what_went();
    seek(played_until_);
  }
  rolling_ = true;
  expected_ = start + samples / sample_rate;
  played_until_ = start + (samples - 0.5) / sample_rate;  // rounds to a sample of this block

  for (; next_event_ < plan.events.size(); ++next_event_) {
    const auto& event = plan.events[next_event_];
    if (!(event.seconds < played_until_)) {
      break;
    }
    const auto place = std::lround((event.seconds - start) * sample_rate);
    const int offset = static_cast<int>(std::clamp<long>(place, 0, samples - 1));
    if (event.velocity > 0) {
      note_on(next_event_, offset);
    } else {
      note_off(event.channel, event.pitch, offset);
    }
  }
  return plan.out;
}

const juce::MidiBuffer& MidiPlayer::silence() {
  plans_.current()->out.clear();
  end_all();
  rolling_ = false;
  return plans_.current()->out;
}

void MidiPlayer::seek(double seconds) {
  next_event_ = plans_.current()->first_at(seconds);
}

/// Ends what sounds and is not in the new plan.
void MidiPlayer::end_what_went() {
  if (sounding_count_ == 0) {
    return;
  }
  const Plan& plan = *plans_.current();
  const auto goes_on = [&](int channel, int pitch, double onset) {
    for (std::size_t i = plan.first_at(onset - kSameOnset); i < plan.events.size(); ++i) {
      const auto& event = plan.events[i];
      if (event.seconds > onset + kSameOnset) {
        break;
      }
      if (event.velocity > 0 && event.channel == channel && event.pitch == pitch) {
        return event.end >= played_until_;
      }
    }
    return false;
  };
  for (int channel = 0; channel < 16; ++channel) {
    for (int pitch = 0; pitch < 128; ++pitch) {
      const auto& sounding =
          sounding_[static_cast<std::size_t>(channel)][static_cast<std::size_t>(pitch)];
      if (sounding.on && !goes_on(channel, pitch, sounding.onset)) {
        note_off(channel, pitch, 0);
      }
    }
  }
}

void MidiPlayer::note_on(std::size_t event_index, int offset) {
  Plan& plan = *plans_.current();
  const auto& event = plan.events[event_index];
  const auto channel = static_cast<std::size_t>(event.channel);
  note_off(event.channel, event.pitch, offset);  // for a start that jittered back over it
  if (sent_[channel] != plan.programs[channel]) {
    sent_[channel] = plan.programs[channel];
    const juce::uint8 program[] = {static_cast<juce::uint8>(0xC0 | event.channel),
                                   static_cast<juce::uint8>(sent_[channel])};
    plan.out.addEvent(program, 2, offset);
  }
  const juce::uint8 on[] = {static_cast<juce::uint8>(0x90 | event.channel),
                            static_cast<juce::uint8>(event.pitch),
                            static_cast<juce::uint8>(event.velocity)};
  plan.out.addEvent(on, 3, offset);
  sounding_[channel][static_cast<std::size_t>(event.pitch)] = {true, event.seconds};
  ++sounding_count_;
}

void MidiPlayer::note_off(int channel, int pitch, int offset) {
  auto& sounding = sounding_[static_cast<std::size_t>(channel)][static_cast<std::size_t>(pitch)];
  if (!sounding.on) {
    return;
  }
  const juce::uint8 off[] = {static_cast<juce::uint8>(0x80 | channel),
                             static_cast<juce::uint8>(pitch), 0};
  plans_.current()->out.addEvent(off, 3, offset);
  sounding.on = false;
  --sounding_count_;
}

void MidiPlayer::end_all() {
  for (int channel = 0; channel < 16 && sounding_count_ > 0; ++channel) {
    for (int pitch = 0; pitch < 128; ++pitch) {
      note_off(channel, pitch, 0);
    }
  }
}

}  // namespace scorelane::plugin
