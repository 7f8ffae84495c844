#include <cmath>
#include <set>

#include "catch.h"
#include "notes/document.h"
#include "notes/edits.h"
#include "notes/view.h"
#include "random_notes.h"

using namespace scorelane::plugin;

namespace {

std::vector<std::tuple<std::uint32_t, double, double, int, LaneKey, int, bool>> fields(
    const DocumentState& state) {
  std::vector<std::tuple<std::uint32_t, double, double, int, LaneKey, int, bool>> result;
  for (const Note& n : state.notes) {
    result.emplace_back(n.id, n.onset, n.offset, n.pitch, n.lane, n.velocity, n.edited);
  }
  return result;
}

NoteIds some_ids(const DocumentState& state, std::mt19937& random) {
  NoteIds ids;
  for (const Note& note : state.notes) {
    if (random() % 4 == 0) {
      ids.insert(note.id);
    }
  }
  return ids;
}

void random_edit(Document& document, std::mt19937& random) {
  const auto ids = some_ids(document.now(), random);
  const int amount = static_cast<int>(random() % 41) - 20;
  const auto kind = random() % 6;
  document.edit("edit", [&](DocumentState& state) {
    switch (kind) {
      case 0:
        return move_notes(state.notes, ids, 0.1 * amount, amount);
      case 1:
        return lengthen_notes(state.notes, ids, 0.1 * amount);
      case 2:
        return change_velocity(state.notes, ids, amount);
      case 3:
        return set_lane(state.notes, ids, {amount > 15, amount > 15 ? 0 : 40});
      case 4:
        return remove_notes(state.notes, ids);
      default:
        return state.notes.push_back(note_at(0.1 * std::abs(amount), 3.0));
    }
  });
}

void check_invariants(const DocumentState& state) {
  std::set<std::uint32_t> ids;
  CHECK(std::is_sorted(state.notes.begin(), state.notes.end(), plays_before));
  for (const Note& note : state.notes) {
    REQUIRE(note.id != 0);
    REQUIRE(ids.insert(note.id).second);
    REQUIRE(note.onset >= 0.0);
    REQUIRE(note.offset >= note.onset);
    REQUIRE(note.pitch >= 0);
    REQUIRE(note.pitch <= 127);
    REQUIRE(note.velocity >= 1);
    REQUIRE(note.velocity <= 127);
  }
}

Document document_of(NoteList notes) {
  Document document;
  document.reset({std::move(notes), {}});
  return document;
}

}  // namespace

TEST_CASE("document: undo and redo restore exactly, whatever was done") {
  std::mt19937 random(4);
  for (int round = 0; round < 30; ++round) {
    Document document = document_of(random_notes(random, 60));
    std::vector<decltype(fields(document.now()))> history{fields(document.now())};
    for (int step = 0; step < 40; ++step) {
      random_edit(document, random);
      check_invariants(document.now());
      if (fields(document.now()) != history.back()) {
        history.push_back(fields(document.now()));
      }
    }
    for (std::size_t i = history.size(); i-- > 1;) {
      CHECK(fields(document.now()) == history[i]);
      REQUIRE(document.undo());
    }
    CHECK(fields(document.now()) == history[0]);
    CHECK_FALSE(document.undo());
    for (std::size_t i = 1; i < history.size(); ++i) {
      REQUIRE(document.redo());
      CHECK(fields(document.now()) == history[i]);
    }
    CHECK_FALSE(document.redo());
  }
}

TEST_CASE("document: a drag is one step, the next drag another") {
  Document document = document_of({note_at(1, 2)});
  const auto drag = [&](bool merge) {
    document.edit("Move", [](DocumentState& s) { move_notes(s.notes, {1}, 0.1, 0); }, merge);
  };
  drag(false);
  drag(true);
  drag(true);
  drag(false);
  drag(true);
  CHECK(document.now().notes[0].onset == Approx(1.5));
  document.undo();
  CHECK(document.now().notes[0].onset == Approx(1.3));
  CHECK(document.redo_name() == "Move");
  drag(true);  // what was undone is no step to join
  document.undo();
  CHECK(document.now().notes[0].onset == Approx(1.3));
  document.undo();
  CHECK(document.now().notes[0].onset == 1.0);
  CHECK(document.undo_name().empty());
}

TEST_CASE("document: what changes nothing is no step and keeps what was undone") {
  Document document = document_of({note_at(1, 2)});
  document.edit("Delete", [](DocumentState& s) { s.notes.clear(); });
  document.undo();
  document.edit("Move", [](DocumentState&) {});
  CHECK(document.undo_name().empty());
  CHECK(document.redo_name() == "Delete");
}

TEST_CASE("document: notes that come while the user edits survive undo and redo") {
  Document document;
  document.append({note_at(0, 1, 50), note_at(2, 3, 51)});
  document.edit("Delete", [](DocumentState& s) { remove_notes(s.notes, {1}); });
  document.append({note_at(1, 2, 52)});
  const auto pitches = [&] {
    std::vector<int> result;
    for (const Note& note : document.now().notes) {
      result.push_back(note.pitch);
    }
    return result;
  };
  using Pitches = std::vector<int>;
  CHECK(pitches() == Pitches{52, 51});
  document.undo();
  CHECK(pitches() == Pitches{50, 52, 51});
  document.append({note_at(4, 5, 53)});
  document.redo();
  CHECK(pitches() == Pitches{52, 51, 53});
  check_invariants(document.now());
}

TEST_CASE("document: lane settings are undone too, and brought into range") {
  Document document = document_of({});
  document.edit("Channel", [](DocumentState& s) { s.lanes[LaneKey{false, 40}].channel = 99; });
  CHECK(document.now().lanes.at({false, 40}).channel == 15);
  document.undo();
  CHECK(document.now().lanes.empty());
}

TEST_CASE("document: nonsense is brought into range, ids become unique") {
  Note wild = note_at(-5, -9, 300, 999);
  wild.velocity = 0;
  wild.confidence = std::nanf("");
  wild.id = 7;
  Note twin = note_at(3, 1e300, -4);
  twin.id = 7;
  Note huge_id = note_at(2, 3);
  huge_id.id = 0xFFFFFFFFU;
  Document document =
      document_of({wild, twin, huge_id, note_at(std::nan(""), 1), note_at(0, INFINITY)});
  REQUIRE(document.now().notes.size() == 3);
  check_invariants(document.now());
  CHECK(document.now().notes[0].lane.program == 127);
  CHECK(document.now().notes[0].confidence == 1.0F);
  CHECK(document.now().notes[2].offset < 1e6);
}

TEST_CASE("document: old steps are forgotten") {
  Document document = document_of({note_at(0, 1)});
  for (int i = 0; i < 150; ++i) {
    document.edit("Move", [](DocumentState& s) { move_notes(s.notes, {1}, 0.1, 0); });
  }
  int steps = 0;
  while (document.undo()) {
    ++steps;
  }
  CHECK(steps == 100);
}

TEST_CASE("edits: a selection moves as one and stops at the roll's edges") {
  NoteList notes = {note_at(1, 2, 3), note_at(4, 5, 120)};
  notes[0].id = 1;
  notes[1].id = 2;
  move_notes(notes, {1, 2}, -3.0, 20);
  CHECK(notes[0].onset == 0.0);
  CHECK(notes[1].onset == 3.0);
  CHECK(notes[0].pitch == 10);
  CHECK(notes[1].pitch == 127);
  CHECK(notes[1].edited);
  lengthen_notes(notes, {1}, -9.0);
  CHECK(notes[0].offset == Approx(kShortestNote));
}

TEST_CASE("edits: what was touched does not jump, whatever view it was seen through") {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    Document document = document_of(random_notes(random, 100));
    ViewSettings settings;
    settings.grid = 0.25;
    settings.swing = 0.6F;
    settings.scale = 0xAB5;
    settings.transpose = static_cast<int>(random() % 25) - 12;
    const TempoMap tempo(97.0, 0.3);
    const auto shown = arrange(document.now().notes, settings, tempo);
    NoteIds ids;
    for (const Note& note : shown) {
      if (random() % 3 == 0) {
        ids.insert(note.id);
      }
    }
    document.edit("Velocity", [&](DocumentState& state) {
      adopt(state.notes, ids, shown, settings.transpose);
      change_velocity(state.notes, ids, 1);
    });
    const auto now = arrange(document.now().notes, settings, tempo);
    for (const Note& before : shown) {
      const auto after =
          std::find_if(now.begin(), now.end(), [&](const Note& n) { return n.id == before.id; });
      REQUIRE(after != now.end());
      CHECK(after->onset == before.onset);
      CHECK(after->offset == before.offset);
      CHECK(after->pitch == before.pitch);
      CHECK(after->edited == (ids.count(before.id) > 0));
    }
  }
}
