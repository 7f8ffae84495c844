#include "editor/popup.h"

#include <juce_audio_processors/juce_audio_processors.h>

namespace scorelane::plugin {
namespace {

constexpr int kItemHeight = 23;

}  // namespace

void show_menu(juce::PopupMenu menu, juce::Component& target, MenuPlace place) {
  menu.setLookAndFeel(&target.getLookAndFeel());
  auto options =
      juce::PopupMenu::Options()
          .withStandardItemHeight(kItemHeight)
          .withTargetComponent(&target)
          .withParentComponent(target.findParentComponentOfClass<juce::AudioProcessorEditor>());
  if (place == MenuPlace::kMouse) options = options.withMousePosition();
  menu.showMenuAsync(options);
}

void Popup::show(std::unique_ptr<juce::Component> content, juce::Component& anchor) {
  auto* editor = anchor.findParentComponentOfClass<juce::AudioProcessorEditor>();
  if (editor == nullptr) return;
  box_.reset();
  content_ = std::move(content);
  box_ = std::make_unique<juce::CallOutBox>(
      *content_, editor->getLocalArea(&anchor, anchor.getLocalBounds()), editor);
  box_->enterModalState();
}

}  // namespace scorelane::plugin
