#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include "editor/workspace.h"

namespace scorelane::plugin {

/// What wheels and trackpads do over every part that shares the time axis: scroll (shift:
/// sideways), zoom in time (control or command) and in pitch (with alt).
void navigate(Workspace& workspace, const juce::MouseEvent& event,
              const juce::MouseWheelDetails& wheel, bool has_pitches);

void magnify(Workspace& workspace, const juce::MouseEvent& event, float factor);

/// Moves the view with the mouse while a button is held.
class Panning {
 public:
  void begin(const Workspace& workspace, const juce::MouseEvent& event);
  void drag(Workspace& workspace, const juce::MouseEvent& event, bool has_pitches) const;

 private:
  juce::Point<float> from_;
  double scroll_ = 0.0;
  float top_ = 0.0F;
};

}  // namespace scorelane::plugin
