#include "editor/keys.h"

#include <algorithm>
#include <cmath>

#include "editor/look.h"
#include "editor/navigation.h"

namespace scorelane::plugin {
namespace {

const juce::Colour kWhite{0xff9fa6b2};
const juce::Colour kBlack{0xff191c21};

bool is_black(int pitch) {
  const int step = pitch % 12;
  return step == 1 || step == 3 || step == 6 || step == 8 || step == 10;
}

}  // namespace

Keys::Keys(Workspace& workspace) : workspace_(workspace) {
  setTitle("Keyboard and drum names");
  setTooltip("Click: select the notes of a row. Ctrl and wheel: zoom the pitches.");
  workspace_.add(*this);
}

Keys::~Keys() {
  workspace_.remove(*this);
}

void Keys::set_hover(std::optional<Row> row) {
  if (row == hover_) return;
  hover_ = row;
  repaint();
}

void Keys::paint(juce::Graphics& g) {
  g.fillAll(palette::kPanel);
  {
    const juce::Graphics::ScopedSaveState state(g);
    g.reduceClipRegion(0, 0, getWidth(), juce::roundToInt(workspace_.pitch.pitched_height()));
    paint_keys(g);
  }
  paint_drums(g);
}

void Keys::paint_keys(juce::Graphics& g) const {
  const auto& axis = workspace_.pitch;
  const float row = axis.row_height();
  const auto width = static_cast<float>(getWidth());
  const float black_width = width * 0.6F;
  g.setColour(kWhite);
  g.fillRect(0.0F, 0.0F, width, axis.pitched_height());
  for (int pitch = 0; pitch < 128; ++pitch) {
    const float y = axis.y({false, pitch});
    if (y > axis.pitched_height() || y + row < 0.0F) continue;
    const bool lit = hover_ && *hover_ == Row{false, pitch};
    if (is_black(pitch)) {
      g.setColour(kWhite.darker(0.5F));
      g.fillRect(0.0F, y + row * 0.5F - 0.5F, width, 1.0F);
      g.setColour(lit ? palette::kAccent.darker(0.2F) : kBlack);
      g.fillRoundedRectangle(-3.0F, y, black_width + 3.0F, row, 2.0F);
      continue;
    }
    if (lit) {
      g.setColour(palette::kAccent);
      g.fillRect(0.0F, y, width, row);
    }
    const int step = pitch % 12;
    if (step == 0 || step == 5) {  // no black key below
      g.setColour(kWhite.darker(0.5F));
      g.fillRect(0.0F, y + row - 0.5F, width, 1.0F);
    }
    const bool name = step == 0 || (lit && row >= 9.0F);
    if (name || (row >= 15.0F && !is_black(pitch))) {
      g.setColour(juce::Colours::black.withAlpha(step == 0 || lit ? 0.85F : 0.45F));
      g.setFont(ui_font(std::clamp(row, 10.0F, 12.0F)));
      g.drawText(row_name({false, pitch}),
                 juce::Rectangle<float>(black_width, y - 2.0F, width - black_width - 4.0F, row + 4),
                 juce::Justification::centredRight, false);
    }
  }
}

void Keys::paint_drums(juce::Graphics& g) const {
  const auto& axis = workspace_.pitch;
  if (axis.drum_keys().empty()) return;
  const auto width = static_cast<float>(getWidth());
  g.setColour(palette::kPanel);
  g.fillRect(0.0F, axis.pitched_height(), width, axis.height() - axis.pitched_height());
  g.setColour(palette::kLine);
  g.fillRect(0.0F, axis.pitched_height(), width, 1.0F);
  const float row = axis.drum_row_height();
  constexpr float kLegible = 8.0F;
  if (row < kLegible) return;
  g.setFont(ui_font(std::min(12.0F, row)));
  for (const int key : axis.drum_keys()) {
    const bool lit = hover_ && *hover_ == Row{true, key};
    g.setColour(lit ? palette::kAccent : palette::kDim);
    const juce::Rectangle<float> area(4.0F, axis.y({true, key}), width - 10.0F, row);
    g.drawFittedText(row_name({true, key}), area.toNearestInt(), juce::Justification::centredRight,
                     1, 0.75F);
  }
}

void Keys::mouseMove(const juce::MouseEvent& event) {
  set_hover(workspace_.pitch.row_at(event.position.y));
}

void Keys::mouseExit(const juce::MouseEvent&) {
  set_hover(std::nullopt);
}

void Keys::mouseDown(const juce::MouseEvent& event) {
  const auto row = workspace_.pitch.row_at(event.position.y);
  if (!row) return;
  NoteIds ids = event.mods.isShiftDown() ? workspace_.selection() : NoteIds();
  for (const Note& note : workspace_.shown().notes) {
    if (Row{note.lane.is_drum, note.pitch} == *row) ids.insert(note.id);
  }
  workspace_.select(std::move(ids));
}

void Keys::mouseWheelMove(const juce::MouseEvent& event, const juce::MouseWheelDetails& wheel) {
  workspace_.hold_view();
  if (event.mods.isCommandDown() || event.mods.isCtrlDown()) {
    workspace_.pitch.zoom(std::exp(wheel.deltaY * 1.5F), event.position.y);
  } else {
    navigate(workspace_, event, wheel, true);
  }
}

}  // namespace scorelane::plugin
