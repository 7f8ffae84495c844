#include <cmath>

#include "catch.h"
#include "notes/view.h"
#include "random_notes.h"

using namespace scorelane::plugin;

namespace {

bool same(const Note& a, const Note& b) {
  return a.onset == b.onset && a.offset == b.offset && a.pitch == b.pitch && a.lane == b.lane &&
         a.velocity == b.velocity && a.confidence == b.confidence && a.id == b.id;
}

ViewSettings grid(double quarters, float swing = 0.5F) {
  ViewSettings settings;
  settings.grid = quarters;
  settings.swing = swing;
  return settings;
}

}  // namespace

TEST_CASE("tempo map: quarters and seconds are each other's inverse") {
  TempoMap map(90.0, 2.5);
  map.change(4.0, 180.0);
  map.change(4.0, 60.0);   // at the same place: instead
  map.change(10.0, 60.0);  // no change
  map.change(20.5, 133.7);
  REQUIRE(map.anchors().size() == 3);
  CHECK(map.quarters_at(4.0) == Approx(6.0));
  CHECK(map.quarters_at(5.0) == Approx(7.0));
  CHECK(map.quarters_at(-2.0) == Approx(-3.0));
  for (double seconds = -3.0; seconds < 40.0; seconds += 0.37) {
    CHECK(map.seconds_at(map.quarters_at(seconds)) == Approx(seconds).margin(1e-12));
  }
}

TEST_CASE("tempo map: nonsense from a host becomes something that works") {
  const TempoMap map(std::nan(""), INFINITY, 0, 3);
  CHECK(map.anchors().front().bpm == 120.0);
  CHECK(map.first_quarter() == 0.0);
  CHECK(map.quarters_per_bar() == 4.0);
  CHECK(TempoMap(0.0).anchors().front().bpm == TempoMap::kSlowest);
  CHECK(TempoMap(1e9).anchors().front().bpm == TempoMap::kFastest);
}

TEST_CASE("arrange: as set at first, notes stay exactly as they are") {
  std::mt19937 random(2);
  const auto notes = random_notes(random, 500);
  const auto shown = arrange(notes, {}, TempoMap());
  REQUIRE(shown.size() == notes.size());
  CHECK(std::equal(shown.begin(), shown.end(), notes.begin(), same));
}

TEST_CASE("arrange: filters drop what they name, edited notes pass all but the instruments'") {
  NoteList notes = {note_at(0, 0.05, 60, 0), note_at(1, 2, 30, 0), note_at(2, 3, 90, 0),
                    note_at(3, 4, 60, 40), note_at(4, 4.01, 36, 0, true)};
  for (auto& note : notes) {
    note.confidence = 0.4F;
  }
  ViewSettings settings;
  const auto left = [&] { return arrange(notes, settings, TempoMap()).size(); };
  settings.shortest = 0.1;
  CHECK(left() == 4);  // drums have no length
  settings.lowest = 40;
  CHECK(left() == 3);
  settings.highest = 80;
  CHECK(left() == 2);
  settings.least_confidence = 0.5F;
  CHECK(left() == 0);
  for (auto& note : notes) {
    note.edited = true;
  }
  CHECK(left() == 5);
  settings.drums = false;
  settings.classes[5] = false;
  CHECK(left() == 3);
}

TEST_CASE("arrange: in tidy lanes strays go to who is there, but edited notes stay") {
  NoteList notes;
  for (int i = 0; i < 40; ++i) notes.push_back(note_at(i, i + 0.5, 60 + i % 7, 24));
  notes.push_back(note_at(7.2, 7.6, 64, 52));
  notes.push_back(note_at(9.02, 9.4, 62, 16));  // what the guitar says already
  notes.push_back(note_at(20.2, 20.6, 64, 52));
  notes.back().edited = true;
  ViewSettings settings;
  CHECK(arrange(notes, settings, TempoMap()).size() == 43);  // a model that does not ask for it
  settings.least_share = 0.1;
  const auto shown = arrange(notes, settings, TempoMap());
  REQUIRE(shown.size() == 42);
  for (const Note& note : shown) CHECK(note.lane.program == (note.edited ? 52 : 24));
  settings.tidy_lanes = false;
  CHECK(arrange(notes, settings, TempoMap()).size() == 43);
}

TEST_CASE("arrange: a length of exactly the shortest passes") {
  ViewSettings settings;
  settings.shortest = 0.05;
  CHECK(arrange({note_at(0.57, 0.62)}, settings, TempoMap()).size() == 1);
  CHECK(arrange({note_at(0.57, 0.61)}, settings, TempoMap()).empty());
}

TEST_CASE("arrange: transpose moves pitched notes, and leaves out what has no MIDI pitch") {
  ViewSettings settings;
  settings.transpose = 5;
  auto shown = arrange({note_at(0, 1, 60), note_at(1, 2, 36, 0, true), note_at(2, 3, 123)},
                       settings, TempoMap());
  REQUIRE(shown.size() == 2);
  CHECK(shown[0].pitch == 65);
  CHECK(shown[1].pitch == 36);
}

TEST_CASE("arrange: the scale takes the nearest pitch, the lower of two") {
  ViewSettings settings;
  settings.scale = 0xAB5;                                                     // major
  settings.scale_root = 2;                                                    // D
  const int expected[12] = {59, 61, 62, 62, 64, 64, 66, 67, 67, 69, 69, 71};  // C C# D ... B
  for (int i = 0; i < 12; ++i) {
    const auto shown =
        arrange({note_at(0, 1, 60 + i), note_at(0, 1, 61, 0, true)}, settings, TempoMap());
    CHECK(shown[0].pitch == expected[i]);
    CHECK(shown[1].pitch == 61);
  }
}

TEST_CASE("arrange: every pitch lands in every scale, none leaves the MIDI range") {
  for (unsigned scale = 1; scale < 0x1000; scale += 7) {
    for (int root = 0; root < 12; ++root) {
      ViewSettings settings;
      settings.scale = scale;
      settings.scale_root = root;
      for (int pitch = 0; pitch < 128; pitch += 9) {
        const auto shown = arrange({note_at(0, 1, pitch)}, settings, TempoMap());
        REQUIRE(shown.size() == 1);
        const int degree = (shown[0].pitch - root + 12) % 12;
        REQUIRE(((scale >> degree) & 1U) == 1U);
      }
    }
  }
}

TEST_CASE("quantise: notes go to the host's grid, with swing, and keep their length") {
  // Bars of 3/4 at 120, the take starts 1.9 quarters into one.
  const TempoMap tempo(120.0, 1.9, 3, 4);
  const auto onset = [&](double quarters, float swing, double per_line) {
    const double seconds = (quarters - 1.9) * 0.5;
    return arrange({note_at(seconds, seconds + 0.3)}, grid(per_line, swing), tempo)[0];
  };
  CHECK(onset(2.2, 0.5F, 0.5).onset == Approx(0.05));
  CHECK(onset(2.3, 0.5F, 0.5).onset == Approx(0.3));
  CHECK(onset(2.9, 0.5F, 0.5).onset == Approx(0.55));  // the bar line
  CHECK(onset(2.6, 2.0F / 3, 0.5).onset == Approx(0.5 * (2 + 2.0 / 3 - 1.9)));
  CHECK(onset(4.9, 0.5F, 4.0).onset == Approx(0.5 * (6 - 1.9)));  // longer than a bar: bars
  CHECK(onset(2.2, 0.5F, 0.5).offset == Approx(0.35));
}

TEST_CASE("quantise: the strength says how far") {
  auto settings = grid(1.0);
  settings.strength = 0.25F;
  CHECK(arrange({note_at(0.4, 1)}, settings, TempoMap())[0].onset == Approx(0.425));
  settings.strength = 0.0F;
  CHECK(arrange({note_at(0.4, 1)}, settings, TempoMap())[0].onset == 0.4);
}

TEST_CASE("quantise: edited notes stay where they were put") {
  Note note = note_at(0.413, 1.0, 61);
  note.edited = true;
  auto settings = grid(1.0);
  settings.scale = 0xAB5;
  const auto shown = arrange({note}, settings, TempoMap());
  CHECK(shown[0].onset == 0.413);
  CHECK(shown[0].pitch == 61);
}

TEST_CASE("quantise: no line before the take's start, and of twins the edited or longest stays") {
  const TempoMap late(120.0, 0.1);
  CHECK(arrange({note_at(0.0, 1.0)}, grid(1.0), late)[0].onset == 0.0);

  NoteList notes = {note_at(0.45, 0.5), note_at(0.51, 2.0), note_at(0.52, 1.0)};
  auto shown = arrange(notes, grid(1.0), TempoMap());
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].offset == Approx(1.99));
  notes.push_back(note_at(0.5, 0.6));
  notes.back().edited = true;
  shown = arrange(notes, grid(1.0), TempoMap());
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].offset == 0.6);
}

TEST_CASE("arrange: invariants hold for random notes and settings") {
  std::mt19937 random(3);
  const auto real = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  for (int round = 0; round < 300; ++round) {
    auto notes = random_notes(random, 120);
    for (auto& note : notes) {
      note.edited = real(0, 1) < 0.2;
    }
    ViewSettings settings = grid(round % 3 == 0 ? 0.0 : 1.0 / std::floor(real(1, 9)),
                                 static_cast<float>(real(0.5, 0.75)));
    settings.strength = round % 2 == 0 ? 1.0F : static_cast<float>(real(0, 1));
    settings.transpose = static_cast<int>(real(-24, 25));
    settings.scale = static_cast<unsigned>(real(1, 4096));
    TempoMap tempo(real(40, 240), real(-9, 9), static_cast<int>(real(2, 8)), 4);
    tempo.change(real(1, 10), real(40, 240));

    const auto shown = arrange(notes, settings, tempo);
    CHECK(shown.size() <= notes.size());
    CHECK(std::is_sorted(shown.begin(), shown.end(), plays_before));
    for (const Note& note : shown) {
      REQUIRE(note.onset >= 0.0);
      REQUIRE(note.offset >= note.onset + kShortestNote);
      REQUIRE(note.pitch >= 0);
      REQUIRE(note.pitch <= 127);
      if (!note.edited && settings.strength == 1.0F && note.onset > 0.0) {
        REQUIRE(nearest_grid_line(note.onset, settings, tempo) == Approx(note.onset).margin(1e-9));
      }
    }
  }
}

TEST_CASE("the confidence that a sensitivity asks for is Python's") {
  CHECK(confidence_threshold(0.0F, 0.3F) == Approx(0.99));
  CHECK(confidence_threshold(0.5F, 0.3F) == Approx(0.3));
  CHECK(confidence_threshold(0.75F, 0.3F) == Approx(0.15));
  CHECK(confidence_threshold(0.25F, 0.3F) == Approx(0.645));
  CHECK(confidence_threshold(1.0F, 0.3F) == 0.0F);
}
