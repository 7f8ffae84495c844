#include "engine/engine.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/engine_library.h"

namespace scorelane::plugin {
namespace {

constexpr int kPrograms = 128;

void check(scorelane_status status) {
  if (status == SCORELANE_OK) return;
  if (status == SCORELANE_CANCELLED) throw EngineCancelled();
  throw EngineError(EngineLibrary::get().last_error());
}

/// What the model writes for each program; empty where nothing is said.
std::vector<int> read_program_map(const nlohmann::json& config) {
  const auto found = config.find("program_map");
  if (found == config.end() || found->empty()) return {};
  const auto is_program = [](const nlohmann::json& program) {
    return program.is_number_integer() && program >= -1 && program < kPrograms;
  };
  if (!found->is_array() || found->size() != kPrograms ||
      !std::all_of(found->begin(), found->end(), is_program)) {
    throw EngineError("The model's program_map is damaged; export the model again.");
  }
  return found->get<std::vector<int>>();
}

int report(void* user, double seconds_done) {
  const auto& progress = *static_cast<EngineStream::Progress*>(user);
  return progress(seconds_done) ? 1 : 0;
}

}  // namespace

std::shared_ptr<const EngineModel> EngineModel::load(const juce::File& archive,
                                                     const juce::String& device, int threads) {
  using Key = std::tuple<juce::String, juce::int64, juce::String, int>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<const EngineModel>> loaded;
  if (!archive.existsAsFile()) {
    throw EngineError("There is no model at " + archive.getFullPathName().toStdString() +
                      "; choose another in the settings.");
  }
  const Key key{archive.getFullPathName(), archive.getLastModificationTime().toMilliseconds(),
                device, threads};
  const std::lock_guard lock(mutex);
  if (auto model = loaded[key].lock()) return model;
  std::shared_ptr<const EngineModel> model(new EngineModel(archive, device, threads));
  loaded[key] = model;
  return model;
}

EngineModel::EngineModel(const juce::File& archive, const juce::String& device, int threads) {
  const auto& engine = EngineLibrary::get();
  check(engine.model_load(archive.getFullPathName().toRawUTF8(), device.toRawUTF8(), threads,
                          &model_));
  device_ = juce::String::fromUTF8(engine.model_device(model_));
  const auto config = nlohmann::json::parse(engine.model_config(model_), nullptr, false);
  const auto text = [&](const char* key) {
    const auto found = config.find(key);
    return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto name = text("name").empty() ? archive.getFileNameWithoutExtension().toStdString()
                                         : text("name") + " " + text("version");
  name_ = juce::String::fromUTF8(name.c_str()).trim();
  const auto number = [&](const char* key, float absent) {
    const auto found = config.find(key);
    return found != config.end() && found->is_number() ? found->get<float>() : absent;
  };
  default_confidence_ = number("default_confidence", default_confidence_);
  lane_share_ = number("lane_share", lane_share_);
  program_map_ = read_program_map(config);
}

EngineModel::~EngineModel() {
  EngineLibrary::get().model_free(model_);
}

int EngineModel::written_for(int program) const {
  return program_map_.empty() ? program : program_map_[static_cast<std::size_t>(program)];
}

EngineStream::EngineStream(std::shared_ptr<const EngineModel> model, double sample_rate, int batch,
                           const std::vector<LaneKey>& players, Progress progress)
    : model_(std::move(model)), progress_(std::make_unique<Progress>(std::move(progress))) {
  const auto& engine = EngineLibrary::get();
  auto options = engine.default_options();
  std::vector<std::int32_t> programs;
  std::vector<std::int32_t> whose;
  if (!players.empty()) {
    options.drums = 0;
    for (const LaneKey player : players) {
      const int written = player.is_drum ? -1 : model_->written_for(player.program);
      if (player.is_drum) options.drums = 1;
      if (written >= 0) named_.emplace(written, player.program);
    }
    programs.reserve(kPrograms);  // a place even where only drums play: none would allow all
    for (const auto& each : named_) {
      whose.push_back(static_cast<std::int32_t>(programs.size()));
      programs.push_back(each.first);
    }
    options.programs = programs.data();
    options.program_count = programs.size();
    options.players = whose.empty() ? nullptr : whose.data();
  }
  options.batch_size = batch;
  options.on_progress = report;
  options.user = progress_.get();
  check(engine.stream_new(model_->model_, sample_rate, &options, &stream_));
}

EngineStream::~EngineStream() {
  EngineLibrary::get().stream_free(stream_);
}

NoteList EngineStream::push(const float* const* channels, int channel_count, int frames) {
  const scorelane_note* notes = nullptr;
  std::size_t count = 0;
  check(EngineLibrary::get().stream_push(stream_, channels, static_cast<std::size_t>(channel_count),
                                         static_cast<std::size_t>(frames), &notes, &count));
  return converted(notes, count);
}

NoteList EngineStream::converted(const scorelane_note* notes, std::size_t count) const {
  NoteList list;
  list.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& from = notes[i];
    Note note;
    note.onset = from.onset;
    note.offset = from.offset;
    note.pitch = from.pitch;
    note.lane = {from.is_drum != 0, from.program};
    const auto called = named_.find(from.program);
    if (!note.lane.is_drum && called != named_.end()) note.lane.program = called->second;
    note.velocity = from.velocity;
    note.confidence = from.confidence;
    list.push_back(note);
  }
  return list;
}

NoteList EngineStream::flush() {
  const scorelane_note* notes = nullptr;
  std::size_t count = 0;
  check(EngineLibrary::get().stream_flush(stream_, &notes, &count));
  return converted(notes, count);
}

}  // namespace scorelane::plugin
