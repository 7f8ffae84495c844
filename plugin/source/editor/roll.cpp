#include "editor/roll.h"

#include <algorithm>
#include <cmath>

#include "editor/edit_actions.h"
#include "editor/lane_menus.h"
#include "editor/look.h"
#include "editor/popup.h"
#include "notes/instruments.h"

namespace scorelane::plugin {
namespace {

constexpr int kDragDistance = 3;         // pixels before a press becomes a drag
constexpr float kEnd = 6.0F;             // pixels at a note's end that take hold of its length
constexpr float kVelocityPixels = 1.5F;  // for one step
constexpr int kNewVelocity = 96;
constexpr std::size_t kMostGhosts = 3000;

}  // namespace

Roll::Roll(Workspace& workspace) : workspace_(workspace), picture_(workspace) {
  addAndMakeVisible(picture_);
  setTitle("Piano roll");
  setHelpText(
      "Click or drag to select notes, double click to add one. Arrow keys move what is selected, "
      "with shift by octaves or in length, with alt in velocity.");
  workspace_.add(*this);
  notes_changed();
}

Roll::~Roll() {
  workspace_.remove(*this);
}

void Roll::notes_changed() {
  const auto notes = static_cast<int>(workspace_.shown().notes.size());
  const auto selected = static_cast<int>(workspace_.selection().size());
  setDescription(juce::String(notes) + " notes, " + juce::String(selected) + " selected");
  repaint();
}

void Roll::resized() {
  picture_.setBounds(getLocalBounds());
  workspace_.pitch.set_height(static_cast<float>(getHeight()));
}

const Note* Roll::note_at(juce::Point<float> point) const {
  const auto& notes = workspace_.shown().notes;
  const double reach = 8.0 / workspace_.time.per_second();  // drums are wider than they are long
  const double at = workspace_.time.seconds(point.x);
  auto [first, last] = workspace_.index().between(at - reach, at + reach);
  for (; last > first; --last) {
    const Note& note = notes[last - 1];
    if (note_area(workspace_, note).expanded(1.0F).contains(point)) return &note;
  }
  return nullptr;
}

bool Roll::on_end(const Note& note, juce::Point<float> point) const {
  const auto area = note_area(workspace_, note);
  return !note.lane.is_drum && point.x > area.getRight() - std::min(kEnd, area.getWidth() * 0.35F);
}

void Roll::mouseMove(const juce::MouseEvent& event) {
  const Note* note = note_at(event.position);
  const bool velocity = event.mods.isAltDown();
  setMouseCursor(note == nullptr                 ? juce::MouseCursor::NormalCursor
                 : velocity                      ? juce::MouseCursor::UpDownResizeCursor
                 : on_end(*note, event.position) ? juce::MouseCursor::LeftRightResizeCursor
                                                 : juce::MouseCursor::PointingHandCursor);
  if (on_hover) on_hover(workspace_.pitch.row_at(event.position.y));
  setTooltip(note == nullptr
                 ? juce::String()
                 : row_name({note->lane.is_drum, note->pitch}) + ", " +
                       juce::String::fromUTF8(instrument_name(note->lane).c_str()) + ", velocity " +
                       juce::String(note->velocity) + (note->edited ? ", edited" : ""));
}

void Roll::mouseExit(const juce::MouseEvent&) {
  if (on_hover) on_hover(std::nullopt);
}

void Roll::mouseDown(const juce::MouseEvent& event) {
  moved_ = false;
  held_.reset();
  deselect_on_release_ = false;
  by_seconds_ = 0.0;
  by_rows_ = by_velocity_ = 0;
  if (event.mods.isMiddleButtonDown()) {
    drag_ = Drag::kPan;
    panning_.begin(workspace_, event);
    return;
  }
  const Note* note = note_at(event.position);
  if (event.mods.isPopupMenu()) {
    if (note != nullptr && workspace_.selection().count(note->id) == 0) {
      workspace_.select({note->id});
    }
    show_menu(event);
    return;
  }
  beginDragAutoRepeat(40);
  if (note != nullptr) {
    press_note(*note, event);
    return;
  }
  const bool adds = event.mods.isShiftDown() || event.mods.isCommandDown();
  if (!adds) workspace_.select({});
  before_ = workspace_.selection();
  drag_ = Drag::kBand;
  band_from_ = {workspace_.time.seconds(event.position.x), static_cast<double>(event.position.y)};
}

void Roll::press_note(const Note& note, const juce::MouseEvent& event) {
  held_ = note;
  const bool selected = workspace_.selection().count(note.id) > 0;
  if (event.mods.isShiftDown() || event.mods.isCommandDown()) {
    NoteIds ids = workspace_.selection();
    ids.insert(note.id);
    workspace_.select(std::move(ids));
    deselect_on_release_ = selected;
  } else if (!selected) {
    workspace_.select({note.id});
  }
  workspace_.choose_lane(note.lane);
  drag_ = event.mods.isAltDown()         ? Drag::kVelocity
          : on_end(note, event.position) ? Drag::kLengthen
                                         : Drag::kMove;
}

void Roll::mouseDrag(const juce::MouseEvent& event) {
  if (drag_ == Drag::kNone) return;
  if (drag_ == Drag::kPan) {
    panning_.drag(workspace_, event, true);
    return;
  }
  moved_ = moved_ || event.getDistanceFromDragStart() >= kDragDistance;
  if (!moved_) return;
  // Beyond the edge the view follows.
  const float over = std::min(0.0F, event.position.x) +
                     std::max(0.0F, event.position.x - static_cast<float>(getWidth()));
  if (over != 0.0F) {
    workspace_.hold_view();
    workspace_.time.scroll_by(static_cast<double>(over) * 0.4 / workspace_.time.per_second());
  }
  if (drag_ == Drag::kBand) {
    drag_band(event);
  } else {
    picture_.set_lifted(true);
    drag_notes(event);
  }
  repaint();
}

void Roll::drag_band(const juce::MouseEvent& event) {
  const juce::Point<float> from(workspace_.time.x(band_from_.x), static_cast<float>(band_from_.y));
  band_ = juce::Rectangle<float>(from, event.position);
  NoteIds ids = before_;
  const auto [first, last] = workspace_.index().between(
      workspace_.time.seconds(band_.getX() - 8.0F), workspace_.time.seconds(band_.getRight()));
  for (std::size_t i = first; i < last; ++i) {
    const Note& note = workspace_.shown().notes[i];
    if (note_area(workspace_, note).intersects(band_)) ids.insert(note.id);
  }
  workspace_.select(std::move(ids));
}

void Roll::drag_notes(const juce::MouseEvent& event) {
  const auto moved = event.position - event.mouseDownPosition;
  const double seconds = workspace_.time.seconds(event.position.x) -
                         workspace_.time.seconds(event.mouseDownPosition.x);
  const bool free = event.mods.isCommandDown() || event.mods.isCtrlDown();
  const auto snapped = [&](double time) { return free ? time : workspace_.grid().snap(time); };
  if (drag_ == Drag::kVelocity) {
    by_velocity_ = juce::roundToInt(-moved.y / kVelocityPixels);
  } else if (drag_ == Drag::kLengthen) {
    by_seconds_ = snapped(held_->offset + seconds) - held_->offset;
  } else {
    const float row = workspace_.pitch.height({held_->lane.is_drum, held_->pitch});
    by_rows_ = juce::roundToInt(-moved.y / row);
    by_seconds_ = std::max(0.0, snapped(held_->onset + seconds)) - held_->onset;
    if (std::abs(moved.x) < static_cast<float>(kDragDistance)) by_seconds_ = 0.0;
    if (event.mods.isShiftDown()) {  // along one axis
      if (std::abs(moved.x) > std::abs(moved.y)) {
        by_rows_ = 0;
      } else {
        by_seconds_ = 0.0;
      }
    }
  }
}

void Roll::mouseUp(const juce::MouseEvent&) {
  if (moved_) {
    drop();
  } else if (deselect_on_release_ && held_) {
    NoteIds ids = workspace_.selection();
    ids.erase(held_->id);
    workspace_.select(std::move(ids));
  } else if (drag_ == Drag::kMove && held_) {
    workspace_.select({held_->id});
  }
  cancel_drag();
}

void Roll::drop() {
  if (drag_ == Drag::kMove) {
    edit_actions::move(workspace_, by_seconds_, by_rows_, {held_->lane.is_drum, held_->pitch});
  } else if (drag_ == Drag::kLengthen) {
    edit_actions::lengthen_by(workspace_, by_seconds_);
  } else if (drag_ == Drag::kVelocity) {
    edit_actions::change_velocity(workspace_, by_velocity_, false);
  }
}

bool Roll::cancel_drag() {
  const bool was = drag_ != Drag::kNone;
  drag_ = Drag::kNone;
  moved_ = false;
  band_ = {};
  picture_.set_lifted(false);
  repaint();
  return was;
}

void Roll::mouseDoubleClick(const juce::MouseEvent& event) {
  if (!event.mods.isLeftButtonDown() || note_at(event.position) != nullptr) return;
  const auto row = workspace_.pitch.row_at(event.position.y);
  if (!row || workspace_.take() == nullptr) return;
  const TimeGrid grid = workspace_.grid();
  Note note;
  note.lane = workspace_.lane().value_or(LaneKey{});
  if (row->is_drum) note.lane = {true, 0};
  if (!row->is_drum && note.lane.is_drum) note.lane = {};
  note.pitch = row->pitch;
  note.velocity = kNewVelocity;
  note.onset = std::max(0.0, grid.snap(workspace_.time.seconds(event.position.x)));
  note.offset = note.onset + grid.step_length(note.onset);
  workspace_.add_note(note);
}

void Roll::mouseWheelMove(const juce::MouseEvent& event, const juce::MouseWheelDetails& wheel) {
  navigate(workspace_, event, wheel, true);
}

void Roll::mouseMagnify(const juce::MouseEvent& event, float factor) {
  magnify(workspace_, event, factor);
}

void Roll::show_menu(const juce::MouseEvent& event) {
  drag_ = Drag::kNone;
  juce::PopupMenu menu;
  const auto count = workspace_.selection().size();
  const bool any = count > 0;
  if (any) {
    menu.addSectionHeader(juce::String(count) + (count == 1 ? " note" : " notes"));
    const auto send = [this](LaneKey lane) { edit_actions::send_to_lane(workspace_, lane); };
    menu.addSubMenu("Move to lane", lane_menu(workspace_, send));
    menu.addItem("Delete", [this] { edit_actions::remove(workspace_); });
    menu.addSeparator();
  }
  menu.addItem("Select all", [this] { edit_actions::select_all(workspace_); });
  if (const Note* note = note_at(event.position)) {
    menu.addItem("Select the lane",
                 [this, lane = note->lane] { edit_actions::select_lane(workspace_, lane, false); });
  }
  menu.addItem("Fit the view", [this] { workspace_.fit(); });
  plugin::show_menu(std::move(menu), *this, MenuPlace::kMouse);
}

Note Roll::dragged(const Note& note) const {
  Note copy = note;
  if (drag_ == Drag::kLengthen) {
    copy.offset = std::max(note.onset + 0.01, note.offset + by_seconds_);
  } else if (drag_ == Drag::kVelocity) {
    copy.velocity = std::clamp(note.velocity + by_velocity_, 1, 127);
  } else {
    copy.onset += by_seconds_;
    copy.offset += by_seconds_;
    if (note.lane.is_drum == held_->lane.is_drum) {
      copy.pitch = edit_actions::pitch_after(workspace_, {note.lane.is_drum, note.pitch}, by_rows_);
    }
  }
  return copy;
}

juce::String Roll::drag_label() const {
  const Note note = dragged(*held_);
  if (drag_ == Drag::kVelocity) return "Velocity " + juce::String(note.velocity);
  if (drag_ == Drag::kLengthen) return juce::String(note.offset - note.onset, 2) + " s";
  return row_name({note.lane.is_drum, note.pitch}) + "   " + juce::String(note.onset, 2) + " s";
}

void Roll::paintOverChildren(juce::Graphics& g) {
  if (!moved_) return;
  if (drag_ == Drag::kBand) {
    g.setColour(palette::kAccent.withAlpha(0.12F));
    g.fillRect(band_);
    g.setColour(palette::kAccent.withAlpha(0.8F));
    g.drawRect(band_, 1.0F);
  } else if (drag_ != Drag::kPan && held_) {
    paint_dragged(g);
  }
}

void Roll::paint_dragged(juce::Graphics& g) const {
  std::size_t painted = 0;
  for (const auto id : workspace_.selection()) {
    const Note* note = workspace_.index().find(id);
    if (note == nullptr || ++painted > kMostGhosts) continue;
    const Note moved = dragged(*note);
    const auto area = note_area(workspace_, moved);
    if (!area.intersects(getLocalBounds().toFloat())) continue;
    const float strength = 0.5F + 0.5F * static_cast<float>(moved.velocity) / 127.0F;
    g.setColour(palette::kCanvas.interpolatedWith(colour_on_dark(note->lane), strength));
    g.fillRoundedRectangle(area, 2.0F);
    g.setColour(palette::kText);
    g.drawRoundedRectangle(area, 2.0F, 1.2F);
  }
  const auto font = ui_font(13.0F);
  const auto label = drag_label();
  const auto mouse = getMouseXYRelative().toFloat();
  auto box = juce::Rectangle<float>(mouse.x + 14.0F, mouse.y - 30.0F,
                                    text_width(font, label) + 16.0F, 22.0F)
                 .constrainedWithin(getLocalBounds().toFloat());
  g.setColour(palette::kPopup);
  g.fillRoundedRectangle(box, 4.0F);
  g.setColour(palette::kText);
  g.setFont(font);
  g.drawText(label, box, juce::Justification::centred);
}

}  // namespace scorelane::plugin
