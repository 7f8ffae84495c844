#include "scorelane/resampler.h"

#include <cmath>
#include <random>
#include <vector>

#include "catch.h"
#include "scorelane/error.h"

using scorelane::Error;
using scorelane::ErrorKind;
using scorelane::Resampler;

namespace {

constexpr double kPi = 3.14159265358979323846;

std::vector<float> sine(double hertz, double rate, std::size_t count) {
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i) {
    samples[i] =
        static_cast<float>(0.5 * std::sin(2.0 * kPi * hertz * static_cast<double>(i) / rate));
  }
  return samples;
}

std::vector<float> convert(const std::vector<float>& samples, double from, double to) {
  Resampler resampler(from, to);
  std::vector<float> out;
  resampler.push(samples.data(), samples.size(), out);
  resampler.flush(out);
  return out;
}

}  // namespace

TEST_CASE("a sine keeps its frequency, level and place at every rate") {
  const double rate = GENERATE(8000.0, 11025.0, 22050.0, 44100.0, 48000.0, 96000.0, 192000.0);
  const auto seconds = 2.0;
  const auto in = sine(1000.0, rate, static_cast<std::size_t>(seconds * rate));
  const auto out = convert(in, rate, 16000.0);
  const auto wanted = sine(1000.0, 16000.0, static_cast<std::size_t>(seconds * 16000.0));
  REQUIRE(std::abs(static_cast<double>(out.size()) - seconds * 16000.0) <= 1.0);
  for (std::size_t i = 1600; i < out.size() - 1600; ++i) {
    REQUIRE(out[i] == Approx(wanted[i]).margin(2e-4));
  }
}

TEST_CASE("the output does not depend on how the input is cut") {
  const double rate = GENERATE(1000.0, 16000.0, 44100.0, 384000.0);
  std::mt19937 random(7);
  std::uniform_real_distribution<float> value(-1.0F, 1.0F);
  std::vector<float> in(60000);
  for (float& x : in) x = value(random);
  const std::vector<float> whole = convert(in, rate, 16000.0);

  Resampler resampler(rate, 16000.0);
  std::vector<float> pieces;
  for (std::size_t at = 0; at < in.size();) {
    const std::size_t count = std::min<std::size_t>(in.size() - at, random() % 9000);
    resampler.push(in.data() + at, count, pieces);
    at += count;
  }
  resampler.flush(pieces);
  CHECK(pieces == whole);
}

TEST_CASE("a single sample passes") {
  const std::vector<float> out = convert({0.5F}, 44100.0, 16000.0);
  CHECK(out.size() <= 1);
}

TEST_CASE("rates outside 1 kHz to 384 kHz are refused") {
  for (const double rate : {999.0, 384001.0, 0.0, -44100.0, std::nan("")}) {
    try {
      Resampler resampler(rate, 16000.0);
      FAIL("accepted " << rate);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kAudio);
    }
  }
}
