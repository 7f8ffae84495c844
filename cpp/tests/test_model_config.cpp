#include "scorelane/model_config.h"

#include <string>

#include "catch.h"
#include "scorelane/error.h"

using scorelane::Error;
using scorelane::ErrorKind;
using scorelane::Granularity;
using scorelane::Linger;
using scorelane::ModelConfig;

namespace {

const std::string kGood = R"({"format": 1, "sample_rate": 16000, "segment_samples": 32768,
  "context_samples": 4096, "velocity_bins": 1, "steps_per_second": 100, "max_shift": 1000,
  "max_tokens": 512, "vocabulary_size": 1536, "granularity": "class", "has_note_heads": true,
  "something_new": [1, 2]})";

std::string with(const std::string& key, const std::string& value) {
  const std::size_t name = kGood.find('"' + key + '"');
  const std::size_t from = kGood.find(':', name) + 1;
  return kGood.substr(0, from) + value + kGood.substr(kGood.find_first_of(",}", from));
}

std::string message(const std::string& json) {
  try {
    ModelConfig::parse(json);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kModel);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a configuration is read; unknown keys do not matter") {
  const ModelConfig config = ModelConfig::parse(kGood);
  CHECK(config.sample_rate == 16000.0);
  CHECK(config.window_samples() == 40960);
  CHECK(config.max_tokens == 512);
  CHECK(config.has_note_heads);
  CHECK(config.granularity == Granularity::kClass);
  CHECK(config.vocabulary.end_of_events() == 1391);
}

TEST_CASE("the programs that a model writes come in order") {
  const auto writing = [](const std::string& programs) {
    return with("max_tokens", "512, \"programs\": " + programs);
  };
  CHECK(ModelConfig::parse(kGood).programs.empty());
  CHECK(ModelConfig::parse(writing("[0, 40, 127]")).programs ==
        std::vector<std::int32_t>{0, 40, 127});
  for (const char* wrong : {"[128]", "[-1]", "[0.5]", "[40, 0]", "[7, 7]", "7", "[\"piano\"]"}) {
    CHECK(message(writing(wrong)).find("programs") != std::string::npos);
  }
}

TEST_CASE("notes linger where the configuration says so, within reason") {
  const auto lingering = [](const std::string& steps) {
    return with("max_tokens", "512, \"linger_steps\": " + steps);
  };
  CHECK(ModelConfig::parse(kGood).linger_steps == Linger{});
  Linger three{};
  three.fill(3);
  CHECK(ModelConfig::parse(lingering("3")).linger_steps == three);
  three.at(15) = 9;
  const std::string threes = "3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, ";
  CHECK(ModelConfig::parse(lingering("[" + threes + "9]")).linger_steps == three);
  for (const std::string& wrong : {std::string("-1"), std::string("1.5"), std::string("[]"),
                                   std::string("[3]"), "[" + threes + "-1]", "[" + threes + "0.5]",
                                   "[" + threes + "\"long\"]", "[" + threes + "1001]"}) {
    CHECK(message(lingering(wrong)).find("linger_steps") != std::string::npos);
  }
}

TEST_CASE("segments start on the grid, floored") {
  const ModelConfig config = ModelConfig::parse(kGood);
  CHECK(config.segment_start_step(0) == 0);
  CHECK(config.segment_start_step(1) == 204);  // 2.048 s
  CHECK(config.segment_start_step(5) == 1024);
  CHECK(config.segment_start_step(1'000'000) == 204'800'000);
}

TEST_CASE("the message names what is wrong") {
  CHECK(message("not json").find("JSON") != std::string::npos);
  CHECK(message("[]").find("JSON") != std::string::npos);
  CHECK(message("{}").find("format") != std::string::npos);
  CHECK(message(with("format", "2")).find("format") != std::string::npos);
  CHECK(message(with("sample_rate", "0")).find("sample_rate") != std::string::npos);
  CHECK(message(with("segment_samples", "-4")).find("segment_samples") != std::string::npos);
  CHECK(message(with("segment_samples", "1e300")).find("segment_samples") != std::string::npos);
  CHECK(message(with("max_tokens", "\"many\"")).find("max_tokens") != std::string::npos);
  CHECK(message(with("max_tokens", "1.5")).find("max_tokens") != std::string::npos);
  CHECK(message(with("velocity_bins", "64")).find("velocity_bins") != std::string::npos);
  CHECK(message(with("vocabulary_size", "1390")).find("vocabulary_size") != std::string::npos);
  CHECK(message(with("granularity", "\"none\"")).find("none") != std::string::npos);
  CHECK(message(with("has_note_heads", "1")).find("has_note_heads") != std::string::npos);
}
