#include <cmath>
#include <vector>

#include "catch.h"
#include "scorelane/ensemble.h"
#include "tokens.h"

using namespace tokens;
using scorelane::Ensemble;
using scorelane::InstrumentMask;
using scorelane::ModelConfig;

namespace {

constexpr int kPiano = 0;
constexpr int kGuitar = 24;
constexpr int kViolin = 40;

ModelConfig three_players() {
  ModelConfig config;
  config.programs = {kPiano, kGuitar, kViolin};
  return config;
}

/// A row of notes at these pitches, each of them heard as the three players with these chances.
TokenRow notes(const std::vector<int>& pitches, const std::vector<float>& chances) {
  TokenRow row{{kTie, kOn}, {}};
  row.heads.resize(2);
  for (const int value : pitches) {
    row.tokens.push_back(pitch(value));
    auto& players = row.heads.emplace_back().players;
    for (const float chance : chances) players.push_back(std::log(chance));
  }
  return row;
}

std::vector<int> players(const TokenRow& row) {
  std::vector<int> found;
  for (std::size_t i = 2; i < row.heads.size(); ++i) found.push_back(row.heads[i].player);
  return found;
}

}  // namespace

TEST_CASE("a note that sounds like two instruments is played by the one that is there") {
  Ensemble ensemble(three_players(), {});
  std::vector<TokenRow> rows{notes({60, 62, 64, 65, 67, 69}, {0.1F, 0.8F, 0.1F}),
                             notes({62}, {0.1F, 0.4F, 0.5F})};
  ensemble.name_players(rows);
  CHECK(players(rows[1]) == std::vector<int>{kGuitar});
}

TEST_CASE("what clearly sounds otherwise is played by another") {
  Ensemble ensemble(three_players(), {});
  std::vector<TokenRow> rows{notes({60, 62, 64, 65, 67, 69}, {0.1F, 0.8F, 0.1F}),
                             notes({62}, {0.001F, 0.009F, 0.99F})};
  ensemble.name_players(rows);
  CHECK(players(rows[1]) == std::vector<int>{kViolin});
}

TEST_CASE("of two players each keeps to its register") {
  Ensemble ensemble(three_players(), {});
  std::vector<TokenRow> rows{notes({36, 38, 40, 41, 43, 45}, {0.1F, 0.8F, 0.1F}),
                             notes({84, 86, 88, 89, 91, 93}, {0.1F, 0.1F, 0.8F}),
                             notes({39, 90}, {0.02F, 0.49F, 0.49F})};
  ensemble.name_players(rows);
  CHECK(players(rows[2]) == std::vector<int>{kGuitar, kViolin});
}

TEST_CASE("what was heard before counts for what comes") {
  Ensemble ensemble(three_players(), {});
  std::vector<TokenRow> before{notes({60, 62, 64, 65, 67, 69}, {0.1F, 0.8F, 0.1F})};
  ensemble.name_players(before);
  std::vector<TokenRow> after{notes({62}, {0.1F, 0.4F, 0.5F})};
  ensemble.name_players(after);
  CHECK(players(after[0]) == std::vector<int>{kGuitar});
}

TEST_CASE("only who was chosen plays") {
  InstrumentMask mask;
  mask.all_programs = false;
  mask.programs = {kPiano};
  std::vector<TokenRow> rows{notes({60, 62}, {0.1F, 0.8F, 0.1F})};
  Ensemble(three_players(), mask).name_players(rows);
  CHECK(players(rows[0]) == std::vector<int>{kPiano, kPiano});

  mask.programs = {99};
  rows = {notes({60}, {0.1F, 0.8F, 0.1F})};
  Ensemble(three_players(), mask).name_players(rows);
  CHECK(players(rows[0]) == std::vector<int>{-1});
}

TEST_CASE("a player who was named plays, however much the others do") {
  const std::vector<float> unclear{0.02F, 0.55F, 0.43F};
  const std::vector<float> clear{0.02F, 0.45F, 0.53F};
  const auto recording = [&] {
    return std::vector<TokenRow>{notes({60, 62, 64, 65, 67, 69, 60, 62, 64, 65, 67}, unclear),
                                 notes({66, 68}, clear)};
  };
  InstrumentMask mask;
  mask.all_programs = false;
  mask.programs = {kGuitar, kViolin};
  auto rows = recording();
  Ensemble(three_players(), mask).name_players(rows);
  CHECK(players(rows[1]) == std::vector<int>{kGuitar, kGuitar});

  mask.players = {1, 0};
  rows = recording();
  Ensemble(three_players(), mask).name_players(rows);
  CHECK(players(rows[0]) == std::vector<int>(11, kGuitar));
  CHECK(players(rows[1]) == std::vector<int>{kViolin, kViolin});

  mask.players = {0, 0};  // one of the two plays, whoever
  rows = recording();
  Ensemble(three_players(), mask).name_players(rows);
  CHECK(players(rows[1]) == std::vector<int>{kGuitar, kGuitar});
}

TEST_CASE("ends, ties, drums and notes that say nothing of their sound are left alone") {
  Ensemble ensemble(three_players(), {});
  TokenRow row{{pitch(60), kTie, kOff, pitch(60), kOn, drum(36), pitch(62), pitch(64)}, {}};
  row.heads.resize(row.tokens.size());
  for (auto& head : row.heads) head.players = {-3.0F, -0.1F, -3.0F};
  row.heads.back().players.clear();
  std::vector<TokenRow> rows{row};
  ensemble.name_players(rows);
  std::vector<int> named;
  for (const auto& head : rows[0].heads) named.push_back(head.player);
  CHECK(named == std::vector<int>{-1, -1, -1, -1, -1, -1, kGuitar, -1});
}

TEST_CASE("what is no number names nobody and teaches nothing") {
  Ensemble ensemble(three_players(), {});
  std::vector<TokenRow> rows{notes({60}, {NAN, NAN, NAN}), notes({60}, {0.0F, 0.0F, 0.0F}),
                             notes({60}, {0.1F, 0.8F, 0.1F})};
  ensemble.name_players(rows);
  CHECK(players(rows[0]) == std::vector<int>{-1});
  CHECK(players(rows[1]) == std::vector<int>{-1});
  CHECK(players(rows[2]) == std::vector<int>{kGuitar});
}
