#include "editor/transcribe_button.h"

#include <algorithm>

#include "editor/look.h"
#include "editor/popup.h"

namespace scorelane::plugin {

void replace_notes(Workspace& workspace, juce::Component& target, const juce::String& what,
                   std::function<void()> replace) {
  if (workspace.session().undo_name().empty()) {
    replace();
    return;
  }
  juce::PopupMenu menu;
  menu.addSectionHeader("Your edits will be lost");
  menu.addItem(what, std::move(replace));
  menu.addItem("Keep them", [] {});
  show_menu(std::move(menu), target);
}

TranscribeButton::TranscribeButton(Workspace& workspace)
    : juce::Button("Transcribe"), workspace_(workspace) {
  setMouseClickGrabsKeyboardFocus(false);
  onClick = [this] { press(); };
  workspace_.add(*this);
  status_changed();
}

TranscribeButton::~TranscribeButton() {
  workspace_.remove(*this);
}

void TranscribeButton::status_changed() {
  const Status& status = workspace_.status();
  busy_ = status.stage == Stage::kTranscribing || status.stage == Stage::kLoading;
  share_ = busy_ && status.seconds_total > 0.0
               ? std::clamp(status.seconds_done / status.seconds_total, 0.0, 1.0)
               : 0.0;
  if (!busy_) {
    words_ = workspace_.take() == nullptr ? "Transcribe" : "Transcribe again";
  } else if (status.seconds_total > 0.0) {
    words_ = "Cancel   " + juce::String(juce::roundToInt(status.seconds_done)) + " / " +
             juce::String(juce::roundToInt(status.seconds_total)) + " s";
  } else {
    words_ = "Cancel";
  }
  setEnabled(busy_ || (workspace_.take() != nullptr && status.stage == Stage::kReady));
  setTitle(busy_ ? "Cancel transcription" : words_);
  setTooltip(busy_ ? "Stop; the notes so far stay (Esc)"
                   : "Run the network again over the recording");
  repaint();
}

void TranscribeButton::press() {
  if (busy_) {
    workspace_.session().cancel();
    return;
  }
  replace_notes(workspace_, *this, "Transcribe again",
                [&workspace = workspace_] { workspace.session().transcribe(); });
}

void TranscribeButton::paintButton(juce::Graphics& g, bool highlighted, bool down) {
  getLookAndFeel().drawButtonBackground(g, *this, palette::kField, highlighted, down);
  const auto area = getLocalBounds().toFloat();
  if (busy_) {
    const juce::Graphics::ScopedSaveState state(g);
    juce::Path shape;
    shape.addRoundedRectangle(area, 5.0F);
    g.reduceClipRegion(shape);
    g.setColour(palette::kAccent.withAlpha(0.28F));
    g.fillRect(area.withWidth(area.getWidth() * static_cast<float>(share_)));
    g.setColour(palette::kAccent);
    g.fillRect(area.withTop(area.getBottom() - 3.0F)
                   .withWidth(area.getWidth() * static_cast<float>(share_)));
  }
  g.setColour(palette::kText.withAlpha(isEnabled() ? 1.0F : 0.35F));
  g.setFont(ui_font(14.0F));
  g.drawText(words_, area, juce::Justification::centred);
}

}  // namespace scorelane::plugin
