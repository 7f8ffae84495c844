#include "editor/editor.h"

#include <memory>

#include "editor/controls.h"
#include "editor/edit_actions.h"
#include "editor/editor_state.h"
#include "editor/key_commands.h"
#include "editor/lane_strip.h"
#include "editor/look.h"
#include "editor/status_line.h"
#include "editor/time_view.h"
#include "editor/toolbar.h"

namespace scorelane::plugin {
namespace {

constexpr int kFramesPerSecond = 30;
constexpr int kLanesWidth = 236;
constexpr int kNarrowLanesWidth = 196;
constexpr int kNarrow = 900;

/// The window: its parts, the files that are dropped on it, and the keys.
class Editor : public juce::AudioProcessorEditor,
               public juce::FileDragAndDropTarget,
               private juce::Timer {
 public:
  explicit Editor(Processor& edited) : juce::AudioProcessorEditor(edited), processor_(edited) {
    setLookAndFeel(&look_);
    for (juce::Component* part : std::initializer_list<juce::Component*>{
             &toolbar_, &lanes_, &time_, &controls_, &status_, &banner_}) {
      addAndMakeVisible(part);
    }
    toolbar_.on_open = [this] { choose_file(); };
    toolbar_.on_controls = [this] { show_controls(!controls_.isVisible()); };
    banner_.on_change = [this] { resized(); };
    setWantsKeyboardFocus(true);
    setTitle("Scorelane");
    restore();
    startTimerHz(kFramesPerSecond);
  }

  ~Editor() override {
    stopTimer();
    juce::PopupMenu::dismissAllActiveMenus();  // what they would do needs the editor
    keep();
    setLookAndFeel(nullptr);
  }

  void paint(juce::Graphics& g) override { g.fillAll(palette::kPanel); }

  void paintOverChildren(juce::Graphics& g) override {
    if (!dropping_) return;
    g.fillAll(palette::kCanvas.withAlpha(0.75F));
    const auto area = getLocalBounds().toFloat().reduced(14.0F);
    g.setColour(palette::kAccent);
    g.drawRoundedRectangle(area, 10.0F, 2.0F);
    g.setColour(palette::kText);
    g.setFont(ui_font(22.0F, Weight::kStrong));
    g.drawText("Drop to transcribe", area, juce::Justification::centred);
  }

  void resized() override {
    auto area = getLocalBounds();
    toolbar_.setBounds(area.removeFromTop(Toolbar::kHeight));
    status_.setBounds(area.removeFromBottom(StatusLine::kHeight));
    const int banner = banner_.wanted_height(area.getWidth());
    banner_.setBounds(area.removeFromTop(banner));
    banner_.setVisible(banner > 0);
    lanes_.setBounds(area.removeFromLeft(getWidth() < kNarrow ? kNarrowLanesWidth : kLanesWidth));
    if (controls_.isVisible()) controls_.setBounds(area.removeFromRight(Controls::kWidth));
    time_.setBounds(area);
  }

  bool keyPressed(const juce::KeyPress& key) override {
    if (key == juce::KeyPress::escapeKey && time_.cancel_drag()) return true;
    if (key == juce::KeyPress('o', juce::ModifierKeys::commandModifier, 0)) {
      choose_file();
      return true;
    }
    return keys_.press(key, *this);
  }

  bool isInterestedInFileDrag(const juce::StringArray& files) override {
    return files.size() == 1 && juce::File(files[0]).existsAsFile();
  }

  void fileDragEnter(const juce::StringArray&, int, int) override { set_dropping(true); }
  void fileDragExit(const juce::StringArray&) override { set_dropping(false); }

  void filesDropped(const juce::StringArray& files, int, int) override {
    set_dropping(false);
    load(juce::File(files[0]));
  }

 private:
  void timerCallback() override {
    workspace_.poll();
    if (++ticks_ % kFramesPerSecond == 0) keep();
  }

  void load(const juce::File& file) {
    replace_notes(workspace_, toolbar_, "Transcribe " + file.getFileName(),
                  [this, file] { workspace_.session().load_file(file); });
  }

  void choose_file() {
    const auto music = juce::File::getSpecialLocation(juce::File::userMusicDirectory);
    const auto home = juce::File::getSpecialLocation(juce::File::userHomeDirectory);
    workspace_.dialog.ask({"Transcribe a file", music.isDirectory() ? music : home,
                           "*.wav;*.aif;*.aiff;*.flac;*.ogg;*.mp3"},
                          *this, [this](const juce::File& file) {
                            if (file.existsAsFile()) load(file);
                          });
  }

  void set_dropping(bool dropping) {
    dropping_ = dropping;
    repaint();
  }

  void show_controls(bool shown) {
    controls_.setVisible(shown);
    toolbar_.set_controls_shown(shown);
    resized();
  }

  void restore() {
    const auto state = EditorState::read(processor_.editor_state());
    setResizable(true, true);
    setResizeLimits(EditorState::kLeastWidth, EditorState::kLeastHeight, EditorState::kMostWidth,
                    EditorState::kMostHeight);
    workspace_.set_follows(state.follow);
    workspace_.choose_lane(state.lane);
    show_controls(state.controls);
    setSize(state.width, state.height);
    workspace_.poll();
    if (state.has_view) {
      workspace_.hold_view();
      workspace_.time.set(state.per_second, state.scroll);
      workspace_.pitch.set(state.row, state.top);
    }
  }

  void keep() {
    EditorState state;
    state.width = getWidth();
    state.height = getHeight();
    state.controls = controls_.isVisible();
    state.follow = workspace_.follows();
    state.lane = workspace_.lane();
    state.has_view = workspace_.view_is_held();
    state.per_second = workspace_.time.per_second();
    state.scroll = workspace_.time.scroll();
    state.row = workspace_.pitch.row_height();
    state.top = workspace_.pitch.top();
    processor_.set_editor_state(state.write());
  }

  Processor& processor_;
  Look look_;
  Workspace workspace_{processor_};
  Toolbar toolbar_{workspace_};
  LaneStrip lanes_{workspace_};
  TimeView time_{workspace_};
  Controls controls_{workspace_};
  StatusLine status_{workspace_};
  ErrorBanner banner_{workspace_};
  KeyCommands keys_{workspace_};
  juce::TooltipWindow tooltips_{this, 600};
  bool dropping_ = false;
  int ticks_ = 0;
};

}  // namespace

juce::AudioProcessorEditor* make_editor(Processor& processor) {
  return new Editor(processor);
}

}  // namespace scorelane::plugin
