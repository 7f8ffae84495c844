// A strict host: loads the built VST3 and does what validators of plugins do, and a little more.
//
//   scorelane_validator BUNDLE [ROUNDS [SEED]]
//
// The first round is in order, later ones are shuffled. Needs a display; Xvfb will do.

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <thread>

#include "checks.h"

namespace scorelane::validator {
namespace {

class Validator {
 public:
  Validator(juce::File bundle, int rounds, int seed)
      : bundle_(std::move(bundle)), rounds_(rounds), seed_(seed), random_(seed) {}

  /// How many expectations failed.
  int run() {
    try {
      auto began = juce::Time::getMillisecondCounter();
      Shelf shelf(bundle_);
      say("scanned", began);
      began = juce::Time::getMillisecondCounter();
      shelf.open().reset();
      say("opened cold and closed", began);
      began = juce::Time::getMillisecondCounter();
      const auto plugin = shelf.open();
      say("opened warm", began);
      for (int round = 0; round < rounds_; ++round) run_round(round, shelf, *plugin);
    } catch (const std::exception& error) {
      std::cout << "  " << error.what() << std::endl;
      ++failures_;
    }
    return failures_;
  }

 private:
  static void say(const juce::String& what, juce::uint32 began) {
    std::cout << what << " (" << juce::Time::getMillisecondCounter() - began << " ms)" << std::endl;
  }

  void run_round(int round, Shelf& shelf, Plugin& plugin) {
    std::vector<Check> checks;
    for (const auto& some : {audio_checks(), parameter_checks(), editor_checks()}) {
      checks.insert(checks.end(), some.begin(), some.end());
    }
    std::mt19937 order(static_cast<unsigned>(seed_ + round));
    if (round > 0) std::shuffle(checks.begin(), checks.end(), order);
    std::set<juce::String> said;
    const auto expect = [&](bool good, const juce::String& what) {
      if (good) return;
      ++failures_;
      if (said.insert(what).second) std::cout << "  FAILED: " << what << std::endl;
    };
    Bench bench{plugin, shelf, random_, expect};
    for (const auto& check : checks) {
      const auto began = juce::Time::getMillisecondCounter();
      if (check.on_message_thread) {
        on_message_thread([&] { check.run(bench); });
      } else {
        check.run(bench);
      }
      say(check.name, began);
    }
  }

  const juce::File bundle_;
  const int rounds_;
  const int seed_;
  juce::Random random_;
  int failures_ = 0;
};

/// As in a host, the message thread stays free. Being an application, it survives what an X server
/// without a window manager finds wrong.
class Application final : public juce::JUCEApplication {
 public:
  const juce::String getApplicationName() override { return "scorelane_validator"; }
  const juce::String getApplicationVersion() override { return "1"; }
  bool moreThanOneInstanceAllowed() override { return true; }

  void initialise(const juce::String&) override {
    const auto arguments = getCommandLineParameterArray();
    if (arguments.isEmpty()) {
      std::cerr << "scorelane_validator BUNDLE [ROUNDS [SEED]]\n";
      setApplicationReturnValue(EXIT_FAILURE);
      quit();
      return;
    }
    const auto bundle = juce::File::getCurrentWorkingDirectory().getChildFile(arguments[0]);
    const auto number = [&](int index) { return std::max(1, arguments[index].getIntValue()); };
    thread_ = std::thread([this, bundle, rounds = number(1), seed = number(2)] {
      const auto failures = Validator(bundle, rounds, seed).run();
      std::cout << (failures == 0 ? "valid" : "NOT valid") << std::endl;
      setApplicationReturnValue(failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
      juce::MessageManager::callAsync([] { quit(); });
    });
  }

  void shutdown() override {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace
}  // namespace scorelane::validator

START_JUCE_APPLICATION(scorelane::validator::Application)
