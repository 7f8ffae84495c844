#pragma once

#include "editor/icons.h"
#include "editor/lane_menus.h"
#include "editor/midi_export.h"

namespace scorelane::plugin {

/// A button that files are dragged out of the window with.
class DragButton : public IconButton {
 public:
  DragButton(const juce::String& name, const juce::String& tooltip, Style style,
             std::function<void(juce::Component&)> drag);

  void mouseDown(const juce::MouseEvent& event) override;
  void mouseDrag(const juce::MouseEvent& event) override;

 private:
  std::function<void(juce::Component&)> drag_;
  bool dragged_ = false;
};

/// A small square with a letter: solo, mute.
class LetterButton : public juce::Button {
 public:
  LetterButton(const juce::String& letter, const juce::String& name, juce::Colour on);

 protected:
  void paintButton(juce::Graphics& g, bool highlighted, bool down) override;

 private:
  juce::String letter_;
  juce::Colour on_;
};

/// One lane: its name and numbers, what one can do with it.
class LaneRow : public juce::Component, public juce::SettableTooltipClient {
 public:
  static constexpr int kHeight = 48;

  explicit LaneRow(Workspace& workspace);

  void show(const Lane& lane, int number);

  void resized() override;
  void paint(juce::Graphics& g) override;
  void mouseUp(const juce::MouseEvent& event) override;
  void mouseEnter(const juce::MouseEvent&) override { repaint(); }
  void mouseExit(const juce::MouseEvent&) override { repaint(); }

 private:
  void toggle_solo(bool alone);
  void toggle_mute();
  void choose_program();
  void choose_channel();
  void show_menu();

  Workspace& workspace_;
  Lane lane_;
  LetterButton solo_;
  LetterButton mute_;
  IconButton program_;
  juce::TextButton channel_;
  DragButton drag_;
};

}  // namespace scorelane::plugin
