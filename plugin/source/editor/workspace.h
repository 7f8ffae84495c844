#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "editor/file_dialog.h"
#include "editor/note_index.h"
#include "editor/pitch_axis.h"
#include "editor/time_axis.h"
#include "editor/time_grid.h"
#include "notes/edits.h"
#include "processor.h"

namespace scorelane::plugin {

/// What the parts of the editor share: the notes shown, what is selected, where one looks, the
/// playhead. `poll` fetches what changed in the session and tells the listeners.
class Workspace {
 public:
  struct Listener {
    virtual ~Listener() = default;
    virtual void notes_changed() {}      ///< notes, lanes, tempo
    virtual void selection_changed() {}  ///< notes or lane
    virtual void view_changed() {}       ///< an axis, the grid, the loop
    virtual void take_changed() {}       ///< another take, or it grew
    virtual void status_changed() {}     ///< stage, progress, error, notice
    virtual void transport_changed() {}  ///< playhead, playing or not
  };

  explicit Workspace(Processor& processor);

  /// Not while the listeners are being told.
  void add(Listener& listener) { listeners_.push_back(&listener); }
  void remove(Listener& listener);
  void poll();

  Processor& processor() { return processor_; }
  Session& session() { return processor_.session(); }
  bool is_program() const;          ///< of its own, not in a host
  juce::String invitation() const;  ///< what to do first
  float parameter(const char* id) const;

  // What is shown.
  const Presentation& shown() const { return *presentation_; }
  const NoteIndex& index() const { return index_; }
  const Status& status() const { return status_; }
  std::shared_ptr<const Take> take() const { return take_; }
  TimeGrid grid() const;
  TimeAxis time;
  PitchAxis pitch;
  void fit();  ///< all of the take and its pitches
  bool follows() const { return follows_; }
  void set_follows(bool follow);
  void hold_view() { view_is_own_ = true; }  ///< the user chose where to look: no more fitting
  bool view_is_held() const { return view_is_own_; }

  // What is selected.
  const NoteIds& selection() const { return selection_; }
  void select(NoteIds ids);
  std::optional<LaneKey> lane() const { return lane_; }  ///< where new notes go
  void choose_lane(std::optional<LaneKey> lane);

  // Edits. `change` sees the notes of the document as they are shown.
  void edit(const std::string& what, const NoteIds& ids,
            const std::function<void(NoteList&)>& change, bool merge = false);
  void add_note(const Note& shown);  ///< and selects it

  // The editor's transport.
  double playhead() const { return playhead_; }  ///< seconds into the take
  bool playing() const { return playing_; }      ///< by the editor or by the host
  void toggle_play();
  void seek(double seconds);
  void set_loop(double start, double end);  ///< and switches it on
  void toggle_loop();
  bool looping() const { return looping_; }
  double loop_start() const { return loop_start_; }
  double loop_end() const { return loop_end_; }

  /// Shown in the status line until something else happens. Errors go to `session().complain`.
  const juce::String& notice() const { return notice_; }
  void notify(const juce::String& notice);

  FileDialog dialog;

 private:
  void tell(void (Listener::*what)());
  void poll_notes();
  void poll_take();
  void poll_status();
  void poll_transport();
  void poll_grid();
  void fit_by_itself();
  int transpose() const;

  Processor& processor_;
  std::vector<Listener*> listeners_;
  std::shared_ptr<const Presentation> presentation_ = std::make_shared<Presentation>();
  NoteIndex index_;
  Status status_;
  std::shared_ptr<const Take> take_;
  std::int64_t take_frames_ = 0;
  NoteIds selection_;
  std::optional<LaneKey> lane_;
  std::optional<Note> added_;  ///< to be selected when it is shown
  double playhead_ = 0.0;
  bool playing_ = false;
  bool follows_ = true;
  bool view_is_own_ = false;
  double grid_quarters_ = 0.0;
  double swing_ = 0.5;
  double loop_start_ = 0.0;
  double loop_end_ = 0.0;
  bool looping_ = false;
  juce::String notice_;
};

}  // namespace scorelane::plugin
