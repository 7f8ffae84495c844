#include <vector>

#include "catch.h"
#include "scorelane/note_decoder.h"
#include "tokens.h"

using namespace tokens;
using scorelane::Linger;
using scorelane::Note;
using scorelane::NoteDecoder;
using scorelane::NoteHead;

namespace {

Note pitched(double onset, double offset, int pitch, int program = 0) {
  return Note{onset, offset, pitch, program, false, 100, 1.0F};
}

Note struck(double onset, int key) {
  return Note{onset, onset + 0.01, key, 0, true, 100, 1.0F};
}

std::vector<Note> decode(std::vector<Token> values) {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row(std::move(values)), 0);
  decoder.finish();
  return decoder.take_notes();
}

/// Equal but for rounding in the last bit of a time.
void check_same(const std::vector<Note>& got, const std::vector<Note>& wanted) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].onset == Approx(wanted[i].onset).margin(1e-9));
    CHECK(got[i].offset == Approx(wanted[i].offset).margin(1e-9));
    CHECK(got[i].pitch == wanted[i].pitch);
    CHECK(got[i].program == wanted[i].program);
    CHECK(got[i].is_drum == wanted[i].is_drum);
    CHECK(got[i].velocity == wanted[i].velocity);
  }
}

}  // namespace

TEST_CASE("a note has an onset and an offset") {
  check_same(decode({kTie, shift(10), program(40), kOn, pitch(60), shift(50), kOff, pitch(60)}),
             {pitched(0.1, 0.5, 60, 40)});
}

TEST_CASE("who plays a note is what its head says, whatever the program in force") {
  NoteDecoder decoder(kVocabulary);
  const auto named = [](std::vector<Token> values, std::size_t place, int player) {
    TokenRow heard = row(std::move(values));
    heard.heads.resize(heard.tokens.size());
    heard.heads[place].player = player;
    return heard;
  };
  decoder.decode(named({kTie, shift(10), program(40), kOn, pitch(60)}, 4, 73), 0);
  CHECK(decoder.sounding(9) == std::vector<scorelane::NoteKey>{{40, 60}});

  SECTION("its pitch ties and ends it, though the program has changed") {
    decoder.decode(row({program(42), pitch(60), kTie, shift(50), kOff, pitch(60)}), 205);
    check_same(decoder.take_notes(), {pitched(0.1, 2.55, 60, 73)});
  }
  SECTION("of two of its pitch the program in force tells it") {
    decoder.decode(named({program(40), pitch(60), kTie, program(42), kOn, pitch(60), shift(50),
                          kOff, pitch(60), program(40), shift(60), pitch(60)},
                         5, 24),
                   205);
    check_same(decoder.take_notes(), {pitched(0.1, 2.65, 60, 73), pitched(2.05, 2.55, 60, 24)});
  }
  SECTION("struck again by the same player it ends, whatever the program") {
    decoder.decode(
        named({program(40), pitch(60), kTie, shift(50), program(42), kOn, pitch(60)}, 6, 73), 205);
    decoder.finish(3.0);
    check_same(decoder.take_notes(), {pitched(0.1, 2.55, 60, 73), pitched(2.55, 3.0, 60, 73)});
  }
}

TEST_CASE("notes linger as their instruments do, but not over the limit or into the next stroke") {
  const auto linger = [](std::vector<Token> values, std::int64_t limit) {
    Linger steps{};
    steps.at(0) = 3;
    steps.at(3) = 9;
    NoteDecoder decoder(kVocabulary, true, steps);
    decoder.decode(row(std::move(values)), 0, limit);
    decoder.finish();
    return decoder.take_notes();
  };
  const std::vector<Token> once{kTie, shift(10), kOn, pitch(60), shift(50), kOff, pitch(60)};
  check_same(linger(once, 100), {pitched(0.1, 0.53, 60)});
  check_same(linger(once, 52), {pitched(0.1, 0.52, 60)});
  check_same(linger({kTie, program(25), shift(10), kOn, pitch(60), program(73), pitch(64),
                     shift(50), program(25), kOff, pitch(60), program(73), pitch(64)},
                    100),
             {pitched(0.1, 0.5, 64, 73), pitched(0.1, 0.59, 60, 25)});
  check_same(linger({kTie, shift(10), kOn, pitch(60), shift(50), kOff, pitch(60), shift(51), kOn,
                     pitch(60), pitch(64), shift(90), pitch(60)},
                    100),
             {pitched(0.1, 0.51, 60), pitched(0.51, 0.9, 60), pitched(0.51, 0.9, 64),
              pitched(0.9, 0.91, 60)});
}

TEST_CASE("neighbouring shifts add up and start again after any other event") {
  check_same(decode({kTie, shift(1000), shift(20), kOn, pitch(60), shift(1000), shift(30), kOff,
                     pitch(60)}),
             {pitched(10.2, 10.3, 60)});
}

TEST_CASE("program and velocity hold until they change") {
  check_same(decode({kTie, program(5), kOn, shift(1), pitch(60), pitch(64), shift(2), program(6),
                     pitch(67), shift(9), kOff, pitch(67), program(5), pitch(60), pitch(64)}),
             {pitched(0.01, 0.09, 60, 5), pitched(0.01, 0.09, 64, 5), pitched(0.02, 0.09, 67, 6)});
}

TEST_CASE("program state carries over tie into the body") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, program(40), kOn, pitch(60)}), 0, 100);
  decoder.decode(row({program(40), pitch(60), kTie, shift(5), kOff, pitch(60)}), 100);
  decoder.finish();
  check_same(decoder.take_notes(), {pitched(0.0, 1.05, 60, 40)});
  CHECK(decoder.skipped().inactive_offset == 0);
}

TEST_CASE("sounding notes that are not declared end at the segment's start") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, shift(1), kOn, pitch(60), pitch(64)}), 0, 204);
  decoder.decode(row({pitch(60), kTie, shift(9), kOff, pitch(60)}), 204, 409);
  decoder.finish();
  check_same(decoder.take_notes(), {pitched(0.01, 2.04, 64), pitched(0.01, 2.13, 60)});
}

TEST_CASE("a segment without EOS keeps its tokens") {
  const std::vector<Token> body{kTie, kOn, pitch(60), shift(7), kOff, pitch(60)};
  std::vector<Token> closed = body;
  closed.push_back(Vocabulary::kEos);
  check_same(decode(body), {pitched(0.0, 0.07, 60)});
  check_same(decode(body), decode(closed));
}

TEST_CASE("nothing after EOS is read") {
  check_same(decode({kTie, kOn, drum(38), Vocabulary::kEos, drum(40)}), {struck(0.0, 38)});
}

TEST_CASE("program 127 survives") {
  check_same(decode({kTie, program(127), kOn, pitch(60), shift(5), kOff, pitch(60)}),
             {pitched(0.0, 0.05, 60, 127)});
}

TEST_CASE("the highest pitch and drum survive") {
  check_same(decode({kTie, kOn, pitch(127), drum(127), shift(5), kOff, pitch(127)}),
             {struck(0.0, 127), pitched(0.0, 0.05, 127)});
}

TEST_CASE("drums do not erase other notes") {
  // The drum's key is the pitch of a sounding note of program 0, which drums also carry.
  check_same(decode({kTie, kOn, pitch(38), shift(2), drum(38), shift(4), drum(38), shift(9), kOff,
                     pitch(38)}),
             {pitched(0.0, 0.09, 38), struck(0.02, 38), struck(0.04, 38)});
}

TEST_CASE("one pitch in two programs is two notes") {
  check_same(decode({kTie, program(0), kOn, pitch(60), program(40), pitch(60), shift(3), program(0),
                     kOff, pitch(60), shift(6), program(40), pitch(60)}),
             {pitched(0.0, 0.03, 60, 0), pitched(0.0, 0.06, 60, 40)});
}

TEST_CASE("a repeated onset closes the note and opens it again") {
  check_same(decode({kTie, kOn, pitch(60), shift(5), pitch(60), shift(9), kOff, pitch(60)}),
             {pitched(0.0, 0.05, 60), pitched(0.05, 0.09, 60)});
}

TEST_CASE("no note is shorter than 10 ms") {
  check_same(decode({kTie, shift(5), kOn, pitch(60), kOff, pitch(60)}), {pitched(0.05, 0.06, 60)});
}

TEST_CASE("a shift past the next segment's start drops the rest of the segment") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, shift(204), kOn, drum(36), shift(205), drum(38), shift(3), drum(40)}),
                 0, 204);
  decoder.finish();
  check_same(decoder.take_notes(), {struck(2.04, 36)});
  CHECK(decoder.skipped().past_limit == 4);
}

TEST_CASE("a note-off for an inactive pitch is counted and skipped") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, kOff, pitch(60), kOn, pitch(62), shift(3), kOff, pitch(62)}), 0);
  check_same(decoder.take_notes(), {pitched(0.0, 0.03, 62)});
  CHECK(decoder.skipped().inactive_offset == 1);
}

TEST_CASE("duplicate and undeclarable ties are counted and skipped") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, kOn, pitch(60)}), 0, 100);
  decoder.decode(row({pitch(60), pitch(60), pitch(61), kTie, kTie, shift(1), kOff, pitch(60)}),
                 100);
  check_same(decoder.take_notes(), {pitched(0.0, 1.01, 60)});
  CHECK(decoder.skipped().duplicate_tie == 1);
  CHECK(decoder.skipped().undeclarable_tie == 1);
  CHECK(decoder.skipped().stray_tie == 1);
}

TEST_CASE("a zero-velocity drum is counted and skipped") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, kOff, drum(38), kOn, drum(36)}), 0);
  check_same(decoder.take_notes(), {struck(0.0, 36)});
  CHECK(decoder.skipped().silent_drum == 1);
}

TEST_CASE("an event before the last one is counted and skipped") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, shift(9), kOn, drum(36), shift(4), drum(38), shift(9), drum(40)}), 0);
  check_same(decoder.take_notes(), {struck(0.09, 36), struck(0.09, 40)});
  CHECK(decoder.skipped().backwards == 1);
}

TEST_CASE("padding and ids past the vocabulary are counted and skipped") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({0, kTie, 2, 1391, kOn, 1535, drum(36), -1}), 0);
  check_same(decoder.take_notes(), {struck(0.0, 36)});
  CHECK(decoder.skipped().unknown_token == 5);
}

TEST_CASE("silence ends what sounds") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, kOn, pitch(60)}), 0, 204);
  decoder.end_sounding(204);
  check_same(decoder.take_notes(), {pitched(0.0, 2.04, 60)});
}

TEST_CASE("notes that still sound end with the recording, and last 10 ms at least") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, kOn, pitch(60), shift(100), pitch(64)}), 0);
  decoder.finish(1.003);
  check_same(decoder.take_notes(), {pitched(0.0, 1.003, 60), pitched(1.0, 1.01, 64)});
}

TEST_CASE("127 velocity bins are velocities") {
  const Vocabulary fine{127};
  NoteDecoder decoder(fine);
  const Token velocity = fine.first_velocity();
  decoder.decode(row({fine.tie(), velocity + 127, pitch(60), velocity + 1, pitch(62), shift(4),
                      velocity, pitch(60), pitch(62)}),
                 0);
  const std::vector<Note> notes = decoder.take_notes();
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].velocity == 127);
  CHECK(notes[1].velocity == 1);
}

TEST_CASE("without ties rows begin at once and notes go on into the next segment") {
  const Vocabulary fine{127};
  NoteDecoder decoder(fine, /*ties=*/false);
  const Token velocity = fine.first_velocity();
  decoder.decode(row({velocity + 90, pitch(60), shift(50), pitch(64)}), 0, 100);
  decoder.decode(row({shift(20), velocity, pitch(60), fine.tie()}), 100);
  decoder.finish(2.0);
  const std::vector<Note> notes = decoder.take_notes();
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].offset == Approx(1.2));
  CHECK(notes[1].offset == Approx(2.0));
  CHECK(decoder.skipped().stray_tie == 1);
}

TEST_CASE("the heads at the onset's token are the note's") {
  NoteDecoder decoder(kVocabulary);
  scorelane::TokenRow heard = row({kTie, kOn, pitch(60), drum(38), shift(4), kOff, pitch(60)});
  heard.heads.assign(heard.tokens.size(), NoteHead{1, 0.1F, {}});
  heard.heads[2] = NoteHead{77, 0.75F, {}};
  heard.heads[3] = NoteHead{0, 0.5F, {}};  // no velocity of its own: the token's holds
  decoder.decode(heard, 0);
  const std::vector<Note> notes = decoder.take_notes();
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].velocity == 100);
  CHECK(notes[0].confidence == 0.5F);
  CHECK(notes[1].velocity == 77);
  CHECK(notes[1].confidence == 0.75F);
}

TEST_CASE("what sounds is known, and of too much what began last") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, program(40), kOn, pitch(72), shift(5), program(0), pitch(60), pitch(48),
                      drum(36), shift(8), kOff, pitch(60), shift(9), kOn, pitch(64)}),
                 0);
  using Keys = std::vector<scorelane::NoteKey>;
  CHECK(decoder.sounding(9) == Keys{{0, 48}, {0, 64}, {40, 72}});
  CHECK(decoder.sounding(2) == Keys{{0, 48}, {0, 64}});
  CHECK(decoder.sounding(0).empty());
  decoder.end_sounding(20);
  CHECK(decoder.sounding(9).empty());
}

TEST_CASE("notes are handed out once") {
  NoteDecoder decoder(kVocabulary);
  decoder.decode(row({kTie, kOn, drum(36)}), 0);
  CHECK(decoder.take_notes().size() == 1);
  CHECK(decoder.take_notes().empty());
}
