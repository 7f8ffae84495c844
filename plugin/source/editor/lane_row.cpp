#include "editor/lane_row.h"

#include "editor/edit_actions.h"
#include "editor/look.h"
#include "editor/popup.h"

namespace scorelane::plugin {

DragButton::DragButton(const juce::String& name, const juce::String& tooltip, Style style,
                       std::function<void(juce::Component&)> drag)
    : IconButton(name, Icon::kGrip, tooltip, style), drag_(std::move(drag)) {
  setMouseCursor(juce::MouseCursor::DraggingHandCursor);
}

void DragButton::mouseDown(const juce::MouseEvent& event) {
  dragged_ = false;
  IconButton::mouseDown(event);
}

void DragButton::mouseDrag(const juce::MouseEvent& event) {
  constexpr int kDistance = 5;
  if (dragged_ || !isEnabled() || event.getDistanceFromDragStart() < kDistance) return;
  dragged_ = true;
  drag_(*this);
}

LetterButton::LetterButton(const juce::String& letter, const juce::String& name, juce::Colour on)
    : juce::Button(name), letter_(letter), on_(on) {
  setTitle(name);
  setMouseClickGrabsKeyboardFocus(false);
}

void LetterButton::paintButton(juce::Graphics& g, bool highlighted, bool down) {
  const bool on = getToggleState();
  juce::Colour fill = on ? on_ : palette::kFieldHover;
  if (highlighted) fill = fill.brighter(0.12F);
  if (down) fill = fill.darker(0.15F);
  g.setColour(fill);
  g.fillRoundedRectangle(getLocalBounds().toFloat(), 4.0F);
  g.setColour(on ? juce::Colours::black.withAlpha(0.85F) : palette::kDim);
  g.setFont(ui_font(12.0F, Weight::kStrong));
  g.drawText(letter_, getLocalBounds(), juce::Justification::centred, false);
}

LaneRow::LaneRow(Workspace& workspace)
    : workspace_(workspace),
      solo_("S", "Solo", palette::kSolo),
      mute_("M", "Mute", palette::kMute),
      program_("Instrument", Icon::kChevron, "Change the instrument of this lane",
               IconButton::Style::kBare),
      channel_("Channel"),
      drag_("Drag lane", "Drag this lane into the host as a MIDI file", IconButton::Style::kBare,
            [this](juce::Component& source) { drag_midi(workspace_, lane_.key, source); }) {
  solo_.setTooltip("Solo: hear and export this lane and other soloed ones. Ctrl+click: it alone.");
  mute_.setTooltip("Mute: neither heard nor exported");
  solo_.onClick = [this] { toggle_solo(juce::ModifierKeys::currentModifiers.isCommandDown()); };
  mute_.onClick = [this] { toggle_mute(); };
  program_.onClick = [this] { choose_program(); };
  channel_.onClick = [this] { choose_channel(); };
  channel_.setTooltip("MIDI channel");
  channel_.setMouseClickGrabsKeyboardFocus(false);
  for (juce::Component* part :
       std::initializer_list<juce::Component*>{&solo_, &mute_, &program_, &channel_, &drag_}) {
    addAndMakeVisible(part);
  }
  setRepaintsOnMouseActivity(true);
}

void LaneRow::show(const Lane& lane, int number) {
  lane_ = lane;
  solo_.setToggleState(lane.settings.solo, juce::dontSendNotification);
  mute_.setToggleState(lane.settings.mute, juce::dontSendNotification);
  const juce::String name = juce::String::fromUTF8(lane.name.c_str());
  channel_.setButtonText("Ch " + juce::String(lane.channel + 1));
  channel_.setVisible(lane.count > 0);
  drag_.setVisible(lane.count > 0);
  setTitle(name);
  setDescription(juce::String(lane.count) + " notes, channel " + juce::String(lane.channel + 1));
  setTooltip(name + ". Click: select its notes and draw here." +
             (number <= 9 ? " Ctrl+" + juce::String(number) + ": move selected notes here." : ""));
  resized();
  repaint();
}

void LaneRow::resized() {
  auto area = getLocalBounds().reduced(0, 6).withTrimmedLeft(14).withTrimmedRight(6);
  drag_.setBounds(area.removeFromRight(16).withSizeKeepingCentre(16, 28));
  area.removeFromRight(6);
  auto buttons = area.removeFromRight(50).withSizeKeepingCentre(50, 22);
  mute_.setBounds(buttons.removeFromRight(23));
  solo_.setBounds(buttons.removeFromLeft(23));
  area.removeFromRight(6);
  const auto name = area.removeFromTop(area.getHeight() / 2);
  const float width =
      text_width(ui_font(14.0F, Weight::kStrong), juce::String::fromUTF8(lane_.name.c_str()));
  const int after = std::min(name.getX() + juce::roundToInt(width) + 3, name.getRight() - 14);
  program_.setBounds(after, name.getY(), 14, name.getHeight());
  channel_.setBounds(area.removeFromLeft(44).withSizeKeepingCentre(44, 17));
}

void LaneRow::paint(juce::Graphics& g) {
  const bool chosen = workspace_.lane() == lane_.key;
  const auto area = getLocalBounds().toFloat();
  const bool over = isMouseOver(true);
  if (chosen || over) {
    g.setColour(palette::kField.withAlpha(chosen ? 1.0F : 0.55F));
    g.fillRoundedRectangle(area.reduced(2.0F, 1.0F), 5.0F);
  }
  const float alpha = lane_.audible ? 1.0F : 0.4F;
  g.setColour(colour_on_dark(lane_.key).withAlpha(alpha));
  g.fillRoundedRectangle(area.withWidth(4.0F).withX(4.0F).reduced(0.0F, 7.0F), 2.0F);

  auto text = getLocalBounds().reduced(0, 6).withTrimmedLeft(14);
  text.setRight(solo_.getX() - 6);
  g.setColour(palette::kText.withAlpha(alpha));
  g.setFont(ui_font(14.0F, Weight::kStrong));
  const auto name = text.removeFromTop(text.getHeight() / 2).withTrimmedRight(14);
  g.drawFittedText(juce::String::fromUTF8(lane_.name.c_str()), name,
                   juce::Justification::centredLeft, 1, 0.85F);
  g.setColour(palette::kDim.withAlpha(alpha));
  g.setFont(ui_font(12.0F));
  if (lane_.count == 0) {
    g.drawText("for new notes", text, juce::Justification::centredLeft);
    return;
  }
  const juce::String number(lane_.count);
  const juce::String words = number + (lane_.count == 1 ? " note" : " notes");
  text.removeFromLeft(50);
  const bool fits = text_width(ui_font(12.0F), words) <= static_cast<float>(text.getWidth());
  g.drawText(fits ? words : number, text, juce::Justification::centredLeft);
}

void LaneRow::mouseUp(const juce::MouseEvent& event) {
  if (event.mods.isPopupMenu()) {
    show_menu();
  } else if (!event.mouseWasDraggedSinceMouseDown()) {
    edit_actions::select_lane(workspace_, lane_.key, event.mods.isShiftDown());
  }
}

void LaneRow::toggle_solo(bool alone) {
  if (alone) {
    edit_actions::solo_only(workspace_, lane_.key);
    return;
  }
  edit_actions::change_settings(workspace_, "Solo lane", lane_.key,
                                [](LaneSettings& lane) { lane.solo = !lane.solo; });
}

void LaneRow::toggle_mute() {
  edit_actions::change_settings(workspace_, "Mute lane", lane_.key,
                                [](LaneSettings& lane) { lane.mute = !lane.mute; });
}

void LaneRow::choose_program() {
  const LaneKey from = lane_.key;
  plugin::show_menu(instrument_menu({from},
                                    [&workspace = workspace_, from](LaneKey to) {
                                      edit_actions::change_program(workspace, from, to);
                                    }),
                    program_);
}

void LaneRow::choose_channel() {
  const auto choose = [&workspace = workspace_, key = lane_.key](int channel) {
    edit_actions::change_settings(workspace, "Change channel", key,
                                  [&](LaneSettings& lane) { lane.channel = channel; });
  };
  plugin::show_menu(channel_menu(lane_.settings.channel, choose), channel_);
}

void LaneRow::show_menu() {
  juce::PopupMenu menu;
  const LaneKey key = lane_.key;
  auto& workspace = workspace_;
  menu.addItem("Select its notes",
               [&workspace, key] { edit_actions::select_lane(workspace, key, false); });
  menu.addSubMenu("Instrument", instrument_menu({key}, [&workspace, key](LaneKey to) {
                    edit_actions::change_program(workspace, key, to);
                  }));
  menu.addItem("Save as MIDI...", lane_.count > 0, false,
               [row = juce::Component::SafePointer(this), key] {
                 if (row != nullptr) save_midi(row->workspace_, key, *row);
               });
  menu.addSeparator();
  menu.addItem("Delete the lane's notes", lane_.count > 0, false, [&workspace, key] {
    edit_actions::select_lane(workspace, key, false);
    edit_actions::remove(workspace);
  });
  plugin::show_menu(std::move(menu), *this, MenuPlace::kMouse);
}

}  // namespace scorelane::plugin
