#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

namespace scorelane::plugin {

enum class Icon {
  kRecord,
  kPlay,
  kStop,
  kLoop,
  kOpen,
  kUndo,
  kRedo,
  kSave,
  kGrip,
  kSliders,
  kSettings,
  kChevron,
  kClose,
  kPlus,
  kNotes,
};

/// Draws an icon into the middle of `area`, `size` high, in the current colour.
void draw_icon(juce::Graphics& g, Icon icon, juce::Rectangle<float> area, float size);

/// A button with an icon, words or both. Words and icon take the button's text and colours.
class IconButton : public juce::Button {
 public:
  enum class Style { kField, kBare };

  IconButton(const juce::String& name, Icon icon, const juce::String& tooltip,
             Style style = Style::kField);

  void set_icon(Icon icon);
  void set_words(const juce::String& words);  ///< "": the icon alone
  void set_icon_colour(juce::Colour colour) { icon_colour_ = colour; }
  int wanted_width() const;

 protected:
  void paintButton(juce::Graphics& g, bool highlighted, bool down) override;

 private:
  Icon icon_;
  Style style_;
  juce::String words_;
  juce::Colour icon_colour_;
};

}  // namespace scorelane::plugin
