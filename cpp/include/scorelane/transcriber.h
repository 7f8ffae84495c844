#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "scorelane/ensemble.h"
#include "scorelane/network.h"
#include "scorelane/note.h"
#include "scorelane/note_decoder.h"
#include "scorelane/resampler.h"
#include "scorelane/segmenter.h"

namespace scorelane {

struct TranscriberOptions {
  InstrumentMask mask;
  std::int64_t batch_size = 0;  ///< segments that go through the network together; 0: the model's

  /// Other than `kFree`, segments go through the network one by one, whatever `batch_size` says.
  /// A model without tie sections has nothing to choose: what sounds goes on until it is ended.
  HeldNotes held_notes = HeldNotes::kFree;

  /// What A4 is tuned to, in Hz, 380 to 500; 0: as the first minute sounds.
  double tuning = 0.0;

  /// Told every 20 ms or so, on the caller's thread, how many seconds of the recording are done;
  /// false cancels. It may throw, which also ends the stream.
  std::function<bool(double seconds_done)> on_progress;
};

/// Transcribes one recording as a stream. The notes are the same however the audio is cut into
/// pieces, and memory does not grow with the recording's length.
///
/// Used by one thread at a time. After an error (cancelling is one) the stream is over.
class Transcriber {
 public:
  /// `sample_rate` in Hz. Throws Error(kAudio) where it is outside 1 kHz to 384 kHz.
  Transcriber(std::shared_ptr<const Network> network, double sample_rate,
              TranscriberOptions options);

  /// Takes `frames` samples of each channel (-1 to 1); channels are averaged. Returns the notes
  /// that have ended. Throws Error(kAudio) for a sample that is not finite.
  std::vector<Note> push(const float* const* channels, std::size_t channel_count,
                         std::size_t frames);

  /// Transcribes what is left, ends the stream and returns its last notes.
  std::vector<Note> flush();

  /// What A4 is tuned to, in Hz, as far as it matters: recordings that are nearly at 440 are taken
  /// as they are. Known once a minute has been pushed, or at the end.
  double tuning() const;

  const SkippedEvents& skipped() const { return decoder_.skipped(); }

 private:
  enum class State { kOpen, kFinished, kFailed };
  class Use;

  void mix(const float* const* channels, std::size_t channel_count, std::size_t first,
           std::size_t count);
  void hear(const std::vector<float>& mono);
  void begin();
  void stretch(double tuning);
  void collect();
  void run_group();
  std::vector<Note> take_notes();
  bool go_on(double seconds_done) const;
  TieRule tie_rule() const;
  double seconds_at(std::int64_t segment) const;
  double stretched_end() const;

  std::shared_ptr<const Network> network_;
  TranscriberOptions options_;
  double sample_rate_;
  std::int64_t batch_size_;
  Resampler resampler_;
  double stretch_ = 1.0;  ///< what the network takes for a second, over a second of the recording
  Segmenter segmenter_;
  Ensemble ensemble_;
  NoteDecoder decoder_;
  std::size_t opening_left_;  ///< samples to come until the tuning is known
  std::vector<float> opening_;
  std::vector<float> mono_;
  std::vector<float> resampled_;
  std::vector<Window> group_;  ///< consecutive segments waiting for the network
  std::vector<Window> ready_;
  std::int64_t frames_pushed_ = 0;
  State state_ = State::kOpen;
  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
};

}  // namespace scorelane
