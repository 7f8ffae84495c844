#include "play/built_in_voice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "notes/lanes.h"
#include "play/built_in_sounds.h"

namespace scorelane::plugin {

namespace {

constexpr double kTau = 6.283185307179586;
constexpr std::size_t kPolyphony = 64;
constexpr std::size_t kFading = 32;      // more slots, for notes that end early
constexpr double kStealSeconds = 0.004;  // in which those fade
constexpr double kInaudible = 1e-4;      // of full scale
constexpr double kNyquistShare = 0.45;   // partials above this share of the rate are left out

/// A sine that decays: a point that turns about the origin and nears it.
struct Partial {
  double x = 0.0;
  double y = 0.0;
  double turn_x = 0.0;
  double turn_y = 0.0;

  double next() {
    const double before = y;
    y = x * turn_y + y * turn_x;
    x = x * turn_x - before * turn_y;
    return before;
  }
};

/// One note. Its envelope multiplies by `factor` each sample after a short straight attack.
struct Voice {
  bool on = false;
  bool held = false;
  int channel = 0;
  int key = 0;
  std::uint64_t age = 0;
  std::array<Partial, kPartials> partials;
  int partial_count = 0;
  double attack = 0.0;
  double attack_step = 0.0;
  double level = 0.0;
  double factor = 1.0;
  double release_factor = 1.0;
  // Drums only.
  double noise = 0.0;
  double noise_factor = 1.0;
  double noise_low = 0.0;  ///< state of the low-pass whose output is taken off
  double noise_cut = 0.0;
  double phase = 0.0;
  double step = 0.0;  ///< of the phase, turns per sample
  double last_step = 0.0;
  double step_factor = 0.0;
  double tone = 0.0;
};

class BuiltInVoice final : public Synth {
 public:
  explicit BuiltInVoice(double sample_rate) : rate_(std::max(1000.0, sample_rate)) {}

  void note_on(int channel, int key, int velocity) override {
    note_off(channel, key);
    Voice& voice = free_voice();
    voice = Voice{};
    voice.on = true;
    voice.held = true;
    voice.channel = channel;
    voice.key = key;
    voice.age = ++age_;
    const double loudness = 0.12 * std::pow(velocity / 127.0, 1.5);
    if (channel == kDrumChannel) {
      start_drum(voice, built_in_drum(key), loudness);
    } else {
      const int program = programs_[static_cast<std::size_t>(channel)];
      start_tone(voice, built_in_tone(program / 8), loudness);
    }
  }

  void note_off(int channel, int key) override {
    if (channel == kDrumChannel) {
      return;  // a drum rings as long as it rings
    }
    for (Voice& voice : voices_) {
      if (voice.on && voice.held && voice.channel == channel && voice.key == key) {
        voice.held = false;
        voice.factor = std::min(voice.factor, voice.release_factor);
      }
    }
  }

  void set_program(int channel, int program) override {
    programs_[static_cast<std::size_t>(channel)] = program;
  }

  void silence() override {
    for (Voice& voice : voices_) {
      voice.on = false;
    }
  }

  bool sounds() const override {
    return std::any_of(voices_.begin(), voices_.end(), [](const Voice& v) { return v.on; });
  }

  void render(float* left, float* right, int samples) override {
    std::fill(left, left + samples, 0.0F);
    for (Voice& voice : voices_) {
      if (voice.on) {
        add(voice, left, samples);
      }
    }
    std::copy(left, left + samples, right);
  }

 private:
  /// What an envelope multiplies by each sample to fall by 60 dB in `seconds`.
  double factor_for(double seconds) const { return std::pow(0.001, 1.0 / (seconds * rate_)); }

  void start_tone(Voice& voice, const Tone& tone, double loudness) {
    const double hertz = 440.0 * std::pow(2.0, (voice.key - 69) / 12.0);
    for (std::size_t i = 0; i < kPartials; ++i) {
      const double overtone = tone.ratios[i] * hertz;
      if (tone.levels[i] > 0.0 && overtone < kNyquistShare * rate_) {
        const double angle = kTau * overtone / rate_;
        // Beyond the decay of the whole, higher partials fall faster.
        const double decay = tone.decay > 0.0 && tone.ratios[i] > 1.0
                                 ? factor_for(tone.decay / (tone.ratios[i] - 1.0))
                                 : 1.0;
        auto& partial = voice.partials[static_cast<std::size_t>(voice.partial_count++)];
        partial = {tone.levels[i], 0.0, decay * std::cos(angle), decay * std::sin(angle)};
      }
    }
    voice.attack_step = 1.0 / (tone.attack * rate_);
    voice.level = loudness;
    voice.release_factor = factor_for(tone.release);
    voice.factor = tone.decay > 0.0 ? factor_for(tone.decay) : 1.0;
  }

  void start_drum(Voice& voice, const Drum& drum, double loudness) {
    const auto step = [&](double hertz) { return std::min(kNyquistShare, hertz / rate_); };
    voice.attack_step = 1.0 / (0.001 * rate_);
    voice.level = 2.0 * loudness;
    voice.factor = factor_for(drum.seconds);
    voice.tone = drum.tone;
    voice.step = step(drum.first_hertz);
    voice.last_step = step(drum.last_hertz);
    voice.step_factor = factor_for(drum.fall);
    voice.noise = drum.noise;
    voice.noise_factor = factor_for(drum.noise_seconds);
    voice.noise_cut = 1.0 - std::exp(-kTau * std::min(kNyquistShare, drum.noise_hertz / rate_));
  }

  Voice& free_voice() {
    const auto held = [&] {
      return std::count_if(voices_.begin(), voices_.end(),
                           [&](const Voice& v) { return v.on && v.factor > steal_factor_; });
    };
    if (static_cast<std::size_t>(held()) >= kPolyphony) {
      oldest([&](const Voice& v) { return v.on && v.factor > steal_factor_; }).factor =
          steal_factor_;
    }
    const auto found =
        std::find_if(voices_.begin(), voices_.end(), [](const Voice& v) { return !v.on; });
    return found != voices_.end() ? *found : oldest([](const Voice&) { return true; });
  }

  template <typename Condition>
  Voice& oldest(Condition condition) {
    Voice* result = &voices_.front();
    for (Voice& voice : voices_) {
      if (condition(voice) && (!condition(*result) || voice.age < result->age)) {
        result = &voice;
      }
    }
    return *result;
  }

  void add(Voice& voice, float* out, int samples) {
    for (int i = 0; i < samples; ++i) {
      voice.attack = std::min(1.0, voice.attack + voice.attack_step);
      voice.level *= voice.factor;
      const double sound =
          voice.channel == kDrumChannel ? next_of_drum(voice) : next_of_tone(voice);
      out[i] += static_cast<float>(voice.attack * voice.level * sound);
    }
    voice.on = voice.level > kInaudible;
  }

  static double next_of_tone(Voice& voice) {
    double sum = 0.0;
    for (int i = 0; i < voice.partial_count; ++i) {
      sum += voice.partials[static_cast<std::size_t>(i)].next();
    }
    return sum;
  }

  double next_of_drum(Voice& voice) {
    voice.phase += voice.step;
    voice.phase -= std::floor(voice.phase);
    voice.step = voice.last_step + (voice.step - voice.last_step) * voice.step_factor;
    seed_ = seed_ * 1664525U + 1013904223U;
    const double white = static_cast<double>(seed_) / 2147483648.0 - 1.0;
    voice.noise_low += voice.noise_cut * (white - voice.noise_low);
    voice.noise *= voice.noise_factor;
    return voice.tone * std::sin(kTau * voice.phase) + voice.noise * (white - voice.noise_low);
  }

  const double rate_;
  const double steal_factor_ = factor_for(kStealSeconds);
  std::array<Voice, kPolyphony + kFading> voices_;
  std::array<int, 16> programs_{};
  std::uint64_t age_ = 0;
  std::uint32_t seed_ = 1;
};

}  // namespace

std::unique_ptr<Synth> make_built_in_voice(double sample_rate) {
  return std::make_unique<BuiltInVoice>(sample_rate);
}

}  // namespace scorelane::plugin
