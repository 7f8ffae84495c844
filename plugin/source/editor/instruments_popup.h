#pragma once

#include <memory>
#include <vector>

#include "editor/control_rows.h"

namespace scorelane::plugin {

/// The instruments that may appear: sixteen classes and the drums.
class InstrumentsPopup : public juce::Component {
 public:
  explicit InstrumentsPopup(juce::AudioProcessorValueTreeState& parameters);

  void resized() override;

 private:
  void set_all(bool on);

  juce::AudioProcessorValueTreeState& parameters_;
  std::vector<std::unique_ptr<SwitchRow>> switches_;
  juce::TextButton all_{"Allow all"};
  juce::TextButton none_{"None"};
};

/// "All", "None", one name, or "5 of 17".
juce::String allowed_instruments(const juce::AudioProcessorValueTreeState& parameters);

}  // namespace scorelane::plugin
