#pragma once

#include <cstdint>
#include <vector>

#include "scorelane/note.h"

namespace scorelane {

/// Marks a note that goes.
constexpr std::int32_t kGone = -1;

/// Which program each of the `notes` should have when instruments that are hardly there give their
/// notes away; `kGone` for a note that would then be in its lane twice, and for stray drums.
///
/// A network that hears two seconds at a time now and then takes a few notes for another
/// instrument. A note is given away where its program has less than `least_share` (0-1) of what
/// sounds within some 20 s, each note counting for as much as it is sure: to the program, among
/// those that have more, that sounds closest in time and pitch, sooner to one of its MIDI class.
/// Of kinds of one instrument, such as a nylon and a steel guitar, the one that has more takes the
/// other's notes. Drums that have hardly more than that share of all that sounds are picks, bows
/// and consonants, and go, but for the surest. At share zero nothing changes. `notes` are in order
/// of onset.
std::vector<std::int32_t> settled_programs(const std::vector<Note>& notes, double least_share);

}  // namespace scorelane
