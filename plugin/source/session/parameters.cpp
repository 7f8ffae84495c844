#include "session/parameters.h"

#include "notes/instruments.h"

namespace scorelane::plugin {
namespace {

using Layout = juce::AudioProcessorValueTreeState::ParameterLayout;
using juce::NormalisableRange;
using juce::ParameterID;

constexpr int kVersionHint = 1;

ParameterID id(const juce::String& name) {
  return {name, kVersionHint};
}

void add_number(Layout& layout, const char* name, const juce::String& title,
                const NormalisableRange<float>& range, float standard, const juce::String& unit) {
  layout.add(std::make_unique<juce::AudioParameterFloat>(
      id(name), title, range, standard, juce::AudioParameterFloatAttributes().withLabel(unit)));
}

void add_whole(Layout& layout, const char* name, const juce::String& title, int least, int most,
               int standard, const juce::String& unit = {}) {
  layout.add(std::make_unique<juce::AudioParameterInt>(
      id(name), title, least, most, standard, juce::AudioParameterIntAttributes().withLabel(unit)));
}

void add_switch(Layout& layout, const juce::String& name, const juce::String& title,
                bool standard) {
  layout.add(std::make_unique<juce::AudioParameterBool>(id(name), title, standard));
}

void add_choice(Layout& layout, const char* name, const juce::String& title,
                const juce::StringArray& choices) {
  layout.add(std::make_unique<juce::AudioParameterChoice>(id(name), title, choices, 0));
}

template <typename Table>
juce::StringArray names(const Table& table) {
  juce::StringArray all;
  for (const auto& entry : table) all.add(entry.name);
  return all;
}

}  // namespace

juce::String parameter::midi_class(int index) {
  return "allow_" + juce::String(class_name(index)).toLowerCase().replaceCharacter(' ', '_');
}

Layout make_parameters() {
  Layout layout;
  add_switch(layout, parameter::kRecord, "Record", false);
  add_number(layout, parameter::kSensitivity, "Sensitivity", {0.0F, 1.0F, 0.001F}, 0.5F, {});
  add_number(layout, parameter::kShortest, "Min Length", {0.0F, 1000.0F, 1.0F, 0.5F}, 0.0F, "ms");
  add_whole(layout, parameter::kLowest, "Lowest Pitch", 0, 127, 0);
  add_whole(layout, parameter::kHighest, "Highest Pitch", 0, 127, 127);
  add_switch(layout, parameter::kTidyLanes, "Tidy Lanes", true);
  add_choice(layout, parameter::kGrid, "Quantise Grid", names(kGrids));
  add_number(layout, parameter::kStrength, "Quantise Strength", {0.0F, 1.0F, 0.01F}, 1.0F, {});
  add_number(layout, parameter::kSwing, "Swing", {0.5F, 0.75F, 0.01F}, 0.5F, {});
  add_choice(layout, parameter::kScaleRoot, "Scale Root",
             {"C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"});
  add_choice(layout, parameter::kScale, "Scale", names(kScales));
  add_whole(layout, parameter::kTranspose, "Transpose", -24, 24, 0, "st");
  add_number(layout, parameter::kTempo, "Tempo", {20.0F, 400.0F, 0.01F}, 120.0F, "BPM");
  add_switch(layout, parameter::kMidiOut, "MIDI Out", true);
  add_number(layout, parameter::kMix, "Mix", {0.0F, 1.0F, 0.001F}, 0.0F, {});
  add_number(layout, parameter::kPreviewLevel, "Preview Level", {-60.0F, 12.0F, 0.1F}, 0.0F, "dB");
  for (int index = 0; index < 16; ++index) {
    add_switch(layout, parameter::midi_class(index), "Allow " + juce::String(class_name(index)),
               true);
  }
  add_switch(layout, parameter::kDrums, "Allow Drums", true);
  add_switch(layout, parameter::kBypass, "Bypass", false);
  return layout;
}

ViewSettings read_view(const juce::AudioProcessorValueTreeState& parameters) {
  const auto value = [&](const juce::String& name) {
    return parameters.getRawParameterValue(name)->load();
  };
  const auto whole = [&](const char* name) { return juce::roundToInt(value(name)); };
  ViewSettings view;
  for (int index = 0; index < 16; ++index) {
    view.classes[static_cast<std::size_t>(index)] = value(parameter::midi_class(index)) > 0.5F;
  }
  view.drums = value(parameter::kDrums) > 0.5F;
  view.shortest = static_cast<double>(value(parameter::kShortest)) / 1000.0;
  view.lowest = whole(parameter::kLowest);
  view.highest = whole(parameter::kHighest);
  view.tidy_lanes = value(parameter::kTidyLanes) > 0.5F;
  view.grid = kGrids[static_cast<std::size_t>(whole(parameter::kGrid))].quarters;
  view.strength = value(parameter::kStrength);
  view.swing = value(parameter::kSwing);
  view.scale_root = whole(parameter::kScaleRoot);
  view.scale = kScales[static_cast<std::size_t>(whole(parameter::kScale))].degrees;
  view.transpose = whole(parameter::kTranspose);
  return view;
}

}  // namespace scorelane::plugin
