#pragma once

#include "editor/navigation.h"

namespace scorelane::plugin {

/// A stem for the velocity of every note. Dragging one changes all that are selected with it.
class Velocities : public juce::Component, public juce::SettableTooltipClient, Workspace::Listener {
 public:
  explicit Velocities(Workspace& workspace);
  ~Velocities() override;

  bool cancel_drag();

  void paint(juce::Graphics& g) override;
  void mouseDown(const juce::MouseEvent& event) override;
  void mouseDrag(const juce::MouseEvent& event) override;
  void mouseUp(const juce::MouseEvent& event) override;
  void mouseWheelMove(const juce::MouseEvent& event, const juce::MouseWheelDetails& wheel) override;
  void mouseMagnify(const juce::MouseEvent& event, float factor) override;

 private:
  void notes_changed() override { repaint(); }
  void selection_changed() override { repaint(); }
  void view_changed() override { repaint(); }

  const Note* note_at(juce::Point<float> point) const;
  float y(int velocity) const;

  Workspace& workspace_;
  Panning panning_;
  bool dragging_ = false;
  int by_ = 0;
};

}  // namespace scorelane::plugin
