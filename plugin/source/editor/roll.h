#pragma once

#include <functional>
#include <optional>

#include "editor/navigation.h"
#include "editor/roll_picture.h"

namespace scorelane::plugin {

/// The piano roll: the picture of the notes and what the mouse does to them.
class Roll : public juce::Component, public juce::SettableTooltipClient, Workspace::Listener {
 public:
  explicit Roll(Workspace& workspace);
  ~Roll() override;

  /// Ends a drag without a change. False: there was none.
  bool cancel_drag();

  std::function<void(std::optional<Row>)> on_hover;  ///< the row under the mouse

  void resized() override;
  void paintOverChildren(juce::Graphics& g) override;
  void mouseMove(const juce::MouseEvent& event) override;
  void mouseExit(const juce::MouseEvent& event) override;
  void mouseDown(const juce::MouseEvent& event) override;
  void mouseDrag(const juce::MouseEvent& event) override;
  void mouseUp(const juce::MouseEvent& event) override;
  void mouseDoubleClick(const juce::MouseEvent& event) override;
  void mouseWheelMove(const juce::MouseEvent& event, const juce::MouseWheelDetails& wheel) override;
  void mouseMagnify(const juce::MouseEvent& event, float factor) override;

 private:
  enum class Drag { kNone, kBand, kMove, kLengthen, kVelocity, kPan };

  void notes_changed() override;
  void selection_changed() override { notes_changed(); }

  const Note* note_at(juce::Point<float> point) const;
  bool on_end(const Note& note, juce::Point<float> point) const;
  void press_note(const Note& note, const juce::MouseEvent& event);
  void drag_band(const juce::MouseEvent& event);
  void drag_notes(const juce::MouseEvent& event);
  void drop();
  void show_menu(const juce::MouseEvent& event);
  Note dragged(const Note& note) const;
  juce::String drag_label() const;
  void paint_dragged(juce::Graphics& g) const;

  Workspace& workspace_;
  RollPicture picture_;
  Panning panning_;
  Drag drag_ = Drag::kNone;
  bool moved_ = false;        ///< the mouse went far enough to mean it
  std::optional<Note> held_;  ///< the note that was pressed
  bool deselect_on_release_ = false;
  NoteIds before_;                 ///< selected when a rubber band began
  juce::Point<double> band_from_;  ///< seconds, pixels
  juce::Rectangle<float> band_;
  double by_seconds_ = 0.0;
  int by_rows_ = 0;
  int by_velocity_ = 0;
};

}  // namespace scorelane::plugin
