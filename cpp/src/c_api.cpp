#include "scorelane/c_api.h"

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "scorelane/error.h"
#include "scorelane/model.h"
#include "scorelane/transcriber.h"

struct scorelane_model {
  std::shared_ptr<const scorelane::Model> model;
  std::string device;
};

struct scorelane_stream {
  scorelane::Transcriber transcriber;
  std::vector<scorelane_note> notes;
};

namespace {

using scorelane::ErrorKind;

thread_local std::string last_error;

scorelane_status fail(scorelane_status status, const char* message) noexcept {
  try {
    last_error = message;
  } catch (const std::bad_alloc&) {
    last_error.clear();
  }
  return status;
}

scorelane_status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kAudio:
      return SCORELANE_AUDIO_ERROR;
    case ErrorKind::kModel:
      return SCORELANE_MODEL_ERROR;
    case ErrorKind::kCancelled:
      return SCORELANE_CANCELLED;
    case ErrorKind::kEngine:
      break;
  }
  return SCORELANE_ENGINE_ERROR;
}

/// Runs `call` and turns whatever it throws into a status and a message.
template <typename Call>
scorelane_status guarded(Call call) noexcept {
  last_error.clear();
  try {
    call();
    return SCORELANE_OK;
  } catch (const scorelane::Error& error) {
    return fail(status_of(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    return fail(SCORELANE_ENGINE_ERROR, "There is not enough memory; close other programs.");
  } catch (const std::exception& error) {
    return fail(SCORELANE_ENGINE_ERROR, error.what());
  } catch (...) {
    return fail(SCORELANE_ENGINE_ERROR, "The engine failed for an unknown reason.");
  }
}

scorelane::TranscriberOptions convert(const scorelane_options& given) {
  scorelane::TranscriberOptions options;
  options.mask.drums = given.drums != 0;
  if (given.programs != nullptr) {
    options.mask.all_programs = false;
    options.mask.programs.assign(given.programs, given.programs + given.program_count);
    if (given.players != nullptr) {
      options.mask.players.assign(given.players, given.players + given.program_count);
    }
  }
  options.batch_size = given.batch_size;
  options.held_notes = static_cast<scorelane::HeldNotes>(given.held_notes);
  options.tuning = given.tuning;
  if (given.on_progress != nullptr) {
    options.on_progress = [call = given.on_progress, user = given.user](double seconds) {
      return call(user, seconds) != 0;
    };
  }
  return options;
}

void hand_out(const std::vector<scorelane::Note>& from, scorelane_stream& stream,
              const scorelane_note** notes, size_t* note_count) {
  stream.notes.clear();
  for (const scorelane::Note& note : from) {
    stream.notes.push_back({note.onset, note.offset, note.pitch, note.program, note.velocity,
                            note.is_drum ? 1 : 0, note.confidence});
  }
  *notes = stream.notes.data();
  *note_count = stream.notes.size();
}

}  // namespace

int32_t scorelane_abi_version(void) {
  return SCORELANE_ABI_VERSION;
}

const char* scorelane_last_error(void) {
  return last_error.c_str();
}

scorelane_options scorelane_default_options(void) {
  return {nullptr, 0, nullptr, 1, 0, nullptr, nullptr, SCORELANE_HELD_FREE, 0.0};
}

scorelane_status scorelane_model_load(const char* path, const char* device, int32_t threads,
                                      scorelane_model** model) {
  if (path == nullptr || device == nullptr || model == nullptr) {
    return fail(SCORELANE_ARGUMENT_ERROR, "scorelane_model_load was given a null pointer.");
  }
  *model = nullptr;
  return guarded([&] {
    auto loaded = scorelane::Model::load(path, device, threads);
    std::string where = loaded->device();
    *model = new scorelane_model{std::move(loaded), std::move(where)};
  });
}

const char* scorelane_model_config(const scorelane_model* model) {
  return model == nullptr ? "" : model->model->config_json().c_str();
}

const char* scorelane_model_device(const scorelane_model* model) {
  return model == nullptr ? "" : model->device.c_str();
}

void scorelane_model_free(scorelane_model* model) {
  delete model;
}

scorelane_status scorelane_stream_new(const scorelane_model* model, double sample_rate,
                                      const scorelane_options* options, scorelane_stream** stream) {
  if (model == nullptr || stream == nullptr) {
    return fail(SCORELANE_ARGUMENT_ERROR, "scorelane_stream_new was given a null pointer.");
  }
  *stream = nullptr;
  const scorelane_options chosen = options == nullptr ? scorelane_default_options() : *options;
  if (chosen.held_notes < SCORELANE_HELD_FREE || chosen.held_notes > SCORELANE_HELD_FORCED) {
    return fail(SCORELANE_ARGUMENT_ERROR, "scorelane_options.held_notes is out of range.");
  }
  return guarded(
      [&] { *stream = new scorelane_stream{{model->model, sample_rate, convert(chosen)}, {}}; });
}

scorelane_status scorelane_stream_push(scorelane_stream* stream, const float* const* channels,
                                       size_t channel_count, size_t frames,
                                       const scorelane_note** notes, size_t* note_count) {
  if (stream == nullptr || channels == nullptr || notes == nullptr || note_count == nullptr) {
    return fail(SCORELANE_ARGUMENT_ERROR, "scorelane_stream_push was given a null pointer.");
  }
  *note_count = 0;
  return guarded([&] {
    hand_out(stream->transcriber.push(channels, channel_count, frames), *stream, notes, note_count);
  });
}

scorelane_status scorelane_stream_flush(scorelane_stream* stream, const scorelane_note** notes,
                                        size_t* note_count) {
  if (stream == nullptr || notes == nullptr || note_count == nullptr) {
    return fail(SCORELANE_ARGUMENT_ERROR, "scorelane_stream_flush was given a null pointer.");
  }
  *note_count = 0;
  return guarded([&] { hand_out(stream->transcriber.flush(), *stream, notes, note_count); });
}

void scorelane_stream_free(scorelane_stream* stream) {
  delete stream;
}
