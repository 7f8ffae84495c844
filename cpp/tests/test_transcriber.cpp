#include "scorelane/transcriber.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "catch.h"
#include "scorelane/error.h"
#include "tokens.h"

using namespace scorelane;

namespace {

/// Writes one drum per window, whose key and place come from the window's samples, and notes what
/// it was given.
class FakeNetwork final : public Network {
 public:
  explicit FakeNetwork(bool ties = true, double cents = 0.0) : cents_(cents) {
    config_.ties = ties;
    config_.sample_rate = 16000.0;
    config_.segment_samples = 3200;
    config_.context_samples = 160;
    config_.max_tokens = 16;
    config_.vocabulary_size = 1536;
  }

  const ModelConfig& config() const override { return config_; }
  std::int64_t default_batch_size() const override { return 4; }

  double tuning(const std::vector<float>& samples) const override {
    opening = samples.size();
    return cents_;
  }

  std::vector<TokenRow> transcribe(const std::vector<Segment>& segments, const InstrumentMask&,
                                   const BatchProgress& progress) const override {
    batches.push_back(segments.size());
    for (const Segment& segment : segments) rules.push_back(segment.ties);
    if (!progress(0.5)) throw Error(ErrorKind::kCancelled, "cancelled");
    std::vector<TokenRow> rows;
    for (const Segment& segment : segments) {
      double sum = 0.0;
      for (int i = 0; i < 3520; ++i) sum += std::abs(static_cast<double>(segment.window[i]));
      const int number = static_cast<int>(sum * 97.0) % 128;
      rows.push_back(tokens::row({tokens::kTie, tokens::shift(number % 20), tokens::kOn,
                                  tokens::drum(number), tokens::pitch(number)}));
    }
    return rows;
  }

  mutable std::vector<std::size_t> batches;
  mutable std::vector<TieRule> rules;
  mutable std::size_t opening = 0;

 private:
  double cents_;
  ModelConfig config_;
};

std::vector<float> noise(std::size_t count) {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> value(-0.5F, 0.5F);
  std::vector<float> samples(count);
  for (float& x : samples) x = value(random);
  return samples;
}

std::vector<Note> push(Transcriber& stream, const std::vector<float>& samples) {
  const float* channel = samples.data();
  return stream.push(&channel, 1, samples.size());
}

void append(std::vector<Note>& to, const std::vector<Note>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

std::vector<Note> whole(const std::vector<float>& samples, double rate, double cents = 0.0) {
  Transcriber stream(std::make_shared<FakeNetwork>(true, cents), rate, {});
  std::vector<Note> notes = push(stream, samples);
  append(notes, stream.flush());
  std::sort(notes.begin(), notes.end());
  return notes;
}

ErrorKind error_of(Transcriber& stream, const std::vector<float>& samples, std::string* what) {
  try {
    push(stream, samples);
  } catch (const Error& error) {
    *what = error.what();
    return error.kind();
  }
  FAIL("no error");
  return ErrorKind::kEngine;
}

}  // namespace

TEST_CASE("a stream gives the file's notes whatever the size of its pieces") {
  const double rate = GENERATE(8000.0, 16000.0, 44100.0);
  const double cents = GENERATE(0.0, -30.0);
  const double seconds = GENERATE(5.3, 62.1);  // shorter and longer than what tells the tuning
  const std::vector<float> samples = noise(static_cast<std::size_t>(rate * seconds));
  const std::vector<Note> wanted = whole(samples, rate, cents);
  REQUIRE(wanted.size() > 40);
  std::mt19937 random(5);
  for (const std::size_t largest : {3U, 1000U, 30'000U, 500'000U}) {
    Transcriber stream(std::make_shared<FakeNetwork>(true, cents), rate, {});
    std::vector<Note> notes;
    for (std::size_t at = 0; at < samples.size();) {
      const std::size_t count =
          std::min<std::size_t>(samples.size() - at, random() % (largest + 1));
      const float* channel = samples.data() + at;
      append(notes, stream.push(&channel, 1, count));
      at += count;
    }
    append(notes, stream.flush());
    std::sort(notes.begin(), notes.end());
    CHECK(notes == wanted);
  }
}

TEST_CASE("silent segments skip the network and keep the groups as they are") {
  std::vector<float> samples = noise(3200 * 10);
  std::fill(samples.begin() + 3200 * 4, samples.begin() + 3200 * 9, 0.0F);
  const auto network = std::make_shared<FakeNetwork>();
  Transcriber stream(network, 16000.0, {});
  push(stream, samples);
  stream.flush();
  // Groups are 0-3, 4-7, 8-9; the contexts of 4 and 8 still hear something.
  CHECK(network->batches == std::vector<std::size_t>{4, 1, 2});
}

TEST_CASE("linked and forced segments are told one by one what sounds before them") {
  const HeldNotes held = GENERATE(HeldNotes::kLinked, HeldNotes::kForced);
  const std::vector<float> samples = noise(3200 * 6);
  const auto network = std::make_shared<FakeNetwork>();
  TranscriberOptions options;
  options.held_notes = held;
  options.batch_size = 4;
  Transcriber stream(network, 16000.0, options);
  std::vector<Note> notes = push(stream, samples);
  append(notes, stream.flush());
  CHECK(network->batches == std::vector<std::size_t>(6, 1));
  REQUIRE(network->rules.size() == 6);
  CHECK(network->rules[0].sounding.empty());
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(network->rules[i].held == held);
    // Every segment of the fake closes its tie section at once and begins one note, which so ends
    // with it.
    const double border = 0.2 * static_cast<double>(i);
    std::vector<NoteKey> wanted;
    for (const Note& note : notes) {
      const bool over = note.onset < border && note.onset > border - 0.2 - 1e-9;
      if (!note.is_drum && over) wanted.emplace_back(note.program, note.pitch);
    }
    CHECK(network->rules[i].sounding == wanted);
  }
}

TEST_CASE("after silence nothing is held") {
  std::vector<float> samples = noise(3200 * 8);
  std::fill(samples.begin() + 3200, samples.begin() + 3200 * 5, 0.0F);
  const auto network = std::make_shared<FakeNetwork>();
  TranscriberOptions options;
  options.held_notes = HeldNotes::kForced;
  Transcriber stream(network, 16000.0, options);
  push(stream, samples);
  stream.flush();
  // Segments 0 and 1 are heard, 2 and 3 are silent, 4 hears what comes after it.
  REQUIRE(network->rules.size() == 6);
  CHECK_FALSE(network->rules[1].sounding.empty());
  CHECK(network->rules[2].sounding.empty());
}

TEST_CASE("without tie sections segments go together and are told nothing") {
  const auto network = std::make_shared<FakeNetwork>(/*ties=*/false);
  TranscriberOptions options;
  options.held_notes = HeldNotes::kForced;
  Transcriber stream(network, 16000.0, options);
  push(stream, noise(3200 * 4));
  stream.flush();
  CHECK(network->batches == std::vector<std::size_t>{4});
  for (const TieRule& rule : network->rules) CHECK(rule.held == HeldNotes::kFree);
}

TEST_CASE("a note ends where silence begins") {
  std::vector<float> samples = noise(3200 * 4);
  std::fill(samples.begin() + 3200, samples.end(), 0.0F);
  for (const Note& note : whole(samples, 16000.0)) CHECK(note.offset <= 0.4 + 1e-9);
}

TEST_CASE("notes that still sound end with the recording") {
  const std::vector<Note> notes = whole(noise(44100), 44100.0);
  REQUIRE_FALSE(notes.empty());
  double last = 0.0;
  for (const Note& note : notes) last = std::max(last, note.offset);
  CHECK(last == Approx(1.0));
}

TEST_CASE("channels are averaged") {
  const std::vector<float> samples = noise(16000);
  std::vector<float> twice = samples;
  for (float& x : twice) x *= 2.0F;
  const std::vector<float> nothing(samples.size(), 0.0F);
  const float* channels[] = {twice.data(), nothing.data()};
  Transcriber stream(std::make_shared<FakeNetwork>(), 16000.0, {});
  std::vector<Note> notes = stream.push(channels, 2, samples.size());
  append(notes, stream.flush());
  std::sort(notes.begin(), notes.end());
  CHECK(notes == whole(samples, 16000.0));
}

TEST_CASE("an empty stream has no notes") {
  Transcriber stream(std::make_shared<FakeNetwork>(), 44100.0, {});
  CHECK(stream.flush().empty());
}

TEST_CASE("a value that is not finite is an audio error that says where") {
  std::vector<float> samples = noise(100'000);
  samples[88'200] =
      GENERATE(std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity());
  Transcriber stream(std::make_shared<FakeNetwork>(), 44100.0, {});
  push(stream, noise(100));
  std::string what;
  CHECK(error_of(stream, samples, &what) == ErrorKind::kAudio);
  CHECK(what.find("sample 88300 (2.002 s)") != std::string::npos);
  CHECK(error_of(stream, noise(10), &what) == ErrorKind::kEngine);  // the stream is over
}

TEST_CASE("returning false from the progress callback cancels, also before the tuning is known") {
  TranscriberOptions early;
  early.on_progress = [](double) { return false; };
  Transcriber opening(std::make_shared<FakeNetwork>(), 16000.0, early);
  std::string what;
  CHECK(error_of(opening, noise(10), &what) == ErrorKind::kCancelled);

  TranscriberOptions options;
  options.tuning = 440.0;
  double last = -1.0;
  options.on_progress = [&](double seconds) {
    CHECK(seconds >= last);
    last = seconds;
    return seconds < 2.0;
  };
  Transcriber stream(std::make_shared<FakeNetwork>(), 16000.0, options);
  CHECK(error_of(stream, noise(16000 * 5), &what) == ErrorKind::kCancelled);
  CHECK(last < 2.5);
}

TEST_CASE("progress reaches the end of the recording and not more") {
  TranscriberOptions options;
  double last = 0.0;
  options.on_progress = [&](double seconds) {
    last = seconds;
    return true;
  };
  Transcriber stream(std::make_shared<FakeNetwork>(), 16000.0, options);
  push(stream, noise(16000 * 3 + 17));
  stream.flush();
  CHECK(last == Approx(3.0 + 17.0 / 16000.0));
}

TEST_CASE("a stream refuses to be used from its own callback, and after its end") {
  TranscriberOptions options;
  Transcriber* self = nullptr;
  int refused = 0;
  options.on_progress = [&](double) {
    try {
      self->flush();
    } catch (const Error& error) {
      refused += error.kind() == ErrorKind::kEngine ? 1 : 0;
    }
    return true;
  };
  Transcriber stream(std::make_shared<FakeNetwork>(), 16000.0, options);
  self = &stream;
  push(stream, noise(16000));
  CHECK(refused > 0);
  stream.flush();
  CHECK_THROWS_AS(stream.flush(), Error);
}

TEST_CASE("a recording out of tune is stretched, and its notes are told in its own time") {
  // The fake writes a note in every fifth of what it takes for a second.
  const double cents = GENERATE(-40.0, 30.0);
  const double stretch = std::exp2(cents / 1200.0);
  const std::vector<float> samples = noise(16000 * 8);
  const auto network = std::make_shared<FakeNetwork>(true, cents);
  Transcriber stream(network, 16000.0, {});
  std::vector<Note> notes = push(stream, samples);
  append(notes, stream.flush());
  CHECK(stream.tuning() == Approx(440.0 * stretch));
  CHECK(network->opening == samples.size());
  std::size_t segments = 0;
  for (const std::size_t batch : network->batches) segments += batch;
  CHECK(segments == static_cast<std::size_t>(std::ceil(8.0 * stretch / 0.2)));
  double last = 0.0;
  for (const Note& note : notes) {
    const double step = note.onset * stretch * 100.0;
    CHECK(step == Approx(std::round(step)).margin(1e-6));
    last = std::max(last, note.offset);
  }
  CHECK(last <= 8.0 + 1e-9);
  CHECK(last > 7.8);
}

TEST_CASE("nearly in tune is in tune, and what the user says is not judged") {
  const std::vector<float> samples = noise(16000 * 3);
  const auto network = std::make_shared<FakeNetwork>(true, 12.0);
  Transcriber near(network, 16000.0, {});
  push(near, samples);
  near.flush();
  CHECK(near.tuning() == 440.0);
  const auto other = std::make_shared<FakeNetwork>(true, 30.0);
  TranscriberOptions options;
  options.tuning = 415.0;
  Transcriber told(other, 16000.0, options);
  push(told, samples);
  told.flush();
  CHECK(told.tuning() == Approx(415.0));
  CHECK(other->opening == 0);
}

TEST_CASE("only the first minute is judged") {
  const auto network = std::make_shared<FakeNetwork>();
  Transcriber stream(network, 8000.0, {});
  push(stream, noise(8000 * 70));
  stream.flush();
  CHECK(network->opening == 16000 * 60);
}

TEST_CASE("impossible options are refused") {
  const auto network = std::make_shared<FakeNetwork>();
  TranscriberOptions negative;
  negative.batch_size = -1;
  CHECK_THROWS_AS(Transcriber(network, 16000.0, negative), Error);
  TranscriberOptions unknown;
  unknown.mask.programs = {128};
  CHECK_THROWS_AS(Transcriber(network, 16000.0, unknown), Error);
  TranscriberOptions mistuned;
  mistuned.tuning = GENERATE(-1.0, 379.0, 501.0, std::numeric_limits<double>::quiet_NaN());
  CHECK_THROWS_AS(Transcriber(network, 16000.0, mistuned), Error);
}
