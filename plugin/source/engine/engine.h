#pragma once

#include <juce_core/juce_core.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "notes/note.h"

struct scorelane_model;
struct scorelane_note;
struct scorelane_stream;

namespace scorelane::plugin {

/// What the engine or its library complains of: a sentence for the user.
class EngineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The progress function asked to stop.
class EngineCancelled : public std::runtime_error {
 public:
  EngineCancelled() : std::runtime_error("Cancelled.") {}
};

/// A model in memory, reached through the engine's C ABI. The library is opened on first use, so
/// that a plugin without it still loads. Instances of the plugin share one model.
class EngineModel {
 public:
  /// Throws EngineError. Takes a second or so the first time: not for the audio thread.
  static std::shared_ptr<const EngineModel> load(const juce::File& archive,
                                                 const juce::String& device, int threads);
  ~EngineModel();
  EngineModel(const EngineModel&) = delete;
  EngineModel& operator=(const EngineModel&) = delete;

  const juce::String& name() const { return name_; }  ///< with the version: "scorelane 0.2.0"
  const juce::String& device() const { return device_; }
  float default_confidence() const { return default_confidence_; }
  float lane_share() const { return lane_share_; }
  int written_for(int program) const;  ///< what the model writes for it; -1: nothing

 private:
  friend class EngineStream;
  EngineModel(const juce::File& archive, const juce::String& device, int threads);

  scorelane_model* model_ = nullptr;
  juce::String name_;
  juce::String device_;
  float default_confidence_ = 0.3F;
  float lane_share_ = 0.0F;
  std::vector<int> program_map_;  ///< empty: each program stands for itself
};

/// Transcribes one recording, piece by piece. Used by one thread at a time.
class EngineStream {
 public:
  /// Called every 20 ms or so with the seconds that are done; false cancels.
  using Progress = std::function<bool(double seconds_done)>;

  /// `players` are the only instruments that may appear, and each is listened for; empty: all may.
  EngineStream(std::shared_ptr<const EngineModel> model, double sample_rate, int batch,
               const std::vector<LaneKey>& players, Progress progress);
  ~EngineStream();
  EngineStream(const EngineStream&) = delete;
  EngineStream& operator=(const EngineStream&) = delete;

  /// The notes that have ended. Throws EngineError or EngineCancelled; the stream is over then.
  NoteList push(const float* const* channels, int channel_count, int frames);
  NoteList flush();

 private:
  NoteList converted(const scorelane_note* notes, std::size_t count) const;

  std::shared_ptr<const EngineModel> model_;
  std::unique_ptr<Progress> progress_;
  std::map<int, int> named_;  ///< what the user called the programs that the model writes
  scorelane_stream* stream_ = nullptr;
};

}  // namespace scorelane::plugin
