#pragma once

#include <memory>
#include <vector>

#include "editor/control_rows.h"
#include "editor/popup.h"
#include "editor/workspace.h"

namespace scorelane::plugin {

/// The panel of the parameters, in groups.
class Controls : public juce::Component, Workspace::Listener {
 public:
  static constexpr int kWidth = 226;

  explicit Controls(Workspace& workspace);
  ~Controls() override;

  void resized() override;
  void paint(juce::Graphics& g) override;

 private:
  static constexpr int kSpace = 3;  ///< between rows

  struct Entry {
    std::unique_ptr<juce::Component> component;
    int height = 0;
    int space = 0;     ///< above
    int overhang = 0;  ///< on either side
  };

  void notes_changed() override;
  void view_changed() override;

  template <typename Row>
  Row& add(std::unique_ptr<Row> row, int height, int space = kSpace, int overhang = 0);
  juce::TextButton& add_button(const juce::String& name, const juce::String& title,
                               const juce::String& tooltip);
  void add_heading(const juce::String& text);
  SliderRow& add_slider(const char* id, const juce::String& name, const juce::String& tooltip,
                        Format format);
  void add_filters();
  void add_rhythm();
  void add_pitch();
  void add_sound();
  juce::RangedAudioParameter& parameter(const char* id) const;

  Workspace& workspace_;
  juce::Viewport view_;
  juce::Component list_;
  std::vector<Entry> entries_;
  juce::TextButton* players_ = nullptr;
  juce::TextButton* instruments_ = nullptr;
  juce::Component* strength_ = nullptr;
  juce::Component* swing_ = nullptr;
  Popup popup_;
};

}  // namespace scorelane::plugin
