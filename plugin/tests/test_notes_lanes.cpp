#include <map>
#include <set>

#include "catch.h"
#include "notes/instruments.h"
#include "notes/lanes.h"
#include "random_notes.h"

using namespace scorelane::plugin;

namespace {

/// 24 programs and drums; the first program of `kPrograms` has one note, the next four, ...
NoteList crowded_band() {
  constexpr std::array kPrograms = {0,  1,  2,  3,  4,  8,  9,  16, 19, 24, 25, 26,
                                    32, 33, 40, 41, 42, 48, 52, 56, 60, 65, 73, 81};
  NoteList notes;
  for (int i = 0; i < static_cast<int>(kPrograms.size()); ++i) {
    for (int k = 0; k < 1 + (i * 7) % 5; ++k) {
      notes.push_back(note_at(k, k + 0.5, 60, kPrograms[static_cast<std::size_t>(i)]));
      notes.back().velocity = 20 + (i * 37) % 90;
    }
  }
  notes.push_back(note_at(0, 1, 36, 0, true));
  return notes;
}

}  // namespace

TEST_CASE("names and colours are the Python package's") {
  CHECK(instrument_name({false, 0}) == "Acoustic Grand Piano");
  CHECK(instrument_name({false, 127}) == "Gunshot");
  CHECK(instrument_name({true, 0}) == "Drums");
  CHECK(class_name(5) == "Strings");
  CHECK(drum_name(27) == "High Q");
  CHECK(drum_name(36) == "Bass Drum 1");
  CHECK(drum_name(87) == "Open Surdo");
  CHECK(drum_name(26) == "Drum 26");
  CHECK(drum_name(88) == "Drum 88");
  CHECK(lane_colour({false, 0}) == 0x0536FF);
  CHECK(lane_colour({true, 0}) == 0x4D4D4D);
}

TEST_CASE("every instrument has a place of its own in the score, drums the last") {
  std::set<int> places;
  for (int program = 0; program < 128; ++program) {
    places.insert(score_position({false, program}));
    CHECK(score_position({false, program}) < score_position({true, 0}));
  }
  CHECK(places.size() == 128);
  CHECK(score_position({false, 73}) < score_position({false, 40}));  // flute above violin
}

TEST_CASE("many lanes share channels just as scorelane.lanes.make_lanes lets them") {
  // What the Python function gives for the same notes.
  const std::vector<std::pair<int, int>> expected = {
      {73, 0},  {65, 1},  {56, 2},  {60, 2},  {8, 3},   {9, 3},   {0, 4},  {1, 4},  {2, 5},
      {3, 4},   {4, 4},   {16, 6},  {19, 6},  {24, 7},  {25, 7},  {26, 7}, {81, 8}, {48, 10},
      {52, 11}, {40, 12}, {41, 13}, {42, 13}, {32, 14}, {33, 15}, {0, 9}};
  const auto lanes = make_lanes(crowded_band(), {});
  std::vector<std::pair<int, int>> found;
  for (const Lane& lane : lanes) {
    found.emplace_back(lane.key.program, lane.channel);
  }
  CHECK(found == expected);
  CHECK(lanes.back().key.is_drum);
}

TEST_CASE("lanes of different classes share when no class has two groups") {
  NoteList notes;
  for (int program = 0; program < 128; program += 8) {
    notes.push_back(note_at(0, 1, 60, program));
    notes.back().velocity = program == 16 || program == 120 ? 1 : 100;
  }
  std::map<int, int> channel;
  std::set<int> channels;
  for (const Lane& lane : make_lanes(notes, {})) {
    channel[lane.key.program] = lane.channel;
    channels.insert(lane.channel);
  }
  CHECK(channels.size() == 15);
  CHECK(channels.count(kDrumChannel) == 0);
  CHECK(channel[16] == channel[120]);
}

TEST_CASE("a channel that the user chose leaves the other lanes where they were") {
  const auto before = make_lanes(crowded_band(), {});
  for (std::size_t chosen = 0; chosen < before.size(); ++chosen) {
    LaneSettingsMap settings;
    settings[before[chosen].key].channel = 3;
    const auto after = make_lanes(crowded_band(), settings);
    REQUIRE(after.size() == before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      CHECK(after[i].channel == (i == chosen ? 3 : before[i].channel));
    }
  }
}

TEST_CASE("solo and mute decide what is heard; a soloed lane without notes silences nobody") {
  const NoteList notes = {note_at(0, 1, 60, 0), note_at(0, 1, 60, 40), note_at(0, 1, 36, 0, true)};
  const auto audible = [&](const LaneSettingsMap& settings) {
    std::map<int, bool> result;
    for (const Lane& lane : make_lanes(notes, settings)) {
      result[lane.key.is_drum ? -1 : lane.key.program] = lane.audible;
    }
    return result;
  };
  using Heard = std::map<int, bool>;
  LaneSettings solo;
  solo.solo = true;
  LaneSettings mute;
  mute.mute = true;
  LaneSettings both = solo;
  both.mute = true;
  const LaneKey piano{false, 0};
  const LaneKey absent{false, 99};
  CHECK(audible({}) == Heard{{-1, true}, {0, true}, {40, true}});
  CHECK(audible({{piano, solo}}) == Heard{{-1, false}, {0, true}, {40, false}});
  CHECK(audible({{piano, mute}}) == Heard{{-1, true}, {0, false}, {40, true}});
  CHECK(audible({{piano, both}}) == Heard{{-1, false}, {0, false}, {40, false}});
  CHECK(audible({{absent, solo}}) == Heard{{-1, true}, {0, true}, {40, true}});
}

TEST_CASE("lanes count all notes and keep drums on their channel") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    const auto notes = random_notes(random, 300, 15);
    int count = 0;
    for (const Lane& lane : make_lanes(notes, {})) {
      count += lane.count;
      CHECK(lane.count > 0);
      CHECK((lane.channel == kDrumChannel) == lane.key.is_drum);
    }
    CHECK(count == static_cast<int>(notes.size()));
  }
}
