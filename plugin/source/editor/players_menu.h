#pragma once

#include "editor/workspace.h"

namespace scorelane::plugin {

/// Who plays, for the transcriptions to come. It opens again after each choice, until one clicks
/// elsewhere.
void show_players_menu(Workspace& workspace, juce::Component& target);

/// "As heard", one name, or "4 named".
juce::String named_players(const std::vector<LaneKey>& players);

}  // namespace scorelane::plugin
