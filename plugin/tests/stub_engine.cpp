// An engine that needs no network: the C ABI with notes by rule. It lets the plugin's tests run
// fast and under every sanitizer.
//
// A model's file name chooses how it behaves: "slow" takes its time, "failing" gives up after a
// second of audio.

#include <scorelane/c_api.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

struct scorelane_model {
  bool slow = false;
  bool failing = false;
};

struct scorelane_stream {
  scorelane_model model;
  double sample_rate = 0.0;
  scorelane_options options{};
  double seconds = 0.0;
  double loudness = 0.0;  // of the stretch at hand
  int stretches = 0;
  std::vector<scorelane_note> notes;
};

namespace {

constexpr double kStretch = 0.1;  // seconds; each has one note
constexpr double kFailsAfter = 1.0;

thread_local std::string error;

scorelane_status fail(scorelane_status status, const char* reason) {
  error = reason;
  return status;
}

scorelane_status end_stretch(scorelane_stream& stream) {
  if (stream.model.slow) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto index = stream.stretches++;
  const auto onset = index * kStretch;
  const auto level = static_cast<int>(std::lround(std::min(1.0, stream.loudness) * 40.0));
  const auto drum = index % 5 == 4 ? 1 : 0;
  stream.notes.push_back({onset, onset + 0.09, 40 + level, drum != 0 ? 0 : index * 7 % 128,
                          1 + index % 127, drum, static_cast<float>(index % 10) / 10.0F});
  stream.loudness = 0.0;
  if (stream.model.failing && stream.seconds > kFailsAfter) {
    return fail(SCORELANE_ENGINE_ERROR, "A wire came loose; solder it.");
  }
  const auto progress = stream.options.on_progress;
  if (progress != nullptr && progress(stream.options.user, onset) == 0) {
    return fail(SCORELANE_CANCELLED, "Cancelled.");
  }
  return SCORELANE_OK;
}

}  // namespace

extern "C" {

int32_t scorelane_abi_version(void) {
  return SCORELANE_ABI_VERSION;
}

const char* scorelane_last_error(void) {
  return error.c_str();
}

scorelane_options scorelane_default_options(void) {
  scorelane_options options{};
  options.drums = 1;
  return options;
}

scorelane_status scorelane_model_load(const char* path, const char* /*device*/, int32_t /*threads*/,
                                      scorelane_model** model) {
  const std::string name(path);
  const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
  *model = new scorelane_model{has("slow"), has("failing")};
  return SCORELANE_OK;
}

const char* scorelane_model_config(const scorelane_model* /*model*/) {
  return R"({"name": "stub", "version": "1", "default_confidence": 0.3})";
}

const char* scorelane_model_device(const scorelane_model* /*model*/) {
  return "cpu";
}

void scorelane_model_free(scorelane_model* model) {
  delete model;
}

scorelane_status scorelane_stream_new(const scorelane_model* model, double sample_rate,
                                      const scorelane_options* options, scorelane_stream** stream) {
  *stream = new scorelane_stream;
  (*stream)->model = *model;
  (*stream)->sample_rate = sample_rate;
  if (options != nullptr) (*stream)->options = *options;
  return SCORELANE_OK;
}

scorelane_status scorelane_stream_push(scorelane_stream* stream, const float* const* channels,
                                       size_t /*channel_count*/, size_t frames,
                                       const scorelane_note** notes, size_t* note_count) {
  stream->notes.clear();
  for (size_t frame = 0; frame < frames; ++frame) {
    stream->loudness =
        std::max(stream->loudness, static_cast<double>(std::abs(channels[0][frame])));
    stream->seconds += 1.0 / stream->sample_rate;
    if (stream->seconds < (stream->stretches + 1) * kStretch) continue;
    if (const auto status = end_stretch(*stream); status != SCORELANE_OK) return status;
  }
  *notes = stream->notes.data();
  *note_count = stream->notes.size();
  return SCORELANE_OK;
}

scorelane_status scorelane_stream_flush(scorelane_stream* stream, const scorelane_note** notes,
                                        size_t* note_count) {
  stream->notes.clear();
  *notes = stream->notes.data();
  *note_count = 0;
  return SCORELANE_OK;
}

void scorelane_stream_free(scorelane_stream* stream) {
  delete stream;
}

}  // extern "C"
