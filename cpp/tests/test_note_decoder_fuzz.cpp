#include <cmath>
#include <random>

#include "catch.h"
#include "tokens.h"

using namespace tokens;
using scorelane::Note;
using scorelane::NoteDecoder;

namespace {

/// Mostly tokens that mean something, some that do not.
Token random_token(std::mt19937& random) {
  const auto below = [&](int bound) {
    return static_cast<int>(random() % static_cast<unsigned>(bound));
  };
  switch (below(12)) {
    case 0:
      return below(1600) - 40;
    case 1:
      return kTie;
    case 2:
    case 3:
      return shift(below(300));
    case 4:
      return kOff;
    case 5:
    case 6:
      return kOn;
    case 7:
      return program(below(3));
    case 8:
      return drum(below(128));
    default:
      return pitch(60 + below(4));
  }
}

}  // namespace

TEST_CASE("no tokens crash the decoder, make a bad note or leave one open") {
  std::mt19937 random(20240607);
  for (int song = 0; song < 2000; ++song) {
    NoteDecoder decoder(kVocabulary);
    const int segments = 1 + static_cast<int>(random() % 5);
    std::size_t onsets = 0;
    std::vector<Note> notes;
    const auto take = [&] {
      for (const Note& note : decoder.take_notes()) notes.push_back(note);
    };
    for (int i = 0; i < segments; ++i) {
      const std::int64_t start = i * 2048 / 10;
      if (random() % 8 == 0) {
        decoder.end_sounding(start);
        take();
        continue;
      }
      scorelane::TokenRow tokens_of_segment;
      const std::size_t length = random() % 120;
      for (std::size_t k = 0; k < length; ++k) {
        tokens_of_segment.tokens.push_back(random_token(random));
      }
      // In every second song somebody has named the players, or not.
      tokens_of_segment.heads.resize(song % 2 == 0 ? 0 : length);
      for (auto& head : tokens_of_segment.heads) head.player = static_cast<int>(random() % 4) - 1;
      for (Token token : tokens_of_segment.tokens) onsets += kVocabulary.is_note(token) ? 1U : 0U;
      decoder.decode(tokens_of_segment, start, (i + 1) * 2048 / 10);
      take();
    }
    const double end = segments * 2.048;
    decoder.finish(end);
    take();
    REQUIRE(notes.size() <= onsets);
    for (const Note& note : notes) {
      REQUIRE(std::isfinite(note.onset));
      REQUIRE(note.onset >= 0.0);
      REQUIRE(note.onset <= end);
      REQUIRE(note.offset >= note.onset + 0.0099);
      REQUIRE(note.offset <= end + 0.0101);
      REQUIRE((note.pitch >= 0 && note.pitch < 128));
      REQUIRE((note.program >= 0 && note.program < 128));
      REQUIRE((note.velocity >= 1 && note.velocity <= 127));
    }
    // Nothing is left: a second end brings out no further note.
    decoder.finish(end + 100.0);
    REQUIRE(decoder.take_notes().empty());
  }
}
