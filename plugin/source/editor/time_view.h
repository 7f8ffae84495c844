#pragma once

#include "editor/keys.h"
#include "editor/roll.h"
#include "editor/ruler.h"
#include "editor/velocities.h"
#include "editor/waveform.h"

namespace scorelane::plugin {

/// All that lies along the time axis, one above the other: ruler, waveform, roll, velocities; the
/// keyboard to their left; the playhead and the loop over them.
class TimeView : public juce::Component, Workspace::Listener, juce::ScrollBar::Listener {
 public:
  explicit TimeView(Workspace& workspace);
  ~TimeView() override;

  bool cancel_drag() { return roll_.cancel_drag() || velocities_.cancel_drag(); }

  void resized() override;
  void paint(juce::Graphics& g) override;

 private:
  /// Lets the mouse through to what it marks.
  struct Mark : juce::Component {
    explicit Mark(std::function<void(juce::Graphics&, juce::Rectangle<float>)> painter);
    void paint(juce::Graphics& g) override { painter_(g, getLocalBounds().toFloat()); }

   private:
    std::function<void(juce::Graphics&, juce::Rectangle<float>)> painter_;
  };

  void view_changed() override;
  void notes_changed() override;
  void status_changed() override;
  void take_changed() override { repaint(); }
  void transport_changed() override;
  void scrollBarMoved(juce::ScrollBar* bar, double start) override;

  juce::Rectangle<int> time_area() const;  ///< without the keyboard
  void place_scroll_bars();
  void place_loop();
  void paint_hint(juce::Graphics& g, juce::Rectangle<float> area) const;

  Workspace& workspace_;
  Ruler ruler_;
  Waveform waveform_;
  Roll roll_;
  Keys keys_;
  Velocities velocities_;
  Mark hint_;
  Mark loop_;
  Mark playhead_;
  juce::ScrollBar time_bar_{false};
  juce::ScrollBar pitch_bar_{true};
};

}  // namespace scorelane::plugin
