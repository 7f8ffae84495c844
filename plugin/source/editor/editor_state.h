#pragma once

#include <juce_core/juce_core.h>

#include <optional>

#include "editor/workspace.h"

namespace scorelane::plugin {

/// How the editor looked when it was closed: what a song restores. All in range after reading,
/// whatever the text was.
struct EditorState {
  static constexpr int kLeastWidth = 760;
  static constexpr int kLeastHeight = 480;
  static constexpr int kMostWidth = 4000;
  static constexpr int kMostHeight = 2400;

  int width = 1100;
  int height = 720;
  bool controls = true;
  bool follow = true;
  std::optional<LaneKey> lane;
  bool has_view = false;  ///< the user chose where to look: what follows counts
  double per_second = 0.0;
  double scroll = 0.0;
  float row = 0.0F;
  float top = 0.0F;

  static EditorState read(const juce::String& json);
  juce::String write() const;
};

}  // namespace scorelane::plugin
