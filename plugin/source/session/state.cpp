#include "session/state.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

namespace scorelane::plugin {
namespace {

using Json = nlohmann::json;

constexpr char kMagic[4] = {'S', 'C', 'L', 'N'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeader = 16;
constexpr std::size_t kLargest = std::size_t{256} << 20;
constexpr int kDeepest = 8;  ///< levels of JSON
constexpr std::size_t kMostEditorText = 4096;
constexpr std::size_t kMostNotes = 2'000'000;
constexpr std::size_t kMostPlayers = 129;  ///< all programs and the drums
constexpr double kLongest = 1e6;           ///< seconds
constexpr double kFarthest = 1e9;          ///< seconds from the start of the host's timeline

/// CRC-32 as of zlib, so that readers need not write their own.
std::uint32_t checksum(const std::uint8_t* bytes, std::size_t count) {
  std::uint32_t sum = 0xFFFFFFFFU;
  for (std::size_t i = 0; i < count; ++i) {
    sum ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ (0xEDB88320U & (0U - (sum & 1U)));
  }
  return ~sum;
}

void put(std::uint8_t* at, std::uint32_t value) {
  for (int byte = 0; byte < 4; ++byte) at[byte] = static_cast<std::uint8_t>(value >> (8 * byte));
}

std::uint32_t get(const std::uint8_t* at) {
  std::uint32_t value = 0;
  for (int byte = 3; byte >= 0; --byte) value = (value << 8) | at[byte];
  return value;
}

/// What makes a state unusable, as a sentence.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

double number(const Json& json, double least, double most) {
  if (!json.is_number()) throw Refused("a number is missing");
  const auto value = json.get<double>();
  if (!(value >= least && value <= most)) throw Refused("a number is out of range");
  return value;
}

int integer(const Json& json, int least, int most) {
  return static_cast<int>(std::lround(number(json, least, most)));
}

bool flag(const Json& json) {
  if (!json.is_boolean()) throw Refused("a yes or no is missing");
  return json.get<bool>();
}

std::string text(const Json& json) {
  if (!json.is_string()) throw Refused("a text is missing");
  return json.get<std::string>();
}

juce::String juce_text(const Json& json) {
  return juce::String::fromUTF8(text(json).c_str());
}

Json note_row(const Note& note) {
  return Json::array({note.onset, note.offset, note.pitch, note.lane.program, note.lane.is_drum,
                      note.velocity, note.confidence, note.edited});
}

Note read_note(const Json& row) {
  if (!row.is_array() || row.size() != 8) throw Refused("a note is incomplete");
  Note note;
  note.onset = number(row[0], 0.0, kLongest);
  note.offset = number(row[1], note.onset, kLongest);
  note.pitch = integer(row[2], 0, 127);
  note.lane = {flag(row[4]), integer(row[3], 0, 127)};
  note.velocity = integer(row[5], 1, 127);
  note.confidence = static_cast<float>(number(row[6], 0.0, 1.0));
  note.edited = flag(row[7]);
  return note;
}

Json note_rows(const NoteList& notes) {
  auto rows = Json::array();
  for (const auto& note : notes) rows.push_back(note_row(note));
  return rows;
}

Json tempo_json(const TempoMap& tempo) {
  auto changes = Json::array();
  for (const auto& anchor : tempo.anchors()) {
    changes.push_back(Json::array({anchor.seconds, anchor.bpm}));
  }
  return {{"first_quarter", tempo.first_quarter()},
          {"meter", Json::array({tempo.beats_per_bar(), tempo.beat_unit()})},
          {"changes", changes}};
}

TempoMap read_tempo(const Json& json) {
  const auto& changes = json.at("changes");
  if (!changes.is_array() || changes.empty()) throw Refused("the tempo is missing");
  const auto bpm = [](const Json& change) { return number(change.at(1), 1.0, 2000.0); };
  TempoMap tempo(bpm(changes[0]), number(json.at("first_quarter"), -1e9, 1e9),
                 integer(json.at("meter").at(0), 1, 64), integer(json.at("meter").at(1), 1, 64));
  double last = 0.0;
  for (std::size_t i = 1; i < changes.size(); ++i) {
    last = number(changes[i].at(0), last, kLongest);
    tempo.change(last, bpm(changes[i]));
  }
  return tempo;
}

Json take_json(const State& state) {
  if (!state.take.has_value()) return nullptr;
  const auto& take = *state.take;
  return {{"file", take.file.getFullPathName().toStdString()},
          {"name", take.name.toStdString()},
          {"sample_rate", take.sample_rate},
          {"channels", take.channels},
          {"start", take.start},
          {"seconds", take.seconds},
          {"tempo", tempo_json(take.tempo)}};
}

TakeReference read_take(const Json& json) {
  TakeReference take;
  const auto path = juce_text(json.at("file"));
  if (juce::File::isAbsolutePath(path)) take.file = juce::File(path);
  take.name = juce_text(json.at("name"));
  take.sample_rate = number(json.at("sample_rate"), 1000.0, 1e6);
  take.channels = integer(json.at("channels"), 1, 2);
  take.start = number(json.at("start"), -kFarthest, kFarthest);
  take.seconds = number(json.at("seconds"), 0.0, kLongest);
  take.tempo = read_tempo(json.at("tempo"));
  return take;
}

Json lanes_json(const LaneSettingsMap& lanes) {
  auto rows = Json::array();
  for (const auto& [key, lane] : lanes) {
    rows.push_back({{"program", key.program},
                    {"is_drum", key.is_drum},
                    {"solo", lane.solo},
                    {"mute", lane.mute},
                    {"channel", lane.channel}});
  }
  return rows;
}

LaneSettingsMap read_lanes(const Json& rows) {
  LaneSettingsMap lanes;
  for (const auto& row : rows) {
    const LaneKey key{flag(row.at("is_drum")), integer(row.at("program"), 0, 127)};
    lanes[key] = {flag(row.at("solo")), flag(row.at("mute")), integer(row.at("channel"), -1, 15)};
  }
  return lanes;
}

Json players_json(const std::vector<LaneKey>& players) {
  auto rows = Json::array();
  for (const auto player : players) {
    rows.push_back({{"program", player.program}, {"is_drum", player.is_drum}});
  }
  return rows;
}

std::vector<LaneKey> read_players(const Json& rows) {
  if (!rows.is_array() || rows.size() > kMostPlayers) throw Refused("it has too many players");
  std::vector<LaneKey> players;
  for (const auto& row : rows) {
    players.push_back({flag(row.at("is_drum")), integer(row.at("program"), 0, 127)});
  }
  return players;
}

State from_json(const Json& json) {
  State state;
  if (text(json.at("format")) != "scorelane-plugin") throw Refused("it is not Scorelane's");
  for (const auto& [id, value] : json.at("parameters").items()) {
    state.parameters[id] = static_cast<float>(number(value, -1e6, 1e6));
  }
  const auto& notes = json.at("notes");
  if (!notes.is_array() || notes.size() > kMostNotes) throw Refused("it has too many notes");
  for (const auto& row : notes) state.document.notes.push_back(read_note(row));
  std::stable_sort(state.document.notes.begin(), state.document.notes.end(), plays_before);
  state.document.lanes = read_lanes(json.at("lanes"));
  if (!json.at("take").is_null()) state.take = read_take(json.at("take"));
  const auto& model = json.at("model");
  state.model_file = text(model.at("file"));
  state.device = text(model.at("device"));
  state.model_name = text(model.at("name"));
  state.default_confidence = static_cast<float>(number(model.at("default_confidence"), 0.0, 1.0));
  if (model.contains("lane_share")) {  // this and the players came later than the others
    state.lane_share = static_cast<float>(number(model.at("lane_share"), 0.0, 1.0));
  }
  if (json.contains("players")) state.players = read_players(json.at("players"));
  state.soundfont = text(json.at("soundfont"));
  state.editor_json = text(json.at("editor"));
  if (state.editor_json.size() > kMostEditorText) state.editor_json = "{}";
  return state;
}

Json parse(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  if (data == nullptr || size < kHeader || std::memcmp(bytes, kMagic, sizeof kMagic) != 0) {
    throw Refused("it is not Scorelane's");
  }
  if (get(bytes + 4) > kVersion) {
    throw Refused("it was written by a newer version of Scorelane; install that");
  }
  if (get(bytes + 4) != kVersion) throw Refused("it is damaged");
  const std::size_t length = get(bytes + 8);
  // Hosts may add bytes of their own behind ours.
  if (length > kLargest || length > size - kHeader) throw Refused("a part of it is missing");
  if (checksum(bytes + kHeader, length) != get(bytes + 12)) throw Refused("it is damaged");
  // A few bytes of nesting would take a lot of memory.
  const auto shallow = [](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepest) throw Refused("it is damaged");
    return true;
  };
  return Json::parse(bytes + kHeader, bytes + kHeader + length, shallow);
}

}  // namespace

juce::MemoryBlock write_state(const State& state, const Presentation& shown) {
  const Json json{{"format", "scorelane-plugin"},
                  {"parameters", state.parameters},
                  {"notes", note_rows(state.document.notes)},
                  {"lanes", lanes_json(state.document.lanes)},
                  {"take", take_json(state)},
                  {"model",
                   {{"file", state.model_file},
                    {"device", state.device},
                    {"name", state.model_name},
                    {"default_confidence", state.default_confidence},
                    {"lane_share", state.lane_share}}},
                  {"players", players_json(state.players)},
                  {"soundfont", state.soundfont},
                  {"editor", state.editor_json},
                  {"error", state.error},
                  {"shown", note_rows(shown.notes)}};
  const auto body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  juce::MemoryBlock block(kHeader + body.size());
  auto* bytes = static_cast<std::uint8_t*>(block.getData());
  std::memcpy(bytes, kMagic, sizeof kMagic);
  std::memcpy(bytes + kHeader, body.data(), body.size());
  put(bytes + 4, kVersion);
  put(bytes + 8, static_cast<std::uint32_t>(body.size()));
  put(bytes + 12, checksum(bytes + kHeader, body.size()));
  return block;
}

std::optional<State> read_state(const void* data, std::size_t size, juce::String& error) {
  std::string reason;
  try {
    return from_json(parse(data, size));
  } catch (const Refused& refused) {
    reason = refused.what();
  } catch (const Json::exception&) {
    reason = "it is damaged";
  }
  error = "The saved state was not used: " + juce::String(reason) + ".";
  return std::nullopt;
}

}  // namespace scorelane::plugin
