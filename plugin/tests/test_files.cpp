#include <juce_gui_basics/juce_gui_basics.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "catch.h"
#include "desk.h"
#include "editor/midi_export.h"

namespace scorelane::plugin {
namespace {

/// A folder that goes with the test.
struct Folder {
  Folder() { place.createDirectory(); }
  ~Folder() { place.deleteRecursively(); }
  juce::File place = juce::File::createTempFile("folder");
};

juce::File write_sound(const juce::File& file, double seconds) {
  const auto samples = juce::roundToInt(44100.0 * seconds);
  juce::AudioBuffer<float> audio(1, samples);
  for (int i = 0; i < samples; ++i) audio.setSample(0, i, 0.2F * static_cast<float>(i % 100 - 50));
  juce::WavAudioFormat wav;
  const std::unique_ptr<juce::AudioFormatWriter> writer(
      wav.createWriterFor(new juce::FileOutputStream(file), 44100.0, 1, 16, {}, 0));
  REQUIRE(writer != nullptr);
  writer->writeFromAudioSampleBuffer(audio, 0, samples);
  return file;
}

/// A session with notes on a timeline of 90 beats per minute.
struct Song {
  Song() : desk(true), workspace(desk.processor()) {
    desk.transport = Desk::Transport{true, 0.0, 90.0};
    desk.set(parameter::kSensitivity, 1.0F);
    desk.set(parameter::kRecord, 1.0F);
    REQUIRE(desk.process_seconds(1.0));
    desk.set(parameter::kRecord, 0.0F);
    REQUIRE(desk.process(desk.block()));
    REQUIRE(session().wait(10.0));
    desk.processor().refresh();
    workspace.poll();
    REQUIRE(workspace.shown().notes.size() == 10);
  }
  Session& session() { return desk.processor().session(); }

  Desk desk;
  Workspace workspace;
};

juce::MidiFile read_midi(const juce::File& file) {
  juce::MidiFile midi;
  juce::FileInputStream stream(file);
  int type = -1;
  REQUIRE(midi.readFrom(stream, true, &type));
  CHECK(type == 1);
  return midi;
}

int count_notes(const juce::MidiFile& midi) {
  int count = 0;
  for (int track = 0; track < midi.getNumTracks(); ++track) {
    for (const auto* event : *midi.getTrack(track)) {
      if (event->message.isNoteOn()) ++count;
    }
  }
  return count;
}

TEST_CASE("a file dropped on the window is transcribed, anything else is not taken") {
  const Folder folder;
  const auto sound = write_sound(folder.place.getChildFile("Übung 1.wav"), 1.05);
  Desk desk(true);
  desk.set(parameter::kSensitivity, 1.0F);
  const std::unique_ptr<juce::AudioProcessorEditor> editor(desk.processor().createEditorIfNeeded());
  auto* const window = dynamic_cast<juce::FileDragAndDropTarget*>(editor.get());
  REQUIRE(window != nullptr);
  CHECK_FALSE(window->isInterestedInFileDrag({folder.place.getFullPathName()}));
  CHECK_FALSE(window->isInterestedInFileDrag({"/nowhere/sound.wav"}));
  REQUIRE(window->isInterestedInFileDrag({sound.getFullPathName()}));
  window->fileDragEnter({sound.getFullPathName()}, 10, 10);
  editor->createComponentSnapshot(editor->getLocalBounds());
  window->filesDropped({sound.getFullPathName()}, 10, 10);
  auto& session = desk.processor().session();
  REQUIRE(session.wait(10.0));
  CHECK(session.status().error.isEmpty());
  CHECK(session.take()->name == "Übung 1.wav");
  desk.processor().refresh();  // else the sensitivity may not have reached the notes yet
  CHECK(session.presentation()->notes.size() == 10);
}

TEST_CASE("what is dragged out is a MIDI file with the host's tempo and goes a day later") {
  Song song;
  const auto file = midi_to_drag(song.workspace, std::nullopt);
  REQUIRE(file.existsAsFile());
  const auto midi = read_midi(file);
  const auto lanes = song.workspace.shown().lanes.size();
  CHECK(midi.getNumTracks() == static_cast<int>(lanes) + 1);
  CHECK(count_notes(midi) == 10);
  juce::MidiMessageSequence tempi;
  midi.findAllTempoEvents(tempi);
  REQUIRE(tempi.getNumEvents() == 1);
  CHECK(tempi.getEventPointer(0)->message.getTempoSecondsPerQuarterNote() == Approx(60.0 / 90.0));

  const auto& lane = song.workspace.shown().lanes.front();
  const auto one = midi_to_drag(song.workspace, lane.key);
  REQUIRE(one.existsAsFile());
  CHECK(one != file);
  CHECK(one.getFileName().contains(juce::String(lane.name)));
  CHECK(read_midi(one).getNumTracks() == 2);
  CHECK(count_notes(read_midi(one)) == lane.count);

  file.setLastModificationTime(juce::Time::getCurrentTime() - juce::RelativeTime::days(2.0));
  CHECK(midi_to_drag(song.workspace, lane.key) == one);
  CHECK_FALSE(file.exists());
  one.deleteFile();
}

TEST_CASE("lanes that are not heard are not dragged out, and nothing is no file") {
  Song song;
  const auto first = song.workspace.shown().lanes.front();
  song.session().edit("Solo", [&](DocumentState& state) { state.lanes[first.key].solo = true; });
  song.workspace.poll();
  const auto file = midi_to_drag(song.workspace, std::nullopt);
  CHECK(count_notes(read_midi(file)) == first.count);
  file.deleteFile();
  song.session().edit("Mute", [&](DocumentState& state) { state.lanes[first.key].mute = true; });
  song.session().clear();
  song.workspace.poll();
  CHECK(midi_to_drag(song.workspace, std::nullopt) == juce::File());
  CHECK(song.session().status().error.contains("no audible notes"));
}

TEST_CASE("a MIDI file is saved with its extension, and what hinders it is said") {
  Song song;
  const Folder folder;
  save_midi_as(song.workspace, std::nullopt, folder.place.getChildFile("song"));
  CHECK(count_notes(read_midi(folder.place.getChildFile("song.mid"))) == 10);
  CHECK(song.workspace.notice() == "Saved song.mid");
  save_midi_as(song.workspace, std::nullopt, juce::File("/nowhere/at/all/song.mid"));
  CHECK(song.session().status().error.contains("song.mid"));
}

TEST_CASE("a dialog for files lies inside the window and goes with it") {
  const juce::ScopedJuceInitialiser_GUI juce;
  if (juce::Desktop::getInstance().getDisplays().displays.isEmpty()) return;  // dialogs need one
  Desk desk(true);
  std::unique_ptr<juce::AudioProcessorEditor> editor(desk.processor().createEditorIfNeeded());
  editor->setSize(760, 480);
  editor->addToDesktop(0);
  editor->setVisible(true);
  editor->keyPressed(juce::KeyPress('o', juce::ModifierKeys::commandModifier, 0));
  const auto& children = editor->getChildren();
  const auto dialog = std::find_if(children.begin(), children.end(), [](juce::Component* child) {
    return dynamic_cast<juce::FileChooserDialogBox*>(child) != nullptr;
  });
  // A system with zenity or kdialog has asked with that.
  if (dialog != children.end()) {
    CHECK(editor->getLocalBounds().contains((*dialog)->getBounds()));
  }
  editor.reset();
  CHECK(juce::ModalComponentManager::getInstance()->getNumModalComponents() == 0);
}

}  // namespace
}  // namespace scorelane::plugin
