#include <cmath>
#include <map>
#include <set>

#include "catch.h"
#include "notes/midi_file.h"
#include "random_notes.h"

using namespace scorelane::plugin;

namespace {

const juce::String kTitle = juce::String::fromUTF8("Söng");

/// Through the bytes of a file and back.
juce::MidiFile reread(const juce::MidiFile& file, int& type) {
  juce::MemoryOutputStream bytes;
  REQUIRE(file.writeTo(bytes));
  juce::MemoryInputStream in(bytes.getData(), bytes.getDataSize(), false);
  juce::MidiFile result;
  REQUIRE(result.readFrom(in, false, &type));
  return result;
}

juce::MidiFile file_of(const NoteList& notes, const TempoMap& tempo = TempoMap(),
                       const LaneSettingsMap& settings = {}) {
  int type = -1;
  auto file = reread(make_midi_file(notes, make_lanes(notes, settings), tempo, kTitle), type);
  CHECK(type == 1);
  return file;
}

juce::String text_of(const juce::MidiMessageSequence& track, int type) {
  for (const auto* event : track) {
    if (event->message.isMetaEvent() && event->message.getMetaEventType() == type) {
      return event->message.getTextFromTextMetaEvent();
    }
  }
  return {};
}

struct Counted {
  int ons = 0;
  int offs = 0;
};

/// Counts notes, and checks that none begins while its pitch sounds in its track.
Counted count_notes(const juce::MidiMessageSequence& track) {
  Counted result;
  std::set<int> sounding;
  for (const auto* event : track) {
    const auto& message = event->message;
    if (message.isNoteOn()) {
      REQUIRE(sounding.insert(message.getNoteNumber()).second);
      ++result.ons;
    } else if (message.isNoteOff()) {
      REQUIRE(sounding.erase(message.getNoteNumber()) == 1);
      ++result.offs;
    }
  }
  CHECK(sounding.empty());
  return result;
}

}  // namespace

TEST_CASE("MIDI file: a conductor track, then a named track per lane, program first") {
  const auto file = file_of({note_at(0.5, 1.0, 60, 40), note_at(0.25, 0.3, 36, 0, true)},
                            TempoMap(90.0, 0.0, 6, 8));
  REQUIRE(file.getNumTracks() == 3);
  CHECK(file.getTimeFormat() == 480);
  const auto& conductor = *file.getTrack(0);
  CHECK(text_of(conductor, 3) == kTitle);
  int beats = 0;
  int unit = 0;
  double tempo = 0.0;
  for (const auto* event : conductor) {
    if (event->message.isTimeSignatureMetaEvent()) {
      event->message.getTimeSignatureInfo(beats, unit);
    }
    if (event->message.isTempoMetaEvent()) {
      tempo = 60.0 / event->message.getTempoSecondsPerQuarterNote();
    }
  }
  CHECK(beats == 6);
  CHECK(unit == 8);
  CHECK(tempo == Approx(90.0).epsilon(1e-5));

  const auto& violin = *file.getTrack(1);
  CHECK(text_of(violin, 3) == "Violin");
  CHECK(text_of(violin, 4) == "Violin");
  REQUIRE(violin.getNumEvents() >= 6);
  CHECK(violin.getEventPointer(3)->message.isProgramChange());
  CHECK(violin.getEventPointer(3)->message.getProgramChangeNumber() == 40);
  CHECK(violin.getEventPointer(4)->message.isNoteOn());
  CHECK(violin.getEventPointer(4)->message.getChannel() == 1);
  CHECK(violin.getEventPointer(4)->message.getTimeStamp() == 360.0);
  CHECK(violin.getEventPointer(5)->message.getTimeStamp() == 720.0);
  CHECK(file.getTrack(2)->getEventPointer(4)->message.getChannel() == 10);
}

TEST_CASE("MIDI file: notes keep their time through changes of tempo, for hours") {
  std::mt19937 random(11);
  for (int round = 0; round < 20; ++round) {
    TempoMap tempo(std::uniform_real_distribution<double>(4, 300)(random));
    for (double seconds = 0.0; seconds < 3600.0;) {
      seconds += std::uniform_real_distribution<double>(0.001, 200.0)(random);
      tempo.change(seconds, std::uniform_real_distribution<double>(20, 300)(random));
    }
    NoteList notes;
    for (int i = 0; i < 2000; ++i) {
      notes.push_back(note_at(5.4321 * i, 5.4321 * i + 2.0, 60));
    }
    auto file = file_of(notes, tempo);
    file.convertTimestampTicksToSeconds();
    std::size_t next = 0;
    for (const auto* event : *file.getTrack(1)) {
      if (event->message.isNoteOn()) {
        REQUIRE(std::abs(event->message.getTimeStamp() - notes[next].onset) < 0.00101);
        ++next;
      }
    }
    CHECK(next == notes.size());
  }
}

TEST_CASE("MIDI file: every note-on has its note-off and overlaps are cut") {
  std::mt19937 random(12);
  for (int round = 0; round < 100; ++round) {
    const auto notes = random_notes(random, 400, round % 25 + 1);
    const auto lanes = make_lanes(notes, {});
    const auto file = file_of(notes, TempoMap(100.0 + round));
    REQUIRE(file.getNumTracks() == static_cast<int>(lanes.size()) + 1);
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      const auto counted = count_notes(*file.getTrack(static_cast<int>(i) + 1));
      CHECK(counted.ons == counted.offs);
      CHECK(counted.ons <= lanes[i].count);
      CHECK(counted.ons > 0);
    }
  }
}

TEST_CASE("MIDI file: of twins in a lane the longer stays, lanes on one channel end together") {
  const auto ends = [](const juce::MidiMessageSequence& track) {
    std::vector<double> result;
    for (const auto* event : track) {
      if (event->message.isNoteOff()) {
        result.push_back(event->message.getTimeStamp());
      }
    }
    return result;
  };
  const NoteList notes = {note_at(0, 0.5, 60, 0), note_at(0, 1.0, 60, 0), note_at(0, 2.0, 60, 40),
                          note_at(1.5, 3.0, 60, 40)};
  LaneSettingsMap settings;
  CHECK(ends(*file_of(notes).getTrack(1)) == std::vector<double>{960});
  settings[LaneKey{false, 0}].channel = 2;
  settings[LaneKey{false, 40}].channel = 2;
  const auto shared = file_of(notes, TempoMap(), settings);
  CHECK(ends(*shared.getTrack(1)) == std::vector<double>{1440});
  CHECK(ends(*shared.getTrack(2)) == std::vector<double>{1440, 2880});
  // The louder lane's program is the channel's.
  CHECK(shared.getTrack(1)->getEventPointer(3)->message.getProgramChangeNumber() == 40);
  CHECK(shared.getTrack(2)->getEventPointer(3)->message.getProgramChangeNumber() == 40);
}

TEST_CASE("MIDI file: one lane alone is a file of that lane") {
  const NoteList notes = {note_at(0, 1, 60, 0), note_at(0, 1, 64, 40)};
  auto lanes = make_lanes(notes, {});
  lanes.resize(1);
  const auto file = make_midi_file(notes, lanes, TempoMap(), "one");
  CHECK(file.getNumTracks() == 2);
}

TEST_CASE("MIDI file: written whole or not at all") {
  const auto folder = juce::File::getSpecialLocation(juce::File::tempDirectory)
                          .getNonexistentChildFile("scorelane_midi", "");
  REQUIRE(folder.createDirectory());
  const NoteList notes = {note_at(0, 1)};
  const auto midi = make_midi_file(notes, make_lanes(notes, {}), TempoMap(), "x");
  const auto target = folder.getChildFile("song.mid");
  REQUIRE(target.replaceWithText("old"));
  CHECK(write_midi_file(midi, target).wasOk());
  CHECK(target.loadFileAsString().startsWith("MThd"));
  CHECK(folder.getNumberOfChildFiles(juce::File::findFilesAndDirectories) == 1);

  const auto failed = write_midi_file(midi, folder.getChildFile("missing/song.mid"));
  CHECK(failed.failed());
  CHECK(failed.getErrorMessage().contains("song.mid could not be written"));
  REQUIRE(folder.getChildFile("taken.mid").createDirectory());
  CHECK(write_midi_file(midi, folder.getChildFile("taken.mid")).failed());
  CHECK(folder.getChildFile("taken.mid").isDirectory());
  CHECK(folder.getNumberOfChildFiles(juce::File::findFilesAndDirectories) == 2);
  folder.deleteRecursively();
}
