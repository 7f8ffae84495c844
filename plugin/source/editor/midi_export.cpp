#include "editor/midi_export.h"

#include <juce_gui_basics/juce_gui_basics.h>

#include <algorithm>

#include "engine/bundle.h"
#include "notes/midi_file.h"

namespace scorelane::plugin {
namespace {

juce::Result write(const Workspace& workspace, LaneChoice choice, const juce::File& target) {
  const Presentation& shown = workspace.shown();
  std::vector<Lane> lanes;
  for (const Lane& lane : shown.lanes) {
    if (choice ? lane.key == *choice : lane.audible) lanes.push_back(lane);
  }
  NoteList notes;
  for (const Note& note : shown.notes) {
    const auto wanted = [&](const Lane& lane) { return lane.key == note.lane; };
    if (std::any_of(lanes.begin(), lanes.end(), wanted)) notes.push_back(note);
  }
  if (notes.empty()) return juce::Result::fail("There are no audible notes to write as MIDI.");
  const auto midi = make_midi_file(notes, lanes, shown.tempo, export_name(workspace, choice));
  return write_midi_file(midi, target);
}

/// A folder of the user's for files that are dragged out. Hosts copy them at once or soon;
/// yesterday's go.
juce::File drag_folder() {
  const auto folder = bundle::drags();
  const auto yesterday = juce::Time::getCurrentTime() - juce::RelativeTime::days(1.0);
  for (const auto& file : folder.findChildFiles(juce::File::findFiles, false, "*.mid")) {
    if (file.getLastModificationTime() < yesterday) file.deleteFile();
  }
  return folder;
}

}  // namespace

juce::String export_name(const Workspace& workspace, LaneChoice choice) {
  const auto take = workspace.take();
  juce::String name = take == nullptr || take->name.isEmpty() ? "Scorelane" : take->name;
  const auto file = juce::File::createFileWithoutCheckingPath(name);
  if (file.hasFileExtension("wav;aif;aiff;flac;ogg;mp3")) name = file.getFileNameWithoutExtension();
  for (const Lane& lane : workspace.shown().lanes) {
    if (choice && lane.key == *choice) name << " - " << juce::String::fromUTF8(lane.name.c_str());
  }
  return juce::File::createLegalFileName(name);
}

void save_midi(Workspace& workspace, LaneChoice lane, juce::Component& part) {
  const auto folder = juce::File::getSpecialLocation(juce::File::userDocumentsDirectory);
  const auto proposed = folder.getChildFile(export_name(workspace, lane) + ".mid");
  workspace.dialog.ask(
      {"Save MIDI", proposed, "*.mid;*.midi", true}, part,
      [&workspace, lane](const juce::File& target) { save_midi_as(workspace, lane, target); });
}

void save_midi_as(Workspace& workspace, LaneChoice lane, const juce::File& target) {
  const auto file = target.hasFileExtension("mid;midi") ? target : target.withFileExtension("mid");
  const auto result = write(workspace, lane, file);
  if (result.failed()) workspace.session().complain(result.getErrorMessage());
  if (result.wasOk()) workspace.notify("Saved " + file.getFileName());
}

juce::File midi_to_drag(Workspace& workspace, LaneChoice lane) {
  const auto folder = drag_folder();
  auto result = folder.createDirectory();
  const auto file = folder.getChildFile(export_name(workspace, lane) + ".mid");
  if (result.wasOk()) result = write(workspace, lane, file);
  if (result.wasOk()) return file;
  workspace.session().complain(result.getErrorMessage());
  return {};
}

void drag_midi(Workspace& workspace, LaneChoice lane, juce::Component& source) {
  const auto file = midi_to_drag(workspace, lane);
  if (file == juce::File()) return;
  juce::DragAndDropContainer::performExternalDragDropOfFiles({file.getFullPathName()}, false,
                                                             &source);
}

}  // namespace scorelane::plugin
