#include "editor/roll_picture.h"

#include <algorithm>
#include <array>

#include "editor/look.h"
#include "notes/instruments.h"

namespace scorelane::plugin {
namespace {

constexpr float kNarrowest = 2.5F;       // pixels
constexpr float kDrumWidth = 7.0F;       // a drum has no length worth showing
constexpr std::size_t kFewNotes = 1500;  // up to here each is drawn with care
constexpr int kShades = 8;
constexpr float kSilent = 0.20F;  // alpha of lanes that are not heard

bool is_black(int pitch) {
  constexpr std::array<bool, 12> kBlack{false, true,  false, true,  false, false,
                                        true,  false, true,  false, true,  false};
  return kBlack[static_cast<std::size_t>(pitch % 12)];
}

float shade(int velocity) {
  return 0.5F + 0.5F * static_cast<float>(velocity) / 127.0F;
}

}  // namespace

juce::Rectangle<float> note_area(const Workspace& workspace, const Note& note) {
  const Row row{note.lane.is_drum, note.pitch};
  const float x = workspace.time.x(note.onset);
  const float height = workspace.pitch.height(row);
  const float gap = height > 9.0F ? 1.0F : 0.5F;
  const float length = static_cast<float>((note.offset - note.onset) * workspace.time.per_second());
  const float width = row.is_drum ? std::min(kDrumWidth, height) : std::max(kNarrowest, length);
  return {x, workspace.pitch.y(row) + gap, width, std::max(2.0F, height - 2.0F * gap)};
}

juce::String row_name(Row row) {
  if (row.is_drum) return juce::String::fromUTF8(drum_name(row.pitch).c_str());
  return juce::MidiMessage::getMidiNoteName(row.pitch, true, true, 4);
}

RollPicture::RollPicture(Workspace& workspace) : workspace_(workspace) {
  setInterceptsMouseClicks(false, false);
  setBufferedToImage(true);
  setOpaque(true);
  setAccessible(false);
  workspace_.add(*this);
  notes_changed();
}

RollPicture::~RollPicture() {
  workspace_.remove(*this);
}

void RollPicture::set_lifted(bool lifted) {
  if (lifted == lifted_) return;
  lifted_ = lifted;
  repaint();
}

void RollPicture::notes_changed() {
  colours_.clear();
  for (const Lane& lane : workspace_.shown().lanes) colours_.push_back(colour_on_dark(lane.key));
  repaint();
}

void RollPicture::paint(juce::Graphics& g) {
  const auto clip = g.getClipBounds();
  g.fillAll(palette::kCanvas);
  paint_rows(g, clip);
  paint_lines(g, clip);
  paint_notes(g, clip);
}

void RollPicture::paint_rows(juce::Graphics& g, juce::Rectangle<int> clip) const {
  const auto& axis = workspace_.pitch;
  const auto left = static_cast<float>(clip.getX());
  const auto width = static_cast<float>(clip.getWidth());
  const float row = axis.row_height();
  {
    const juce::Graphics::ScopedSaveState state(g);
    g.reduceClipRegion(0, 0, getWidth(), juce::roundToInt(axis.pitched_height()));
    for (int pitch = 0; pitch < 128; ++pitch) {
      const float y = axis.y({false, pitch});
      if (y > axis.pitched_height() || y + row < 0.0F) continue;
      if (is_black(pitch)) {
        g.setColour(palette::kBlackRow);
        g.fillRect(left, y, width, row);
      }
      if (pitch % 12 == 0 || (pitch % 12 == 5 && row > 9.0F)) {
        g.setColour(palette::kLine.withAlpha(pitch % 12 == 0 ? 0.8F : 0.35F));
        g.fillRect(left, y + row - 0.5F, width, 1.0F);
      }
    }
  }
  if (axis.drum_keys().empty()) return;
  const float top = axis.pitched_height();
  g.setColour(palette::kPanel);
  g.fillRect(left, top, width, axis.height() - top);
  g.setColour(palette::kLine);
  g.fillRect(left, top, width, 1.0F);
  for (const int key : axis.drum_keys()) {
    const float y = axis.y({true, key});
    g.setColour(palette::kLine.withAlpha(0.6F));
    g.fillRect(left, y + axis.drum_row_height() * 0.5F, width, 1.0F);
  }
}

void RollPicture::paint_lines(juce::Graphics& g, juce::Rectangle<int> clip) const {
  const auto& time = workspace_.time;
  const double from = time.seconds(static_cast<float>(clip.getX()) - 1.0F);
  const double to = time.seconds(static_cast<float>(clip.getRight()) + 1.0F);
  const auto height = static_cast<float>(getHeight());
  workspace_.grid().lines(from, to, time.per_second(), [&](double seconds, TimeGrid::Line line) {
    const float strength = line == TimeGrid::Line::kBar    ? 0.95F
                           : line == TimeGrid::Line::kBeat ? 0.45F
                                                           : 0.22F;
    g.setColour(palette::kLine.brighter(0.15F).withAlpha(strength));
    g.fillRect(time.x(seconds), 0.0F, 1.0F, height);
  });
}

void RollPicture::paint_notes(juce::Graphics& g, juce::Rectangle<int> clip) const {
  const auto& time = workspace_.time;
  const auto& notes = workspace_.shown().notes;
  const auto& lanes = workspace_.shown().lanes;
  const auto [first, last] =
      workspace_.index().between(time.seconds(static_cast<float>(clip.getX()) - kDrumWidth),
                                 time.seconds(static_cast<float>(clip.getRight())));
  const auto area = clip.toFloat();
  std::vector<std::size_t> pitched;
  std::vector<std::size_t> drums;
  for (std::size_t i = first; i < last; ++i) {
    if (!note_area(workspace_, notes[i]).intersects(area)) continue;
    (notes[i].lane.is_drum ? drums : pitched).push_back(i);
  }
  // What is silent lies behind, what is selected in front.
  const auto front = [&](std::size_t i) {
    if (workspace_.selection().count(notes[i].id) > 0) return 2;
    return lanes[workspace_.index().lane(i)].audible ? 1 : 0;
  };
  for (auto* group : {&pitched, &drums}) {
    const juce::Graphics::ScopedSaveState state(g);
    const int border = juce::roundToInt(workspace_.pitch.pitched_height());
    g.reduceClipRegion(group == &pitched ? getLocalBounds().withHeight(border)
                                         : getLocalBounds().withTop(border));
    std::stable_sort(group->begin(), group->end(),
                     [&](std::size_t a, std::size_t b) { return front(a) < front(b); });
    if (group->size() > kFewNotes) {
      paint_many(g, *group);
    } else {
      for (const auto i : *group) paint_note(g, i);
    }
  }
}

juce::Colour RollPicture::fill(std::size_t place) const {
  const auto lane = workspace_.index().lane(place);
  const juce::Colour colour = colours_[lane];
  if (!workspace_.shown().lanes[lane].audible) return colour.withAlpha(kSilent);
  const float strength = shade(workspace_.shown().notes[place].velocity);
  return palette::kCanvas.interpolatedWith(colour, strength);
}

void RollPicture::paint_many(juce::Graphics& g, const std::vector<std::size_t>& notes) const {
  // One fill for all notes of a lane and a shade: thousands of small fills would be slow.
  const auto& shown = workspace_.shown();
  std::vector<juce::RectangleList<float>> areas(shown.lanes.size() * kShades);
  juce::RectangleList<float> selected;
  for (const auto i : notes) {
    const Note& note = shown.notes[i];
    const auto area = note_area(workspace_, note);
    if (workspace_.selection().count(note.id) > 0) {
      selected.addWithoutMerging(area);
    } else {
      const auto step = static_cast<std::size_t>(note.velocity * kShades / 128);
      areas[workspace_.index().lane(i) * kShades + step].addWithoutMerging(area);
    }
  }
  for (std::size_t i = 0; i < areas.size(); ++i) {
    const Lane& lane = shown.lanes[i / kShades];
    const juce::Colour colour = colours_[i / kShades];
    const int velocity = static_cast<int>(i % kShades) * 128 / kShades + 64 / kShades;
    g.setColour(lane.audible ? palette::kCanvas.interpolatedWith(colour, shade(velocity))
                             : colour.withAlpha(kSilent));
    g.fillRectList(areas[i]);
  }
  g.setColour(palette::kText.withAlpha(lifted_ ? 0.25F : 1.0F));
  g.fillRectList(selected);
}

void RollPicture::paint_note(juce::Graphics& g, std::size_t place) const {
  const Note& note = workspace_.shown().notes[place];
  const auto area = note_area(workspace_, note);
  const bool selected = workspace_.selection().count(note.id) > 0;
  const float alpha = selected && lifted_ ? 0.25F : 1.0F;
  const float corner = std::min({2.5F, area.getHeight() * 0.3F, area.getWidth() * 0.4F});
  const juce::Colour colour = fill(place);
  g.setColour(colour.withMultipliedAlpha(alpha));
  g.fillRoundedRectangle(area, corner);
  if (selected) {
    g.setColour(palette::kText.withAlpha(0.35F * alpha));
    g.fillRoundedRectangle(area, corner);
    g.setColour(palette::kText.withAlpha(alpha));
    g.drawRoundedRectangle(area.expanded(0.5F), corner + 0.5F, 1.5F);
  }
  constexpr float kRoomForName = 12.0F;
  if (!note.lane.is_drum && area.getHeight() >= kRoomForName && area.getWidth() > 30.0F) {
    const bool light = colour.isOpaque() && (colour.getPerceivedBrightness() > 0.5F || selected);
    g.setColour((light ? juce::Colours::black : palette::kText).withAlpha(0.75F * alpha));
    g.setFont(ui_font(std::min(12.0F, area.getHeight() - 1.5F)));
    g.drawText(row_name({false, note.pitch}), area.withTrimmedLeft(4.0F),
               juce::Justification::centredLeft, false);
  }
}

}  // namespace scorelane::plugin
