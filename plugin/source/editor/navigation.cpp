#include "editor/navigation.h"

#include <cmath>

namespace scorelane::plugin {
namespace {

constexpr float kScrollPixels = 260.0F;  // for one unit of a wheel's delta
constexpr double kZoomPower = 2.2;       // one unit zooms by e to this

}  // namespace

void navigate(Workspace& workspace, const juce::MouseEvent& event,
              const juce::MouseWheelDetails& wheel, bool has_pitches) {
  const auto mods = event.mods;
  workspace.hold_view();
  if (mods.isCommandDown() || mods.isCtrlDown()) {
    const double factor = std::exp(kZoomPower * static_cast<double>(wheel.deltaY));
    if (mods.isAltDown() && has_pitches) {
      workspace.pitch.zoom(static_cast<float>(factor), event.position.y);
    } else {
      workspace.time.zoom(factor, workspace.time.seconds(event.position.x));
    }
    return;
  }
  float dx = wheel.deltaX;
  float dy = wheel.deltaY;
  if (mods.isShiftDown() || !has_pitches) {
    dx += dy;
    dy = 0.0F;
  }
  workspace.time.scroll_by(-static_cast<double>(dx * kScrollPixels) / workspace.time.per_second());
  if (dy != 0.0F) workspace.pitch.scroll_by(-dy * kScrollPixels);
}

void magnify(Workspace& workspace, const juce::MouseEvent& event, float factor) {
  workspace.hold_view();
  workspace.time.zoom(static_cast<double>(factor), workspace.time.seconds(event.position.x));
}

void Panning::begin(const Workspace& workspace, const juce::MouseEvent& event) {
  from_ = event.position;
  scroll_ = workspace.time.scroll();
  top_ = workspace.pitch.top();
}

void Panning::drag(Workspace& workspace, const juce::MouseEvent& event, bool has_pitches) const {
  const auto moved = event.position - from_;
  workspace.hold_view();
  workspace.time.scroll_to(scroll_ - static_cast<double>(moved.x) / workspace.time.per_second());
  if (!has_pitches) return;
  const float row = workspace.pitch.row_height();
  workspace.pitch.set(row, top_ + moved.y / row);
}

}  // namespace scorelane::plugin
