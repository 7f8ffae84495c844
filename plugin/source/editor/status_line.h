#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include "editor/icons.h"
#include "editor/workspace.h"

namespace scorelane::plugin {

/// What the plugin is doing, in words; the model and where it runs.
class StatusLine : public juce::Component, Workspace::Listener {
 public:
  static constexpr int kHeight = 26;

  explicit StatusLine(Workspace& workspace);
  ~StatusLine() override;

  void paint(juce::Graphics& g) override;

 private:
  void notes_changed() override { repaint(); }
  void selection_changed() override { repaint(); }
  void status_changed() override { repaint(); }
  void take_changed() override { repaint(); }

  juce::String doing() const;
  juce::String summary() const;

  Workspace& workspace_;
};

/// The last error, in full, until it is dismissed.
class ErrorBanner : public juce::Component, Workspace::Listener {
 public:
  explicit ErrorBanner(Workspace& workspace);
  ~ErrorBanner() override;

  int wanted_height(int width) const;  ///< 0: nothing to say
  std::function<void()> on_change;

  void resized() override;
  void paint(juce::Graphics& g) override;

 private:
  void status_changed() override;
  juce::TextLayout layout(int width) const;

  Workspace& workspace_;
  juce::String error_;
  IconButton close_;
};

}  // namespace scorelane::plugin
