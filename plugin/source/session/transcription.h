#pragma once

#include <juce_core/juce_core.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "notes/note.h"
#include "take/take.h"

namespace scorelane::plugin {

/// What the user chose for the transcriptions to come.
struct Choices {
  juce::File archive;  ///< the model
  juce::String device = "auto";
  std::vector<LaneKey> players;  ///< who plays; empty: as heard

  /// Whether there are several players, drums aside: each is then there, however little it plays.
  bool name_several() const;
};

/// Runs the network over takes, on a thread of its own. One job at a time: a new one cancels the
/// one before, and nothing of a cancelled job, not even its end, is reported once `cancel` or
/// `start` has returned. Call neither while holding a lock that the listener takes.
class Transcription {
 public:
  /// Called on the worker, one call at a time.
  struct Listener {
    virtual ~Listener() = default;
    virtual void loading(double seconds_done, double seconds_total) = 0;
    virtual void take_loaded(std::shared_ptr<Take> take) = 0;
    virtual void model_loaded(const EngineModel& model, const Choices& choices) = 0;
    virtual void progress(double seconds_done) = 0;
    virtual void notes_found(const NoteList& notes) = 0;
    virtual void ended(const juce::String& error) = 0;  ///< empty: all went well
  };

  explicit Transcription(Listener& listener);
  ~Transcription();  ///< cancels, and waits for the worker

  /// A take that may still be growing. `realtime`: leave processors to the host.
  void start(std::shared_ptr<const Take> take, const Choices& choices, bool realtime);

  /// A file that becomes a take first.
  void start(const juce::File& file, const Choices& choices, bool realtime);

  void cancel();
  bool busy() const;
  bool wait(double seconds) const;  ///< false: still busy then

 private:
  struct Job {
    juce::File file;  ///< read first, where there is no take
    std::shared_ptr<const Take> take;
    Choices choices;
    bool realtime = true;
  };

  /// With the lock held. A job that was cancelled before it began is none.
  bool has_work() const { return running_ || next_.has_value(); }

  void begin(Job job);
  void run();
  void perform(const Job& job);
  std::shared_ptr<const Take> import(const Job& job);
  void transcribe(const Take& take, const Job& job);
  template <typename Call>
  void tell(const Call& call);

  Listener& listener_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<Job> next_;
  bool running_ = false;
  bool stopping_ = false;
  std::atomic<bool> cancelled_{false};
  std::mutex telling_;  ///< held while the listener is called
  std::thread thread_;
};

}  // namespace scorelane::plugin
