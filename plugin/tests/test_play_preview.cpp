#include <atomic>
#include <cmath>
#include <thread>

#include "catch.h"
#include "no_allocation.h"
#include "play/built_in_voice.h"
#include "play/preview.h"
#include "play/soundfont_synth.h"

using namespace scorelane::plugin;

namespace {

juce::MidiBuffer one(const juce::MidiMessage& message, int sample = 0) {
  juce::MidiBuffer midi;
  midi.addEvent(message, sample);
  return midi;
}

juce::MidiMessage on(int key, int channel = 0, float velocity = 0.8F) {
  return juce::MidiMessage::noteOn(channel + 1, key, velocity);
}

juce::MidiMessage off(int key, int channel = 0) {
  return juce::MidiMessage::noteOff(channel + 1, key);
}

/// Renders `seconds` in blocks, the events at the first sample, and returns the first channel.
std::vector<float> listen(Preview& preview, const juce::MidiBuffer& midi, double seconds,
                          double rate, int block = 512, int channels = 2, float gain = 1.0F) {
  std::vector<float> sound;
  juce::AudioBuffer<float> audio(channels, block);
  const juce::MidiBuffer none;
  int allocations = 0;
  for (bool first = true; static_cast<double>(sound.size()) < seconds * rate; first = false) {
    audio.clear();
    {
      const AllocationCount count;
      preview.render(first ? midi : none, audio, block, gain);
      allocations += count.calls();
    }
    sound.insert(sound.end(), audio.getReadPointer(0), audio.getReadPointer(0) + block);
  }
  CHECK(allocations == 0);
  for (const float sample : sound) {
    REQUIRE(std::isfinite(sample));
  }
  return sound;
}

float peak(const std::vector<float>& sound, std::size_t from = 0) {
  float result = 0.0F;
  for (std::size_t i = from; i < sound.size(); ++i) {
    result = std::max(result, std::abs(sound[i]));
  }
  return result;
}

/// The largest step between samples beyond what the sound's own slope explains.
float largest_step(const std::vector<float>& sound) {
  float result = 0.0F;
  for (std::size_t i = 2; i < sound.size(); ++i) {
    result = std::max(result, std::abs(sound[i] - 2.0F * sound[i - 1] + sound[i - 2]));
  }
  return result;
}

/// With the built-in voice, then with a soundfont where the system has one.
void with_each_voice(const std::function<void(Preview&)>& test) {
  {
    Preview preview;
    test(preview);
  }
  Preview preview;
  REQUIRE(preview.choose_soundfont({}).wasOk());
  if (preview.voice() == "Built-in") {
    WARN("no soundfont or no fluidsynth here: only the built-in voice is tested");
  } else {
    test(preview);
  }
}

}  // namespace

TEST_CASE("preview: sounds and ends at any rate, block size and number of channels") {
  with_each_voice([](Preview& preview) {
    for (const double rate : {8000.0, 44100.0, 96000.0, 176400.0, 192000.0}) {
      preview.prepare(rate, 512);
      for (const int block : {1, 100, 512, 8192}) {
        if (block == 1 && rate != 8000.0) {
          continue;
        }
        for (const int channels : {1, 2}) {
          const auto sound = listen(preview, one(on(60)), 0.3, rate, block, channels);
          CHECK(peak(sound) > 0.01F);
          CHECK(peak(sound) < 1.0F);
          listen(preview, one(off(60)), 4.0, rate, 8192, channels);
          CHECK(peak(listen(preview, {}, 0.1, rate, block, channels)) < 1e-4F);
        }
      }
    }
  });
}

TEST_CASE("preview: a note has its pitch at every rate") {
  with_each_voice([](Preview& preview) {
    for (const double rate : {8000.0, 48000.0, 192000.0}) {
      preview.prepare(rate, 512);
      const auto sound = listen(preview, one(on(69)), 1.0, rate);
      // Strongest of the semitones about 440 Hz.
      int best = 0;
      double most = 0.0;
      for (int key = 60; key <= 78; ++key) {
        const double turn = 6.283185307179586 * 440.0 * std::pow(2.0, (key - 69) / 12.0) / rate;
        double x = 0.0;
        double y = 0.0;
        for (std::size_t i = 0; i < sound.size(); ++i) {
          x += sound[i] * std::cos(turn * static_cast<double>(i));
          y += sound[i] * std::sin(turn * static_cast<double>(i));
        }
        if (std::hypot(x, y) > most) {
          most = std::hypot(x, y);
          best = key;
        }
      }
      CHECK(best == 69);
    }
  });
}

TEST_CASE("preview: a note begins at its sample, within fluidsynth's 64") {
  with_each_voice([](Preview& preview) {
    preview.prepare(48000.0, 2048);
    const auto sound = listen(preview, one(on(60), 1000), 0.2, 48000.0, 2048);
    CHECK(peak({sound.begin(), sound.begin() + 1000}) == 0.0F);
    CHECK(peak({sound.begin() + 1000, sound.begin() + 1600}) > 0.001F);
  });
}

TEST_CASE("preview: it adds to what is there, and at no gain leaves it alone") {
  with_each_voice([](Preview& preview) {
    preview.prepare(48000.0, 512);
    juce::AudioBuffer<float> audio(2, 512);
    for (int i = 0; i < 512; ++i) {
      audio.setSample(0, i, 0.25F);
      audio.setSample(1, i, -0.25F);
    }
    preview.render(one(on(60)), audio, 512, 0.0F);
    CHECK(audio.getMagnitude(0, 512) == 0.25F);
    CHECK(audio.getSample(1, 511) == -0.25F);
    CHECK(peak(listen(preview, {}, 0.1, 48000.0)) == 0.0F);  // nor is it heard later

    listen(preview, one(on(60)), 0.1, 48000.0);
    audio.clear();
    audio.setSample(0, 100, 10.0F);
    preview.render({}, audio, 512, 1.0F);
    CHECK(audio.getMagnitude(0, 100, 1) > 9.0F);
    CHECK(audio.getMagnitude(0, 200, 300) > 0.001F);
  });
}

TEST_CASE("preview: reset ends all sound at once, without a click") {
  with_each_voice([](Preview& preview) {
    preview.prepare(48000.0, 512);
    const auto before = listen(preview, one(on(48)), 0.5, 48000.0);
    preview.reset();
    const auto after = listen(preview, {}, 0.1, 48000.0);
    CHECK(peak(after, 480) < 1e-4F);
    std::vector<float> seam(before.end() - 200, before.end());
    seam.insert(seam.end(), after.begin(), after.begin() + 480);
    CHECK(largest_step(seam) < 1.5F * largest_step({before.begin() + 9600, before.end()}) + 1e-3F);
    CHECK(peak(listen(preview, one(on(60)), 0.2, 48000.0)) > 0.01F);
  });
}

TEST_CASE("preview: programs change the sound, before and after a reset; drums do not pitch") {
  with_each_voice([](Preview& preview) {
    preview.prepare(48000.0, 512);
    const auto note = [&](int channel) {
      const auto sound = listen(preview, one(on(60, channel)), 0.3, 48000.0);
      preview.reset();
      listen(preview, {}, 0.1, 48000.0);
      return sound;
    };
    const auto piano = note(0);
    listen(preview, one(juce::MidiMessage::programChange(1, 19)), 0.01, 48000.0);
    const auto organ = note(0);
    const auto still_organ = note(0);
    // An organ lasts, a piano fades.
    const auto late = [](const std::vector<float>& sound) {
      return peak(sound, sound.size() - 2000) / peak(sound);
    };
    CHECK(late(organ) > late(piano));
    CHECK(late(still_organ) == Approx(late(organ)).epsilon(0.3));
    CHECK(late(note(9)) < 0.5F * late(organ));
  });
}

TEST_CASE("preview: more notes than it can sound cause neither clicks nor trouble") {
  Preview preview;
  preview.prepare(48000.0, 512);
  std::vector<float> sound;
  for (int i = 0; i < 400; ++i) {
    const auto more = listen(preview, one(on(36 + i % 48, i % 8, 0.2F)), 0.01, 48000.0, 480);
    sound.insert(sound.end(), more.begin(), more.end());
  }
  CHECK(peak(sound) < 4.0F);
  CHECK(largest_step(sound) < 0.1F);
}

TEST_CASE("preview: the built-in voice has a sound for each class and drum") {
  for (const double rate : {8000.0, 48000.0}) {
    const auto synth = make_built_in_voice(rate);
    std::vector<float> left(4800);
    std::vector<float> right(4800);
    for (int midi_class = 0; midi_class < 16; ++midi_class) {
      synth->set_program(0, 8 * midi_class);
      synth->note_on(0, 60, 100);
      synth->render(left.data(), right.data(), 4800);
      CHECK(peak(left) > 0.01F);
      CHECK(peak(left) < 0.5F);
      CHECK(left == right);
      synth->silence();
      CHECK_FALSE(synth->sounds());
    }
    for (int key = 0; key < 128; ++key) {
      synth->note_on(9, key, 100);
      synth->render(left.data(), right.data(), 4800);
      CHECK(peak(left) > 0.003F);
      CHECK(peak(left) < 0.6F);
      for (int i = 0; i < 60 && synth->sounds(); ++i) {
        synth->render(left.data(), right.data(), 4800);
      }
      CHECK_FALSE(synth->sounds());  // without a note-off
    }
  }
}

TEST_CASE("preview: a soundfont that cannot be used is said to be so, and the voice stays") {
  Preview preview;
  CHECK(preview.voice() == "Built-in");
  const auto file = juce::File::createTempFile(".sf2");
  const auto missing = preview.choose_soundfont(file);
  CHECK(missing.failed());
  REQUIRE(file.replaceWithText("RIFF this is no soundfont"));
  const auto broken = preview.choose_soundfont(file);
  CHECK(broken.failed());
  CHECK(broken.getErrorMessage().contains(file.getFileName()));
  CHECK(preview.voice() == "Built-in");
  CHECK(peak(listen(preview, one(on(60)), 0.2, 44100.0)) > 0.01F);
  file.deleteFile();
}

TEST_CASE("preview: soundfonts are exchanged while it sounds") {
  const auto fonts = system_soundfonts();
  if (fonts.empty() || !can_play_soundfonts()) {
    WARN("no soundfont or no fluidsynth here");
    return;
  }
  Preview preview;
  preview.prepare(48000.0, 256);
  std::atomic<bool> done{false};
  std::thread user([&] {
    for (int i = 0; i < 3; ++i) {
      CHECK(preview.choose_soundfont(fonts.back()).wasOk());
    }
    done = true;
  });
  while (!done) {
    listen(preview, one(on(60)), 0.02, 48000.0, 256);
  }
  user.join();
  CHECK(preview.voice() == fonts.back().getFileName());
  CHECK(peak(listen(preview, one(on(60)), 0.2, 48000.0, 256)) > 0.01F);
}
