#include "editor/midi_export.h"

#include <juce_gui_basics/juce_gui_basics.h>

#include <algorithm>
#include <memory>

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

/// A folder for files that are dragged out. Hosts copy them at once or soon; yesterday's go.
juce::File drag_folder() {
  const auto folder =
      juce::File::getSpecialLocation(juce::File::tempDirectory).getChildFile("Scorelane MIDI");
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

void save_midi(Workspace& workspace, LaneChoice lane, juce::Component& parent) {
  const auto name = export_name(workspace, lane) + ".mid";
  const auto folder = juce::File::getSpecialLocation(juce::File::userDocumentsDirectory);
  auto chooser = std::make_shared<juce::FileChooser>("Save MIDI", folder.getChildFile(name),
                                                     "*.mid;*.midi", true, false, &parent);
  using Flags = juce::FileBrowserComponent;
  chooser->launchAsync(
      Flags::saveMode | Flags::canSelectFiles | Flags::warnAboutOverwriting,
      [&workspace, lane, chooser, alive = juce::Component::SafePointer(&parent)](const auto&) {
        const auto target = chooser->getResult();
        if (alive == nullptr || target == juce::File()) return;
        const auto file =
            target.hasFileExtension("mid;midi") ? target : target.withFileExtension("mid");
        const auto result = write(workspace, lane, file);
        if (result.failed()) workspace.session().complain(result.getErrorMessage());
        if (result.wasOk()) workspace.notify("Saved " + file.getFileName());
      });
}

void drag_midi(Workspace& workspace, LaneChoice lane, juce::Component& source) {
  const auto folder = drag_folder();
  auto result = folder.createDirectory();
  const auto file = folder.getChildFile(export_name(workspace, lane) + ".mid");
  if (result.wasOk()) result = write(workspace, lane, file);
  if (result.failed()) {
    workspace.session().complain(result.getErrorMessage());
    return;
  }
  juce::DragAndDropContainer::performExternalDragDropOfFiles({file.getFullPathName()}, false,
                                                             &source);
}

}  // namespace scorelane::plugin
