#include "notes/instruments.h"

#include "instrument_tables.h"

namespace scorelane::plugin {

std::string instrument_name(LaneKey lane) {
  return lane.is_drum ? tables::kDrumsName
                      : tables::kProgramNames.at(static_cast<std::size_t>(lane.program));
}

std::string class_name(int midi_class) {
  return tables::kClassNames.at(static_cast<std::size_t>(midi_class));
}

std::string drum_name(int key) {
  const int index = key - tables::kFirstDrumKey;
  if (index < 0 || index >= static_cast<int>(tables::kDrumKeyNames.size())) {
    return "Drum " + std::to_string(key);
  }
  return tables::kDrumKeyNames[static_cast<std::size_t>(index)];
}

std::uint32_t lane_colour(LaneKey lane) {
  return lane.is_drum ? tables::kDrumColour
                      : tables::kProgramColours.at(static_cast<std::size_t>(lane.program));
}

int score_position(LaneKey lane) {
  return lane.is_drum ? static_cast<int>(tables::kScorePositions.size())
                      : tables::kScorePositions.at(static_cast<std::size_t>(lane.program));
}

}  // namespace scorelane::plugin
