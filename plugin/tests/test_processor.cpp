#include <juce_gui_basics/juce_gui_basics.h>

#include "catch.h"
#include "desk.h"
#include "no_allocation.h"
#include "no_lock.h"
#include "notes/edits.h"

namespace scorelane::plugin {
namespace {

/// Two seconds recorded at the start of the timeline, transcribed by the stub.
void record(Desk& desk, double seconds = 2.0) {
  desk.transport = Desk::Transport{};
  desk.set(parameter::kSensitivity, 1.0F);
  desk.set(parameter::kRecord, 1.0F);
  REQUIRE(desk.process_seconds(seconds));
  desk.set(parameter::kRecord, 0.0F);
  REQUIRE(desk.process(desk.block()));
  REQUIRE(desk.processor().session().wait(10.0));
  desk.processor().refresh();
}

NoteIds all_ids(const Presentation& shown) {
  NoteIds ids;
  for (const auto& note : shown.notes) ids.insert(note.id);
  return ids;
}

TEST_CASE("what is recorded is transcribed, edited, undone and done again") {
  Desk desk(true);
  record(desk);
  auto& session = desk.processor().session();
  const auto before = session.presentation();
  REQUIRE(before->notes.size() == 20);
  CHECK(session.status().stage == Stage::kReady);
  CHECK(session.status().model == "stub 1");

  const auto ids = all_ids(*before);
  session.edit("Move", [&](DocumentState& state) { move_notes(state.notes, ids, 0.5, 2); });
  CHECK(session.presentation()->notes.front().onset == Approx(0.5));
  session.edit("Delete", [&](DocumentState& state) { remove_notes(state.notes, {*ids.begin()}); });
  CHECK(session.presentation()->notes.size() == 19);
  CHECK(session.undo_name() == "Delete");
  CHECK(session.undo());
  CHECK(session.undo());
  CHECK_FALSE(session.undo());
  CHECK(session.presentation()->notes.front().onset == before->notes.front().onset);
  CHECK(session.presentation()->notes.size() == 20);
  CHECK(session.redo());
  CHECK(session.redo());
  CHECK(session.presentation()->notes.size() == 19);
}

TEST_CASE("edits survive a save and a load") {
  Desk desk(true);
  record(desk);
  auto& session = desk.processor().session();
  const auto ids = all_ids(*session.presentation());
  session.edit("Move", [&](DocumentState& state) { move_notes(state.notes, ids, 0.25, 1); });
  juce::MemoryBlock saved;
  desk.processor().getStateInformation(saved);

  Desk other(true);
  other.processor().setStateInformation(saved.getData(), static_cast<int>(saved.getSize()));
  const auto shown = other.processor().session().presentation();
  REQUIRE(shown->notes.size() == 20);
  CHECK(shown->notes.front().onset == Approx(0.25));
  CHECK(shown->notes.front().edited);
  CHECK(other.processor().session().status().stage == Stage::kReady);
}

TEST_CASE("a realtime recording ends by itself once: the next start does not record over it") {
  Desk desk(true);
  record(desk, 0.5);
  CHECK(desk.get(parameter::kRecord) == 0.0F);
  const auto notes = desk.processor().session().presentation()->notes.size();
  desk.transport = Desk::Transport{};
  REQUIRE(desk.process_seconds(0.3));
  CHECK(desk.processor().session().presentation()->notes.size() == notes);
}

TEST_CASE("a count-in before the start of the timeline is neither recorded nor played") {
  for (const auto realtime : {true, false}) {
    Desk desk(realtime);
    const auto start = [&] { desk.transport = Desk::Transport{true, -40 * 512 / 44100.0}; };
    start();
    desk.set(parameter::kSensitivity, 1.0F);
    desk.set(parameter::kRecord, 1.0F);
    for (int block = 0; block < 40 + 87; ++block) REQUIRE(desk.process(512));
    desk.set(parameter::kRecord, 0.0F);
    REQUIRE(desk.process(512));
    REQUIRE(desk.processor().session().wait(10.0));
    desk.processor().refresh();
    const auto take = desk.processor().session().take();
    REQUIRE(take != nullptr);
    CHECK(take->start == Approx(0.0).margin(1e-6));
    CHECK(take->seconds() == Approx(87 * 512 / 44100.0));
    REQUIRE(desk.processor().session().presentation()->notes.size() == 10);

    start();
    for (int block = 0; block < 40; ++block) {
      REQUIRE(desk.process(512));
      CHECK(desk.sounding() == 0);
    }
    REQUIRE(desk.process(512));
    CHECK(desk.sounding() == 1);
  }
}

TEST_CASE("a failing network leaves the notes so far and a sentence") {
  Desk desk(true);
  const auto model = juce::File::createTempFile("failing");
  REQUIRE(model.create().wasOk());
  desk.processor().session().choose_model(model, "cpu");
  record(desk);
  CHECK(desk.processor().session().status().error == "A wire came loose; solder it.");
  model.deleteFile();
}

TEST_CASE("the audio thread neither allocates nor locks") {
  REQUIRE(AllocationCount::works() == LockCount::works());
  if (!LockCount::works()) return;
  Desk desk(true, 48000.0, 256);
  auto& processor = desk.processor();
  juce::AudioBuffer<float> audio(2, 256);
  juce::MidiBuffer midi;
  midi.ensureSize(2048);
  auto allocations = 0;
  auto locks = 0;
  auto events = 0;
  const auto run = [&](double seconds) {
    for (int block = 0; block < juce::roundToInt(seconds * 48000.0 / 256.0); ++block) {
      for (int i = 0; i < 256; ++i) {
        audio.setSample(0, i, 0.3F * static_cast<float>(i % 50) / 50.0F);
        audio.setSample(1, i, 0.1F);
      }
      midi.clear();
      {
        const AllocationCount allocated;
        const LockCount locked;
        processor.processBlock(audio, midi);
        allocations += allocated.calls();
        locks += locked.calls();
      }
      events += midi.getNumEvents();
      if (desk.transport.has_value() && desk.transport->playing) {
        desk.transport->seconds += 256 / 48000.0;
      }
    }
  };
  desk.set(parameter::kSensitivity, 1.0F);
  run(0.1);  // no transport at all
  desk.transport = Desk::Transport{false};
  run(0.1);
  desk.transport->playing = true;
  desk.set(parameter::kRecord, 1.0F);
  run(1.0);
  desk.transport->bpm = 90.0;  // tempo change within the take
  run(1.0);
  desk.transport->seconds = 60.0;  // a jump ends the take
  run(0.5);
  REQUIRE(processor.session().wait(10.0));
  processor.refresh();
  REQUIRE(processor.session().status().stage == Stage::kReady);

  desk.transport->seconds = 0.0;  // playing
  run(2.0);
  CHECK(events > 40);
  desk.set(parameter::kMix, 0.5F);
  desk.transport->seconds = 0.0;
  run(1.0);
  desk.set(parameter::kMidiOut, 0.0F);
  run(0.2);
  desk.set(parameter::kMidiOut, 1.0F);
  desk.set(parameter::kTranspose, 5.0F);  // another presentation, while it plays
  processor.refresh();
  run(0.3);
  desk.transport->playing = false;
  run(0.1);
  processor.audition().playing = true;  // the editor's own transport, with the take's audio
  processor.audition().seek = 0.2;
  run(1.0);
  processor.audition().playing = false;
  desk.set(parameter::kBypass, 1.0F);
  run(0.1);
  CHECK(allocations == 0);
  CHECK(locks == 0);
}

TEST_CASE("bypass passes the audio unchanged from its first block on, whatever the preview plays") {
  Desk desk(true);
  record(desk, 4.0);
  desk.set(parameter::kSensitivity, 1.0F);
  desk.set(parameter::kMix, 0.5F);
  desk.processor().refresh();
  desk.transport = Desk::Transport{true};
  for (int round = 0; round < 20; ++round) {
    desk.set(parameter::kBypass, 0.0F);
    REQUIRE(desk.process_seconds(0.15));
    desk.set(parameter::kBypass, 1.0F);
    REQUIRE(desk.process_seconds(0.02));  // the desk compares what comes out
  }
}

TEST_CASE("an editor opens, paints and closes while audio runs, whatever its saved state") {
  Desk desk(true);
  record(desk, 0.5);
  for (const auto* saved : {"", "{}", "[1, 2", R"({"width": 1e99, "view": {"seconds": -1e300}})"}) {
    desk.processor().set_editor_state(saved);
    const std::unique_ptr<juce::AudioProcessorEditor> editor(
        desk.processor().createEditorIfNeeded());
    REQUIRE(editor != nullptr);
    REQUIRE(desk.process(desk.block()));
    const auto picture = editor->createComponentSnapshot(editor->getLocalBounds());
    CHECK(picture.getWidth() > 100);
  }
}

}  // namespace
}  // namespace scorelane::plugin
