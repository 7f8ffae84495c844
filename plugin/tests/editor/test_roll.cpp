#include <juce_gui_basics/juce_gui_basics.h>

#include "catch.h"
#include "editor/edit_actions.h"
#include "editor/key_commands.h"
#include "editor/roll.h"
#include "processor.h"

namespace scorelane::plugin {
namespace {

constexpr int kMiddleC = 60;

/// A piano roll with two notes and a drum, and a mouse.
class Bench {
 public:
  Bench() {
    processor_.session().edit("Set up", [](DocumentState& state) {
      state.notes = {note(1.0, 2.0, kMiddleC, {}), note(3.0, 3.5, 64, {false, 40}),
                     note(1.0, 1.1, 36, {true, 0}), note(2.0, 2.1, 42, {true, 0})};
    });
    set(parameter::kGrid, 1.0F);  // quarters, half a second each
    roll_.setSize(800, 500);
    workspace.time.set_width(800.0);
    workspace.poll();
  }

  static Note note(double onset, double offset, int pitch, LaneKey lane) {
    Note note;
    note.onset = onset;
    note.offset = offset;
    note.pitch = pitch;
    note.lane = lane;
    return note;
  }

  void set(const char* id, float value) {
    auto& parameter = *processor_.parameters().getParameter(id);
    parameter.setValueNotifyingHost(parameter.convertTo0to1(value));
    processor_.refresh();
    workspace.poll();
  }

  /// The note of this kind that is shown at a place in time.
  const Note& shown(std::size_t place) const { return workspace.shown().notes.at(place); }

  const Note& with_pitch(int pitch) const {
    for (const Note& note : workspace.shown().notes) {
      if (note.pitch == pitch) return note;
    }
    throw std::runtime_error("no note of pitch " + std::to_string(pitch));
  }

  juce::Point<float> middle(const Note& note) const {
    return note_area(workspace, note).getCentre();
  }

  void press(juce::Point<float> at, int mods = 0) {
    down_ = at;
    mods_ = juce::ModifierKeys(juce::ModifierKeys::leftButtonModifier | mods);
    roll_.mouseDown(event(at, 1, false));
  }
  void drag(juce::Point<float> to) { roll_.mouseDrag(event(to, 1, true)); }
  void release(juce::Point<float> at) { roll_.mouseUp(event(at, 1, at != down_)); }
  void drag_all(juce::Point<float> from, juce::Point<float> to, int mods = 0) {
    press(from, mods);
    drag(to);
    release(to);
  }
  void double_click(juce::Point<float> at) {
    mods_ = juce::ModifierKeys::leftButtonModifier;
    roll_.mouseDoubleClick(event(at, 2, false));
  }
  bool key(int code, int mods = 0) {
    return keys_.press(juce::KeyPress(code, juce::ModifierKeys(mods), 0), roll_);
  }
  Roll& roll() { return roll_; }

 private:
  juce::MouseEvent event(juce::Point<float> at, int clicks, bool dragged) {
    const auto now = juce::Time::getCurrentTime();
    return {juce::Desktop::getInstance().getMainMouseSource(),
            at,
            mods_,
            0.0F,
            0.0F,
            0.0F,
            0.0F,
            0.0F,
            &roll_,
            &roll_,
            now,
            down_,
            now,
            clicks,
            dragged};
  }

  juce::ScopedJuceInitialiser_GUI juce_;
  Processor processor_;
  juce::Point<float> down_;
  juce::ModifierKeys mods_;

 public:
  Workspace workspace{processor_};

 private:
  Roll roll_{workspace};
  KeyCommands keys_{workspace};
};

TEST_CASE("dragging a note moves it along the grid and the rows, as one step") {
  Bench bench;
  const Note before = bench.with_pitch(kMiddleC);
  const auto from = bench.middle(before);
  const auto right = static_cast<float>(0.9 * bench.workspace.time.per_second());
  bench.drag_all(from, from.translated(right, -2.0F * bench.workspace.pitch.row_height()));
  const Note& after = bench.with_pitch(kMiddleC + 2);
  CHECK(after.id == before.id);
  CHECK(after.onset == Approx(2.0));
  CHECK(after.offset == Approx(3.0));
  CHECK(after.edited);

  bench.key('z', juce::ModifierKeys::commandModifier);
  CHECK(bench.with_pitch(kMiddleC).onset == Approx(1.0));
  bench.key('z', juce::ModifierKeys::commandModifier | juce::ModifierKeys::shiftModifier);
  CHECK(bench.with_pitch(kMiddleC + 2).onset == Approx(2.0));
}

TEST_CASE("a drag that is cancelled, and a click, change nothing") {
  Bench bench;
  const auto revision = bench.workspace.shown().revision;
  const auto from = bench.middle(bench.with_pitch(kMiddleC));
  bench.press(from);
  bench.drag(from.translated(90.0F, 0.0F));
  CHECK(bench.roll().cancel_drag());
  bench.release(from.translated(90.0F, 0.0F));
  bench.drag_all(from, from);
  CHECK(bench.workspace.shown().revision == revision);
  CHECK(bench.workspace.selection().size() == 1);
}

TEST_CASE("the end of a note is its length, alt its velocity") {
  Bench bench;
  const Note before = bench.with_pitch(kMiddleC);
  const auto area = note_area(bench.workspace, before);
  const juce::Point<float> end(area.getRight() - 1.0F, area.getCentreY());
  const auto half = static_cast<float>(0.5 * bench.workspace.time.per_second());
  bench.drag_all(end, end.translated(half, 0.0F));
  CHECK(bench.with_pitch(kMiddleC).onset == Approx(1.0));
  CHECK(bench.with_pitch(kMiddleC).offset == Approx(2.5));

  const auto middle = bench.middle(bench.with_pitch(kMiddleC));
  bench.drag_all(middle, middle.translated(0.0F, 30.0F), juce::ModifierKeys::altModifier);
  CHECK(bench.with_pitch(kMiddleC).velocity == before.velocity - 20);
}

TEST_CASE("a rubber band selects what it touches") {
  Bench bench;
  const auto area = note_area(bench.workspace, bench.with_pitch(64))
                        .getUnion(note_area(bench.workspace, bench.with_pitch(kMiddleC)))
                        .expanded(4.0F);
  bench.drag_all(area.getTopLeft(), area.getBottomRight());
  CHECK(bench.workspace.selection().size() == 2);
  bench.drag_all({790.0F, 2.0F}, {799.0F, 4.0F});
  CHECK(bench.workspace.selection().empty());
}

TEST_CASE("what is moved is what is seen: quantised and transposed notes do not jump") {
  Bench bench;
  bench.set(parameter::kTranspose, 5.0F);
  const Note seen = bench.with_pitch(64 + 5);
  bench.workspace.select({seen.id});
  CHECK(bench.key(juce::KeyPress::upKey));
  CHECK(bench.with_pitch(64 + 6).onset == Approx(seen.onset));
  CHECK(bench.with_pitch(64 + 6).id == seen.id);
}

TEST_CASE("drums move along the keys in use") {
  Bench bench;
  bench.workspace.select({bench.with_pitch(36).id});
  CHECK(bench.key(juce::KeyPress::upKey));
  CHECK_THROWS(bench.with_pitch(36));
  CHECK(edit_actions::pitch_after(bench.workspace, {true, 42}, 3) == 42);
}

TEST_CASE("notes change lanes, and a lane its instrument, without being lost") {
  Bench bench;
  bench.workspace.select({bench.with_pitch(kMiddleC).id});
  edit_actions::send_to_lane(bench.workspace, {false, 40});
  CHECK(bench.with_pitch(kMiddleC).lane == LaneKey{false, 40});
  CHECK(bench.workspace.shown().lanes.size() == 2);

  edit_actions::change_settings(bench.workspace, "Mute lane", {false, 40},
                                [](LaneSettings& lane) { lane.mute = true; });
  edit_actions::change_program(bench.workspace, {false, 40}, {false, 73});
  CHECK(bench.with_pitch(64).lane == LaneKey{false, 73});
  CHECK_FALSE(bench.with_pitch(64).edited);
  CHECK(bench.workspace.shown().lanes.front().settings.mute);
  edit_actions::undo(bench.workspace);
  CHECK(bench.with_pitch(64).lane == LaneKey{false, 40});
}

TEST_CASE("keys: select all, delete, escape; what means nothing is left to the host") {
  Bench bench;
  CHECK(bench.key('a', juce::ModifierKeys::commandModifier));
  CHECK(bench.workspace.selection().size() == 4);
  CHECK(bench.key(juce::KeyPress::escapeKey));
  CHECK(bench.workspace.selection().empty());
  CHECK_FALSE(bench.key(juce::KeyPress::leftKey));
  CHECK_FALSE(bench.key('q'));
  bench.key('a', juce::ModifierKeys::commandModifier);
  CHECK(bench.key(juce::KeyPress::deleteKey));
  CHECK(bench.workspace.shown().notes.empty());
}

TEST_CASE("ten thousand notes are painted in good time") {
  Bench bench;
  bench.workspace.session().edit("Many", [](DocumentState& state) {
    state.notes.clear();
    for (int i = 0; i < 10000; ++i) {
      state.notes.push_back(
          Bench::note(0.01 * i, 0.01 * i + 0.3, 30 + i * 7 % 60, {false, i % 12}));
    }
  });
  bench.workspace.poll();
  bench.roll().createComponentSnapshot(bench.roll().getLocalBounds());
  bench.key('a', juce::ModifierKeys::commandModifier);
  const auto before = juce::Time::getMillisecondCounterHiRes();
  bench.roll().createComponentSnapshot(bench.roll().getLocalBounds());
  // 20 to 30 ms as measured; the limit allows for a busy machine and a sanitizer.
  CHECK(juce::Time::getMillisecondCounterHiRes() - before < 1500.0);
}

}  // namespace
}  // namespace scorelane::plugin
