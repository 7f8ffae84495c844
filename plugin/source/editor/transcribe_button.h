#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include "editor/workspace.h"

namespace scorelane::plugin {

/// "Transcribe again"; while the plugin is busy a progress bar that cancels.
class TranscribeButton : public juce::Button, Workspace::Listener {
 public:
  explicit TranscribeButton(Workspace& workspace);
  ~TranscribeButton() override;

  bool busy() const { return busy_; }

 protected:
  void paintButton(juce::Graphics& g, bool highlighted, bool down) override;

 private:
  void status_changed() override;
  void take_changed() override { status_changed(); }
  void press();

  Workspace& workspace_;
  bool busy_ = false;
  double share_ = 0.0;  ///< done
  juce::String words_;
};

/// Runs `replace` at once, or, where the user has made edits that it would lose, after asking.
void replace_notes(Workspace& workspace, juce::Component& target, const juce::String& what,
                   std::function<void()> replace);

}  // namespace scorelane::plugin
