#include "editor/control_rows.h"

namespace scorelane::plugin {
namespace {

constexpr int kTextHeight = 19;
constexpr int kValueWidth = 90;
constexpr float kNameSize = 13.5F;

void paint_name(juce::Graphics& g, const juce::Component& row, const juce::String& name) {
  g.setColour(palette::kText.withAlpha(row.isEnabled() ? 0.92F : 0.4F));
  g.setFont(ui_font(kNameSize));
  g.drawText(name, row.getLocalBounds().withHeight(kTextHeight).reduced(kOverhang, 0),
             juce::Justification::centredLeft);
}

void prepare(juce::Slider& slider, const juce::String& name, const juce::String& tooltip) {
  slider.setTextBoxStyle(juce::Slider::NoTextBox, true, 0, 0);
  slider.setScrollWheelEnabled(false);  // the panel scrolls
  slider.setTitle(name);
  slider.setTooltip(tooltip);
  slider.setMouseClickGrabsKeyboardFocus(false);
}

double number_in(const juce::String& text) {
  return text.retainCharacters("0123456789.,-").replaceCharacter(',', '.').getDoubleValue();
}

juce::String pitch_text(double pitch) {
  return juce::MidiMessage::getMidiNoteName(juce::roundToInt(pitch), true, true, 4);
}

}  // namespace

Format percent_format() {
  return {[](double value) { return juce::String(juce::roundToInt(value * 100.0)) + " %"; },
          [](const juce::String& text) { return number_in(text) / 100.0; }};
}

Format unit_format(const juce::String& unit, int decimals) {
  return {[unit, decimals](double value) {
            const juce::String number = decimals == 0 ? juce::String(juce::roundToInt(value))
                                                      : juce::String(value, decimals);
            return number + " " + unit;
          },
          number_in};
}

SliderRow::SliderRow(juce::RangedAudioParameter& parameter, const juce::String& name,
                     const juce::String& tooltip, Format format)
    : parameter_(parameter),
      name_(name),
      format_(std::move(format)),
      slider_(juce::Slider::LinearHorizontal, juce::Slider::NoTextBox),
      attachment_(parameter, slider_) {
  prepare(slider_, name, tooltip + " Double click: back to the start.");
  slider_.textFromValueFunction = format_.write;
  slider_.valueFromTextFunction = format_.read;
  slider_.setDoubleClickReturnValue(
      true, static_cast<double>(parameter.convertFrom0to1(parameter.getDefaultValue())));
  slider_.onValueChange = [this] { show_value(); };
  value_.setEditable(true);
  value_.setTitle(name + " value");
  value_.setTooltip("Click to type a value");
  value_.setJustificationType(juce::Justification::centredRight);
  value_.setBorderSize({0, 0, 0, 0});
  value_.setFont(ui_font(kNameSize));
  value_.setColour(juce::Label::textColourId, palette::kDim);
  value_.onTextChange = [this] {
    slider_.setValue(format_.read(value_.getText()), juce::sendNotificationSync);
    show_value();
  };
  addAndMakeVisible(slider_);
  addAndMakeVisible(value_);
  show_value();
}

void SliderRow::show_value() {
  value_.setText(format_.write(slider_.getValue()), juce::dontSendNotification);
}

void SliderRow::resized() {
  auto area = getLocalBounds();
  const auto text = area.removeFromTop(kTextHeight).withTrimmedRight(kOverhang);
  value_.setBounds(text.withTrimmedLeft(text.getWidth() - kValueWidth));
  slider_.setBounds(area);
}

void SliderRow::paint(juce::Graphics& g) {
  paint_name(g, *this, name_);
}

void SliderRow::enablementChanged() {
  value_.setAlpha(isEnabled() ? 1.0F : 0.4F);
  repaint();
}

PitchRangeRow::PitchRangeRow(juce::RangedAudioParameter& lowest,
                             juce::RangedAudioParameter& highest)
    : slider_(juce::Slider::TwoValueHorizontal, juce::Slider::NoTextBox),
      lowest_(lowest,
              [this](float value) {
                slider_.setMinValue(static_cast<double>(value), juce::dontSendNotification, true);
                repaint();
              }),
      highest_(highest, [this](float value) {
        slider_.setMaxValue(static_cast<double>(value), juce::dontSendNotification, true);
        repaint();
      }) {
  prepare(slider_, "Pitch range", "Notes outside this range are left out. Drums stay.");
  slider_.setRange(0.0, 127.0, 1.0);
  slider_.setMinAndMaxValues(0.0, 127.0, juce::dontSendNotification);
  slider_.onDragStart = [this] {
    lowest_.beginGesture();
    highest_.beginGesture();
  };
  slider_.onDragEnd = [this] {
    lowest_.endGesture();
    highest_.endGesture();
  };
  slider_.onValueChange = [this] { moved(); };
  addAndMakeVisible(slider_);
  highest_.sendInitialUpdate();
  lowest_.sendInitialUpdate();
}

void PitchRangeRow::moved() {
  lowest_.setValueAsPartOfGesture(static_cast<float>(slider_.getMinValue()));
  highest_.setValueAsPartOfGesture(static_cast<float>(slider_.getMaxValue()));
  repaint();
}

void PitchRangeRow::resized() {
  slider_.setBounds(getLocalBounds().withTrimmedTop(kTextHeight));
}

void PitchRangeRow::paint(juce::Graphics& g) {
  paint_name(g, *this, "Pitch range");
  const double low = slider_.getMinValue();
  const double high = slider_.getMaxValue();
  g.setColour(palette::kDim);
  g.drawText(low <= 0.0 && high >= 127.0
                 ? juce::String("All")
                 : pitch_text(low) + juce::String::fromUTF8(" \xe2\x80\x93 ") + pitch_text(high),
             getLocalBounds().withHeight(kTextHeight).reduced(kOverhang, 0),
             juce::Justification::centredRight);
}

ChoiceRow::ChoiceRow(juce::RangedAudioParameter& parameter, const juce::String& name,
                     const juce::String& tooltip)
    : name_(name), attachment_(parameter, filled(box_, parameter)) {
  box_.setTitle(name);
  box_.setTooltip(tooltip);
  box_.setMouseClickGrabsKeyboardFocus(false);
  addAndMakeVisible(box_);
}

juce::ComboBox& ChoiceRow::filled(juce::ComboBox& box, juce::RangedAudioParameter& parameter) {
  box.addItemList(parameter.getAllValueStrings(), 1);
  return box;
}

void ChoiceRow::resized() {
  box_.setBounds(getLocalBounds().removeFromRight(name_.isEmpty() ? getWidth() : 122));
}

void ChoiceRow::paint(juce::Graphics& g) {
  g.setColour(palette::kText.withAlpha(0.92F));
  g.setFont(ui_font(kNameSize));
  g.drawText(name_, getLocalBounds(), juce::Justification::centredLeft);
}

SwitchRow::SwitchRow(juce::RangedAudioParameter& parameter, const juce::String& name,
                     const juce::String& tooltip)
    : juce::ToggleButton(name), attachment_(parameter, *this) {
  setTooltip(tooltip);
  setMouseClickGrabsKeyboardFocus(false);
}

}  // namespace scorelane::plugin
