#pragma once

#include <juce_audio_processors/juce_audio_processors.h>

#include "editor/icons.h"
#include "editor/lane_row.h"
#include "editor/popup.h"
#include "editor/transcribe_button.h"

namespace scorelane::plugin {

/// The row of buttons at the top.
class Toolbar : public juce::Component, Workspace::Listener {
 public:
  static constexpr int kHeight = 50;

  explicit Toolbar(Workspace& workspace);
  ~Toolbar() override;

  std::function<void()> on_open;      ///< choose a file
  std::function<void()> on_controls;  ///< show or hide the panel
  void set_controls_shown(bool shown);

  void resized() override;
  void paint(juce::Graphics& g) override;

 private:
  void notes_changed() override;
  void status_changed() override;
  void take_changed() override;
  void view_changed() override;
  void transport_changed() override;

  juce::String place() const;  ///< of the playhead, in bars and beats

  Workspace& workspace_;
  IconButton record_;
  IconButton open_;
  TranscribeButton transcribe_;
  IconButton undo_;
  IconButton redo_;
  IconButton play_;
  IconButton loop_;
  IconButton save_;
  DragButton drag_;
  IconButton controls_;
  IconButton settings_;
  juce::ButtonParameterAttachment record_attachment_;
  juce::Rectangle<int> clock_;
  Popup popup_;
};

}  // namespace scorelane::plugin
