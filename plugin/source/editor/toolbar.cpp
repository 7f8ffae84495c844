#include "editor/toolbar.h"

#include <algorithm>
#include <cmath>

#include "editor/edit_actions.h"
#include "editor/look.h"
#include "editor/ruler.h"
#include "editor/settings_menu.h"
#include "session/parameters.h"

namespace scorelane::plugin {
namespace {

constexpr int kButton = 34;
constexpr int kRoomForWords = 1020;  // narrower than this the buttons show their icons alone
constexpr int kRoomForClock = 820;

juce::String with_name(const char* what, const std::string& name, const char* keys) {
  juce::String text(what);
  if (!name.empty()) text << ": " << juce::String::fromUTF8(name.c_str());
  return text + " (" + keys + ")";
}

}  // namespace

Toolbar::Toolbar(Workspace& workspace)
    : workspace_(workspace),
      record_(
          "Record", Icon::kRecord,
          workspace.is_program() ? "Record the input" : "Record this track while the host plays"),
      open_("Open", Icon::kOpen, "Transcribe a sound file (Ctrl+O)"),
      transcribe_(workspace),
      undo_("Undo", Icon::kUndo, "Undo"),
      redo_("Redo", Icon::kRedo, "Redo"),
      play_("Play", Icon::kPlay, "Play or stop (space)"),
      loop_("Loop", Icon::kLoop, "Loop the region marked in the ruler (L)"),
      save_("Save MIDI", Icon::kSave, "Save the audible lanes as a MIDI file (Ctrl+S)"),
      drag_("Drag MIDI", "Drag the audible lanes into the host as a MIDI file",
            IconButton::Style::kField,
            [this](juce::Component& source) { drag_midi(workspace_, std::nullopt, source); }),
      controls_("Controls", Icon::kSliders, "Show or hide the controls"),
      settings_("Settings", Icon::kSettings, "Model, device, sound, keys"),
      record_attachment_(*workspace.processor().parameters().getParameter(parameter::kRecord),
                         record_) {
  record_.set_icon_colour(palette::kRecord);
  record_.setColour(juce::TextButton::buttonOnColourId, palette::kRecord);
  record_.setColour(juce::TextButton::textColourOnId, juce::Colours::white);
  record_.set_words("Record");
  controls_.setColour(juce::TextButton::buttonOnColourId, palette::kFieldHover);
  controls_.setColour(juce::TextButton::textColourOnId, palette::kText);

  open_.onClick = [this] {
    if (on_open) on_open();
  };
  undo_.onClick = [this] { edit_actions::undo(workspace_); };
  redo_.onClick = [this] { edit_actions::redo(workspace_); };
  play_.onClick = [this] { workspace_.toggle_play(); };
  loop_.onClick = [this] { workspace_.toggle_loop(); };
  save_.onClick = [this] { save_midi(workspace_, std::nullopt, *this); };
  controls_.onClick = [this] {
    if (on_controls) on_controls();
  };
  settings_.onClick = [this] { show_settings(workspace_, settings_, popup_); };

  for (juce::Component* part : std::initializer_list<juce::Component*>{
           &record_, &open_, &transcribe_, &undo_, &redo_, &play_, &loop_, &save_, &drag_,
           &controls_, &settings_}) {
    addAndMakeVisible(part);
  }
  workspace_.add(*this);
  notes_changed();
  take_changed();
  view_changed();
  transport_changed();
}

Toolbar::~Toolbar() {
  workspace_.remove(*this);
}

void Toolbar::set_controls_shown(bool shown) {
  controls_.setToggleState(shown, juce::dontSendNotification);
}

void Toolbar::notes_changed() {
  const auto undo = workspace_.session().undo_name();
  const auto redo = workspace_.session().redo_name();
  undo_.setEnabled(!undo.empty());
  redo_.setEnabled(!redo.empty());
  undo_.setTooltip(with_name("Undo", undo, "Ctrl+Z"));
  redo_.setTooltip(with_name("Redo", redo, "Ctrl+Shift+Z"));
  const auto& lanes = workspace_.shown().lanes;
  const bool any = std::any_of(lanes.begin(), lanes.end(),
                               [](const Lane& lane) { return lane.audible && lane.count > 0; });
  save_.setEnabled(any);
  drag_.setEnabled(any);
}

void Toolbar::status_changed() {
  repaint(clock_);
}

void Toolbar::take_changed() {
  const bool any = workspace_.take() != nullptr || !workspace_.shown().notes.empty();
  play_.setEnabled(any);
  loop_.setEnabled(any);
}

void Toolbar::view_changed() {
  loop_.setToggleState(workspace_.looping(), juce::dontSendNotification);
}

void Toolbar::transport_changed() {
  play_.set_icon(workspace_.playing() ? Icon::kStop : Icon::kPlay);
  play_.setTitle(workspace_.playing() ? "Stop" : "Play");
  repaint(clock_);
}

void Toolbar::resized() {
  auto area = getLocalBounds().reduced(8, 8);
  const bool words = getWidth() >= kRoomForWords;
  open_.set_words(words ? "Open..." : "");
  save_.set_words(words ? "Save MIDI..." : "");
  drag_.set_words("Drag MIDI");
  const auto left = [&](juce::Component& part, int width, int gap) {
    part.setBounds(area.removeFromLeft(width));
    area.removeFromLeft(gap);
  };
  const auto right = [&](juce::Component& part, int width, int gap) {
    part.setBounds(area.removeFromRight(width));
    area.removeFromRight(gap);
  };
  left(record_, record_.wanted_width(), 6);
  left(open_, open_.wanted_width(), 6);
  left(transcribe_, words ? 158 : 140, 14);
  left(undo_, kButton, 2);
  left(redo_, kButton, 14);
  left(play_, words ? 44 : kButton, 2);
  left(loop_, kButton, 8);
  right(settings_, kButton, 2);
  right(controls_, kButton, 14);
  right(drag_, drag_.wanted_width(), 6);
  right(save_, save_.wanted_width(), 6);
  clock_ = getWidth() >= kRoomForClock ? area.withWidth(std::min(area.getWidth(), 150))
                                       : juce::Rectangle<int>();
}

juce::String Toolbar::place() const {
  const TimeGrid grid = workspace_.grid();
  const double quarters = grid.host_quarters(std::max(0.0, workspace_.playhead())) + 1e-6;
  const double bar = std::floor(quarters / grid.bar_quarters());
  const double beat = std::floor((quarters - bar * grid.bar_quarters()) / grid.beat_quarters());
  return juce::String(static_cast<int>(bar) + 1) + "." + juce::String(static_cast<int>(beat) + 1);
}

void Toolbar::paint(juce::Graphics& g) {
  g.fillAll(palette::kPanel);
  g.setColour(palette::kLine);
  g.fillRect(0, getHeight() - 1, getWidth(), 1);
  if (clock_.isEmpty() || workspace_.take() == nullptr) return;
  auto area = clock_.withTrimmedLeft(6);
  g.setColour(palette::kText);
  g.setFont(ui_font(17.0F, Weight::kStrong));
  const int width = juce::roundToInt(text_width(g.getCurrentFont(), place()));
  g.drawText(place(), area.removeFromLeft(std::max(36, width + 10)),
             juce::Justification::centredLeft);
  g.setColour(palette::kDim);
  g.setFont(ui_font(14.0F));
  g.drawText(clock_text(workspace_.playhead(), 1), area, juce::Justification::centredLeft);
}

}  // namespace scorelane::plugin
