#include "editor/instruments_popup.h"

#include "notes/instruments.h"
#include "session/parameters.h"

namespace scorelane::plugin {
namespace {

constexpr int kClasses = 16;
constexpr int kRow = 27;
constexpr int kColumn = 186;
constexpr int kGap = 22;

juce::StringArray ids() {
  juce::StringArray all;
  for (int index = 0; index < kClasses; ++index) all.add(parameter::midi_class(index));
  all.add(parameter::kDrums);
  return all;
}

juce::String name_of(int index) {
  return index < kClasses ? juce::String::fromUTF8(class_name(index).c_str()) : "Drums";
}

}  // namespace

InstrumentsPopup::InstrumentsPopup(juce::AudioProcessorValueTreeState& parameters)
    : parameters_(parameters) {
  setTitle("Instruments allowed");
  const auto all = ids();
  for (int index = 0; index < all.size(); ++index) {
    const auto name = name_of(index);
    switches_.push_back(std::make_unique<SwitchRow>(*parameters.getParameter(all[index]), name,
                                                    "Whether " + name + " may appear"));
    addAndMakeVisible(*switches_.back());
  }
  all_.onClick = [this] { set_all(true); };
  none_.onClick = [this] { set_all(false); };
  addAndMakeVisible(all_);
  addAndMakeVisible(none_);
  setSize(2 * kColumn + kGap + 16, 9 * kRow + 12);
}

void InstrumentsPopup::set_all(bool on) {
  for (const auto& id : ids()) {
    auto* parameter = parameters_.getParameter(id);
    parameter->beginChangeGesture();
    parameter->setValueNotifyingHost(on ? 1.0F : 0.0F);
    parameter->endChangeGesture();
  }
}

void InstrumentsPopup::resized() {
  const auto area = getLocalBounds().reduced(8, 6);
  const auto cell = [&](int column, int row) {
    return juce::Rectangle<int>(area.getX() + column * (kColumn + kGap), area.getY() + row * kRow,
                                kColumn, kRow);
  };
  for (int index = 0; index < kClasses; ++index) {
    switches_[static_cast<std::size_t>(index)]->setBounds(cell(index / 8, index % 8));
  }
  switches_.back()->setBounds(cell(0, 8));
  auto buttons = cell(1, 8).reduced(0, 2);
  all_.setBounds(buttons.removeFromLeft(98));
  none_.setBounds(buttons.withTrimmedLeft(8));
}

juce::String allowed_instruments(const juce::AudioProcessorValueTreeState& parameters) {
  const auto all = ids();
  int count = 0;
  int last = 0;
  for (int index = 0; index < all.size(); ++index) {
    if (parameters.getRawParameterValue(all[index])->load() < 0.5F) continue;
    ++count;
    last = index;
  }
  if (count == all.size()) return "All";
  if (count == 0) return "None";
  return count == 1 ? name_of(last) : juce::String(count) + " of " + juce::String(all.size());
}

}  // namespace scorelane::plugin
