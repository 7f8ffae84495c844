#include "scorelane/ensemble.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace scorelane {
namespace {

constexpr double kCompany = 1.6;        // how much it counts how often an instrument plays,
constexpr double kRegister = 0.3;       // and how near to its other notes,
constexpr double kNamedRegister = 1.0;  // which tells more of players who were named
constexpr double kUnheard = 0.5;        // notes that every instrument is thought to have played,
constexpr double kMiddle = 60.0;        // around this pitch
constexpr double kSpread = 20.0;        // and so far from it
constexpr double kNarrowest = 3.0;      // semitones
constexpr int kRounds = 8;

}  // namespace

Ensemble::Ensemble(const ModelConfig& config, const InstrumentMask& mask)
    : vocabulary_(config.vocabulary), ties_(config.ties), programs_(config.programs) {
  if (programs_.empty()) {
    programs_.resize(Vocabulary::kMidiValues);
    std::iota(programs_.begin(), programs_.end(), 0);
  }
  for (const std::int32_t program : programs_) {
    const auto& chosen = mask.programs;
    const auto found = std::find(chosen.begin(), chosen.end(), program);
    const auto place = static_cast<std::size_t>(found - chosen.begin());
    may_play_.push_back(mask.all_programs || found != chosen.end());
    const bool named = place < mask.players.size();
    player_of_.push_back(named ? static_cast<std::size_t>(mask.players[place]) : 0);
    players_ = std::max(players_, player_of_.back() + 1);
  }
  const Part unheard{kUnheard, kUnheard * kMiddle,
                     kUnheard * (kMiddle * kMiddle + kSpread * kSpread)};
  heard_.assign(programs_.size(), unheard);
}

void Ensemble::name_players(std::vector<TokenRow>& rows) {
  const std::vector<Sound> sounds = beginnings(rows);
  const bool nobody = std::count(may_play_.begin(), may_play_.end(), 1) == 0;
  if (sounds.empty() || nobody) return;
  std::vector<Part> parts = heard_;
  for (int round = 0; round < kRounds; ++round) parts = assign(sounds, parts);
  heard_ = std::move(parts);
}

/// The pitched notes that begin in `rows`, of which the network says how they sound.
std::vector<Ensemble::Sound> Ensemble::beginnings(std::vector<TokenRow>& rows) const {
  std::vector<Sound> sounds;
  for (TokenRow& row : rows) {
    bool begins = true;
    bool tied = ties_;
    for (std::size_t i = 0; i < std::min(row.tokens.size(), row.heads.size()); ++i) {
      const Event event = vocabulary_.event(row.tokens[i]);
      if (event.kind == EventKind::kTie) tied = false;
      if (event.kind == EventKind::kVelocity) begins = event.value > 0;
      NoteHead& head = row.heads[i];
      if (event.kind != EventKind::kPitch || tied || !begins) continue;
      if (head.players.size() == programs_.size()) {
        sounds.push_back({&head, static_cast<double>(event.value)});
      }
    }
  }
  return sounds;
}

/// Gives each of `sounds` its likeliest player, and says what `heard_` and they make of the parts.
std::vector<Ensemble::Part> Ensemble::assign(const std::vector<Sound>& sounds,
                                             const std::vector<Part>& parts) const {
  const std::size_t count = parts.size();
  std::vector<double> played(players_);
  for (std::size_t i = 0; i < count; ++i) {
    if (may_play_[i]) played[player_of_[i]] += parts[i].notes;
  }
  const double register_counts = players_ > 1 ? kNamedRegister : kRegister;
  std::vector<double> expected(count);  // what an instrument's share and spread add to its score
  std::vector<double> middle(count);
  std::vector<double> narrowness(count);
  for (std::size_t i = 0; i < count; ++i) {
    middle[i] = parts[i].pitches / parts[i].notes;
    const double variance = std::max(parts[i].squares / parts[i].notes - middle[i] * middle[i],
                                     kNarrowest * kNarrowest);
    narrowness[i] = register_counts / (2.0 * variance);
    expected[i] = kCompany * std::log(parts[i].notes / played[player_of_[i]]) -
                  register_counts * std::log(variance) / 2.0;
    if (!may_play_[i]) expected[i] = -std::numeric_limits<double>::infinity();
  }
  std::vector<Part> next = heard_;
  std::vector<double> scores(count);
  for (const Sound& sound : sounds) {
    for (std::size_t i = 0; i < count; ++i) {
      const double away = sound.pitch - middle[i];
      scores[i] =
          static_cast<double>(sound.head->players[i]) + expected[i] - narrowness[i] * away * away;
    }
    const auto best = std::max_element(scores.begin(), scores.end());
    const double highest = *best;
    if (!std::isfinite(highest)) continue;  // a damaged model: the program in force has to do
    sound.head->player = programs_[static_cast<std::size_t>(best - scores.begin())];
    double sum = 0.0;
    for (double& score : scores) sum += score = std::exp(score - highest);
    for (std::size_t i = 0; i < count; ++i) {
      const double share = scores[i] / sum;
      next[i].notes += share;
      next[i].pitches += share * sound.pitch;
      next[i].squares += share * sound.pitch * sound.pitch;
    }
  }
  return next;
}

}  // namespace scorelane
