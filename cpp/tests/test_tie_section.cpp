#include "scorelane/tie_section.h"

#include <algorithm>
#include <random>
#include <vector>

#include "catch.h"
#include "tokens.h"

using namespace scorelane;
using tokens::kTie;
using tokens::kVocabulary;
using tokens::pitch;
using tokens::program;

namespace {

const std::vector<NoteKey> kThree{{0, 60}, {0, 67}, {40, 76}};

TieSection section(HeldNotes held, std::vector<NoteKey> sounding, bool programs = true) {
  return {kVocabulary, programs, TieRule{held, std::move(sounding)}};
}

/// Consumes the only token that may come, until the section is closed.
std::vector<Token> only_way(TieSection ties) {
  std::vector<Token> row;
  while (ties.open()) {
    REQUIRE(ties.next().size() == 1);
    row.push_back(ties.next().front());
    ties.consume(row.back());
  }
  return row;
}

std::vector<Token> sorted_next(const TieSection& ties) {
  std::vector<Token> next = ties.next();
  std::sort(next.begin(), next.end());
  return next;
}

}  // namespace

TEST_CASE("a free tie section has no rule") {
  CHECK_FALSE(section(HeldNotes::kFree, kThree).open());
}

TEST_CASE("a forced tie section names all that sounds") {
  CHECK(only_way(section(HeldNotes::kForced, kThree)) ==
        std::vector<Token>{program(0), pitch(60), pitch(67), program(40), pitch(76), kTie});
  CHECK(only_way(section(HeldNotes::kForced, {})) == std::vector<Token>{kTie});
  CHECK(only_way(section(HeldNotes::kForced, {{127, 127}})) ==
        std::vector<Token>{program(127), pitch(127), kTie});
}

TEST_CASE("without programs pitches stand alone") {
  CHECK(only_way(section(HeldNotes::kForced, {{0, 0}, {0, 64}}, false)) ==
        std::vector<Token>{pitch(0), pitch(64), kTie});
  CHECK(sorted_next(section(HeldNotes::kLinked, {{0, 0}, {0, 64}}, false)) ==
        std::vector<Token>{pitch(0), pitch(64), kTie});
}

TEST_CASE("a linked tie section offers what sounds and has not been passed") {
  TieSection ties = section(HeldNotes::kLinked, kThree);
  CHECK(sorted_next(ties) == std::vector<Token>{kTie, program(0), program(40)});
  ties.consume(program(0));
  CHECK(sorted_next(ties) == std::vector<Token>{pitch(60), pitch(67)});
  ties.consume(pitch(67));
  CHECK(sorted_next(ties) == std::vector<Token>{kTie, program(40)});
  ties.consume(program(40));
  CHECK(sorted_next(ties) == std::vector<Token>{pitch(76)});
  ties.consume(pitch(76));
  CHECK(sorted_next(ties) == std::vector<Token>{kTie});
  ties.consume(kTie);
  CHECK_FALSE(ties.open());
}

TEST_CASE("every way through a linked tie section names sounding notes once, in order") {
  std::mt19937 random(3);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<NoteKey> sounding;
    for (int i = 0; i < 12; ++i) {
      sounding.emplace_back(static_cast<int>(random() % 3) * 40, static_cast<int>(random() % 128));
    }
    std::sort(sounding.begin(), sounding.end());
    sounding.erase(std::unique(sounding.begin(), sounding.end()), sounding.end());
    TieSection ties = section(HeldNotes::kLinked, sounding);
    std::vector<NoteKey> named;
    std::int32_t in_force = -1;
    for (int length = 0; ties.open(); ++length) {
      REQUIRE(length <= 2 * 12);
      const std::vector<Token> next = ties.next();
      REQUIRE_FALSE(next.empty());
      const Token token = next[random() % next.size()];
      const Event event = kVocabulary.event(token);
      if (event.kind == EventKind::kProgram) in_force = event.value;
      if (event.kind == EventKind::kPitch) named.emplace_back(in_force, event.value);
      ties.consume(token);
    }
    CHECK(std::is_sorted(named.begin(), named.end()));
    CHECK(std::adjacent_find(named.begin(), named.end()) == named.end());
    CHECK(std::includes(sounding.begin(), sounding.end(), named.begin(), named.end()));
  }
}
