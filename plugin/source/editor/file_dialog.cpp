#include "editor/file_dialog.h"

#include <juce_audio_processors/juce_audio_processors.h>

#include <utility>

namespace scorelane::plugin {
namespace {

/// A dialog inside the window must fit it: one that is cut off has no buttons.
void fit_into(juce::Component& window) {
  for (auto* child : window.getChildren()) {
    if (dynamic_cast<juce::FileChooserDialogBox*>(child) == nullptr) continue;
    const auto space = window.getLocalBounds().reduced(8);
    child->setBounds(child->getBounds().constrainedWithin(space).getIntersection(space));
  }
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
  if (window != nullptr) fit_into(*window);
}

}  // namespace scorelane::plugin
