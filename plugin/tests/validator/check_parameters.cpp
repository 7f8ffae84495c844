#include <cmath>
#include <set>

#include "checks.h"

namespace scorelane::validator {
namespace {

juce::Array<float> values(Plugin& plugin) {
  juce::Array<float> all;
  for (auto* each : plugin.getParameters()) all.add(each->getValue());
  return all;
}

void expect_values(Bench& bench, const juce::Array<float>& wanted, const juce::String& when) {
  const auto& parameters = bench.plugin.getParameters();
  for (int i = 0; i < parameters.size(); ++i) {
    const auto value = parameters[i]->getValue();
    bench.expect(std::abs(value - wanted[i]) < 1e-5F, parameters[i]->getName(64) + " is " +
                                                          juce::String(value, 6) + ", not " +
                                                          juce::String(wanted[i], 6) + ", " + when);
  }
}

/// Values reach a VST3 with the next block.
void deliver(Bench& bench) {
  auto audio = make_audio(bench.plugin, 32);
  audio.clear();
  juce::MidiBuffer midi;
  bench.plugin.processBlock(audio, midi);
}

/// A host keeps what it has set; what a switch or a choice made of it, it learns with the state.
void learn_values(Bench& bench) {
  deliver(bench);
  restore(bench.plugin, save(bench.plugin));
}

void describe(Bench& bench) {
  std::set<juce::String> names;
  for (auto* each : bench.plugin.getParameters()) {
    const auto name = each->getName(128);
    bench.expect(name.isNotEmpty() && name.length() <= 32, "a name does not fit: " + name);
    bench.expect(names.insert(name).second, "two parameters are called " + name);
    bench.expect(each->isAutomatable(), name + " cannot be automated");
    const auto standard = each->getDefaultValue();
    bench.expect(standard >= 0.0F && standard <= 1.0F, name + " has no sound default");
    each->getLabel();
    each->getAllValueStrings();
    if (each->isDiscrete()) {
      bench.expect(each->getNumSteps() >= 2 && each->getNumSteps() <= 128,
                   name + " has " + juce::String(each->getNumSteps()) + " steps");
    }
  }
}

void write_and_read_texts(Bench& bench) {
  for (auto* each : bench.plugin.getParameters()) {
    for (int place = 0; place <= 20; ++place) {
      const auto text = each->getText(static_cast<float>(place) / 20.0F, 1024);
      const auto back = each->getText(each->getValueForText(text), 1024);
      bench.expect(text == back, each->getName(64) + ": " + text + " becomes " + back);
    }
    each->getValueForText("");
    each->getValueForText("no value at all");
    each->getCurrentValueAsText();
  }
}

void fuzz(Bench& bench) {
  for (auto* each : bench.plugin.getParameters()) {
    for (int i = 0; i < 20; ++i) {
      const auto value = bench.random.nextFloat();
      each->setValue(value);
      each->getCurrentValueAsText();
      each->getValueForText(each->getText(value, 1024));
    }
  }
  bench.plugin.getBypassParameter()->setValue(0.0F);
  deliver(bench);
}

void change_one_by_one(Bench& bench) {
  prepare(bench.plugin, 44100.0, 512);
  set_at_random(bench.plugin, bench.random);
  learn_values(bench);
  auto wanted = values(bench.plugin);
  for (auto* each : automatable(bench.plugin)) {
    each->setValue(bench.random.nextBool() ? 0.0F : 1.0F);
    wanted.set(each->getParameterIndex(), each->getValue());
    deliver(bench);
    expect_values(bench, wanted, "after " + each->getName(64) + " was set");
  }
}

void restore_state(Bench& bench) {
  prepare(bench.plugin, 44100.0, 512);
  for (const auto through_audio : {false, true}) {
    for (int round = 0; round < 5; ++round) {
      learn_values(bench);
      const auto state = save(bench.plugin);
      const auto before = values(bench.plugin);
      set_at_random(bench.plugin, bench.random);
      if (through_audio) deliver(bench);
      restore(bench.plugin, state);
      expect_values(bench, before, "after its state was restored");
      bench.expect(save(bench.plugin) == state, "the state is another after it was restored");
      set_at_random(bench.plugin, bench.random);
      deliver(bench);
    }
  }
}

void restore_in_another(Bench& bench) {
  set_at_random(bench.plugin, bench.random);
  // What a switch between its two places becomes in a fresh instance is JUCE's affair.
  for (auto* each : automatable(bench.plugin)) {
    if (each->getNumSteps() == 2) each->setValue(std::round(each->getValue()));
  }
  deliver(bench);
  const auto state = save(bench.plugin);
  restore(bench.plugin, state);
  const auto other = bench.shelf.open();
  restore(*other, state);
  bench.expect(save(*other) == state, "another instance gives another state");
  Bench there{*other, bench.shelf, bench.random, bench.expect};
  expect_values(there, values(bench.plugin), "in another instance");
}

void refuse_bad_states(Bench& bench) {
  learn_values(bench);
  const auto state = save(bench.plugin);
  const auto before = values(bench.plugin);
  for (int round = 0; round < 50; ++round) {
    auto bad = state;
    const auto size = static_cast<int>(bad.getSize());
    if (round % 2 == 0) bad.setSize(static_cast<std::size_t>(bench.random.nextInt(size)));
    for (std::size_t i = 0; i < bad.getSize(); i += 1 + bad.getSize() / 20) {
      bad[i] = static_cast<char>(bench.random.nextInt(256));
    }
    restore(bench.plugin, bad);
  }
  expect_values(bench, before, "after bad states");
  restore(bench.plugin, state);
  bench.expect(save(bench.plugin) == state, "the state is another after bad ones");
}

}  // namespace

std::vector<Check> parameter_checks() {
  return {{"parameters", describe},          {"texts of parameters", write_and_read_texts},
          {"random values", fuzz},           {"parameters one by one", change_one_by_one},
          {"state restored", restore_state}, {"state in another instance", restore_in_another},
          {"bad states", refuse_bad_states}};
}

}  // namespace scorelane::validator
