#pragma once

#include <juce_audio_basics/juce_audio_basics.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "take/take.h"
#include "take/take_writer.h"

namespace scorelane::plugin {

/// Where a take begins on the host's timeline.
struct CapturePlace {
  double seconds = 0.0;
  double quarters = 0.0;
  double bpm = 120.0;
  int beats_per_bar = 4;
  int beat_unit = 4;
};

/// Carries audio from the audio thread into takes on disk. `begin`, `push`, `tempo` and `end` are
/// for the audio thread and neither lock nor allocate; a thread of its own does the writing.
///
/// When the disk cannot follow, a realtime host loses audio (`lost` counts the samples, and the
/// take has gaps); any other host is made to wait.
class Capture {
 public:
  struct Listener {
    virtual ~Listener() = default;
    virtual void take_began(std::shared_ptr<Take> take) = 0;
    virtual void take_ended(std::shared_ptr<Take> take, const juce::String& error) = 0;
    virtual void capture_idle() = 0;  ///< every 20 ms: a moment for small chores
  };

  /// Calls the listener on its own thread, until destroyed.
  explicit Capture(Listener& listener);
  ~Capture();

  /// Before audio starts; ends what was being captured.
  void prepare(double sample_rate, int channels);

  /// Whether the host cannot wait; any time.
  void set_realtime(bool realtime) { realtime_ = realtime; }

  void begin(const CapturePlace& place);
  void push(const float* const* channels, int frames);
  void tempo(double seconds_into_take, double bpm);
  void end();
  bool capturing() const { return capturing_; }  ///< for the audio thread

  /// Waits until all that was pushed has been written. Not for the audio thread of a realtime host.
  void drain();

 private:
  static constexpr int kMostChannels = 2;
  static constexpr int kMostMarks = 256;
  static constexpr double kSeconds = 8.0;  ///< of audio that fit between the two threads

  struct Mark {
    enum class Kind { kBegin, kTempo, kEnd } kind = Kind::kBegin;
    std::int64_t at = 0;  ///< after so many samples of the stream
    CapturePlace place;
  };

  void run();
  void work();
  void apply(const Mark& mark);
  void write(int frames);
  void mark(Mark::Kind kind, const CapturePlace& place);
  void close(const juce::String& error);

  Listener& listener_;

  // Written by `prepare` while no audio runs.
  double sample_rate_ = 44100.0;
  int channels_ = 2;
  juce::AbstractFifo audio_fifo_{1};
  std::array<std::vector<float>, kMostChannels> audio_;
  juce::AbstractFifo mark_fifo_{kMostMarks};
  std::array<Mark, kMostMarks> marks_;

  // The audio thread's.
  bool capturing_ = false;
  std::int64_t pushed_ = 0;

  // The writing thread's.
  std::int64_t written_ = 0;
  std::shared_ptr<Take> take_;
  std::unique_ptr<TakeWriter> writer_;
  TempoMap tempo_;

  std::atomic<bool> realtime_{true};
  std::atomic<std::int64_t> lost_{0};
  std::mutex working_;  ///< held while the writing thread touches what `prepare` changes
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace scorelane::plugin
