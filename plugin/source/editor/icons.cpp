#include "editor/icons.h"

#include "editor/look.h"

namespace scorelane::plugin {
namespace {

constexpr float kBox = 24.0F;  // the icons are drawn in a square of this side
constexpr float kStroke = 1.9F;
constexpr float kIconSize = 17.0F;
constexpr float kTextSize = 14.0F;

juce::Path from_svg(const char* data) {
  return juce::Drawable::parseSVGPath(data);
}

juce::Path stroked(const char* data) {
  juce::Path path;
  juce::PathStrokeType(kStroke, juce::PathStrokeType::curved, juce::PathStrokeType::rounded)
      .createStrokedPath(path, from_svg(data));
  return path;
}

juce::Path dots() {
  juce::Path path;
  for (const float x : {8.8F, 15.2F}) {
    for (const float y : {5.6F, 12.0F, 18.4F}) path.addEllipse(x - 1.7F, y - 1.7F, 3.4F, 3.4F);
  }
  return path;
}

juce::Path gear() {
  juce::Path teeth;
  teeth.addStar({12.0F, 12.0F}, 8, 6.6F, 10.4F);
  juce::Path path = teeth.createPathWithRoundedCorners(1.6F);
  path.addEllipse(8.9F, 8.9F, 6.2F, 6.2F);
  path.setUsingNonZeroWinding(false);
  return path;
}

juce::Path sliders() {
  juce::Path path = stroked("M4 7 H12 M18.5 7 H20 M4 17 H5.5 M12 17 H20");
  juce::Path knobs;
  knobs.addEllipse(12.5F, 4.3F, 5.4F, 5.4F);
  knobs.addEllipse(6.0F, 14.3F, 5.4F, 5.4F);
  juce::Path outlined;
  juce::PathStrokeType(kStroke).createStrokedPath(outlined, knobs);
  path.addPath(outlined);
  return path;
}

juce::Path lanes() {
  juce::Path path;
  path.addRoundedRectangle(3.0F, 5.0F, 9.0F, 3.4F, 1.7F);
  path.addRoundedRectangle(8.0F, 10.3F, 13.0F, 3.4F, 1.7F);
  path.addRoundedRectangle(5.0F, 15.6F, 7.0F, 3.4F, 1.7F);
  path.addRoundedRectangle(15.0F, 15.6F, 6.0F, 3.4F, 1.7F);
  return path;
}

juce::Path shape(Icon icon) {
  juce::Path path;
  switch (icon) {
    case Icon::kRecord:
      path.addEllipse(5.0F, 5.0F, 14.0F, 14.0F);
      return path;
    case Icon::kPlay:
      return from_svg("M7 4.5 L19.5 12 L7 19.5 Z").createPathWithRoundedCorners(1.5F);
    case Icon::kStop:
      path.addRoundedRectangle(6.0F, 6.0F, 12.0F, 12.0F, 1.5F);
      return path;
    case Icon::kLoop:
      return stroked(
          "M17 2.5 L20.5 6 L17 9.5 M3.5 11 V10 A4 4 0 0 1 7.5 6 H20.5 "
          "M7 21.5 L3.5 18 L7 14.5 M20.5 13 V14 A4 4 0 0 1 16.5 18 H3.5");
    case Icon::kOpen:
      return stroked(
          "M3 18.5 V5.5 A1 1 0 0 1 4 4.5 H9 L11.5 7 H20 A1 1 0 0 1 21 8 V18.5 "
          "A1 1 0 0 1 20 19.5 H4 A1 1 0 0 1 3 18.5 Z");
    case Icon::kUndo:
      return stroked("M9 14 L4 9 L9 4 M4 9 H14.5 A5.5 5.5 0 0 1 14.5 20 H11");
    case Icon::kRedo:
      return stroked("M15 14 L20 9 L15 4 M20 9 H9.5 A5.5 5.5 0 0 0 9.5 20 H13");
    case Icon::kSave:
      return stroked("M12 3.5 V15 M7 10.5 L12 15.5 L17 10.5 M4 20 H20");
    case Icon::kGrip:
      return dots();
    case Icon::kSliders:
      return sliders();
    case Icon::kSettings:
      return gear();
    case Icon::kChevron:
      return stroked("M7 10 L12 15 L17 10");
    case Icon::kClose:
      return stroked("M6.5 6.5 L17.5 17.5 M17.5 6.5 L6.5 17.5");
    case Icon::kPlus:
      return stroked("M12 5 V19 M5 12 H19");
    case Icon::kNotes:
      return lanes();
  }
  return path;
}

}  // namespace

void draw_icon(juce::Graphics& g, Icon icon, juce::Rectangle<float> area, float size) {
  const auto box = area.withSizeKeepingCentre(size, size);
  g.fillPath(shape(icon), juce::AffineTransform::scale(size / kBox).translated(box.getPosition()));
}

IconButton::IconButton(const juce::String& name, Icon icon, const juce::String& tooltip,
                       Style style)
    : juce::Button(name), icon_(icon), style_(style), icon_colour_(palette::kText) {
  setTitle(name);
  setTooltip(tooltip);
  setMouseClickGrabsKeyboardFocus(false);
}

void IconButton::set_icon(Icon icon) {
  if (icon == icon_) return;
  icon_ = icon;
  repaint();
}

void IconButton::set_words(const juce::String& words) {
  if (words == words_) return;
  words_ = words;
  repaint();
}

int IconButton::wanted_width() const {
  if (words_.isEmpty()) return 34;
  return juce::roundToInt(text_width(ui_font(kTextSize), words_) + kIconSize + 30.0F);
}

void IconButton::paintButton(juce::Graphics& g, bool highlighted, bool down) {
  if (style_ == Style::kField) {
    getLookAndFeel().drawButtonBackground(g, *this, palette::kField, highlighted, down);
  }
  const bool on = getToggleState() && style_ == Style::kField;
  const float alpha = !isEnabled() ? 0.35F : style_ == Style::kBare && !highlighted ? 0.75F : 1.0F;
  const juce::Colour ink = on ? findColour(juce::TextButton::textColourOnId) : palette::kText;
  auto area = getLocalBounds().toFloat();
  const float size = std::min(kIconSize, area.getHeight());

  g.setColour((on ? ink : icon_colour_).withMultipliedAlpha(alpha));
  if (words_.isEmpty()) {
    draw_icon(g, icon_, area, size);
    return;
  }
  area.removeFromLeft(10.0F);
  draw_icon(g, icon_, area.removeFromLeft(size), size);
  area.removeFromLeft(7.0F);
  g.setColour(ink.withMultipliedAlpha(alpha));
  g.setFont(ui_font(kTextSize));
  g.drawText(words_, area, juce::Justification::centredLeft);
}

}  // namespace scorelane::plugin
