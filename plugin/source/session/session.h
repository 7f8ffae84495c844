#pragma once

#include <juce_core/juce_core.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "notes/document.h"
#include "notes/presentation.h"
#include "notes/view.h"
#include "session/state.h"
#include "take/capture.h"
#include "take/take.h"

namespace scorelane::plugin {

/// What the plugin is busy with.
enum class Stage {
  kEmpty,         ///< no take
  kRecording,     ///< capturing; notes appear meanwhile
  kLoading,       ///< reading a file or loading the model
  kTranscribing,  ///< the network is running
  kReady,         ///< a take whose notes are all there, or none are coming (see `message`)
};

struct Status {
  Stage stage = Stage::kEmpty;
  double seconds_done = 0.0;   ///< of the take, transcribed
  double seconds_total = 0.0;  ///< of the take
  juce::String error;          ///< what went wrong last and what to do; empty: nothing
  juce::String notice;         ///< what the user should know, such as "Cancelled"; often empty
  juce::String model;          ///< name and version; empty until one was loaded
  juce::String device;         ///< "cpu", "cuda:0"
};

/// All that the plugin knows: take, notes, edits, lanes. The editor, the processor and Python talk
/// to it. Every function may be called from any thread but the audio thread; none blocks on the
/// network, except `wait`.
class Session {
 public:
  /// What the session sends out: `show` and `play` from one thread at a time, and they must not
  /// come back to the session; `idle` (every 20 ms) and `recorded` (a recording has ended) from the
  /// capture's thread.
  struct Hooks {
    std::function<void(const Presentation&)> show;
    std::function<void(const std::shared_ptr<const Take>&)> play;  ///< null: nothing to hear
    std::function<void()> idle;
    std::function<void()> recorded;
  };

  explicit Session(Hooks hooks);
  ~Session();

  /// The audio thread's way in.
  Capture& capture();

  // Takes.
  void load_file(const juce::File& file);  ///< decode and transcribe in the background
  void transcribe();                       ///< the present take again; replaces the notes
  void cancel();                           ///< ends within 100 ms; the notes so far stay
  void clear();                            ///< forget take and notes
  bool wait(double seconds);               ///< until nothing is under way; false: time is up
  void set_realtime(bool realtime);        ///< whether processors are left to the host
  void set_tempo(double bpm);              ///< of files to come; the audio thread may call this one
  void change_tempo(double bpm);           ///< of the present take too, where the host has no tempo
  std::shared_ptr<const Take> take() const;
  Status status() const;

  // Notes. The revision changes with every new presentation.
  std::shared_ptr<const Presentation> presentation() const;
  std::uint64_t revision() const;
  void set_view(const ViewSettings& settings, float sensitivity);

  // Edits, all undoable. `change` sees the document, not the presentation.
  void edit(const std::string& what, const std::function<void(DocumentState&)>& change,
            bool merge = false);
  bool undo();
  bool redo();
  std::string undo_name() const;
  std::string redo_name() const;

  // The model: a TorchScript archive; an empty file is the one in the bundle.
  void choose_model(const juce::File& archive, const juce::String& device);
  juce::File model() const;
  juce::String device() const;

  // Who plays, for the transcriptions to come: nobody else may appear, and each is listened for.
  // Empty: as heard.
  void choose_players(std::vector<LaneKey> players);
  std::vector<LaneKey> players() const;

  // Between two openings of a song.
  void write(State& state) const;  ///< fills in what is the session's
  void restore(const State& state);
  void complain(const juce::String& error);  ///< shown as the status' error

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scorelane::plugin
