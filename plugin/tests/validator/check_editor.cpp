#include <atomic>
#include <clocale>
#include <string>
#include <thread>

#include "checks.h"

namespace scorelane::validator {
namespace {

void expect_window(Bench& bench, Window& window) {
  auto* const editor = window.editor();
  bench.expect(editor != nullptr, "there is no editor");
  if (editor == nullptr) return;
  bench.expect(editor->getWidth() > 100 && editor->getHeight() > 100, "the editor has no size");
}

void open_twice(Bench& bench) {
  for (int time = 0; time < 2; ++time) {
    Window window(bench.plugin);
    expect_window(bench, window);
  }
}

void open_while_processing(Bench& bench) {
  prepare(bench.plugin, 44100.0, 64);
  std::atomic<bool> stopping{false};
  juce::WaitableEvent began;
  std::thread audio_thread([&] {
    auto audio = make_audio(bench.plugin, 64);
    juce::Random random(1);
    juce::MidiBuffer midi;
    while (!stopping) {
      fill_with_noise(audio, random);
      bench.plugin.processBlock(audio, midi);
      began.signal();
    }
  });
  began.wait();
  {
    Window window(bench.plugin);
    expect_window(bench, window);
  }
  stopping = true;
  audio_thread.join();
}

void open_unprepared(Bench& bench) {
  release(bench.plugin);
  {
    Window window(bench.plugin);
    expect_window(bench, window);
  }
  on_message_thread([&] { bench.plugin.setRateAndBufferSizeDetails(0.0, 0); });
  {
    Window window(bench.plugin);
    expect_window(bench, window);
  }
  prepare(bench.plugin, 44100.0, 512);
}

void scale(Bench& bench) {
  Window window(bench.plugin);
  for (const auto factor : {1.0F, 1.25F, 2.0F, 0.75F, 1.0F}) {
    on_message_thread([&] { window.editor()->setScaleFactor(factor); });
    juce::Thread::sleep(50);
    expect_window(bench, window);
  }
}

void resize(Bench& bench) {
  Window window(bench.plugin);
  for (int time = 0; time < 20; ++time) {
    on_message_thread([&] {
      window.editor()->setSize(200 + bench.random.nextInt(1500), 100 + bench.random.nextInt(900));
    });
    juce::Thread::sleep(10);
  }
  expect_window(bench, window);
}

void automate(Bench& bench) {
  constexpr int kTimes = 1000;
  Window window(bench.plugin);
  for (int time = 0; time < kTimes; ++time) {
    for (auto* each : bench.plugin.getParameters()) each->setValue(bench.random.nextFloat());
    juce::Thread::sleep(10);
  }
  bench.plugin.getBypassParameter()->setValue(0.0F);
}

void restore_beside_the_window(Bench& bench) {
  Window window(bench.plugin);
  juce::MemoryBlock state;
  bench.plugin.getStateInformation(state);
  set_at_random(bench.plugin, bench.random);
  bench.plugin.setStateInformation(state.getData(), static_cast<int>(state.getSize()));
  juce::Thread::sleep(1000);
}

void keep_the_locale(Bench& bench) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  {
    Window window(bench.plugin);
  }
  const std::string after = std::setlocale(LC_ALL, nullptr);
  bench.expect(before == after, "the locale became " + juce::String(after));
}

}  // namespace

std::vector<Check> editor_checks() {
  return {{"editor", open_twice, true},
          {"editor while processing", open_while_processing, true},
          {"editor unprepared", open_unprepared, true},
          {"editor at other scales", scale},
          {"editor at other sizes", resize},
          {"editor while parameters move", automate},
          {"state from a background thread", restore_beside_the_window},
          {"locale", keep_the_locale, true}};
}

}  // namespace scorelane::validator
