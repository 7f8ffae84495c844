#include "editor/players_menu.h"

#include <algorithm>

#include "editor/lane_menus.h"
#include "editor/popup.h"
#include "editor/transcribe_button.h"
#include "notes/instruments.h"

namespace scorelane::plugin {
namespace {

juce::String name_of(LaneKey player) {
  return juce::String::fromUTF8(instrument_name(player).c_str());
}

void choose(Workspace& workspace, const std::vector<LaneKey>& players) {
  juce::StringArray names;
  for (const LaneKey player : players) names.add(name_of(player));
  workspace.session().choose_players(players);
  workspace.notify(names.isEmpty()
                       ? "The next transcription hears for itself who plays."
                       : "The next transcription listens for " + names.joinIntoString(", ") + ".");
}

/// `players` with this one, or without it where it was among them.
std::vector<LaneKey> toggled(std::vector<LaneKey> players, LaneKey player) {
  const auto found = std::find(players.begin(), players.end(), player);
  if (found == players.end()) {
    players.push_back(player);
  } else {
    players.erase(found);
  }
  return players;
}

}  // namespace

void show_players_menu(Workspace& workspace, juce::Component& target) {
  const auto players = workspace.session().players();
  auto menu = instrument_menu(
      players,
      [&workspace, players, again = juce::Component::SafePointer(&target)](LaneKey player) {
        choose(workspace, toggled(players, player));
        if (again != nullptr) show_players_menu(workspace, *again);
      });
  menu.addSeparator();
  menu.addItem("As heard", true, players.empty(), [&workspace] { choose(workspace, {}); });
  const bool can = workspace.take() != nullptr && workspace.status().stage == Stage::kReady;
  menu.addItem("Transcribe again", can, false,
               [&workspace, button = juce::Component::SafePointer(&target)] {
                 if (button == nullptr) return;
                 replace_notes(workspace, *button, "Transcribe again",
                               [&workspace] { workspace.session().transcribe(); });
               });
  show_menu(std::move(menu), target);
}

juce::String named_players(const std::vector<LaneKey>& players) {
  if (players.empty()) return "As heard";
  return players.size() == 1 ? name_of(players.front())
                             : juce::String(static_cast<int>(players.size())) + " named";
}

}  // namespace scorelane::plugin
