#include "scorelane/stray_lanes.h"

#include <algorithm>
#include <random>

#include "catch.h"

using namespace scorelane;

namespace {

constexpr std::int32_t kPiano = 0, kOrgan = 16, kGuitar = 25, kBass = 33, kViolin = 40, kCello = 42;

Note note(double onset, std::int32_t program, std::int32_t pitch, float confidence = 0.8F) {
  return {onset, onset + 0.4, pitch, program, false, 90, confidence};
}

/// `count` notes of one program, half a second apart, up and down around `pitch`.
std::vector<Note> line(std::int32_t program, std::int32_t pitch, int count, double start = 0.0) {
  std::vector<Note> notes;
  for (int i = 0; i < count; ++i) notes.push_back(note(start + 0.5 * i, program, pitch + i % 5));
  return notes;
}

std::vector<Note> together(std::vector<std::vector<Note>> lines) {
  std::vector<Note> all;
  for (const auto& each : lines) all.insert(all.end(), each.begin(), each.end());
  std::stable_sort(all.begin(), all.end());
  return all;
}

std::int32_t program_at(const std::vector<Note>& notes, double onset, double least_share = 0.1) {
  const auto programs = settled_programs(notes, least_share);
  const auto found = std::find_if(notes.begin(), notes.end(),
                                  [&](const Note& each) { return each.onset == onset; });
  return programs[static_cast<std::size_t>(found - notes.begin())];
}

}  // namespace

TEST_CASE("a stray note goes to who plays closest in time and pitch") {
  const auto notes = [](std::int32_t pitch) {
    return together({line(kPiano, 72, 40), line(kCello, 40, 40), {note(7.3, kGuitar, pitch)}});
  };
  CHECK(program_at(notes(71), 7.3) == kPiano);
  CHECK(program_at(notes(43), 7.3) == kCello);
}

TEST_CASE("a stray note goes sooner to an instrument of its own class") {
  const auto notes =
      together({line(kPiano, 60, 40), line(kCello, 62, 40), {note(7.3, kViolin, 60)}});
  CHECK(program_at(notes, 7.3) == kCello);
}

TEST_CASE(
    "an instrument that has its share keeps its notes, also where it has it only for a while") {
  const auto band = together({line(kPiano, 60, 40), line(kBass, 36, 10)});
  for (std::size_t i = 0; i < band.size(); ++i) {
    CHECK(settled_programs(band, 0.1)[i] == band[i].program);
  }
  // A solo of ten seconds in the middle of ten minutes.
  const auto solo = together({line(kPiano, 60, 1200), line(kViolin, 76, 20, 300.0)});
  CHECK(program_at(solo, 305.0) == kPiano);  // the first of two that begin together
  const auto programs = settled_programs(solo, 0.1);
  CHECK(std::count(programs.begin(), programs.end(), kViolin) == 20);
}

TEST_CASE("of two kinds of guitar the one that plays more plays all, here and there") {
  constexpr std::int32_t nylon = 24;
  auto notes = together({line(kGuitar, 60, 40), line(nylon, 48, 20), line(kPiano, 72, 40)});
  for (const std::int32_t program : settled_programs(notes, 0.1)) CHECK(program != nylon);
  for (std::size_t i = 0; i < notes.size(); ++i) {
    CHECK(settled_programs(notes, 0.0)[i] == notes[i].program);
  }
  notes = together({line(kGuitar, 60, 100), line(nylon, 48, 100, 200.0), line(nylon, 50, 50, 200.0),
                    line(kGuitar, 62, 20, 210.0)});
  CHECK(program_at(notes, 5.0) == kGuitar);
  CHECK(program_at(notes, 210.0) == nylon);
}

TEST_CASE("a note given to a lane that says it already is a twin, the surer of two stays") {
  auto notes = together({line(kPiano, 60, 40), {note(5.02, kOrgan, 60)}});
  CHECK(program_at(notes, 5.02) == kGone);
  notes = together(
      {line(kPiano, 60, 40), {note(5.1, kOrgan, 70, 0.5F), note(5.11, kViolin, 70, 0.9F)}});
  CHECK(program_at(notes, 5.1) == kGone);
  CHECK(program_at(notes, 5.11) == kPiano);
}

TEST_CASE("nothing changes at share zero, and where no instrument has its share") {
  const auto notes = together({line(kPiano, 60, 30), {note(5.1, kOrgan, 70)}});
  for (std::size_t i = 0; i < notes.size(); ++i) {
    CHECK(settled_programs(notes, 0.0)[i] == notes[i].program);
  }
  CHECK(settled_programs({}, 0.1).empty());
  const std::vector<Note> many{note(0, 0, 60), note(1, 8, 60), note(2, 16, 60), note(3, 24, 60)};
  CHECK(settled_programs(many, 0.9) == std::vector<std::int32_t>{0, 8, 16, 24});
}

TEST_CASE("drums that hardly play go, but the surest; where they play they stay") {
  const auto hits = [](int every, float confidence) {
    std::vector<Note> drums;
    for (int i = 0; i < 40; i += every) {
      drums.push_back(note(0.01 + 0.5 * i, 0, 38, confidence));
      drums.back().is_drum = true;
    }
    return drums;
  };
  const auto left = [](const std::vector<Note>& drums) {
    const auto all = together({line(kGuitar, 60, 40), drums});
    const auto programs = settled_programs(all, 0.08);
    return std::count_if(programs.begin(), programs.end(), [](auto each) { return each == 0; });
  };
  CHECK(left(hits(13, 0.6F)) == 0);
  CHECK(left(hits(20, 0.92F)) == 0);
  CHECK(left(hits(20, 0.97F)) == 2);
  CHECK(left(hits(3, 0.6F)) == 14);
  CHECK(left(hits(6, 0.6F)) == 7);  // a tenth of what sounds
  auto alone = hits(13, 0.6F);
  CHECK(settled_programs(alone, 0.08) == std::vector<std::int32_t>(4, 0));
}

TEST_CASE("any notes give programs that were there") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Note> notes;
    double time = 0.0;
    for (int i = 0; i < 200; ++i) {
      time += 0.001 * static_cast<double>(random() % 2000);
      notes.push_back(note(time, static_cast<std::int32_t>(random() % 12) * 8,
                           static_cast<std::int32_t>(random() % 128),
                           0.01F * static_cast<float>(random() % 101)));
      if (random() % 5 == 0) notes.back().is_drum = true, notes.back().program = 0;
    }
    const auto programs = settled_programs(notes, 0.1);
    REQUIRE(programs.size() == notes.size());
    for (std::size_t i = 0; i < notes.size(); ++i) {
      if (notes[i].is_drum) {
        CHECK((programs[i] == 0 || programs[i] == kGone));
      } else if (programs[i] != kGone) {
        CHECK(std::any_of(notes.begin(), notes.end(), [&](const Note& each) {
          return !each.is_drum && each.program == programs[i];
        }));
      }
    }
  }
}
