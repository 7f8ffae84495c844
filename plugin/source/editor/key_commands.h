#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include "editor/workspace.h"

namespace scorelane::plugin {

/// What the keys stand for.
class KeyCommands {
 public:
  explicit KeyCommands(Workspace& workspace) : workspace_(workspace) {}

  /// False: it stands for nothing, and the host may have the key.
  bool press(const juce::KeyPress& key, juce::Component& editor);

 private:
  bool press_arrow(const juce::KeyPress& key);
  bool repeats(const juce::KeyPress& key);

  Workspace& workspace_;
  juce::KeyPress last_key_;
  juce::uint32 last_time_ = 0;  ///< ms
};

}  // namespace scorelane::plugin
