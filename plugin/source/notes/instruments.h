#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "notes/note.h"

namespace scorelane::plugin {

/// General MIDI names and lane colours. The tables are generated from the Python package, so that
/// a lane has one name and one colour everywhere.
std::string instrument_name(LaneKey lane);
std::string class_name(int midi_class);   ///< 0-15, "Piano" to "Sound Effects"
std::string drum_name(int key);           ///< "Drum 95" outside the table
std::uint32_t lane_colour(LaneKey lane);  ///< 0xRRGGBB
int score_position(LaneKey lane);         ///< from the top of a score to its foot, drums last

}  // namespace scorelane::plugin
