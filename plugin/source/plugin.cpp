#include "processor.h"

/// What JUCE's wrappers of every format call.
juce::AudioProcessor* JUCE_CALLTYPE createPluginFilter() {
  return new scorelane::plugin::Processor();
}
