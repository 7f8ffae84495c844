#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include "editor/palette.h"

namespace scorelane::plugin {

enum class Weight { kRegular, kStrong };

/// The typefaces, in memory for as long as there is an editor.
struct Typefaces {
  Typefaces();
  juce::Typeface::Ptr regular;
  juce::Typeface::Ptr strong;
};

/// The editor's typeface at a height in points.
juce::Font ui_font(float height, Weight weight = Weight::kRegular);

float text_width(const juce::Font& font, const juce::String& text);

/// How the editor's widgets are drawn. Only the editor makes one: a processor may live without a
/// display.
class Look : public juce::LookAndFeel_V4 {
 public:
  Look();

  juce::Typeface::Ptr getTypefaceForFont(const juce::Font& font) override;

  void drawButtonBackground(juce::Graphics& g, juce::Button& button, const juce::Colour& colour,
                            bool highlighted, bool down) override;
  juce::Font getTextButtonFont(juce::TextButton& button, int height) override;
  void drawToggleButton(juce::Graphics& g, juce::ToggleButton& button, bool highlighted,
                        bool down) override;

  void drawLinearSlider(juce::Graphics& g, int x, int y, int width, int height, float position,
                        float low, float high, juce::Slider::SliderStyle style,
                        juce::Slider& slider) override;
  int getSliderThumbRadius(juce::Slider& slider) override;

  void drawComboBox(juce::Graphics& g, int width, int height, bool down, int button_x, int button_y,
                    int button_width, int button_height, juce::ComboBox& box) override;
  juce::Font getComboBoxFont(juce::ComboBox& box) override;
  void positionComboBoxText(juce::ComboBox& box, juce::Label& label) override;

  juce::Font getPopupMenuFont() override;
  juce::Component* getParentComponentForMenuOptions(
      const juce::PopupMenu::Options& options) override;
  void drawPopupMenuBackgroundWithOptions(juce::Graphics& g, int width, int height,
                                          const juce::PopupMenu::Options& options) override;

  void drawScrollbar(juce::Graphics& g, juce::ScrollBar& bar, int x, int y, int width, int height,
                     bool vertical, int thumb_start, int thumb_size, bool over, bool down) override;
  int getDefaultScrollbarWidth() override { return 9; }

  juce::Rectangle<int> getTooltipBounds(const juce::String& text, juce::Point<int> position,
                                        juce::Rectangle<int> area) override;
  void drawTooltip(juce::Graphics& g, const juce::String& text, int width, int height) override;

  void drawCallOutBoxBackground(juce::CallOutBox& box, juce::Graphics& g, const juce::Path& path,
                                juce::Image& cache) override;

 private:
  juce::SharedResourcePointer<Typefaces> typefaces_;
};

}  // namespace scorelane::plugin
