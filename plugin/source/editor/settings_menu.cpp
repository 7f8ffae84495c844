#include "editor/settings_menu.h"

#include <array>
#include <memory>
#include <utility>

#include "editor/look.h"
#include "engine/bundle.h"

namespace scorelane::plugin {
namespace {

using KeyHelp = std::pair<const char*, const char*>;
constexpr std::array<KeyHelp, 18> kKeys{{{"Space", "Play, stop"},
                                         {"L", "Loop on, off"},
                                         {"Home", "Playhead to the start"},
                                         {"Arrows", "Move by the grid, by a semitone"},
                                         {"Shift + arrows", "Length, octaves"},
                                         {"Alt + up, down", "Velocity"},
                                         {"Delete", "Delete the notes"},
                                         {"Double click", "Add a note"},
                                         {"Alt + drag", "Velocity"},
                                         {"Ctrl while dragging", "Without the grid"},
                                         {"Ctrl + 1 ... 9", "Move the notes to a lane"},
                                         {"Ctrl + A", "Select all"},
                                         {"Ctrl + Z", "Undo (with shift: redo)"},
                                         {"Ctrl + S, Ctrl + O", "Save MIDI, open a file"},
                                         {"Wheel", "Scroll (with shift: in time)"},
                                         {"Ctrl + wheel, + and -", "Zoom (with alt: pitches)"},
                                         {"F", "Fit the view"},
                                         {"Esc", "Cancel"}}};

class KeysHelp : public juce::Component {
 public:
  KeysHelp() {
    setTitle("Keys");
    setSize(400, static_cast<int>(kKeys.size()) * kRow + 16);
  }

  void paint(juce::Graphics& g) override {
    auto area = getLocalBounds().reduced(12, 8);
    for (const auto& [keys, result] : kKeys) {
      auto row = area.removeFromTop(kRow);
      g.setFont(ui_font(13.5F, Weight::kStrong));
      g.setColour(palette::kText);
      g.drawText(keys, row.removeFromLeft(168), juce::Justification::centredLeft);
      g.setFont(ui_font(13.5F));
      g.setColour(palette::kDim);
      g.drawText(result, row, juce::Justification::centredLeft);
    }
  }

 private:
  static constexpr int kRow = 22;
};

void choose_file(Workspace& workspace, const juce::String& title, const juce::String& pattern,
                 juce::Component& part, std::function<void(const juce::File&)> chosen) {
  const auto home = juce::File::getSpecialLocation(juce::File::userHomeDirectory);
  workspace.dialog.ask({title, home, pattern}, part, std::move(chosen));
}

void use_model(Workspace& workspace, const juce::File& archive, const juce::String& device) {
  workspace.session().choose_model(archive, device);
  const juce::String name =
      archive == juce::File() ? "the model that comes with Scorelane" : archive.getFileName();
  workspace.notify("The next transcription uses " + name + ".");
}

juce::PopupMenu model_menu(Workspace& workspace, juce::Component& target) {
  juce::PopupMenu menu;
  const juce::File now = workspace.session().model();
  const juce::String device = workspace.session().device();
  const auto add = [&](const juce::String& name, const juce::File& file) {
    menu.addItem(name, true, now == file,
                 [&workspace, file, device] { use_model(workspace, file, device); });
    return now == file;
  };
  bool listed = add("Comes with Scorelane", juce::File());
  for (const auto& model : bundle::installed_models()) {
    listed = add(model.name, model.archive) || listed;
  }
  if (!listed) add(now.getFileName(), now);
  menu.addSeparator();
  menu.addItem("Another archive (.pt)...", [&workspace, &target, device] {
    choose_file(
        workspace, "Choose a model", "*.pt", target,
        [&workspace, device](const juce::File& file) { use_model(workspace, file, device); });
  });
  return menu;
}

juce::PopupMenu device_menu(Workspace& workspace) {
  juce::PopupMenu menu;
  constexpr std::array<KeyHelp, 3> kDevices{
      {{"auto", "Automatic"}, {"cpu", "Processor (CPU)"}, {"cuda", "Graphics card (CUDA)"}}};
  for (const auto& [device, name] : kDevices) {
    menu.addItem(name, true, workspace.session().device() == device,
                 [&workspace, device = juce::String(device)] {
                   use_model(workspace, workspace.session().model(), device);
                 });
  }
  return menu;
}

juce::PopupMenu sound_menu(Workspace& workspace, juce::Component& target) {
  juce::PopupMenu menu;
  menu.addSectionHeader("Now: " + workspace.processor().preview().voice());
  menu.addItem("Automatic", [&workspace] {
    workspace.processor().choose_soundfont(juce::File());
    workspace.notify({});
  });
  menu.addItem("Choose a soundfont...", [&workspace, &target] {
    choose_file(workspace, "Choose a soundfont", "*.sf2;*.sf3", target,
                [&workspace](const auto& file) {
                  if (workspace.processor().choose_soundfont(file).wasOk()) {
                    workspace.notify("The preview sounds with " + file.getFileName() + ".");
                  }
                });
  });
  return menu;
}

}  // namespace

void show_settings(Workspace& workspace, juce::Component& target, Popup& popup) {
  juce::PopupMenu menu;
  menu.addSubMenu("Model", model_menu(workspace, target));
  menu.addSubMenu("Runs on", device_menu(workspace));
  menu.addSubMenu("Preview sound", sound_menu(workspace, target));
  menu.addSeparator();
  menu.addItem("Follow the playhead", true, workspace.follows(),
               [&workspace] { workspace.set_follows(!workspace.follows()); });
  menu.addItem("Fit the view", [&workspace] { workspace.fit(); });
  menu.addItem("Keys...", [&target, &popup] { popup.show(std::make_unique<KeysHelp>(), target); });
  menu.addSeparator();
  const bool any = workspace.take() != nullptr || !workspace.shown().notes.empty();
  menu.addItem("Clear everything", any, false, [&workspace] { workspace.session().clear(); });
  show_menu(std::move(menu), target);
}

}  // namespace scorelane::plugin
