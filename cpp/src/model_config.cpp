#include "scorelane/model_config.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "scorelane/error.h"

namespace scorelane {

namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr int kLongestLinger = 1'000;
constexpr std::int64_t kLongestWindow = std::int64_t{1} << 24;  // 17 minutes at 16 kHz

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorKind::kModel,
              "The model's configuration " + what + "; export the model again with this version.");
}

template <typename T>
T required(const json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end()) fail(std::string("lacks \"") + key + '"');
  try {
    return found->get<T>();
  } catch (const json::exception&) {
    fail(std::string("has a value of the wrong type for \"") + key + '"');
  }
}

std::int64_t integer(const json& config, const char* key, std::int64_t low, std::int64_t high) {
  const auto value = required<double>(config, key);
  if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) ||
      value != std::floor(value)) {
    fail(std::string("has a value out of range for \"") + key + '"');
  }
  return static_cast<std::int64_t>(value);
}

Granularity read_granularity(const json& config) {
  const auto name = required<std::string>(config, "granularity");
  if (name == "full") return Granularity::kFull;
  if (name == "class") return Granularity::kClass;
  if (name == "flat") return Granularity::kFlat;
  fail("names an unknown granularity \"" + name + '"');
}

std::vector<std::int32_t> read_programs(const json& config) {
  if (!config.contains("programs")) return {};
  const auto programs = required<std::vector<double>>(config, "programs");
  std::vector<std::int32_t> read;
  for (const double program : programs) {
    const bool fits = program >= 0 && program < Vocabulary::kMidiValues;
    if (!fits || program != std::floor(program) || (!read.empty() && program <= read.back())) {
      fail("has a value out of range or order in \"programs\"");
    }
    read.push_back(static_cast<std::int32_t>(program));
  }
  return read;
}

Linger read_linger(const json& config) {
  Linger steps{};
  if (!config.contains("linger_steps")) return steps;
  if (config["linger_steps"].is_number()) {
    steps.fill(integer(config, "linger_steps", 0, kLongestLinger));
    return steps;
  }
  const auto listed = required<std::vector<double>>(config, "linger_steps");
  if (listed.size() != steps.size()) fail("has no 16 numbers in \"linger_steps\"");
  for (std::size_t group = 0; group < steps.size(); ++group) {
    const double value = listed[group];
    if (value < 0 || value > kLongestLinger || value != std::floor(value)) {
      fail("has a value out of range in \"linger_steps\"");
    }
    steps.at(group) = static_cast<std::int64_t>(value);
  }
  return steps;
}

}  // namespace

std::int64_t ModelConfig::segment_start_step(std::int64_t index) const {
  const auto rate = static_cast<std::int64_t>(sample_rate);
  return index * segment_samples * vocabulary.steps_per_second / rate;
}

ModelConfig ModelConfig::parse(const std::string& text) {
  const json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) fail("is not readable JSON");
  if (integer(parsed, "format", 0, 1'000'000) != kFormat) fail("has another format than 1");

  ModelConfig config;
  config.sample_rate = static_cast<double>(integer(parsed, "sample_rate", 1'000, 384'000));
  config.segment_samples = integer(parsed, "segment_samples", 1, kLongestWindow);
  config.context_samples = integer(parsed, "context_samples", 0, kLongestWindow);
  config.max_tokens = integer(parsed, "max_tokens", 1, 1 << 20);
  config.vocabulary_size = integer(parsed, "vocabulary_size", 1, 1 << 20);
  config.has_note_heads = required<bool>(parsed, "has_note_heads");
  config.grammar = parsed.contains("grammar") && required<bool>(parsed, "grammar");
  config.ties = !parsed.contains("ties") || required<bool>(parsed, "ties");
  config.linger_steps = read_linger(parsed);
  config.granularity = read_granularity(parsed);
  config.programs = read_programs(parsed);

  Vocabulary& vocabulary = config.vocabulary;
  vocabulary.velocity_bins = static_cast<std::int32_t>(integer(parsed, "velocity_bins", 1, 127));
  vocabulary.max_shift = static_cast<std::int32_t>(integer(parsed, "max_shift", 1, 100'000));
  vocabulary.steps_per_second =
      static_cast<std::int32_t>(integer(parsed, "steps_per_second", 1, 10'000));
  if (vocabulary.velocity_bins != 1 && vocabulary.velocity_bins != 127) {
    fail("has neither 1 nor 127 \"velocity_bins\"");
  }
  if (vocabulary.end_of_events() > config.vocabulary_size) {
    fail("has a \"vocabulary_size\" too small for its events");
  }
  return config;
}

}  // namespace scorelane
