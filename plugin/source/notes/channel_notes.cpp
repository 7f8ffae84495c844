#include "notes/channel_notes.h"

#include <algorithm>

namespace scorelane::plugin {

namespace {

auto together(const ChannelNote& note) {
  return std::make_tuple(note.channel, note.pitch, note.start);
}

std::map<LaneKey, std::size_t> index_lanes(const std::vector<Lane>& lanes) {
  std::map<LaneKey, std::size_t> index;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    index[lanes[i].key] = i;
  }
  return index;
}

/// Ends the notes of each start together, where the next of their channel and pitch begins or
/// before. `notes` are in order.
void cut_overlaps(std::vector<ChannelNote>& notes) {
  for (auto first = notes.begin(); first != notes.end();) {
    auto next = first;
    std::int64_t end = 0;
    for (; next != notes.end() && together(*next) == together(*first); ++next) {
      end = std::max(end, next->end);
    }
    if (next != notes.end() && next->channel == first->channel && next->pitch == first->pitch) {
      end = std::min(end, next->start);
    }
    for (; first != next; ++first) {
      first->end = end;
    }
  }
}

}  // namespace

std::vector<ChannelNote> channel_notes(const NoteList& notes, const std::vector<Lane>& lanes,
                                       const std::function<std::int64_t(double)>& units) {
  const auto index = index_lanes(lanes);
  std::vector<ChannelNote> all;
  all.reserve(notes.size());
  for (const Note& note : notes) {
    const auto lane = index.find(note.lane);
    if (lane != index.end()) {
      const auto start = units(note.onset);
      const auto end = std::max(start + 1, units(note.offset));
      all.push_back({lanes[lane->second].channel, note.pitch, start, end, lane->second,
                     std::clamp(note.velocity, 1, 127)});
    }
  }
  std::sort(all.begin(), all.end(), [](const ChannelNote& a, const ChannelNote& b) {
    return std::tie(a.channel, a.pitch, a.start, a.lane, b.end, b.velocity) <
           std::tie(b.channel, b.pitch, b.start, b.lane, a.end, a.velocity);
  });
  // The longest of a lane's twins comes first, and stays.
  all.erase(std::unique(all.begin(), all.end(),
                        [](const ChannelNote& a, const ChannelNote& b) {
                          return together(a) == together(b) && a.lane == b.lane;
                        }),
            all.end());
  cut_overlaps(all);
  return all;
}

std::array<int, 16> channel_programs(const NoteList& notes, const std::vector<Lane>& lanes) {
  const auto index = index_lanes(lanes);
  std::vector<std::int64_t> loudness(lanes.size(), 0);
  for (const Note& note : notes) {
    const auto lane = index.find(note.lane);
    if (lane != index.end()) {
      loudness[lane->second] += note.velocity;
    }
  }
  std::array<int, 16> programs;
  programs.fill(-1);
  std::array<std::int64_t, 16> loudest;
  loudest.fill(-1);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto channel = static_cast<std::size_t>(lanes[i].channel);
    if (loudness[i] >= loudest[channel]) {
      loudest[channel] = loudness[i];
      programs[channel] = lanes[i].key.program;
    }
  }
  return programs;
}

}  // namespace scorelane::plugin
