#include "editor/time_view.h"

#include "editor/icons.h"
#include "editor/look.h"

namespace scorelane::plugin {
namespace {

constexpr int kKeysWidth = 84;
constexpr int kRulerHeight = 36;
constexpr int kWaveHeight = 64;
constexpr int kVelocityHeight = 54;
constexpr int kBar = 10;  // scroll bars
constexpr int kPlayheadWidth = 11;
constexpr int kRoomForVelocities = 360;

}  // namespace

TimeView::Mark::Mark(std::function<void(juce::Graphics&, juce::Rectangle<float>)> painter)
    : painter_(std::move(painter)) {
  setInterceptsMouseClicks(false, false);
  setAccessible(false);
}

TimeView::TimeView(Workspace& workspace)
    : workspace_(workspace),
      ruler_(workspace),
      waveform_(workspace),
      roll_(workspace),
      keys_(workspace),
      velocities_(workspace),
      hint_([this](juce::Graphics& g, juce::Rectangle<float> area) { paint_hint(g, area); }),
      loop_([](juce::Graphics& g, juce::Rectangle<float> area) {
        g.setColour(palette::kAccent.withAlpha(0.05F));
        g.fillRect(area);
        g.setColour(palette::kAccent.withAlpha(0.45F));
        g.fillRect(area.removeFromLeft(1.0F));
        g.fillRect(area.removeFromRight(1.0F));
      }),
      playhead_([](juce::Graphics& g, juce::Rectangle<float> area) {
        const float middle = area.getCentreX();
        const auto top = static_cast<float>(kRulerHeight);
        g.setColour(palette::kPlayhead);
        juce::Path cap;
        cap.addTriangle(middle - 5.0F, top - 8.0F, middle + 5.0F, top - 8.0F, middle, top);
        g.fillPath(cap);
        g.fillRect(middle - 0.6F, top - 2.0F, 1.2F, area.getHeight() - top);
      }) {
  for (juce::Component* part : std::initializer_list<juce::Component*>{
           &ruler_, &waveform_, &roll_, &keys_, &velocities_, &hint_, &loop_, &playhead_,
           &time_bar_, &pitch_bar_}) {
    addAndMakeVisible(part);
  }
  roll_.on_hover = [this](std::optional<Row> row) { keys_.set_hover(row); };
  for (auto* bar : {&time_bar_, &pitch_bar_}) {
    bar->setAutoHide(false);
    bar->addListener(this);
  }
  time_bar_.setTitle("Scroll in time");
  pitch_bar_.setTitle("Scroll in pitch");
  workspace_.add(*this);
}

TimeView::~TimeView() {
  workspace_.remove(*this);
}

juce::Rectangle<int> TimeView::time_area() const {
  return getLocalBounds()
      .withTrimmedLeft(kKeysWidth)
      .withTrimmedRight(kBar)
      .withTrimmedBottom(kBar);
}

void TimeView::resized() {
  auto area = time_area();
  workspace_.time.set_width(area.getWidth());
  ruler_.setBounds(area.removeFromTop(kRulerHeight));
  waveform_.setBounds(area.removeFromTop(kWaveHeight));
  const bool tall = getHeight() >= kRoomForVelocities;
  velocities_.setVisible(tall);
  if (tall) velocities_.setBounds(area.removeFromBottom(kVelocityHeight));
  roll_.setBounds(area);
  hint_.setBounds(area);
  keys_.setBounds(0, area.getY(), kKeysWidth - 1, area.getHeight());
  time_bar_.setBounds(area.getX(), getHeight() - kBar, area.getWidth(), kBar);
  pitch_bar_.setBounds(getWidth() - kBar, area.getY(), kBar, area.getHeight());
  place_scroll_bars();
  place_loop();
  transport_changed();
}

void TimeView::paint(juce::Graphics& g) {
  g.fillAll(palette::kPanel);
  auto names = getLocalBounds().withWidth(kKeysWidth - 8).withTrimmedLeft(8);
  const auto ruler = names.removeFromTop(kRulerHeight);
  g.setFont(ui_font(11.0F));
  g.setColour(palette::kFaint.brighter(0.25F));
  g.drawText("Bar", ruler.withHeight(18), juce::Justification::centredRight);
  g.drawText("Time", ruler.withTrimmedTop(17).withHeight(16), juce::Justification::centredRight);
  const auto wave = names.removeFromTop(kWaveHeight);
  if (const auto take = workspace_.take()) {
    g.setColour(palette::kText);
    g.setFont(ui_font(12.0F));
    g.drawFittedText(take->name, wave.withTrimmedBottom(20).withTrimmedTop(4),
                     juce::Justification::bottomRight, 2, 0.8F);
    g.setColour(palette::kFaint.brighter(0.25F));
    g.setFont(ui_font(11.0F));
    g.drawText(clock_text(take->seconds(), 1), wave.withTrimmedTop(kWaveHeight - 20),
               juce::Justification::topRight);
  }
  if (velocities_.isVisible()) {
    g.setColour(palette::kFaint.brighter(0.25F));
    g.drawText("Velocity", names.withTop(velocities_.getY()).withHeight(kVelocityHeight),
               juce::Justification::centredRight);
  }
}

void TimeView::view_changed() {
  place_scroll_bars();
  place_loop();
  transport_changed();
}

void TimeView::notes_changed() {
  status_changed();
}

void TimeView::status_changed() {
  hint_.repaint();
}

void TimeView::transport_changed() {
  const auto area = time_area();
  const int x = area.getX() + juce::roundToInt(workspace_.time.x(workspace_.playhead()));
  playhead_.setVisible(workspace_.take() != nullptr && x >= area.getX() && x <= area.getRight());
  playhead_.setBounds(x - kPlayheadWidth / 2, 0, kPlayheadWidth, area.getHeight());
}

void TimeView::place_loop() {
  const auto area = time_area().withTrimmedTop(kRulerHeight);
  const auto& time = workspace_.time;
  const int from = juce::roundToInt(time.x(workspace_.loop_start()));
  const int to = juce::roundToInt(time.x(workspace_.loop_end()));
  const auto band = area.withX(area.getX() + from).withWidth(std::max(0, to - from));
  loop_.setVisible(workspace_.looping() && to > from);
  loop_.setBounds(band.getIntersection(area));
}

void TimeView::place_scroll_bars() {
  const auto& time = workspace_.time;
  time_bar_.setRangeLimits(0.0, std::max(time.length() * 1.02, time.visible()),
                           juce::dontSendNotification);
  time_bar_.setCurrentRange(time.scroll(), time.visible(), juce::dontSendNotification);
  const auto& pitch = workspace_.pitch;
  const double rows = static_cast<double>(pitch.pitched_height() / pitch.row_height());
  pitch_bar_.setRangeLimits(0.0, std::max(128.0, rows), juce::dontSendNotification);
  pitch_bar_.setCurrentRange(128.0 - static_cast<double>(pitch.top()), rows,
                             juce::dontSendNotification);
}

void TimeView::scrollBarMoved(juce::ScrollBar* bar, double start) {
  workspace_.hold_view();
  if (bar == &time_bar_) {
    workspace_.time.scroll_to(start);
  } else {
    workspace_.pitch.set(workspace_.pitch.row_height(), static_cast<float>(128.0 - start));
  }
}

void TimeView::paint_hint(juce::Graphics& g, juce::Rectangle<float> area) const {
  const Stage stage = workspace_.status().stage;
  juce::String title;
  juce::String text;
  if (stage == Stage::kEmpty) {
    title = workspace_.invitation();
    text = "Its notes appear here, one lane for every instrument.";
  } else if (stage == Stage::kReady && workspace_.shown().notes.empty() &&
             workspace_.status().error.isEmpty()) {
    title = "No notes to show";
    text = "Raise the sensitivity, allow more instruments, or transcribe again.";
  } else {
    return;
  }
  auto box = area.withSizeKeepingCentre(std::min(460.0F, area.getWidth() - 20.0F), 150.0F);
  g.setColour(palette::kPanel.withAlpha(0.92F));
  g.fillRoundedRectangle(box, 10.0F);
  box.reduce(16.0F, 18.0F);
  g.setColour(palette::kAccent);
  draw_icon(g, Icon::kNotes, box.removeFromTop(44.0F), 40.0F);
  box.removeFromTop(6.0F);
  g.setColour(palette::kText);
  g.setFont(ui_font(18.0F, Weight::kStrong));
  g.drawFittedText(title, box.removeFromTop(26.0F).toNearestInt(), juce::Justification::centred, 1);
  box.removeFromTop(5.0F);
  g.setColour(palette::kDim);
  g.setFont(ui_font(14.0F));
  g.drawFittedText(text, box.toNearestInt(), juce::Justification::centredTop, 2, 0.9F);
}

}  // namespace scorelane::plugin
