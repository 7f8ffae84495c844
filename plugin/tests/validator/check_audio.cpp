#include <cstring>

#include "../no_allocation.h"
#include "checks.h"

namespace scorelane::validator {
namespace {

constexpr double kRates[] = {44100.0, 48000.0, 96000.0};
constexpr int kBlocks[] = {64, 128, 256, 512, 1024};
constexpr int kRounds = 10;

/// What a host says of its transport.
struct Transport : juce::AudioPlayHead {
  juce::Optional<PositionInfo> getPosition() const override {
    PositionInfo position;
    position.setIsPlaying(true);
    position.setBpm(120.0);
    position.setTimeInSamples(samples);
    position.setTimeInSeconds(static_cast<double>(samples) / 44100.0);
    position.setPpqPosition(static_cast<double>(samples) / 22050.0);
    return position;
  }
  juce::int64 samples = 0;
};

/// In the `first` block after a preparation, JUCE's side of the host grows its lists.
void process(Bench& bench, juce::AudioBuffer<float>& audio, bool first) {
  juce::MidiBuffer midi;
  midi.ensureSize(2048);
  fill_with_noise(audio, bench.random);
  auto allocations = 0;
  {
    const plugin::AllocationCount count;
    bench.plugin.processBlock(audio, midi);
    allocations = count.calls();
  }
  bench.expect(first || allocations == 0, juce::String(allocations) + " allocations in a block");
  const auto sick = sick_samples(audio);
  bench.expect(sick == 0, juce::String(sick) + " samples are no sound");
}

void for_each_setup(Bench& bench, bool releasing, const std::function<void(double, int)>& act) {
  prepare(bench.plugin, kRates[0], kBlocks[0]);
  for (const auto rate : kRates) {
    for (const auto block : kBlocks) {
      if (releasing) release(bench.plugin);
      prepare(bench.plugin, rate, block);
      act(rate, block);
    }
  }
}

void process_all(Bench& bench, bool releasing) {
  for_each_setup(bench, releasing, [&](double, int block) {
    auto audio = make_audio(bench.plugin, block);
    for (int round = 0; round < kRounds; ++round) process(bench, audio, round == 0);
  });
}

void automate_within_blocks(Bench& bench) {
  constexpr int kSlice = 32;
  const auto parameters = automatable(bench.plugin);
  for_each_setup(bench, true, [&](double, int block) {
    auto audio = make_audio(bench.plugin, block);
    for (int done = 0; done < block; done += kSlice) {
      for (int change = 0; change < 10; ++change) {
        parameters[bench.random.nextInt(parameters.size())]->setValue(bench.random.nextFloat());
      }
      juce::AudioBuffer<float> slice(audio.getArrayOfWritePointers(), audio.getNumChannels(), done,
                                     std::min(kSlice, block - done));
      process(bench, slice, done == 0);
    }
  });
}

/// A host's automation and the editor's sliders at once.
void set_parameters_from_two_threads(Bench& bench) {
  constexpr int kTimes = 500;
  const auto parameters = automatable(bench.plugin);
  juce::WaitableEvent began;
  juce::WaitableEvent ended;
  juce::MessageManager::callAsync([&, random = juce::Random(bench.random)]() mutable {
    began.signal();
    for (int i = 0; i < kTimes; ++i) {
      for (auto* each : parameters) each->setValueNotifyingHost(random.nextFloat());
    }
    ended.signal();
  });
  prepare(bench.plugin, 44100.0, 32);
  auto audio = make_audio(bench.plugin, 32);
  juce::MidiBuffer midi;
  began.wait();
  for (int i = 0; i < kTimes; ++i) {
    for (auto* each : parameters) each->setValue(bench.random.nextFloat());
    fill_with_noise(audio, bench.random);
    bench.plugin.processBlock(audio, midi);
  }
  ended.wait();
}

void record_and_play(Bench& bench) {
  const auto fresh = bench.shelf.open();
  auto& plugin = *fresh;
  Transport transport;
  plugin.setPlayHead(&transport);
  prepare(plugin, 44100.0, 512);
  auto audio = make_audio(plugin, 512);
  juce::MidiBuffer midi;
  for (const auto record : {1.0F, 0.0F}) {
    for (auto* each : plugin.getParameters()) {
      if (each->getName(64) == "Record") each->setValue(record);
    }
    for (transport.samples = 0; transport.samples < 44100; transport.samples += 512) {
      fill_with_noise(audio, bench.random);
      const juce::AudioBuffer<float> sent(audio);
      plugin.processBlock(audio, midi);
      for (int channel = 0; channel < audio.getNumChannels(); ++channel) {
        bench.expect(std::memcmp(audio.getReadPointer(channel), sent.getReadPointer(channel),
                                 512 * sizeof(float)) == 0,
                     "audio does not pass bit by bit");
      }
    }
  }
  plugin.setPlayHead(nullptr);
}

void list_and_change_buses(Bench& bench) {
  auto& plugin = bench.plugin;
  release(plugin);
  const auto layout = plugin.getBusesLayout();
  for (const auto input : {true, false}) {
    bench.expect(plugin.getBusCount(input) == 1, "there is more than the main bus");
    const auto* const bus = plugin.getBus(input, 0);
    for (int channels = 1; channels <= 32; ++channels) {
      const auto named = juce::AudioChannelSet::namedChannelSet(channels);
      if (!named.isDisabled()) bus->isLayoutSupported(named);
      bus->isLayoutSupported(juce::AudioChannelSet::discreteChannels(channels));
    }
  }
  on_message_thread([&] {
    bench.expect(plugin.enableAllBuses(), "not all buses can be enabled");
    bench.expect(plugin.disableNonMainBuses(), "the main buses cannot be used alone");
    for (const auto& set : {juce::AudioChannelSet::mono(), juce::AudioChannelSet::stereo()}) {
      juce::AudioProcessor::BusesLayout wanted;
      wanted.inputBuses.add(set);
      wanted.outputBuses.add(set);
      bench.expect(plugin.setBusesLayout(wanted), set.getDescription() + " is refused");
    }
    bench.expect(plugin.setBusesLayout(layout), "the layout cannot be restored");
  });
  prepare(plugin, 44100.0, 512);
}

void describe(Bench& bench) {
  const auto& description = bench.shelf.description();
  bench.expect(description.name == "Scorelane", "its name is " + description.name);
  bench.expect(!description.isInstrument, "it is an instrument");
  bench.expect(bench.plugin.getLatencySamples() == 0, "it reports latency");
  bench.expect(bench.plugin.getTailLengthSeconds() < 1e-9, "it reports a tail");
  bench.expect(bench.plugin.producesMidi(), "it has no MIDI output");
  for (int program = 0; program < bench.plugin.getNumPrograms(); ++program) {
    bench.plugin.getProgramName(program);
    on_message_thread([&] { bench.plugin.setCurrentProgram(program); });
  }
}

void open_side_by_side(Bench& bench) {
  const auto first = bench.shelf.open();
  const auto second = bench.shelf.open();
  for (auto* plugin : {first.get(), second.get()}) {
    prepare(*plugin, 48000.0, 256);
    auto audio = make_audio(*plugin, 256);
    Bench other{*plugin, bench.shelf, bench.random, bench.expect};
    process(other, audio, true);
  }
}

}  // namespace

std::vector<Check> audio_checks() {
  return {{"description and programs", describe},
          {"audio processing", [](Bench& bench) { process_all(bench, true); }},
          {"audio processing without release", [](Bench& bench) { process_all(bench, false); }},
          {"buses", list_and_change_buses},
          {"automation in slices of a block", automate_within_blocks},
          {"parameters set from two threads", set_parameters_from_two_threads},
          {"recording and playing", record_and_play},
          {"two instances", open_side_by_side}};
}

}  // namespace scorelane::validator
