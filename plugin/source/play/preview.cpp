#include "play/preview.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>

#include "play/built_in_voice.h"
#include "play/handoff.h"
#include "play/soundfont_synth.h"
#include "play/synth.h"

namespace scorelane::plugin {

namespace {

constexpr int kChunk = 256;             // samples rendered at a time
constexpr double kFadeSeconds = 0.005;  // of what is cut off
constexpr float kInaudible = 1e-5F;     // of full scale
constexpr double kPatience = 0.2;       // seconds of inaudible sound before the synth may sleep
constexpr const char* kBuiltInName = "Built-in";

juce::Reverb::Parameters small_room() {
  juce::Reverb::Parameters room;
  room.roomSize = 0.3F;
  room.damping = 0.6F;
  room.wetLevel = 0.04F;
  room.dryLevel = 0.5F;  // JUCE doubles it
  return room;
}

float peak_of(const float* samples, int count) {
  const auto range = juce::FloatVectorOperations::findMinAndMax(samples, count);
  return std::max(-range.getStart(), range.getEnd());
}

}  // namespace

struct Preview::Impl {
  // For all threads but the audio thread, under the lock.
  std::mutex mutex;
  double sample_rate = 44100.0;
  juce::File soundfont;  ///< none: the built-in voice
  juce::String name = kBuiltInName;

  Handoff<Synth> synths;
  std::atomic<bool> cut{false};

  // For the audio thread.
  juce::Reverb reverb;
  std::array<int, 16> programs{};
  std::array<std::array<float, kChunk>, 2> chunk{};
  std::array<std::array<float, kChunk>, 2> tail{};  ///< fading rest of what was cut off
  int tail_place = kChunk;
  int fade_samples = kChunk;
  float gain = 0.0F;
  bool awake = false;
  int inaudible_samples = 0;
  int patience = 0;

  /// Takes over another synth and the wish for silence.
  void update() {
    if (synths.update()) {
      for (int channel = 0; channel < 16; ++channel) {
        synths.current()->set_program(channel, programs[static_cast<std::size_t>(channel)]);
      }
    }
    if (cut.exchange(false)) {
      cut_off();
    }
  }

  void cut_off() {
    if (!awake) {
      return;
    }
    tail = {};
    sound(tail[0].data(), tail[1].data(), fade_samples);
    for (int i = 0; i < fade_samples; ++i) {
      const auto place = static_cast<std::size_t>(i);
      const float share = 1.0F - static_cast<float>(i) / static_cast<float>(fade_samples);
      tail[0][place] *= share;
      tail[1][place] *= share;
    }
    tail_place = 0;
    synths.current()->silence();
    reverb.reset();
  }

  void sound(float* left, float* right, int samples) {
    synths.current()->render(left, right, samples);
    reverb.processStereo(left, right, samples);
  }

  void handle(const juce::MidiMessageMetadata& event, bool audible) {
    const int kind = event.data[0] & 0xF0;
    const int channel = event.data[0] & 0x0F;
    if (kind == 0xC0 && event.numBytes >= 2) {
      programs[static_cast<std::size_t>(channel)] = event.data[1];
      synths.current()->set_program(channel, event.data[1]);
    } else if (event.numBytes < 3) {
      return;
    } else if (kind == 0x90 && event.data[2] > 0) {
      if (audible) {
        synths.current()->note_on(channel, event.data[1], event.data[2]);
        awake = true;
        inaudible_samples = 0;
      }
    } else if (kind == 0x80 || kind == 0x90) {
      synths.current()->note_off(channel, event.data[1]);
    }
  }

  /// Adds `samples` (at most a chunk) from `place` on, at a gain that goes on by `step`.
  void add(juce::AudioBuffer<float>& audio, int place, int samples, float step) {
    if (awake) {
      float* left = chunk[0].data();
      float* right = chunk[1].data();
      sound(left, right, samples);
      add_tail(samples);
      fall_asleep(std::max(peak_of(left, samples), peak_of(right, samples)), samples);
      const float to = gain + step * static_cast<float>(samples);
      if (audio.getNumChannels() == 1) {
        juce::FloatVectorOperations::add(left, right, samples);
        audio.addFromWithRamp(0, place, left, samples, 0.5F * gain, 0.5F * to);
      } else if (audio.getNumChannels() > 1) {
        audio.addFromWithRamp(0, place, left, samples, gain, to);
        audio.addFromWithRamp(1, place, right, samples, gain, to);
      }
    }
    gain += step * static_cast<float>(samples);
  }

  void add_tail(int samples) {
    const int count = std::min(samples, kChunk - tail_place);
    for (std::size_t side = 0; side < 2; ++side) {
      juce::FloatVectorOperations::add(chunk[side].data(), tail[side].data() + tail_place, count);
    }
    tail_place += count;
  }

  void fall_asleep(float peak, int samples) {
    if (peak > kInaudible || synths.current()->sounds()) {
      inaudible_samples = 0;
    } else {
      inaudible_samples += samples;
      awake = inaudible_samples < patience;
    }
  }

  void stop() {
    if (awake) {
      synths.current()->silence();
      reverb.reset();
    }
    tail_place = kChunk;
    awake = false;
  }

  /// Under the lock: plays `soundfont` from the next block on, if it can be loaded.
  bool change(const juce::File& file) {
    auto synth = make_soundfont_synth(file, sample_rate);
    if (synth == nullptr) {
      return false;
    }
    synths.give(std::move(synth));
    soundfont = file;
    name = file.getFileName();
    return true;
  }

  void change_to_built_in() {
    synths.give(make_built_in_voice(sample_rate));
    soundfont = juce::File();
    name = kBuiltInName;
  }
};

Preview::Preview() : impl_(std::make_unique<Impl>()) {
  impl_->change_to_built_in();
  prepare(impl_->sample_rate, 0);
}

Preview::~Preview() = default;

void Preview::prepare(double sample_rate, int /*block*/) {
  const std::lock_guard lock(impl_->mutex);
  if (sample_rate != impl_->sample_rate) {
    impl_->sample_rate = sample_rate;
    if (impl_->soundfont == juce::File() || !impl_->change(impl_->soundfont)) {
      impl_->change_to_built_in();
    }
  }
  impl_->update();
  impl_->stop();
  impl_->reverb.setParameters(small_room());
  impl_->reverb.setSampleRate(sample_rate);
  impl_->fade_samples = std::min(kChunk, static_cast<int>(kFadeSeconds * sample_rate));
  impl_->patience = static_cast<int>(kPatience * sample_rate);
}

void Preview::render(const juce::MidiBuffer& midi, juce::AudioBuffer<float>& audio, int samples,
                     float gain) {
  auto& impl = *impl_;
  impl.update();
  const bool audible = gain > 0.0F || impl.gain > 0.0F;
  const float step = samples > 0 ? (gain - impl.gain) / static_cast<float>(samples) : 0.0F;
  auto event = midi.begin();
  for (int place = 0; place < samples;) {
    for (; event != midi.end() && (*event).samplePosition <= place; ++event) {
      impl.handle(*event, audible);
    }
    int end = std::min(samples, place + kChunk);
    if (event != midi.end()) {
      end = std::min(end, (*event).samplePosition);
    }
    impl.add(audio, place, end - place, step);
    place = end;
  }
  for (; event != midi.end(); ++event) {
    impl.handle(*event, audible);
  }
  if (samples > 0) {
    impl.gain = gain;
    if (!(gain > 0.0F)) {
      impl.stop();  // nobody hears it
    }
  }
}

void Preview::silence() {
  impl_->update();
  impl_->gain = 0.0F;
  impl_->stop();
}

void Preview::reset() {
  impl_->cut = true;
}

juce::Result Preview::choose_soundfont(const juce::File& file) {
  const std::lock_guard lock(impl_->mutex);
  if (file != juce::File()) {
    if (!can_play_soundfonts()) {
      return juce::Result::fail("The soundfont " + file.getFileName() +
                                " cannot be played: install fluidsynth, then choose it again.");
    }
    if (!impl_->change(file)) {
      return juce::Result::fail("The soundfont " + file.getFullPathName() +
                                " could not be loaded; choose an .sf2 or .sf3 file.");
    }
    return juce::Result::ok();
  }
  const auto files = system_soundfonts();
  const bool found = std::any_of(files.begin(), files.end(),
                                 [&](const juce::File& f) { return impl_->change(f); });
  if (!found) {
    impl_->change_to_built_in();
  }
  return juce::Result::ok();
}

juce::String Preview::voice() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->name;
}

}  // namespace scorelane::plugin
