#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "notes/lanes.h"

namespace scorelane::plugin {

/// A note as it sounds on a MIDI channel. Times are whole units: ticks, or whatever the caller has.
struct ChannelNote {
  int channel = 0;
  int pitch = 0;
  std::int64_t start = 0;
  std::int64_t end = 0;  ///< after `start`
  std::size_t lane = 0;  ///< index into the lanes
  int velocity = 0;
};

/// The notes of `lanes`, ordered by channel, pitch, start, lane; `units` turns seconds into units.
///
/// Two notes of one pitch cannot sound together on a channel: the earlier ends where the later
/// begins, and of two that begin together in one lane the longer stays. Lanes that share a channel
/// may begin a pitch together: both notes stay and end together.
std::vector<ChannelNote> channel_notes(const NoteList& notes, const std::vector<Lane>& lanes,
                                       const std::function<std::int64_t(double)>& units);

/// Program of each channel: that of the loudest of its lanes; -1: no lane is there.
std::array<int, 16> channel_programs(const NoteList& notes, const std::vector<Lane>& lanes);

}  // namespace scorelane::plugin
