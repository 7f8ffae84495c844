#include "editor/look.h"

#include <juce_audio_processors/juce_audio_processors.h>

#include "scorelane_fonts.h"

namespace scorelane::plugin {
namespace {

constexpr float kCorner = 5.0F;
constexpr float kMenuFont = 14.0F;
constexpr float kTooltipFont = 13.0F;
constexpr int kTooltipWidth = 320;

juce::TextLayout tooltip_layout(const juce::String& text) {
  juce::AttributedString string;
  string.setJustification(juce::Justification::centredLeft);
  string.append(text, ui_font(kTooltipFont), palette::kText);
  juce::TextLayout layout;
  layout.createLayout(string, kTooltipWidth);
  return layout;
}

}  // namespace

Typefaces::Typefaces()
    : regular(juce::Typeface::createSystemTypefaceFor(scorelane_fonts::InterRegular_otf,
                                                      scorelane_fonts::InterRegular_otfSize)),
      strong(juce::Typeface::createSystemTypefaceFor(scorelane_fonts::InterSemiBold_otf,
                                                     scorelane_fonts::InterSemiBold_otfSize)) {}

juce::Font ui_font(float height, Weight weight) {
  const juce::SharedResourcePointer<Typefaces> faces;
  const auto& face = weight == Weight::kStrong ? faces->strong : faces->regular;
#if JUCE_MAJOR_VERSION >= 8
  return juce::Font(juce::FontOptions(face).withHeight(height));
#else
  return juce::Font(face).withHeight(height);
#endif
}

float text_width(const juce::Font& font, const juce::String& text) {
#if JUCE_MAJOR_VERSION >= 8
  return juce::GlyphArrangement::getStringWidth(font, text);
#else
  return font.getStringWidthFloat(text);
#endif
}

Look::Look() {
  auto scheme = getDarkColourScheme();
  using Scheme = ColourScheme;
  scheme.setUIColour(Scheme::windowBackground, palette::kPanel);
  scheme.setUIColour(Scheme::widgetBackground, palette::kField);
  scheme.setUIColour(Scheme::menuBackground, palette::kPopup);
  scheme.setUIColour(Scheme::outline, palette::kLine);
  scheme.setUIColour(Scheme::defaultText, palette::kText);
  scheme.setUIColour(Scheme::defaultFill, palette::kField);
  scheme.setUIColour(Scheme::highlightedText, palette::kText);
  scheme.setUIColour(Scheme::highlightedFill, palette::kAccent.withAlpha(0.30F));
  scheme.setUIColour(Scheme::menuText, palette::kText);
  setColourScheme(scheme);
  setColour(juce::TextButton::buttonOnColourId, palette::kAccent);
  setColour(juce::TextButton::textColourOnId, palette::kOnAccent);
  setColour(juce::TextButton::textColourOffId, palette::kText);
  setColour(juce::TooltipWindow::textColourId, palette::kText);
  setColour(juce::PopupMenu::headerTextColourId, palette::kFaint);
  setColour(juce::PopupMenu::highlightedBackgroundColourId, palette::kFieldHover);
  setColour(juce::Label::textColourId, palette::kText);
  setColour(juce::Label::textWhenEditingColourId, palette::kText);
  setColour(juce::TextEditor::backgroundColourId, palette::kField);
  setColour(juce::TextEditor::focusedOutlineColourId, palette::kAccent);
  setColour(juce::ScrollBar::thumbColourId, palette::kFieldHover.brighter(0.25F));
}

juce::Typeface::Ptr Look::getTypefaceForFont(const juce::Font& font) {
  if (font.getTypefaceName() == juce::Font::getDefaultSansSerifFontName()) {
    return font.isBold() ? typefaces_->strong : typefaces_->regular;
  }
  return LookAndFeel_V4::getTypefaceForFont(font);
}

void Look::drawButtonBackground(juce::Graphics& g, juce::Button& button, const juce::Colour&,
                                bool highlighted, bool down) {
  const auto area = button.getLocalBounds().toFloat();
  juce::Colour fill = palette::kField;
  if (button.getToggleState()) {
    fill = button.findColour(juce::TextButton::buttonOnColourId);
    if (highlighted) fill = fill.brighter(0.1F);
  } else if (highlighted) {
    fill = palette::kFieldHover;
  }
  if (down) fill = fill.darker(0.15F);
  g.setColour(fill.withMultipliedAlpha(button.isEnabled() ? 1.0F : 0.45F));
  g.fillRoundedRectangle(area, kCorner);
}

juce::Font Look::getTextButtonFont(juce::TextButton&, int) {
  return ui_font(14.0F);
}

void Look::drawToggleButton(juce::Graphics& g, juce::ToggleButton& button, bool highlighted, bool) {
  // A switch: a pill with a knob, the words to its left.
  auto area = button.getLocalBounds().toFloat();
  auto pill = area.removeFromRight(28.0F).withSizeKeepingCentre(28.0F, 16.0F);
  const bool on = button.getToggleState();
  const float alpha = button.isEnabled() ? 1.0F : 0.4F;
  juce::Colour track = on ? palette::kAccent : palette::kFieldHover;
  if (highlighted) track = track.brighter(0.1F);
  g.setColour(track.withMultipliedAlpha(alpha));
  g.fillRoundedRectangle(pill, 8.0F);
  const auto knob = (on ? pill.removeFromRight(16.0F) : pill.removeFromLeft(16.0F)).reduced(2.5F);
  g.setColour((on ? palette::kOnAccent : palette::kDim).withMultipliedAlpha(alpha));
  g.fillEllipse(knob);
  g.setColour(palette::kText.withMultipliedAlpha(alpha));
  g.setFont(ui_font(13.5F));
  g.drawText(button.getButtonText(), area, juce::Justification::centredLeft);
}

void Look::drawLinearSlider(juce::Graphics& g, int x, int y, int width, int height, float position,
                            float low, float high, juce::Slider::SliderStyle style,
                            juce::Slider& slider) {
  const bool two = style == juce::Slider::TwoValueHorizontal;
  const float alpha = slider.isEnabled() ? 1.0F : 0.35F;
  const float middle = static_cast<float>(y) + static_cast<float>(height) * 0.5F;
  const auto left = static_cast<float>(x);
  const auto right = static_cast<float>(x + width);

  g.setColour(palette::kFieldHover.withMultipliedAlpha(alpha));
  g.fillRoundedRectangle(left, middle - 1.5F, right - left, 3.0F, 1.5F);

  // What is filled: between the thumbs, or from the value where the parameter does nothing.
  float from = two ? low : left;
  const float to = two ? high : position;
  if (!two && slider.getMinimum() < 0.0 && slider.getMaximum() > 0.0 &&
      juce::approximatelyEqual(slider.getMinimum(), -slider.getMaximum())) {
    from = (left + right) * 0.5F;
  }
  g.setColour(palette::kAccent.withMultipliedAlpha(alpha));
  g.fillRoundedRectangle(std::min(from, to), middle - 1.5F, std::abs(to - from), 3.0F, 1.5F);

  const auto thumb = [&](float at) {
    const float radius = slider.isMouseOverOrDragging() && slider.isEnabled() ? 6.5F : 5.5F;
    g.setColour(palette::kPanel);
    g.fillEllipse(at - radius - 2.0F, middle - radius - 2.0F, 2 * radius + 4.0F, 2 * radius + 4.0F);
    g.setColour(palette::kText.interpolatedWith(palette::kPanel, 1.0F - alpha));
    g.fillEllipse(at - radius, middle - radius, 2 * radius, 2 * radius);
  };
  if (two) {
    thumb(low);
    thumb(high);
  } else {
    thumb(position);
  }
}

int Look::getSliderThumbRadius(juce::Slider&) {
  return 7;
}

void Look::drawComboBox(juce::Graphics& g, int width, int height, bool, int, int, int, int,
                        juce::ComboBox& box) {
  const auto area = juce::Rectangle<int>(width, height).toFloat();
  const float alpha = box.isEnabled() ? 1.0F : 0.4F;
  g.setColour(
      (box.isMouseOver(true) ? palette::kFieldHover : palette::kField).withMultipliedAlpha(alpha));
  g.fillRoundedRectangle(area, kCorner);
  const float middle = area.getCentreY();
  juce::Path arrow;
  arrow.startNewSubPath(area.getRight() - 16.0F, middle - 2.0F);
  arrow.lineTo(area.getRight() - 12.0F, middle + 2.0F);
  arrow.lineTo(area.getRight() - 8.0F, middle - 2.0F);
  g.setColour(palette::kDim.withMultipliedAlpha(alpha));
  g.strokePath(arrow, juce::PathStrokeType(1.5F, juce::PathStrokeType::curved,
                                           juce::PathStrokeType::rounded));
}

juce::Font Look::getComboBoxFont(juce::ComboBox&) {
  return ui_font(13.5F);
}

void Look::positionComboBoxText(juce::ComboBox& box, juce::Label& label) {
  label.setBounds(4, 0, box.getWidth() - 22, box.getHeight());
  label.setFont(getComboBoxFont(box));
}

juce::Font Look::getPopupMenuFont() {
  return ui_font(kMenuFont);
}

juce::Component* Look::getParentComponentForMenuOptions(const juce::PopupMenu::Options& options) {
  // Inside the editor's own window: some hosts mishandle windows that a plugin opens.
  if (auto* parent = options.getParentComponent()) return parent;
  auto* target = options.getTargetComponent();
  return target == nullptr ? nullptr
                           : target->findParentComponentOfClass<juce::AudioProcessorEditor>();
}

void Look::drawPopupMenuBackgroundWithOptions(juce::Graphics& g, int width, int height,
                                              const juce::PopupMenu::Options&) {
  g.fillAll(palette::kPopup);
  g.setColour(palette::kFieldHover.brighter(0.1F));
  g.drawRect(0, 0, width, height);
}

void Look::drawScrollbar(juce::Graphics& g, juce::ScrollBar& bar, int x, int y, int width,
                         int height, bool vertical, int thumb_start, int thumb_size, bool over,
                         bool down) {
  auto thumb = vertical ? juce::Rectangle<int>(x, thumb_start, width, thumb_size)
                        : juce::Rectangle<int>(thumb_start, y, thumb_size, height);
  const juce::Colour colour = bar.findColour(juce::ScrollBar::thumbColourId);
  g.setColour(over || down ? colour.brighter(0.25F) : colour);
  g.fillRoundedRectangle(thumb.toFloat().reduced(2.0F), 2.5F);
}

juce::Rectangle<int> Look::getTooltipBounds(const juce::String& text, juce::Point<int> position,
                                            juce::Rectangle<int> area) {
  const auto layout = tooltip_layout(text);
  const int width = juce::roundToInt(layout.getWidth() + 18.0F);
  const int height = juce::roundToInt(layout.getHeight() + 12.0F);
  const int x = position.x > area.getCentreX() ? position.x - width - 8 : position.x + 12;
  const int y = position.y > area.getCentreY() ? position.y - height - 8 : position.y + 18;
  return juce::Rectangle<int>(x, y, width, height).constrainedWithin(area);
}

void Look::drawTooltip(juce::Graphics& g, const juce::String& text, int width, int height) {
  const auto area = juce::Rectangle<int>(width, height).toFloat();
  g.setColour(palette::kPopup);
  g.fillRect(area);
  g.setColour(palette::kFieldHover.brighter(0.1F));
  g.drawRect(area, 1.0F);
  tooltip_layout(text).draw(g, area.reduced(9.0F, 6.0F));
}

void Look::drawCallOutBoxBackground(juce::CallOutBox&, juce::Graphics& g, const juce::Path& path,
                                    juce::Image&) {
  g.setColour(palette::kPopup);
  g.fillPath(path);
  g.setColour(palette::kFieldHover.brighter(0.1F));
  g.strokePath(path, juce::PathStrokeType(1.0F));
}

}  // namespace scorelane::plugin
