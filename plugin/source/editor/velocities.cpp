#include "editor/velocities.h"

#include <algorithm>
#include <cmath>

#include "editor/edit_actions.h"
#include "editor/look.h"

namespace scorelane::plugin {
namespace {

constexpr float kReach = 5.0F;  // pixels from a stem
constexpr float kAir = 4.0F;    // above a stem of velocity 127

}  // namespace

Velocities::Velocities(Workspace& workspace) : workspace_(workspace) {
  setTitle("Velocities");
  setTooltip("Drag a stem to change the velocity of the selected notes.");
  setBufferedToImage(true);
  setOpaque(true);
  workspace_.add(*this);
}

Velocities::~Velocities() {
  workspace_.remove(*this);
}

float Velocities::y(int velocity) const {
  const auto height = static_cast<float>(getHeight());
  return height - (height - kAir) * static_cast<float>(velocity) / 127.0F;
}

void Velocities::paint(juce::Graphics& g) {
  g.fillAll(palette::kBlackRow);
  g.setColour(palette::kLine);
  g.fillRect(0, 0, getWidth(), 1);
  const auto& time = workspace_.time;
  const auto& notes = workspace_.shown().notes;
  const auto& lanes = workspace_.shown().lanes;
  const auto clip = g.getClipBounds();
  const auto [first, last] =
      workspace_.index().between(time.seconds(static_cast<float>(clip.getX()) - 4.0F),
                                 time.seconds(static_cast<float>(clip.getRight()) + 4.0F));
  std::vector<juce::RectangleList<float>> stems(lanes.size());
  juce::RectangleList<float> chosen;
  for (std::size_t i = first; i < last; ++i) {
    const Note& note = notes[i];
    const bool selected = workspace_.selection().count(note.id) > 0;
    const int velocity =
        selected && dragging_ ? std::clamp(note.velocity + by_, 1, 127) : note.velocity;
    const float x = time.x(note.onset);
    const float top = y(velocity);
    auto& list = selected ? chosen : stems[workspace_.index().lane(i)];
    list.addWithoutMerging({x, top, 1.5F, static_cast<float>(getHeight()) - top});
    list.addWithoutMerging({x - 1.5F, top - 1.5F, 4.5F, 3.5F});
  }
  const float rest = workspace_.selection().empty() ? 0.85F : 0.4F;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    g.setColour(colour_on_dark(lanes[i].key).withAlpha(lanes[i].audible ? rest : 0.15F));
    g.fillRectList(stems[i]);
  }
  g.setColour(palette::kText);
  g.fillRectList(chosen);
}

const Note* Velocities::note_at(juce::Point<float> point) const {
  const auto& time = workspace_.time;
  const double reach = static_cast<double>(kReach) / time.per_second();
  const double at = time.seconds(point.x);
  const auto [first, last] = workspace_.index().between(at - reach, at + reach);
  const Note* nearest = nullptr;
  float least = 1e9F;
  for (std::size_t i = first; i < last; ++i) {
    const Note& note = workspace_.shown().notes[i];
    const float away = std::abs(time.x(note.onset) - point.x);
    if (away > kReach) continue;
    // Stems of a chord stand in one place: the head that is nearest, a selected one first.
    float distance = std::abs(y(note.velocity) - point.y) + away;
    if (workspace_.selection().count(note.id) > 0) distance -= 1000.0F;
    if (distance < least) {
      least = distance;
      nearest = &note;
    }
  }
  return nearest;
}

void Velocities::mouseDown(const juce::MouseEvent& event) {
  if (event.mods.isMiddleButtonDown()) {
    panning_.begin(workspace_, event);
    return;
  }
  const Note* note = note_at(event.position);
  dragging_ = note != nullptr;
  by_ = 0;
  if (note == nullptr) {
    workspace_.select({});
  } else if (workspace_.selection().count(note->id) == 0) {
    workspace_.select({note->id});
  }
}

void Velocities::mouseDrag(const juce::MouseEvent& event) {
  if (event.mods.isMiddleButtonDown()) {
    panning_.drag(workspace_, event, false);
    return;
  }
  if (!dragging_) return;
  const float rise = event.mouseDownPosition.y - event.position.y;
  by_ = juce::roundToInt(rise * 127.0F / (static_cast<float>(getHeight()) - kAir));
  repaint();
}

void Velocities::mouseUp(const juce::MouseEvent&) {
  if (dragging_) edit_actions::change_velocity(workspace_, by_, false);
  cancel_drag();
}

bool Velocities::cancel_drag() {
  const bool was = dragging_;
  dragging_ = false;
  repaint();
  return was;
}

void Velocities::mouseWheelMove(const juce::MouseEvent& event,
                                const juce::MouseWheelDetails& wheel) {
  navigate(workspace_, event, wheel, false);
}

void Velocities::mouseMagnify(const juce::MouseEvent& event, float factor) {
  magnify(workspace_, event, factor);
}

}  // namespace scorelane::plugin
