#pragma once

#include "editor/roll_picture.h"

namespace scorelane::plugin {

/// The keyboard and the drums' names to the left of the roll. A click selects a row's notes.
class Keys : public juce::Component, public juce::SettableTooltipClient, Workspace::Listener {
 public:
  explicit Keys(Workspace& workspace);
  ~Keys() override;

  void set_hover(std::optional<Row> row);

  void paint(juce::Graphics& g) override;
  void mouseMove(const juce::MouseEvent& event) override;
  void mouseExit(const juce::MouseEvent& event) override;
  void mouseDown(const juce::MouseEvent& event) override;
  void mouseWheelMove(const juce::MouseEvent& event, const juce::MouseWheelDetails& wheel) override;

 private:
  void notes_changed() override { repaint(); }
  void view_changed() override { repaint(); }

  void paint_keys(juce::Graphics& g) const;
  void paint_drums(juce::Graphics& g) const;

  Workspace& workspace_;
  std::optional<Row> hover_;
};

}  // namespace scorelane::plugin
