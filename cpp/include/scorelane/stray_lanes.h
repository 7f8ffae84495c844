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
/// Where drums have less than twice that of all that sounds, they are picks, bows and consonants,
/// but for the surest. `notes` are in order of onset.
std::vector<std::int32_t> settled_programs(const std::vector<Note>& notes, double least_share);

}  // namespace scorelane
