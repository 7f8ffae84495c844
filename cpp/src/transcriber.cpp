#include "scorelane/transcriber.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>

#include "scorelane/error.h"

namespace scorelane {

namespace {

constexpr std::size_t kSlice = 1 << 16;  // frames mixed and resampled at a time
constexpr std::int64_t kLargestBatch = 1024;
constexpr double kConcertPitch = 440.0;  // Hz of A4 that networks are trained on
constexpr double kLowestTuning = 380.0;  // below French baroque pitch
constexpr double kHighestTuning = 500.0;
constexpr const char* kCancelled = "The transcription was cancelled.";
constexpr double kOpening = 60.0;  // seconds that tell the tuning
constexpr double kInTune = 15.0;   // cents; up to there networks hear as well as before

std::string bad_sample_message(double value, std::int64_t frame, double sample_rate) {
  char text[200];
  std::snprintf(text, sizeof text,
                "The audio has %s at sample %lld (%.3f s); repair the recording or export it "
                "again.",
                std::isnan(value) ? "a value that is not a number" : "an infinite value",
                static_cast<long long>(frame), static_cast<double>(frame) / sample_rate);
  return text;
}

TranscriberOptions checked(TranscriberOptions options) {
  const bool known = std::all_of(
      options.mask.programs.begin(), options.mask.programs.end(),
      [](std::int32_t program) { return program >= 0 && program < Vocabulary::kMidiValues; });
  if (!known) throw Error(ErrorKind::kEngine, "An instrument's program lies outside 0 to 127.");
  const auto& players = options.mask.players;
  const auto count = options.mask.programs.size();
  const bool named = std::all_of(players.begin(), players.end(), [&](std::int32_t player) {
    return player >= 0 && static_cast<std::size_t>(player) < count;
  });
  if (!players.empty() && (players.size() != count || !named)) {
    throw Error(ErrorKind::kEngine,
                "Each of the programs must be a player's, counted from 0; there cannot be more "
                "players than programs.");
  }
  if (options.batch_size < 0 || options.batch_size > kLargestBatch) {
    throw Error(ErrorKind::kEngine, "The batch size must lie between 0 (automatic) and " +
                                        std::to_string(kLargestBatch) + ".");
  }
  const bool tuned = options.tuning >= kLowestTuning && options.tuning <= kHighestTuning;
  if (options.tuning != 0.0 && !tuned) {
    throw Error(ErrorKind::kEngine,
                "The tuning must lie between 380 and 500 Hz, or be 0 to be heard.");
  }
  return options;
}

std::int64_t group_size(const Network& network, const TranscriberOptions& options) {
  // A segment that takes up the notes of the one before has to wait for it.
  if (options.held_notes != HeldNotes::kFree && network.config().ties) return 1;
  return options.batch_size > 0 ? options.batch_size : network.default_batch_size();
}

}  // namespace

/// Holds the stream for one call: refuses a second caller and a stream that is over, and marks
/// the stream as failed unless `done` is reached.
class Transcriber::Use {
 public:
  explicit Use(Transcriber& stream) : stream_(stream) {
    if (stream_.busy_.test_and_set()) {
      throw Error(ErrorKind::kEngine,
                  "This stream is in use; let only one thread at a time push to it or flush it.");
    }
    if (stream_.state_ != State::kOpen) {
      stream_.busy_.clear();
      throw Error(ErrorKind::kEngine,
                  "This stream has ended; start a new one for another recording.");
    }
    stream_.state_ = State::kFailed;
  }
  ~Use() { stream_.busy_.clear(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  void done(State next) { stream_.state_ = next; }

 private:
  Transcriber& stream_;
};

Transcriber::Transcriber(std::shared_ptr<const Network> network, double sample_rate,
                         TranscriberOptions options)
    : network_(std::move(network)),
      options_(checked(std::move(options))),
      sample_rate_(sample_rate),
      batch_size_(group_size(*network_, options_)),
      resampler_(sample_rate, network_->config().sample_rate),
      segmenter_(static_cast<std::size_t>(network_->config().segment_samples),
                 static_cast<std::size_t>(network_->config().context_samples)),
      ensemble_(network_->config(), options_.mask),
      decoder_(network_->config().vocabulary, network_->config().ties,
               network_->config().linger_steps),
      opening_left_(static_cast<std::size_t>(kOpening * sample_rate)) {
  if (options_.tuning != 0.0) stretch(options_.tuning);
}

std::vector<Note> Transcriber::push(const float* const* channels, std::size_t channel_count,
                                    std::size_t frames) {
  Use use(*this);
  if (channel_count == 0) throw Error(ErrorKind::kAudio, "The audio has no channel.");
  for (std::size_t first = 0; first < frames;) {
    std::size_t count = std::min(kSlice, frames - first);
    if (opening_left_ > 0) count = std::min(count, opening_left_);
    mix(channels, channel_count, first, count);
    first += count;
    if (opening_left_ == 0) {
      hear(mono_);
      continue;
    }
    opening_.insert(opening_.end(), mono_.begin(), mono_.end());
    opening_left_ -= count;
    if (!go_on(0.0)) throw Error(ErrorKind::kCancelled, kCancelled);
    if (opening_left_ == 0) begin();
  }
  use.done(State::kOpen);
  return take_notes();
}

std::vector<Note> Transcriber::flush() {
  Use use(*this);
  if (opening_left_ > 0) begin();
  resampled_.clear();
  resampler_.flush(resampled_);
  segmenter_.push(resampled_.data(), resampled_.size(), ready_);
  segmenter_.flush(ready_);
  collect();
  run_group();
  decoder_.finish(stretched_end());
  use.done(State::kFinished);
  return take_notes();
}

double Transcriber::tuning() const {
  return kConcertPitch * stretch_;
}

/// Judges the opening and hears it.
void Transcriber::begin() {
  opening_left_ = 0;
  Resampler plain(sample_rate_, network_->config().sample_rate);
  std::vector<float> samples;
  plain.push(opening_.data(), opening_.size(), samples);
  plain.flush(samples);
  const double cents = network_->tuning(samples);
  if (std::abs(cents) > kInTune) stretch(kConcertPitch * std::exp2(cents / 1200.0));
  const std::vector<float> opening = std::move(opening_);
  hear(opening);
}

/// From now on the recording is played faster or slower to the network, so that it hears A4 at
/// 440 Hz.
void Transcriber::stretch(double tuning) {
  opening_left_ = 0;
  stretch_ = tuning / kConcertPitch;
  resampler_ = Resampler(sample_rate_, network_->config().sample_rate * stretch_);
}

void Transcriber::hear(const std::vector<float>& mono) {
  resampled_.clear();
  resampler_.push(mono.data(), mono.size(), resampled_);
  segmenter_.push(resampled_.data(), resampled_.size(), ready_);
  collect();
}

std::vector<Note> Transcriber::take_notes() {
  std::vector<Note> notes = decoder_.take_notes();
  for (Note& note : notes) {
    note.onset /= stretch_;
    note.offset /= stretch_;
  }
  return notes;
}

void Transcriber::mix(const float* const* channels, std::size_t channel_count, std::size_t first,
                      std::size_t count) {
  mono_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0.0;
    for (std::size_t c = 0; c < channel_count; ++c)
      sum += static_cast<double>(channels[c][first + i]);
    if (!std::isfinite(sum)) {
      throw Error(
          ErrorKind::kAudio,
          bad_sample_message(sum, frames_pushed_ + static_cast<std::int64_t>(i), sample_rate_));
    }
    mono_[i] = static_cast<float>(sum / static_cast<double>(channel_count));
  }
  frames_pushed_ += static_cast<std::int64_t>(count);
}

void Transcriber::collect() {
  // Groups are fixed by segment number, so the network sees the same batches whatever the chunks.
  for (Window& window : ready_) {
    const bool full = (window.index + 1) % batch_size_ == 0;
    group_.push_back(std::move(window));
    if (full) run_group();
  }
  ready_.clear();
}

void Transcriber::run_group() {
  if (group_.empty()) return;
  std::vector<Segment> heard;
  for (const Window& window : group_) {
    if (!window.silent) heard.push_back(Segment{window.samples.data(), tie_rule()});
  }
  const double from = seconds_at(group_.front().index);
  const double to = seconds_at(group_.back().index + 1);
  const BatchProgress progress = [&](double done) { return go_on(from + done * (to - from)); };
  std::vector<TokenRow> rows;
  if (!heard.empty()) rows = network_->transcribe(heard, options_.mask, progress);
  ensemble_.name_players(rows);

  const ModelConfig& config = network_->config();
  const auto end_step =
      static_cast<std::int64_t>(std::ceil(stretched_end() * config.vocabulary.steps_per_second));
  auto row = rows.begin();
  for (const Window& window : group_) {
    const std::int64_t start = config.segment_start_step(window.index);
    const std::int64_t next_start = config.segment_start_step(window.index + 1);
    if (window.silent) {
      decoder_.end_sounding(start);
    } else {
      decoder_.decode(*row++, start, std::min(next_start, end_step));
    }
  }
  group_.clear();
  if (!progress(1.0)) throw Error(ErrorKind::kCancelled, kCancelled);
}

bool Transcriber::go_on(double seconds_done) const {
  return !options_.on_progress || options_.on_progress(seconds_done);
}

TieRule Transcriber::tie_rule() const {
  const ModelConfig& config = network_->config();
  if (options_.held_notes == HeldNotes::kFree || !config.ties) return {};
  // Each takes at most two tokens; half of the row is left for what begins and ends.
  const std::int64_t most = config.max_tokens / 4;
  return {options_.held_notes, decoder_.sounding(static_cast<std::size_t>(most))};
}

double Transcriber::seconds_at(std::int64_t segment) const {
  const ModelConfig& config = network_->config();
  const double start = static_cast<double>(segment * config.segment_samples) / config.sample_rate;
  return std::min(stretched_end(), start) / stretch_;
}

/// Where the recording ends, so far, in what the network takes for seconds.
double Transcriber::stretched_end() const {
  return static_cast<double>(frames_pushed_) / sample_rate_ * stretch_;
}

}  // namespace scorelane
