#include "editor/file_dialog.h"

#include <juce_audio_processors/juce_audio_processors.h>

#include <utility>

#include "editor/palette.h"

namespace scorelane::plugin {
namespace {

template <typename Wanted>
Wanted* find_child(juce::Component& parent) {
  for (auto* child : parent.getChildren()) {
    if (auto* found = dynamic_cast<Wanted*>(child)) return found;
    if (auto* found = find_child<Wanted>(*child)) return found;
  }
  return nullptr;
}

/// A dialog inside the window must fit it: one that is cut off has no buttons. One may type a name
/// at once.
void settle(juce::Component& window) {
  auto* const dialog = find_child<juce::FileChooserDialogBox>(window);
  if (dialog == nullptr) return;
  const auto space = window.getLocalBounds().reduced(8);
  dialog->setBounds(dialog->getBounds().constrainedWithin(space).getIntersection(space));
  dialog->setBackgroundColour(palette::kPopup);
  if (auto* const name = find_child<juce::TextEditor>(*dialog)) name->grabKeyboardFocus();
}

}  // namespace

void FileDialog::ask(const FileQuestion& question, juce::Component& part,
                     std::function<void(const juce::File&)> chosen) {
  using Flags = juce::FileBrowserComponent;
  auto* window = dynamic_cast<juce::AudioProcessorEditor*>(&part);
  if (window == nullptr) window = part.findParentComponentOfClass<juce::AudioProcessorEditor>();
  chooser_ = std::make_unique<juce::FileChooser>(question.title, question.start, question.pattern,
                                                 true, false, window);
  const auto mode =
      question.saving ? Flags::saveMode | Flags::warnAboutOverwriting : Flags::openMode;
  chooser_->launchAsync(mode | Flags::canSelectFiles,
                        [chosen = std::move(chosen)](const juce::FileChooser& chooser) {
                          const auto file = chooser.getResult();
                          if (file != juce::File()) chosen(file);
                        });
  if (window != nullptr) settle(*window);
}

}  // namespace scorelane::plugin
