#include "notes/lanes.h"

#include <algorithm>
#include <cstdint>

#include "notes/instruments.h"

namespace scorelane::plugin {

namespace {

constexpr std::size_t kPitchedChannels = 15;

/// Lanes that share a channel. `loudness` is the sum of their notes' velocities.
struct Group {
  std::vector<std::size_t> lanes;
  std::int64_t loudness = 0;
  int midi_class = 0;  ///< of the first lane
};

/// The two groups that make the quietest pair, of one MIDI class where there is such a pair.
std::pair<std::size_t, std::size_t> quietest_pair(const std::vector<Group>& groups) {
  std::pair<std::size_t, std::size_t> best{0, 1};
  bool found = false;
  bool best_same = false;
  for (std::size_t a = 0; a < groups.size(); ++a) {
    for (std::size_t b = a + 1; b < groups.size(); ++b) {
      const bool same = groups[a].midi_class == groups[b].midi_class;
      const bool quieter = groups[a].loudness + groups[b].loudness <
                           groups[best.first].loudness + groups[best.second].loudness;
      if (!found || (same && !best_same) || (same == best_same && quieter)) {
        best = {a, b};
        best_same = same;
        found = true;
      }
    }
  }
  return best;
}

/// Pitched lanes get a channel of their own while the 15 suffice. Beyond that the two quietest
/// groups of lanes within one MIDI class share a channel, again and again; when no class has two
/// groups left, the two quietest of all do.
void assign_channels(std::vector<Lane>& lanes, const std::vector<std::int64_t>& loudness) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (lanes[i].key.is_drum) {
      lanes[i].channel = kDrumChannel;
    } else {
      groups.push_back({{i}, loudness[i], lanes[i].key.program / 8});
    }
  }
  while (groups.size() > kPitchedChannels) {
    const auto [first, second] = quietest_pair(groups);
    auto& into = groups[first];
    into.lanes.insert(into.lanes.end(), groups[second].lanes.begin(), groups[second].lanes.end());
    into.loudness += groups[second].loudness;
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(second));
  }
  for (int i = 0; i < static_cast<int>(groups.size()); ++i) {
    for (const std::size_t lane : groups[static_cast<std::size_t>(i)].lanes) {
      lanes[lane].channel = i < kDrumChannel ? i : i + 1;
    }
  }
}

}  // namespace

std::vector<Lane> make_lanes(const NoteList& notes, const LaneSettingsMap& settings) {
  struct Sum {
    int count = 0;
    std::int64_t loudness = 0;
  };
  std::map<LaneKey, Sum> sums;
  for (const Note& note : notes) {
    auto& sum = sums[note.lane];
    ++sum.count;
    sum.loudness += note.velocity;
  }

  std::vector<Lane> lanes;
  for (const auto& [key, sum] : sums) {
    const auto set = settings.find(key);
    Lane lane{key, instrument_name(key), lane_colour(key), 0, sum.count, {}, true};
    if (set != settings.end()) {
      lane.settings = set->second;
    }
    lanes.push_back(std::move(lane));
  }
  std::sort(lanes.begin(), lanes.end(), [](const Lane& a, const Lane& b) {
    return score_position(a.key) < score_position(b.key);
  });

  std::vector<std::int64_t> loudness;
  for (const Lane& lane : lanes) {
    loudness.push_back(sums[lane.key].loudness);
  }
  assign_channels(lanes, loudness);

  const bool any_solo =
      std::any_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.settings.solo; });
  for (Lane& lane : lanes) {
    if (lane.settings.channel >= 0) {
      lane.channel = lane.settings.channel;
    }
    lane.audible = !lane.settings.mute && (lane.settings.solo || !any_solo);
  }
  return lanes;
}

}  // namespace scorelane::plugin
