#include "take/take_player.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace scorelane::plugin {
namespace {

constexpr int kMostChannels = 2;
using Frame = std::array<float, kMostChannels>;

/// Catmull-Rom through four samples, between the second and the third.
float interpolate(float a, float b, float c, float d, float at) {
  const auto slope = 0.5F * (c - a);
  const auto next_slope = 0.5F * (d - b);
  const auto rise = c - b;
  return b + at * (slope + at * (3.0F * rise - 2.0F * slope - next_slope +
                                 at * (slope + next_slope - 2.0F * rise)));
}

}  // namespace

void TakePlayer::show(const std::shared_ptr<const Take>& take) {
  auto audio = std::make_unique<Audio>();
  if (take != nullptr && take->complete()) {
    juce::WavAudioFormat wav;
    audio->reader.reset(wav.createMemoryMappedReader(take->file));
    if (audio->reader != nullptr && !audio->reader->mapEntireFile()) audio->reader.reset();
  }
  audio_.give(std::move(audio));
}

void TakePlayer::render(double seconds, juce::AudioBuffer<float>& audio, int samples,
                        double sample_rate, float gain) {
  audio_.update();
  if (audio_.current() == nullptr || audio_.current()->reader == nullptr) return;
  const auto& reader = *audio_.current()->reader;
  const auto length = reader.lengthInSamples;
  const auto frame = [&](std::int64_t index) {
    Frame values{};
    if (index >= 0 && index < length) {
      reader.getSample(index, values.data());
      if (reader.numChannels == 1) values[1] = values[0];
    }
    return values;
  };
  const auto step = reader.sampleRate / sample_rate;
  const auto channels = std::min(audio.getNumChannels(), kMostChannels);
  for (int i = 0; i < samples; ++i) {
    const auto place = seconds * reader.sampleRate + i * step;
    if (place < -2.0 || place > static_cast<double>(length) + 2.0) continue;
    const auto whole = std::floor(place);
    const auto at = static_cast<float>(place - whole);
    const auto index = static_cast<std::int64_t>(whole);
    const std::array<Frame, 4> near{frame(index - 1), frame(index), frame(index + 1),
                                    frame(index + 2)};
    for (int channel = 0; channel < channels; ++channel) {
      const auto c = static_cast<std::size_t>(channel);
      const auto value = interpolate(near[0][c], near[1][c], near[2][c], near[3][c], at);
      audio.addSample(channel, i, gain * value);
    }
  }
}

}  // namespace scorelane::plugin
