#include "editor/status_line.h"

#include "editor/look.h"
#include "editor/ruler.h"
#include "session/parameters.h"

namespace scorelane::plugin {
namespace {

constexpr int kBannerPadding = 11;
constexpr int kBannerLeft = 16;
constexpr int kBannerRight = 40;

juce::String dot() {
  return juce::String::fromUTF8("  \xc2\xb7  ");
}

juce::String counted(std::size_t count, const char* one) {
  return juce::String(count) + " " + one + (count == 1 ? "" : "s");
}

}  // namespace

StatusLine::StatusLine(Workspace& workspace) : workspace_(workspace) {
  setTitle("Status");
  workspace_.add(*this);
}

StatusLine::~StatusLine() {
  workspace_.remove(*this);
}

juce::String StatusLine::summary() const {
  const auto& shown = workspace_.shown();
  if (shown.notes.empty()) return {};
  juce::String text = counted(shown.notes.size(), "note");
  text << " in " << counted(shown.lanes.size(), "lane");
  if (!workspace_.selection().empty()) {
    text << dot() << static_cast<int>(workspace_.selection().size()) << " selected";
  }
  return text;
}

juce::String StatusLine::doing() const {
  const Status& status = workspace_.status();
  switch (status.stage) {
    case Stage::kEmpty:
      if (workspace_.parameter(parameter::kRecord) > 0.5F) {
        return "Recording begins when the host plays.";
      }
      return status.notice.isNotEmpty() ? status.notice : workspace_.invitation() + ".";
    case Stage::kRecording:
      return "Recording" + dot() + clock_text(status.seconds_total, 1);
    case Stage::kLoading: {
      const auto take = workspace_.take();
      const bool is_read = take != nullptr && status.seconds_total == take->seconds();
      return is_read ? "Loading the model..." : "Reading the file...";
    }
    case Stage::kTranscribing:
      return "Transcribing" + dot() + clock_text(status.seconds_done, 0) + " of " +
             clock_text(status.seconds_total, 0);
    case Stage::kReady:
      return workspace_.notice().isNotEmpty() ? workspace_.notice() : status.notice;
  }
  return {};
}

void StatusLine::paint(juce::Graphics& g) {
  g.fillAll(palette::kPanel);
  g.setColour(palette::kLine);
  g.fillRect(0, 0, getWidth(), 1);
  auto area = getLocalBounds().withTrimmedLeft(12).withTrimmedRight(24);  // the corner resizes
  const Status& status = workspace_.status();

  juce::String model = status.model.isEmpty() ? juce::String() : status.model;
  if (status.device.isNotEmpty() && model.isNotEmpty()) model << dot() << status.device;
  const auto font = ui_font(12.5F);
  g.setFont(font);
  g.setColour(palette::kFaint.brighter(0.2F));
  const int width = std::min(area.getWidth() / 2, juce::roundToInt(text_width(font, model)) + 4);
  g.drawText(model, area.removeFromRight(width), juce::Justification::centredRight);
  area.removeFromRight(16);

  if (status.stage == Stage::kRecording) {
    g.setColour(palette::kRecord);
    g.fillEllipse(area.removeFromLeft(14).toFloat().withSizeKeepingCentre(8.0F, 8.0F));
    area.removeFromLeft(4);
  }
  const juce::String doing_now = doing();
  const juce::String notes = summary();
  g.setColour(palette::kDim);
  g.drawFittedText(
      doing_now.isEmpty() || notes.isEmpty() ? doing_now + notes : doing_now + dot() + notes, area,
      juce::Justification::centredLeft, 1, 0.85F);
}

ErrorBanner::ErrorBanner(Workspace& workspace)
    : workspace_(workspace), close_("Dismiss", Icon::kClose, "Dismiss", IconButton::Style::kBare) {
  setTitle("Error");
  close_.onClick = [this] {
    workspace_.session().complain({});
    workspace_.poll();
  };
  addAndMakeVisible(close_);
  workspace_.add(*this);
  status_changed();
}

ErrorBanner::~ErrorBanner() {
  workspace_.remove(*this);
}

void ErrorBanner::status_changed() {
  if (workspace_.status().error == error_) return;
  error_ = workspace_.status().error;
  setDescription(error_);
  if (on_change) on_change();
  repaint();
}

juce::TextLayout ErrorBanner::layout(int width) const {
  juce::AttributedString text;
  text.append(error_, ui_font(14.0F), palette::kText);
  text.setWordWrap(juce::AttributedString::byWord);
  juce::TextLayout result;
  result.createLayout(text, static_cast<float>(width - kBannerLeft - kBannerRight));
  return result;
}

int ErrorBanner::wanted_height(int width) const {
  if (error_.isEmpty()) return 0;
  return juce::roundToInt(std::ceil(layout(width).getHeight())) + 2 * kBannerPadding;
}

void ErrorBanner::resized() {
  close_.setBounds(getWidth() - 34, 0, 28, std::min(getHeight(), 40));
}

void ErrorBanner::paint(juce::Graphics& g) {
  g.fillAll(palette::kRecord.interpolatedWith(palette::kPanel, 0.76F));
  g.setColour(palette::kRecord);
  g.fillRect(0, 0, 4, getHeight());
  layout(getWidth())
      .draw(g, getLocalBounds()
                   .withTrimmedLeft(kBannerLeft)
                   .withTrimmedRight(kBannerRight)
                   .reduced(0, kBannerPadding)
                   .toFloat());
}

}  // namespace scorelane::plugin
