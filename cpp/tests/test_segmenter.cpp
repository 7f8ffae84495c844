#include "scorelane/segmenter.h"

#include <random>
#include <vector>

#include "catch.h"

using scorelane::Segmenter;
using scorelane::Window;

namespace {

std::vector<float> ramp(std::size_t count) {
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = static_cast<float>(i + 1);
  return samples;
}

std::vector<Window> cut(const std::vector<float>& samples, std::size_t segment,
                        std::size_t context) {
  Segmenter segmenter(segment, context);
  std::vector<Window> windows;
  segmenter.push(samples.data(), samples.size(), windows);
  segmenter.flush(windows);
  return windows;
}

}  // namespace

TEST_CASE("windows overlap by their context and are zero outside the recording") {
  const std::vector<Window> windows = cut(ramp(5), 3, 2);
  REQUIRE(windows.size() == 2);
  CHECK(windows[0].index == 0);
  CHECK(windows[0].samples == std::vector<float>{0, 0, 1, 2, 3, 4, 5});
  CHECK(windows[1].index == 1);
  CHECK(windows[1].samples == std::vector<float>{2, 3, 4, 5, 0, 0, 0});
}

TEST_CASE("there are as many windows as segments begin in the recording") {
  CHECK(cut({}, 4, 1).empty());
  CHECK(cut(ramp(1), 4, 1).size() == 1);
  CHECK(cut(ramp(4), 4, 1).size() == 1);
  CHECK(cut(ramp(5), 4, 1).size() == 2);
  CHECK(cut(ramp(8), 4, 0).size() == 2);
  CHECK(cut(ramp(9), 4, 7).size() == 3);
}

TEST_CASE("windows do not depend on how the audio is cut") {
  const std::vector<float> samples = ramp(10'000);
  for (const std::size_t context : {0U, 5U, 400U, 3000U}) {
    const std::vector<Window> whole = cut(samples, 777, context);
    std::mt19937 random(3);
    Segmenter segmenter(777, context);
    std::vector<Window> windows;
    for (std::size_t at = 0; at < samples.size();) {
      const std::size_t count = std::min<std::size_t>(samples.size() - at, random() % 1500);
      segmenter.push(samples.data() + at, count, windows);
      at += count;
    }
    segmenter.flush(windows);
    REQUIRE(windows.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CHECK(windows[i].index == whole[i].index);
      CHECK(windows[i].samples == whole[i].samples);
    }
  }
}

TEST_CASE("a window is silent where nothing reaches -80 dB") {
  std::vector<float> samples(12, 0.9e-4F);
  samples[9] = -1.1e-4F;
  const std::vector<Window> windows = cut(samples, 4, 0);
  REQUIRE(windows.size() == 3);
  CHECK(windows[0].silent);
  CHECK(windows[1].silent);
  CHECK_FALSE(windows[2].silent);
}

TEST_CASE("sound in the context alone keeps a window from being silent") {
  std::vector<float> samples(8, 0.0F);
  samples[4] = 0.5F;
  const std::vector<Window> windows = cut(samples, 4, 1);
  REQUIRE(windows.size() == 2);
  CHECK_FALSE(windows[0].silent);
}
