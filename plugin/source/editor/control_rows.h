#pragma once

#include <juce_audio_processors/juce_audio_processors.h>

#include <functional>

#include "editor/look.h"

namespace scorelane::plugin {

/// By how much rows with a slider are wider than the others on either side: room for its thumb.
inline constexpr int kOverhang = 7;

/// How a parameter's value is written, and read when the user types it.
struct Format {
  std::function<juce::String(double value)> write;
  std::function<double(const juce::String& text)> read;
};

Format percent_format();
Format unit_format(const juce::String& unit, int decimals);

/// A parameter with its name, its value, which can be typed, and a slider below.
class SliderRow : public juce::Component {
 public:
  SliderRow(juce::RangedAudioParameter& parameter, const juce::String& name,
            const juce::String& tooltip, Format format);

  void resized() override;
  void paint(juce::Graphics& g) override;
  void enablementChanged() override;

 private:
  void show_value();

  juce::RangedAudioParameter& parameter_;
  juce::String name_;
  Format format_;
  juce::Slider slider_;
  juce::Label value_;
  juce::SliderParameterAttachment attachment_;
};

/// Two parameters, the ends of a range of pitches.
class PitchRangeRow : public juce::Component {
 public:
  PitchRangeRow(juce::RangedAudioParameter& lowest, juce::RangedAudioParameter& highest);

  void resized() override;
  void paint(juce::Graphics& g) override;

 private:
  void moved();

  juce::Slider slider_;
  juce::ParameterAttachment lowest_;
  juce::ParameterAttachment highest_;
};

/// A choice: its name to the left of a box.
class ChoiceRow : public juce::Component {
 public:
  ChoiceRow(juce::RangedAudioParameter& parameter, const juce::String& name,
            const juce::String& tooltip);

  void resized() override;
  void paint(juce::Graphics& g) override;
  juce::ComboBox& box() { return box_; }

 private:
  static juce::ComboBox& filled(juce::ComboBox& box, juce::RangedAudioParameter& parameter);

  juce::String name_;
  juce::ComboBox box_;
  juce::ComboBoxParameterAttachment attachment_;
};

/// A parameter that is on or off.
class SwitchRow : public juce::ToggleButton {
 public:
  SwitchRow(juce::RangedAudioParameter& parameter, const juce::String& name,
            const juce::String& tooltip);

 private:
  juce::ButtonParameterAttachment attachment_;
};

}  // namespace scorelane::plugin
