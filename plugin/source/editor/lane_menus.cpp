#include "editor/lane_menus.h"

#include <algorithm>

#include "editor/palette.h"
#include "notes/instruments.h"

namespace scorelane::plugin {
namespace {

/// A dot in the lane's colour.
std::unique_ptr<juce::Drawable> dot(LaneKey lane) {
  auto shape = std::make_unique<juce::DrawablePath>();
  juce::Path path;
  path.addRoundedRectangle(0.0F, 0.0F, 12.0F, 12.0F, 3.0F);
  shape->setPath(path);
  shape->setFill(colour_on_dark(lane));
  return shape;
}

void add_lane(juce::PopupMenu& menu, LaneKey lane, bool ticked, const LaneChosen& chosen,
              const juce::String& shortcut = {}) {
  juce::PopupMenu::Item item(juce::String::fromUTF8(instrument_name(lane).c_str()));
  item.setTicked(ticked).setImage(ticked ? nullptr : dot(lane)).setAction([chosen, lane] {
    chosen(lane);
  });
  item.shortcutKeyDescription = shortcut;
  menu.addItem(std::move(item));
}

}  // namespace

juce::PopupMenu instrument_menu(const std::vector<LaneKey>& ticked, const LaneChosen& chosen) {
  const auto is_ticked = [&](LaneKey lane) {
    return std::find(ticked.begin(), ticked.end(), lane) != ticked.end();
  };
  juce::PopupMenu menu;
  for (int midi_class = 0; midi_class < 16; ++midi_class) {
    juce::PopupMenu programs;
    bool holds_one = false;
    for (int program = midi_class * 8; program < midi_class * 8 + 8; ++program) {
      const LaneKey lane{false, program};
      holds_one = holds_one || is_ticked(lane);
      add_lane(programs, lane, is_ticked(lane), chosen);
    }
    menu.addSubMenu(juce::String::fromUTF8(class_name(midi_class).c_str()), programs, true, nullptr,
                    holds_one);
  }
  menu.addSeparator();
  const LaneKey drums{true, 0};
  add_lane(menu, drums, is_ticked(drums), chosen);
  return menu;
}

juce::PopupMenu lane_menu(const Workspace& workspace, const LaneChosen& chosen) {
  juce::PopupMenu menu;
  int number = 0;
  for (const Lane& lane : workspace.shown().lanes) {
    const juce::String key = ++number <= 9 ? "Ctrl+" + juce::String(number) : juce::String();
    add_lane(menu, lane.key, false, chosen, key);
  }
  menu.addSeparator();
  menu.addSubMenu("Another instrument", instrument_menu({}, chosen));
  return menu;
}

juce::PopupMenu channel_menu(int ticked, const std::function<void(int)>& chosen) {
  juce::PopupMenu menu;
  menu.addItem("Automatic", true, ticked < 0, [chosen] { chosen(-1); });
  menu.addSeparator();
  for (int channel = 0; channel < 16; ++channel) {
    menu.addItem("Channel " + juce::String(channel + 1), true, channel == ticked,
                 [chosen, channel] { chosen(channel); });
  }
  return menu;
}

}  // namespace scorelane::plugin
