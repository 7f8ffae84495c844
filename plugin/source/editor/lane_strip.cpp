#include "editor/lane_strip.h"

#include <algorithm>

#include "editor/look.h"
#include "editor/popup.h"
#include "notes/instruments.h"

namespace scorelane::plugin {
namespace {

constexpr int kHeader = 36;
constexpr int kFooter = 38;

}  // namespace

LaneStrip::LaneStrip(Workspace& workspace)
    : workspace_(workspace),
      add_("New lane", Icon::kPlus, "Choose an instrument for the notes that you draw") {
  setTitle("Lanes");
  view_.setViewedComponent(&list_, false);
  view_.setScrollBarsShown(true, false);
  view_.setScrollBarThickness(9);
  addAndMakeVisible(view_);
  add_.set_words("New lane");
  add_.onClick = [this] {
    const auto choose = [this](LaneKey lane) { workspace_.choose_lane(lane); };
    std::vector<LaneKey> present;
    if (workspace_.lane().has_value()) present.push_back(*workspace_.lane());
    show_menu(instrument_menu(present, choose), add_);
  };
  addAndMakeVisible(add_);
  workspace_.add(*this);
  notes_changed();
}

LaneStrip::~LaneStrip() {
  workspace_.remove(*this);
}

std::vector<Lane> LaneStrip::lanes() const {
  auto lanes = workspace_.shown().lanes;
  const auto chosen = workspace_.lane();
  const bool is_there =
      std::any_of(lanes.begin(), lanes.end(), [&](const Lane& lane) { return lane.key == chosen; });
  if (chosen && !is_there) {
    Lane lane;
    lane.key = *chosen;
    lane.name = instrument_name(*chosen);
    lanes.push_back(lane);
  }
  return lanes;
}

void LaneStrip::notes_changed() {
  const auto all = lanes();
  while (rows_.size() > all.size()) rows_.pop_back();
  while (rows_.size() < all.size()) {
    rows_.push_back(std::make_unique<LaneRow>(workspace_));
    list_.addAndMakeVisible(*rows_.back());
  }
  lay_out();
  for (std::size_t i = 0; i < all.size(); ++i) rows_[i]->show(all[i], static_cast<int>(i) + 1);
  add_.setEnabled(workspace_.take() != nullptr);
  repaint();
}

void LaneStrip::lay_out() {
  const int height = static_cast<int>(rows_.size()) * LaneRow::kHeight;
  const int width = view_.getWidth() - (height > view_.getHeight() ? 9 : 0);
  list_.setSize(width, height);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    rows_[i]->setBounds(0, static_cast<int>(i) * LaneRow::kHeight, width, LaneRow::kHeight);
  }
}

void LaneStrip::resized() {
  auto area = getLocalBounds().withTrimmedRight(1);
  area.removeFromTop(kHeader);
  const auto footer = area.removeFromBottom(kFooter);
  add_.setBounds(footer.reduced(8, 5).removeFromLeft(add_.wanted_width()));
  view_.setBounds(area);
  lay_out();
}

void LaneStrip::paint(juce::Graphics& g) {
  g.fillAll(palette::kPanel);
  g.setColour(palette::kLine);
  g.fillRect(getWidth() - 1, 0, 1, getHeight());
  g.fillRect(0, kHeader - 1, getWidth(), 1);
  auto header = juce::Rectangle<int>(getWidth(), kHeader).reduced(12, 0);
  g.setColour(palette::kText);
  g.setFont(ui_font(14.0F, Weight::kStrong));
  g.drawText("Lanes", header, juce::Justification::centredLeft);
  const auto count = workspace_.shown().notes.size();
  if (count == 0) return;
  g.setColour(palette::kDim);
  g.setFont(ui_font(12.0F));
  g.drawText(juce::String(count) + (count == 1 ? " note" : " notes"), header,
             juce::Justification::centredRight);
}

}  // namespace scorelane::plugin
