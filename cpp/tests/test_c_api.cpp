#include "scorelane/c_api.h"

#include <cmath>
#include <string>
#include <vector>

#include "catch.h"
#include "tiny_archive.h"

namespace {

std::string message() {
  return scorelane_last_error();
}

scorelane_model* load() {
  scorelane_model* model = nullptr;
  const std::string path = tiny::save(tiny::counting());
  REQUIRE(scorelane_model_load(path.c_str(), "cpu", 1, &model) == SCORELANE_OK);
  REQUIRE(model != nullptr);
  return model;
}

int cancel(void* user, double) {
  ++*static_cast<int*>(user);
  return 0;
}

}  // namespace

TEST_CASE("C: a recording becomes notes") {
  CHECK(scorelane_abi_version() == SCORELANE_ABI_VERSION);
  scorelane_model* model = load();
  CHECK(std::string(scorelane_model_device(model)) == "cpu");
  CHECK(std::string(scorelane_model_config(model)).find("segment_samples") != std::string::npos);

  scorelane_options options = scorelane_default_options();
  options.batch_size = 1;
  options.tuning = 440.0;  // nothing to wait for
  scorelane_stream* stream = nullptr;
  REQUIRE(scorelane_stream_new(model, 16000.0, &options, &stream) == SCORELANE_OK);
  scorelane_model_free(model);  // the stream keeps what it needs

  const std::vector<float> samples(3 * tiny::kWindow, 0.2F);
  const float* channels[] = {samples.data(), samples.data()};
  const scorelane_note* notes = nullptr;
  size_t count = 99;
  REQUIRE(scorelane_stream_push(stream, channels, 2, samples.size(), &notes, &count) ==
          SCORELANE_OK);
  REQUIRE(count == 6);
  CHECK(notes[0].is_drum == 1);
  CHECK(notes[0].pitch == 35);
  CHECK(notes[0].velocity == 64);
  CHECK(notes[0].confidence == Approx(0.5));
  CHECK(notes[5].onset == Approx(0.2));
  REQUIRE(scorelane_stream_flush(stream, &notes, &count) == SCORELANE_OK);
  CHECK(count == 0);
  CHECK(message().empty());
  scorelane_stream_free(stream);
}

TEST_CASE("C: null pointers are argument errors") {
  scorelane_model* model = nullptr;
  scorelane_stream* stream = nullptr;
  const scorelane_note* notes = nullptr;
  size_t count = 0;
  CHECK(scorelane_model_load(nullptr, "cpu", 0, &model) == SCORELANE_ARGUMENT_ERROR);
  CHECK(scorelane_model_load("x", nullptr, 0, &model) == SCORELANE_ARGUMENT_ERROR);
  CHECK(scorelane_model_load("x", "cpu", 0, nullptr) == SCORELANE_ARGUMENT_ERROR);
  CHECK(scorelane_stream_new(nullptr, 44100.0, nullptr, &stream) == SCORELANE_ARGUMENT_ERROR);
  CHECK(scorelane_stream_push(nullptr, nullptr, 1, 1, &notes, &count) == SCORELANE_ARGUMENT_ERROR);
  CHECK(scorelane_stream_flush(nullptr, &notes, &count) == SCORELANE_ARGUMENT_ERROR);
  CHECK_FALSE(message().empty());
  CHECK(std::string(scorelane_model_config(nullptr)).empty());
  scorelane_model_free(nullptr);
  scorelane_stream_free(nullptr);
}

TEST_CASE("C: failures have a status and a sentence") {
  scorelane_model* model = nullptr;
  CHECK(scorelane_model_load("/nowhere", "cpu", 0, &model) == SCORELANE_MODEL_ERROR);
  CHECK(model == nullptr);
  CHECK(message().find("There is no model file") != std::string::npos);

  model = load();
  CHECK(message().empty());
  scorelane_stream* stream = nullptr;
  CHECK(scorelane_stream_new(model, 10.0, nullptr, &stream) == SCORELANE_AUDIO_ERROR);
  CHECK(stream == nullptr);

  REQUIRE(scorelane_stream_new(model, 44100.0, nullptr, &stream) == SCORELANE_OK);
  const std::vector<float> bad{0.0F, std::nanf("")};
  const float* channel = bad.data();
  const scorelane_note* notes = nullptr;
  size_t count = 99;
  CHECK(scorelane_stream_push(stream, &channel, 1, 2, &notes, &count) == SCORELANE_AUDIO_ERROR);
  CHECK(message().find("sample 1 ") != std::string::npos);
  CHECK(count == 0);
  CHECK(scorelane_stream_push(stream, &channel, 1, 1, &notes, &count) == SCORELANE_ENGINE_ERROR);
  scorelane_stream_free(stream);
  scorelane_model_free(model);
}

TEST_CASE("C: the callback cancels") {
  scorelane_model* model = load();
  scorelane_options options = scorelane_default_options();
  int calls = 0;
  options.on_progress = cancel;
  options.user = &calls;
  scorelane_stream* stream = nullptr;
  REQUIRE(scorelane_stream_new(model, 16000.0, &options, &stream) == SCORELANE_OK);
  const std::vector<float> samples(tiny::kWindow, 0.2F);
  const float* channel = samples.data();
  const scorelane_note* notes = nullptr;
  size_t count = 0;
  CHECK(scorelane_stream_push(stream, &channel, 1, samples.size(), &notes, &count) ==
        SCORELANE_CANCELLED);
  CHECK(calls == 1);
  scorelane_stream_free(stream);
  scorelane_model_free(model);
}

TEST_CASE("C: held notes are linked where that is asked for") {
  scorelane_model* model = load();
  scorelane_options options = scorelane_default_options();
  CHECK(options.held_notes == SCORELANE_HELD_FREE);
  scorelane_stream* stream = nullptr;
  for (const int32_t wrong : {-1, 3}) {
    options.held_notes = wrong;
    CHECK(scorelane_stream_new(model, 16000.0, &options, &stream) == SCORELANE_ARGUMENT_ERROR);
    CHECK(stream == nullptr);
    CHECK_FALSE(message().empty());
  }
  options.held_notes = SCORELANE_HELD_LINKED;
  options.tuning = 440.0;
  REQUIRE(scorelane_stream_new(model, 16000.0, &options, &stream) == SCORELANE_OK);
  const std::vector<float> samples(2 * tiny::kWindow, 0.2F);
  const float* channel = samples.data();
  const scorelane_note* notes = nullptr;
  size_t count = 0;
  REQUIRE(scorelane_stream_push(stream, &channel, 1, samples.size(), &notes, &count) ==
          SCORELANE_OK);
  CHECK(count == 4);  // segments come one by one, so the first notes are there before the flush
  scorelane_stream_free(stream);
  scorelane_model_free(model);
}

TEST_CASE("C: players are named program by program") {
  scorelane_model* model = load();
  const int32_t programs[] = {40, 71};
  int32_t players[] = {0, 1};
  scorelane_options options = scorelane_default_options();
  options.programs = programs;
  options.program_count = 2;
  options.players = players;
  scorelane_stream* stream = nullptr;
  CHECK(scorelane_stream_new(model, 16000.0, &options, &stream) == SCORELANE_OK);
  scorelane_stream_free(stream);
  for (const int32_t nobody : {-1, 2}) {
    players[1] = nobody;
    CHECK(scorelane_stream_new(model, 16000.0, &options, &stream) == SCORELANE_ENGINE_ERROR);
    CHECK(stream == nullptr);
    CHECK(message().find("player") != std::string::npos);
  }
  scorelane_model_free(model);
}

TEST_CASE("C: a mask of programs is used") {
  scorelane_model* model = nullptr;
  const std::string path = tiny::save(tiny::endless());
  REQUIRE(scorelane_model_load(path.c_str(), "cpu", 1, &model) == SCORELANE_OK);
  const int32_t piano = 0;
  scorelane_options options = scorelane_default_options();
  options.programs = &piano;
  options.program_count = 1;
  scorelane_stream* stream = nullptr;
  REQUIRE(scorelane_stream_new(model, 16000.0, &options, &stream) == SCORELANE_OK);
  const std::vector<float> samples(tiny::kWindow, 0.2F);
  const float* channel = samples.data();
  const scorelane_note* notes = nullptr;
  size_t count = 0;
  REQUIRE(scorelane_stream_push(stream, &channel, 1, samples.size(), &notes, &count) ==
          SCORELANE_OK);
  REQUIRE(scorelane_stream_flush(stream, &notes, &count) == SCORELANE_OK);
  REQUIRE(count > 0);
  for (size_t i = 0; i < count; ++i) CHECK(notes[i].program == 0);
  scorelane_stream_free(stream);
  scorelane_model_free(model);
}
