#pragma once

#include "editor/lane_row.h"

namespace scorelane::plugin {

/// The lanes, one below the other.
class LaneStrip : public juce::Component, Workspace::Listener {
 public:
  explicit LaneStrip(Workspace& workspace);
  ~LaneStrip() override;

  void resized() override;
  void paint(juce::Graphics& g) override;

 private:
  void notes_changed() override;
  void selection_changed() override { notes_changed(); }

  std::vector<Lane> lanes() const;  ///< those shown, and the one chosen for new notes
  void lay_out();

  Workspace& workspace_;
  juce::Viewport view_;
  juce::Component list_;
  std::vector<std::unique_ptr<LaneRow>> rows_;
  IconButton add_;
};

}  // namespace scorelane::plugin
