#pragma once

#include <cstdint>
#include <vector>

#include "notes/lanes.h"
#include "notes/note.h"
#include "notes/tempo_map.h"

namespace scorelane::plugin {

/// What is seen, heard and exported at one moment. Never changes; the session makes a new one.
struct Presentation {
  NoteList notes;           ///< arranged
  std::vector<Lane> lanes;  ///< in score order
  TempoMap tempo;           ///< from the take's start on
  double start = 0.0;       ///< the take's start on the host's timeline, seconds
  double duration = 0.0;    ///< of the take, seconds
  std::uint64_t revision = 0;
};

}  // namespace scorelane::plugin
