#pragma once

#include <juce_core/juce_core.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "notes/document.h"
#include "notes/presentation.h"
#include "take/take.h"

namespace scorelane::plugin {

/// What a state says of a take; the recording itself stays in its file.
struct TakeReference {
  juce::File file;
  juce::String name;
  double sample_rate = 0.0;
  int channels = 1;
  double start = 0.0;
  double seconds = 0.0;
  TempoMap tempo;
};

/// All that a host keeps of the plugin between two openings of a song.
struct State {
  std::map<std::string, float> parameters;  ///< id to value, in the parameter's own unit
  DocumentState document;
  std::optional<TakeReference> take;
  std::string model_file;  ///< empty: the bundle's
  std::string device = "auto";
  std::vector<LaneKey> players;  ///< chosen for transcriptions to come; empty: as heard
  std::string model_name;        ///< of the model that wrote the notes
  float default_confidence = 0.3F;
  float lane_share = 0.0F;
  std::string soundfont;    ///< empty: found on the system
  std::string editor_json;  ///< what the editor alone understands
  std::string error;        ///< what went wrong last; written for readers outside, not read back
};

/// The layout is in docs/PLUGIN.md: a header of 16 bytes and JSON. `shown` is written too, for
/// readers outside, and not read back.
juce::MemoryBlock write_state(const State& state, const Presentation& shown);

/// Parses what a host hands over. Whatever the bytes, nothing happens but a result: a state, or in
/// `error` a sentence that says why there is none.
std::optional<State> read_state(const void* data, std::size_t size, juce::String& error);

}  // namespace scorelane::plugin
