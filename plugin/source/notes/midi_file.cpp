#include "notes/midi_file.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>

#include "notes/channel_notes.h"

namespace scorelane::plugin {

namespace {

constexpr double kLeastTicksPerSecond = 500.0;  // rounding then moves nothing by more than 1 ms
constexpr int kTrackName = 3;
constexpr int kInstrumentName = 4;

/// Where seconds lie among a file's ticks. Follows the tempos as the file stores them, in whole
/// microseconds, else a long take would drift against its own grid.
class TickMap {
 public:
  struct Piece {
    std::int64_t tick;
    double seconds;
    int microseconds;  ///< per quarter
  };

  explicit TickMap(const TempoMap& tempo) {
    double slowest = TempoMap::kFastest;
    for (const auto& anchor : tempo.anchors()) {
      slowest = std::min(slowest, anchor.bpm);
    }
    while (ticks_per_quarter_ * slowest / 60.0 < kLeastTicksPerSecond) {
      ticks_per_quarter_ *= 2;
    }
    for (const auto& anchor : tempo.anchors()) {
      add(anchor.seconds, static_cast<int>(std::lround(60e6 / anchor.bpm)));
    }
  }

  int ticks_per_quarter() const { return ticks_per_quarter_; }
  const std::vector<Piece>& pieces() const { return pieces_; }

  std::int64_t tick_at(double seconds) const {
    const auto after = std::upper_bound(pieces_.begin() + 1, pieces_.end(), seconds,
                                        [](double s, const Piece& p) { return s < p.seconds; });
    const Piece& piece = *(after - 1);
    return piece.tick +
           std::llround((seconds - piece.seconds) * 1e6 * ticks_per_quarter_ / piece.microseconds);
  }

 private:
  void add(double seconds, int microseconds) {
    if (pieces_.empty()) {
      pieces_.push_back({0, 0.0, microseconds});
      return;
    }
    const Piece last = pieces_.back();
    const auto tick = tick_at(seconds);
    if (tick == last.tick) {
      pieces_.back().microseconds = microseconds;
    } else {
      const auto ticks = static_cast<double>(tick - last.tick);
      const double later = ticks * last.microseconds / (1e6 * ticks_per_quarter_);
      pieces_.push_back({tick, last.seconds + later, microseconds});
    }
  }

  int ticks_per_quarter_ = 480;
  std::vector<Piece> pieces_;
};

juce::MidiMessage time_signature(const TempoMap& tempo) {
  int power = 0;
  while ((1 << power) < tempo.beat_unit()) {
    ++power;
  }
  const int clocks_per_beat = std::max(1, 96 / tempo.beat_unit());
  // Written out, since JUCE's own event says 96 thirty-seconds to the quarter.
  const auto byte = [](int value) { return static_cast<juce::uint8>(value); };
  const juce::uint8 data[] = {
      0xFF, 0x58, 4, byte(tempo.beats_per_bar()), byte(power), byte(clocks_per_beat), 8};
  return {data, sizeof data};
}

juce::MidiMessageSequence conductor_track(const TempoMap& tempo, const TickMap& ticks,
                                          const juce::String& title) {
  juce::MidiMessageSequence track;
  track.addEvent(juce::MidiMessage::textMetaEvent(kTrackName, title));
  track.addEvent(time_signature(tempo));
  for (const auto& piece : ticks.pieces()) {
    track.addEvent(juce::MidiMessage::tempoMetaEvent(piece.microseconds),
                   static_cast<double>(piece.tick));
  }
  return track;
}

juce::MidiMessageSequence lane_track(const Lane& lane, const std::vector<ChannelNote>& notes,
                                     int program) {
  const int channel = lane.channel + 1;
  const juce::String name = juce::String::fromUTF8(lane.name.c_str());
  juce::MidiMessageSequence track;
  track.addEvent(juce::MidiMessage::textMetaEvent(kTrackName, name));
  track.addEvent(juce::MidiMessage::midiChannelMetaEvent(channel));
  track.addEvent(juce::MidiMessage::textMetaEvent(kInstrumentName, name));
  track.addEvent(juce::MidiMessage::programChange(channel, program));

  // (tick, is on, pitch, velocity): offs come before ons, so that a repeated note closes first.
  std::vector<std::tuple<std::int64_t, bool, int, int>> events;
  events.reserve(2 * notes.size());
  for (const ChannelNote& note : notes) {
    events.emplace_back(note.start, true, note.pitch, note.velocity);
    events.emplace_back(note.end, false, note.pitch, 0);
  }
  std::sort(events.begin(), events.end());
  for (const auto& [tick, is_on, pitch, velocity] : events) {
    track.addEvent(
        is_on ? juce::MidiMessage::noteOn(channel, pitch, static_cast<juce::uint8>(velocity))
              : juce::MidiMessage::noteOff(channel, pitch),
        static_cast<double>(tick));
  }
  return track;
}

}  // namespace

juce::MidiFile make_midi_file(const NoteList& notes, const std::vector<Lane>& lanes,
                              const TempoMap& tempo, const juce::String& title) {
  const TickMap ticks(tempo);
  std::vector<std::vector<ChannelNote>> by_lane(lanes.size());
  for (const ChannelNote& note :
       channel_notes(notes, lanes, [&](double seconds) { return ticks.tick_at(seconds); })) {
    by_lane[note.lane].push_back(note);
  }
  const auto programs = channel_programs(notes, lanes);

  juce::MidiFile file;
  file.setTicksPerQuarterNote(ticks.ticks_per_quarter());
  file.addTrack(conductor_track(tempo, ticks, title));
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto channel = static_cast<std::size_t>(lanes[i].channel);
    file.addTrack(lane_track(lanes[i], by_lane[i], programs[channel]));
  }
  return file;
}

juce::Result write_midi_file(const juce::MidiFile& midi, const juce::File& target) {
  const juce::TemporaryFile temporary(target);
  const auto fail = [&](const juce::String& why) {
    return juce::Result::fail("The MIDI file " + target.getFullPathName() +
                              " could not be written: " + why);
  };
  {
    juce::FileOutputStream stream(temporary.getFile());
    if (!stream.openedOk()) {
      return fail("its folder does not exist or may not be written to; choose another.");
    }
    if (!midi.writeTo(stream) || stream.getStatus().failed()) {
      return fail("the disk may be full; choose another folder.");
    }
  }
  if (target.isDirectory() || !temporary.overwriteTargetFileWithTemporary()) {
    return fail("something of that name cannot be replaced; choose another name.");
  }
  return juce::Result::ok();
}

}  // namespace scorelane::plugin
