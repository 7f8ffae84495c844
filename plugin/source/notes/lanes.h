#pragma once

#include <map>
#include <string>
#include <vector>

#include "notes/note.h"

namespace scorelane::plugin {

inline constexpr int kDrumChannel = 9;

/// What the user set for a lane.
struct LaneSettings {
  bool solo = false;
  bool mute = false;
  int channel = -1;  ///< 0-15; -1: given automatically
};
using LaneSettingsMap = std::map<LaneKey, LaneSettings>;

/// One instrument of a presentation.
struct Lane {
  LaneKey key;
  std::string name;          ///< General MIDI name, UTF-8
  std::uint32_t colour = 0;  ///< 0xRRGGBB, fixed for an instrument
  int channel = 0;           ///< 0-15
  int count = 0;             ///< notes
  LaneSettings settings;
  bool audible = true;  ///< by solo and mute of all lanes
};

/// The lanes of `notes` in score order, drums last; the same order, names and automatic channels
/// as `scorelane.lanes.make_lanes`.
std::vector<Lane> make_lanes(const NoteList& notes, const LaneSettingsMap& settings);

}  // namespace scorelane::plugin
