#include "play/soundfont_synth.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "play/fluidsynth_library.h"

namespace scorelane::plugin {

namespace {

constexpr double kHighestRate = 96000.0;  // that fluidsynth knows
constexpr double kLowestRate = 8000.0;

/// Above 96 kHz fluidsynth runs at a whole fraction of the rate, and lines join its samples: what
/// that adds lies above its own 48 kHz, beyond hearing.
class SoundfontSynth final : public Synth {
 public:
  SoundfontSynth(const FluidsynthLibrary& library, double sample_rate)
      : library_(library),
        factor_(std::max(1, static_cast<int>(std::ceil(sample_rate / kHighestRate)))),
        settings_(library.new_settings()) {
    const auto set = [&](const char* name, int value) {
      library_.set_integer(settings_, name, value);
    };
    library_.set_number(settings_, "synth.sample-rate",
                        std::clamp(sample_rate / factor_, kLowestRate, kHighestRate));
    library_.set_number(settings_, "synth.gain", 0.5);
    set("synth.polyphony", 128);
    set("synth.cpu-cores", 1);
    set("synth.threadsafe-api", 0);          // only the audio thread plays it
    set("synth.lock-memory", 0);             // plugins are refused that much locked memory
    set("synth.dynamic-sample-loading", 0);  // it would read files on the audio thread
    // Its effects open an OpenMP team in every block, which allocates.
    set("synth.chorus.active", 0);
    set("synth.reverb.active", 0);
    synth_ = library_.new_synth(settings_);
  }

  ~SoundfontSynth() override {
    if (synth_ != nullptr) {
      library_.delete_synth(synth_);
    }
    library_.delete_settings(settings_);
  }

  SoundfontSynth(const SoundfontSynth&) = delete;
  SoundfontSynth& operator=(const SoundfontSynth&) = delete;

  bool load(const juce::File& file) {
    return synth_ != nullptr &&
           library_.load_soundfont(synth_, file.getFullPathName().toRawUTF8(), 1) >= 0;
  }

  void note_on(int channel, int key, int velocity) override {
    library_.note_on(synth_, channel, key, velocity);
  }

  void note_off(int channel, int key) override { library_.note_off(synth_, channel, key); }

  void set_program(int channel, int program) override {
    library_.program_change(synth_, channel, program);
  }

  void silence() override {
    library_.all_sounds_off(synth_, -1);
    // What it has rendered ahead still sounds.
    std::array<float, kAhead> unheard;
    library_.write_float(synth_, kAhead, unheard.data(), 0, 1, unheard.data(), 0, 1);
    fetched_ = kFetch;
    phase_ = 0;
    last_ = next_ = {};
  }

  bool sounds() const override { return library_.active_voices(synth_) > 0; }

  void render(float* left, float* right, int samples) override {
    if (factor_ == 1) {
      library_.write_float(synth_, samples, left, 0, 1, right, 0, 1);
      return;
    }
    for (int i = 0; i < samples; ++i) {
      if (phase_ == 0) {
        last_ = next_;
        fetch();
      }
      const float part = static_cast<float>(phase_) / static_cast<float>(factor_);
      left[i] = last_[0] + part * (next_[0] - last_[0]);
      right[i] = last_[1] + part * (next_[1] - last_[1]);
      phase_ = (phase_ + 1) % factor_;
    }
  }

 private:
  void fetch() {
    if (fetched_ == kFetch) {
      library_.write_float(synth_, kFetch, buffer_.data(), 0, 2, buffer_.data(), 1, 2);
      fetched_ = 0;
    }
    const auto place = static_cast<std::size_t>(2 * fetched_++);
    next_ = {buffer_[place], buffer_[place + 1]};
  }

  static constexpr int kAhead = 64;  ///< that fluidsynth renders at a time
  static constexpr int kFetch = 16;

  const FluidsynthLibrary& library_;
  const int factor_;
  FluidsynthLibrary::Settings* settings_;
  FluidsynthLibrary::Instance* synth_ = nullptr;
  std::array<float, 2 * kFetch> buffer_{};
  int fetched_ = kFetch;
  int phase_ = 0;
  std::array<float, 2> last_{};
  std::array<float, 2> next_{};
};

}  // namespace

std::unique_ptr<Synth> make_soundfont_synth(const juce::File& file, double sample_rate) {
  const auto* library = FluidsynthLibrary::get();
  if (library == nullptr || !file.existsAsFile()) {
    return nullptr;
  }
  auto synth = std::make_unique<SoundfontSynth>(*library, sample_rate);
  return synth->load(file) ? std::move(synth) : nullptr;
}

bool can_play_soundfonts() {
  return FluidsynthLibrary::get() != nullptr;
}

std::vector<juce::File> system_soundfonts() {
  std::vector<juce::File> found;
#if JUCE_LINUX || JUCE_BSD
  // Names, since not every soundfont in these folders is General MIDI: some are one drum kit.
  for (const auto* name : {"default-GM", "default", "FluidR3_GM", "MuseScore_General",
                           "MuseScore_General_Full", "GeneralUser", "FluidR3Mono_GM", "TimGM6mb"}) {
    for (const auto* folder : {"/usr/share/sounds/sf2", "/usr/share/sounds/sf3",
                               "/usr/share/soundfonts", "/usr/local/share/soundfonts"}) {
      for (const auto* suffix : {".sf2", ".sf3"}) {
        const auto file = juce::File(folder).getChildFile(juce::String(name) + suffix);
        if (file.existsAsFile()) {
          found.push_back(file);
        }
      }
    }
  }
#endif
  return found;
}

}  // namespace scorelane::plugin
