#pragma once

#include <vector>

#include "editor/navigation.h"

namespace scorelane::plugin {

/// The take's waveform, growing while it is recorded. What is not yet transcribed is paler.
class Waveform : public juce::Component, public juce::SettableTooltipClient, Workspace::Listener {
 public:
  explicit Waveform(Workspace& workspace);
  ~Waveform() override;

  void paint(juce::Graphics& g) override;
  void mouseDown(const juce::MouseEvent& event) override;
  void mouseDrag(const juce::MouseEvent& event) override;
  void mouseWheelMove(const juce::MouseEvent& event, const juce::MouseWheelDetails& wheel) override;
  void mouseMagnify(const juce::MouseEvent& event, float factor) override;

 private:
  void take_changed() override;
  void view_changed() override { repaint(); }
  void status_changed() override { repaint(); }

  Peak between(double from, double to) const;  ///< seconds

  Workspace& workspace_;
  Panning panning_;
  std::shared_ptr<const Take> take_;
  std::vector<Peak> peaks_;
  float loudest_ = 0.0F;
};

}  // namespace scorelane::plugin
