#include "editor/ruler.h"

#include <array>
#include <cmath>

#include "editor/look.h"

namespace scorelane::plugin {
namespace {

constexpr float kLoopGrip = 5.0F;
constexpr double kLeastLoop = 0.02;  // seconds
constexpr std::array<double, 14> kSecondSteps{0.1, 0.2, 0.5, 1,   2,   5,   10,
                                              15,  30,  60,  120, 300, 600, 1800};

}  // namespace

juce::String clock_text(double seconds, int decimals) {
  const double scale = std::pow(10.0, decimals);
  const auto ticks = std::llround(std::abs(seconds) * scale);
  const auto whole = ticks / static_cast<long long>(scale);
  juce::String text = seconds < 0.0 && ticks > 0 ? "-" : "";
  text << whole / 60 << ":" << juce::String(whole % 60).paddedLeft('0', 2);
  if (decimals > 0) {
    text << "." << juce::String(ticks % static_cast<long long>(scale)).paddedLeft('0', decimals);
  }
  return text;
}

Ruler::Ruler(Workspace& workspace) : workspace_(workspace) {
  setTitle("Time ruler");
  setTooltip("Click: move the playhead. Drag: loop a region.");
  workspace_.add(*this);
}

Ruler::~Ruler() {
  workspace_.remove(*this);
}

void Ruler::paint(juce::Graphics& g) {
  g.fillAll(palette::kPanel);
  paint_loop(g);
  paint_bars(g);
  paint_seconds(g);
  g.setColour(palette::kLine);
  g.fillRect(0, getHeight() - 1, getWidth(), 1);
}

void Ruler::paint_bars(juce::Graphics& g) const {
  const auto& time = workspace_.time;
  const TimeGrid grid = workspace_.grid();
  const double bar = grid.bar_quarters();
  const double from = time.scroll();
  const double to = from + time.visible();
  const auto bottom = static_cast<float>(getHeight());
  g.setFont(ui_font(12.0F, Weight::kStrong));
  float free_from = -100.0F;
  grid.lines(from - 1.0, to, time.per_second(), [&](double seconds, TimeGrid::Line line) {
    if (line == TimeGrid::Line::kStep) return;
    const bool is_bar = line == TimeGrid::Line::kBar;
    const float length = is_bar ? bottom : 5.0F;
    g.setColour(palette::kFaint.withAlpha(is_bar ? 0.6F : 0.5F));
    const float x = time.x(seconds);
    g.fillRect(x, is_bar ? 0.0F : bottom - length, 1.0F, length);
  });
  grid.lines(from - 4.0, to, time.per_second(), [&](double seconds, TimeGrid::Line line) {
    const float x = time.x(seconds);
    if (line != TimeGrid::Line::kBar || x < free_from) return;
    const auto number = std::llround(grid.host_quarters(seconds) / bar) + 1;
    g.setColour(palette::kText);
    g.drawText(juce::String(number), juce::Rectangle<float>(x + 5.0F, 2.0F, 50.0F, 15.0F),
               juce::Justification::centredLeft, false);
    free_from = x + 34.0F;
  });
}

void Ruler::paint_seconds(juce::Graphics& g) const {
  const auto& time = workspace_.time;
  constexpr double kApart = 76.0;  // pixels
  double step = kSecondSteps.back();
  for (const double one : kSecondSteps) {
    if (one * time.per_second() >= kApart) {
      step = one;
      break;
    }
  }
  g.setFont(ui_font(11.0F));
  g.setColour(palette::kFaint.brighter(0.25F));
  const double to = time.scroll() + time.visible();
  for (auto n = std::llround(std::floor(time.scroll() / step)); static_cast<double>(n) * step <= to;
       ++n) {
    const double seconds = static_cast<double>(n) * step;
    const float x = time.x(seconds);
    g.fillRect(x, static_cast<float>(getHeight()) - 4.0F, 1.0F, 3.0F);
    g.drawText(
        clock_text(seconds, step < 1.0 ? 1 : 0),
        juce::Rectangle<float>(x + 5.0F, static_cast<float>(getHeight()) - 17.0F, 60.0F, 14.0F),
        juce::Justification::centredLeft, false);
  }
}

void Ruler::paint_loop(juce::Graphics& g) const {
  const float from = workspace_.time.x(workspace_.loop_start());
  const float to = workspace_.time.x(workspace_.loop_end());
  if (to <= from) return;
  const juce::Colour colour = workspace_.looping() ? palette::kAccent : palette::kFaint;
  const auto height = static_cast<float>(getHeight());
  g.setColour(colour.withAlpha(workspace_.looping() ? 0.22F : 0.10F));
  g.fillRect(from, 0.0F, to - from, height);
  g.setColour(colour);
  g.fillRect(from, 0.0F, to - from, 2.5F);
  g.fillRect(from, 0.0F, 1.5F, height);
  g.fillRect(to - 1.5F, 0.0F, 1.5F, height);
}

double Ruler::snapped(const juce::MouseEvent& event) const {
  const double seconds = std::max(0.0, workspace_.time.seconds(event.position.x));
  const bool free = event.mods.isCommandDown() || event.mods.isCtrlDown();
  return free ? seconds : std::max(0.0, workspace_.grid().snap(seconds));
}

std::optional<double> Ruler::loop_end_near(float x) const {
  const double start = workspace_.loop_start();
  const double end = workspace_.loop_end();
  if (end <= start) return std::nullopt;
  if (std::abs(workspace_.time.x(start) - x) <= kLoopGrip) return end;
  if (std::abs(workspace_.time.x(end) - x) <= kLoopGrip) return start;
  return std::nullopt;
}

void Ruler::mouseMove(const juce::MouseEvent& event) {
  setMouseCursor(loop_end_near(event.position.x) ? juce::MouseCursor::LeftRightResizeCursor
                                                 : juce::MouseCursor::NormalCursor);
}

void Ruler::mouseDown(const juce::MouseEvent& event) {
  if (event.mods.isMiddleButtonDown()) {
    drag_ = Drag::kPan;
    panning_.begin(workspace_, event);
    return;
  }
  const auto other_end = loop_end_near(event.position.x);
  drag_ = other_end ? Drag::kLoop : Drag::kPress;
  fixed_ = other_end.value_or(snapped(event));
}

void Ruler::mouseDrag(const juce::MouseEvent& event) {
  if (drag_ == Drag::kPan) {
    panning_.drag(workspace_, event, false);
    return;
  }
  if (drag_ == Drag::kPress && event.getDistanceFromDragStart() > 4) drag_ = Drag::kLoop;
  if (drag_ != Drag::kLoop) return;
  const double at = snapped(event);
  if (std::abs(at - fixed_) > kLeastLoop) workspace_.set_loop(fixed_, at);
}

void Ruler::mouseUp(const juce::MouseEvent& event) {
  if (drag_ == Drag::kPress) workspace_.seek(workspace_.time.seconds(event.position.x));
  drag_ = Drag::kNone;
}

void Ruler::mouseWheelMove(const juce::MouseEvent& event, const juce::MouseWheelDetails& wheel) {
  navigate(workspace_, event, wheel, false);
}

void Ruler::mouseMagnify(const juce::MouseEvent& event, float factor) {
  magnify(workspace_, event, factor);
}

}  // namespace scorelane::plugin
