#pragma once

#include <vector>

#include "host.h"

namespace scorelane::validator {

/// What a check has at hand.
struct Bench {
  Plugin& plugin;
  Shelf& shelf;
  juce::Random& random;
  std::function<void(bool, const juce::String&)> expect;  ///< the text says what is wrong if not
};

struct Check {
  const char* name;
  std::function<void(Bench&)> run;
  bool on_message_thread = false;
};

std::vector<Check> audio_checks();
std::vector<Check> parameter_checks();
std::vector<Check> editor_checks();

}  // namespace scorelane::validator
