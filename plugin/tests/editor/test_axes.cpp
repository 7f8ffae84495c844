#include <cmath>
#include <map>

#include "catch.h"
#include "editor/editor_state.h"
#include "editor/note_index.h"
#include "editor/pitch_axis.h"
#include "editor/time_axis.h"
#include "editor/time_grid.h"

namespace scorelane::plugin {
namespace {

TEST_CASE("zooming keeps the time under the mouse, and neither end is passed") {
  TimeAxis axis;
  axis.set_width(800.0);
  axis.set_length(100.0);
  axis.fit(100.0);
  CHECK(axis.x(0.0) == Approx(0.0F));
  CHECK(axis.x(100.0) < 800.0F);

  const double under = axis.seconds(300.0F);
  axis.zoom(4.0, under);
  CHECK(axis.x(under) == Approx(300.0F).margin(0.01));
  axis.zoom(1e9, under);
  CHECK(axis.per_second() == TimeAxis::kClosest);
  axis.zoom(1e-9, under);
  CHECK(axis.scroll() == 0.0);
  CHECK(axis.visible() >= 100.0);
  axis.zoom(10.0, 0.0);
  axis.scroll_to(1e6);
  CHECK(axis.shows(100.0));
  axis.set(std::nan(""), 1.0);
  CHECK(std::isfinite(axis.per_second()));
}

TEST_CASE("every row is found where it is drawn, drums below the pitches") {
  PitchAxis axis;
  axis.set_height(400.0F);
  axis.set_content({36, 38, 42}, true);
  axis.fit(48, 72);
  for (int pitch = 48; pitch <= 72; ++pitch) {
    const Row row{false, pitch};
    CHECK(axis.row_at(axis.y(row) + 0.5F * axis.height(row)) == row);
  }
  for (const int key : {36, 38, 42}) {
    const Row row{true, key};
    CHECK(axis.y(row) > axis.pitched_height());
    CHECK(axis.row_at(axis.y(row) + 0.5F * axis.height(row)) == row);
  }
  CHECK(axis.y({true, 42}) < axis.y({true, 36}));
  CHECK(axis.y({true, 36}) + axis.drum_row_height() <= 400.01F);
  CHECK_FALSE(axis.row_at(-1.0F).has_value());
  axis.set(1e9F, -1e9F);
  CHECK(axis.row_height() == PitchAxis::kMostRow);
  CHECK(axis.row_at(1.0F).has_value());
}

TEST_CASE("times snap to the grid on the host's timeline, late where it swings") {
  // The take begins a quarter of a beat before the host's bar line.
  const TempoMap tempo(120.0, 3.75);
  const TimeGrid straight(tempo, 0.5, 0.5);
  CHECK(straight.snap(0.10) == Approx(0.125));
  CHECK(straight.snap(0.30) == Approx(0.375));
  CHECK(straight.moved(0.125, 2) == Approx(0.625));
  CHECK(straight.step_length(0.0) == Approx(0.25));

  const TimeGrid swung(tempo, 0.5, 0.66);
  CHECK(swung.snap(0.30) == Approx(0.125 + 0.66 * 0.5));

  const TimeGrid none(tempo, 0.0, 0.5);
  CHECK(none.snap(0.30) == 0.30);
  CHECK(none.moved(0.30, -1) == Approx(0.29));
}

TEST_CASE("lines that would be too close are left out, bars come last") {
  const TempoMap tempo(120.0);
  const TimeGrid grid(tempo, 0.25, 0.5);
  std::map<TimeGrid::Line, int> count;
  const auto add = [&](double, TimeGrid::Line line) { ++count[line]; };
  grid.lines(0.0, 7.99, 200.0, add);
  CHECK(count[TimeGrid::Line::kBar] == 4);
  CHECK(count[TimeGrid::Line::kBeat] == 12);
  CHECK(count[TimeGrid::Line::kStep] >= 48);
  CHECK(count[TimeGrid::Line::kStep] <= 50);
  count.clear();
  grid.lines(0.0, 7.99, 1.0, add);
  CHECK(count.size() == 1);
}

TEST_CASE("the index finds what sounds, however long ago it began") {
  Presentation shown;
  const auto add = [&](double onset, double offset, int pitch, LaneKey lane) {
    Note note;
    note.onset = onset;
    note.offset = offset;
    note.pitch = pitch;
    note.lane = lane;
    note.id = static_cast<std::uint32_t>(shown.notes.size() + 1);
    shown.notes.push_back(note);
  };
  add(0.0, 9.0, 60, {});
  add(1.0, 1.5, 64, {});
  add(2.0, 2.1, 36, {true, 0});
  add(8.0, 9.0, 67, {false, 40});
  shown.lanes = make_lanes(shown.notes, {});
  const NoteIndex index(shown);

  const auto [first, last] = index.between(5.0, 6.0);
  CHECK(first == 0);
  CHECK(last == 3);
  CHECK(index.between(9.5, 10.0).first == index.between(9.5, 10.0).second);
  REQUIRE(index.find(3) != nullptr);
  CHECK(index.find(3)->pitch == 36);
  CHECK(index.find(9) == nullptr);
  CHECK(index.drum_keys() == std::vector<int>{36});
  CHECK(index.lowest() == 60);
  CHECK(index.highest() == 67);
  CHECK(shown.lanes[index.lane(3)].key == LaneKey{false, 40});
}

TEST_CASE("the editor's state survives, and nonsense is brought into range") {
  EditorState state;
  state.width = 1300;
  state.controls = false;
  state.lane = LaneKey{true, 0};
  state.has_view = true;
  state.per_second = 77.0;
  const auto read = EditorState::read(state.write());
  CHECK(read.width == 1300);
  CHECK_FALSE(read.controls);
  CHECK(read.lane == LaneKey{true, 0});
  CHECK(read.per_second == 77.0);

  for (const char* text : {"", "[", "[1]", "{\"width\": \"wide\"}", "{\"lane\": 3}", "null"}) {
    CHECK(EditorState::read(text).width == EditorState().width);
  }
  const auto odd = EditorState::read(
      "{\"width\": 1e300, \"height\": -5, \"lane\": {\"program\": 999}, \"view\": {}}");
  CHECK(odd.width == EditorState::kMostWidth);
  CHECK(odd.height == EditorState::kLeastHeight);
  CHECK(odd.lane == LaneKey{false, 127});
}

}  // namespace
}  // namespace scorelane::plugin
