#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include <vector>

#include "editor/workspace.h"

namespace scorelane::plugin {

/// Where a note lies in the roll.
juce::Rectangle<float> note_area(const Workspace& workspace, const Note& note);

/// "C4", or a drum's name.
juce::String row_name(Row row);

/// Rows, grid lines and notes: what stays while the mouse drags and the playhead runs. Kept as an
/// image, and painted anew when the notes, the selection or the view change.
class RollPicture : public juce::Component, private Workspace::Listener {
 public:
  explicit RollPicture(Workspace& workspace);
  ~RollPicture() override;

  /// The selected notes are being dragged: shown as shadows of themselves.
  void set_lifted(bool lifted);

  void paint(juce::Graphics& g) override;

 private:
  void notes_changed() override;
  void selection_changed() override { repaint(); }
  void view_changed() override { repaint(); }

  void paint_rows(juce::Graphics& g, juce::Rectangle<int> clip) const;
  void paint_lines(juce::Graphics& g, juce::Rectangle<int> clip) const;
  void paint_notes(juce::Graphics& g, juce::Rectangle<int> clip) const;
  void paint_many(juce::Graphics& g, const std::vector<std::size_t>& notes) const;
  void paint_note(juce::Graphics& g, std::size_t place) const;
  juce::Colour fill(std::size_t place) const;

  Workspace& workspace_;
  std::vector<juce::Colour> colours_;  ///< of the lanes
  bool lifted_ = false;
};

}  // namespace scorelane::plugin
