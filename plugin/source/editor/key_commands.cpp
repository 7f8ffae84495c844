#include "editor/key_commands.h"

#include "editor/edit_actions.h"
#include "editor/midi_export.h"

namespace scorelane::plugin {
namespace {

using juce::KeyPress;

constexpr int kOctave = 12;
constexpr int kVelocityStep = 4;
constexpr double kZoomStep = 1.25;

bool press_with_command(Workspace& workspace, const KeyPress& key, juce::Component& editor) {
  const auto code =
      juce::CharacterFunctions::toLowerCase(static_cast<juce::juce_wchar>(key.getKeyCode()));
  if (code >= '1' && code <= '9') {
    const auto place = static_cast<std::size_t>(code - '1');
    const auto& lanes = workspace.shown().lanes;
    if (place < lanes.size()) edit_actions::send_to_lane(workspace, lanes[place].key);
    return true;
  }
  switch (code) {
    case 'z':
      if (key.getModifiers().isShiftDown()) {
        edit_actions::redo(workspace);
      } else {
        edit_actions::undo(workspace);
      }
      return true;
    case 'y':
      edit_actions::redo(workspace);
      return true;
    case 'a':
      edit_actions::select_all(workspace);
      return true;
    case 's':
      save_midi(workspace, std::nullopt, editor);
      return true;
    default:
      return false;
  }
}

void zoom(Workspace& workspace, double factor) {
  workspace.hold_view();
  auto& time = workspace.time;
  const double at = workspace.playhead();
  time.zoom(factor, time.shows(at) ? at : time.scroll() + time.visible() * 0.5);
}

bool press_escape(Workspace& workspace) {
  const Stage stage = workspace.status().stage;
  if (stage == Stage::kTranscribing || stage == Stage::kLoading) {
    workspace.session().cancel();
    return true;
  }
  const bool any = !workspace.selection().empty();
  workspace.select({});
  return any;
}

bool press_plain(Workspace& workspace, const KeyPress& key) {
  if (key.isKeyCode(KeyPress::spaceKey)) {
    workspace.toggle_play();
  } else if (key.isKeyCode(KeyPress::deleteKey) || key.isKeyCode(KeyPress::backspaceKey)) {
    edit_actions::remove(workspace);
  } else if (key.isKeyCode(KeyPress::homeKey)) {
    workspace.seek(0.0);
    workspace.time.scroll_to(0.0);
  } else if (key.getTextCharacter() == '+' || key.getTextCharacter() == '=') {
    zoom(workspace, kZoomStep);
  } else if (key.getTextCharacter() == '-') {
    zoom(workspace, 1.0 / kZoomStep);
  } else if (key.isKeyCode('l') || key.isKeyCode('L')) {
    workspace.toggle_loop();
  } else if (key.isKeyCode('f') || key.isKeyCode('F')) {
    workspace.fit();
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool KeyCommands::press(const KeyPress& key, juce::Component& editor) {
  if (key.isKeyCode(KeyPress::escapeKey)) return press_escape(workspace_);
  if (press_arrow(key)) return true;
  if (key.getModifiers().isCommandDown()) return press_with_command(workspace_, key, editor);
  return press_plain(workspace_, key);
}

bool KeyCommands::press_arrow(const KeyPress& key) {
  const bool left = key.isKeyCode(KeyPress::leftKey);
  const bool right = key.isKeyCode(KeyPress::rightKey);
  const bool up = key.isKeyCode(KeyPress::upKey);
  const bool down = key.isKeyCode(KeyPress::downKey);
  if (!(left || right || up || down) || workspace_.selection().empty()) return false;
  const auto mods = key.getModifiers();
  const bool held = repeats(key);
  const int direction = right || up ? 1 : -1;
  if (left || right) {
    if (mods.isShiftDown()) {
      edit_actions::lengthen(workspace_, direction, held);
    } else {
      edit_actions::move_in_time(workspace_, direction, held);
    }
  } else if (mods.isAltDown()) {
    edit_actions::change_velocity(workspace_, direction * kVelocityStep, held);
  } else {
    edit_actions::move_in_pitch(workspace_, direction * (mods.isShiftDown() ? kOctave : 1), held);
  }
  return true;
}

bool KeyCommands::repeats(const KeyPress& key) {
  // A key that is held down makes steps that belong together.
  constexpr juce::uint32 kGap = 250;  // ms
  const auto now = juce::Time::getMillisecondCounter();
  const bool same = key == last_key_ && now - last_time_ < kGap;
  last_key_ = key;
  last_time_ = now;
  return same;
}

}  // namespace scorelane::plugin
