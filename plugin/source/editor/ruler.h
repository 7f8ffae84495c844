#pragma once

#include "editor/navigation.h"

namespace scorelane::plugin {

/// Bars and beats above, minutes and seconds below. A click sets the playhead, a drag the loop.
class Ruler : public juce::Component, public juce::SettableTooltipClient, Workspace::Listener {
 public:
  explicit Ruler(Workspace& workspace);
  ~Ruler() override;

  void paint(juce::Graphics& g) override;
  void mouseMove(const juce::MouseEvent& event) override;
  void mouseDown(const juce::MouseEvent& event) override;
  void mouseDrag(const juce::MouseEvent& event) override;
  void mouseUp(const juce::MouseEvent& event) override;
  void mouseWheelMove(const juce::MouseEvent& event, const juce::MouseWheelDetails& wheel) override;
  void mouseMagnify(const juce::MouseEvent& event, float factor) override;

 private:
  enum class Drag { kNone, kPress, kLoop, kPan };

  void notes_changed() override { repaint(); }
  void view_changed() override { repaint(); }

  void paint_bars(juce::Graphics& g) const;
  void paint_seconds(juce::Graphics& g) const;
  void paint_loop(juce::Graphics& g) const;
  double snapped(const juce::MouseEvent& event) const;
  std::optional<double> loop_end_near(float x) const;  ///< the other end of the loop

  Workspace& workspace_;
  Panning panning_;
  Drag drag_ = Drag::kNone;
  double fixed_ = 0.0;  ///< where the loop that is being drawn began
};

/// "1:02.3"
juce::String clock_text(double seconds, int decimals);

}  // namespace scorelane::plugin
