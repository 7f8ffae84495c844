#include "scorelane/stray_lanes.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

namespace scorelane {
namespace {

constexpr double kAround = 20.0;       // seconds in which a program's share falls to 1/e
constexpr double kNear = 4.0;          // seconds, and
constexpr double kNearPitches = 6.0;   // semitones in which a neighbour's weight does
constexpr double kFarthest = 20.0;     // seconds beyond which no neighbour counts
constexpr double kSameClass = 2.0;     // how much more a program of the same MIDI class draws
constexpr double kTwinSeconds = 0.05;  // what begins closer together is one note
constexpr int kRounds = 5;
constexpr double kDrums = 1.1;      // how much larger the share of drums must be,
constexpr float kSureDrum = 0.95F;  // unless they are as sure as this

/// First and last programs of the kinds of one instrument, mostly one player's: pianos, organs,
/// acoustic, clean and driven guitars, basses, string ensembles, choirs.
constexpr std::int32_t kKin[][2] = {{0, 3},   {16, 18}, {24, 25}, {26, 28},
                                    {29, 30}, {32, 39}, {48, 51}, {52, 54}};

bool are_kin(std::int32_t program, std::int32_t other) {
  return std::any_of(std::begin(kKin), std::end(kKin), [&](const auto& kin) {
    return std::min(program, other) >= kin[0] && std::max(program, other) <= kin[1];
  });
}

double weight(const Note& note) {
  return std::max(0.001, static_cast<double>(note.confidence));
}

/// The pitched notes in order, and the lanes, one for each program, in which they are by now.
class Lanes {
 public:
  explicit Lanes(std::vector<Note> notes) : notes_(std::move(notes)) {
    for (const Note& note : notes_) programs_.push_back(note.program);
    std::sort(programs_.begin(), programs_.end());
    programs_.erase(std::unique(programs_.begin(), programs_.end()), programs_.end());
    for (const Note& note : notes_) written_.push_back(lane_of(note.program));
    lanes_ = written_;
    shares_.resize(notes_.size() * programs_.size());
  }

  /// Gives stray notes away, and those of the lesser of kin, once; false where there was none.
  bool settle(double least_share) {
    measure_shares();
    auto settled = lanes_;
    for (std::size_t i = 0; i < notes_.size(); ++i) {
      const Kin kin = kin_of(i);
      if (kin.share >= least_share) {
        settled[i] = kin.first;
      } else if (const auto heir = heir_of(i, least_share)) {
        settled[i] = *heir;
      }
    }
    std::swap(settled, lanes_);
    return settled != lanes_;
  }

  std::int32_t program(std::size_t note) const {
    return is_twin(note) ? kGone : programs_[lanes_[note]];
  }

 private:
  std::size_t lane_of(std::int32_t program) const {
    const auto found = std::lower_bound(programs_.begin(), programs_.end(), program);
    return static_cast<std::size_t>(found - programs_.begin());
  }

  float& share(std::size_t note, std::size_t lane) {
    return shares_[note * programs_.size() + lane];
  }

  /// The share of every lane around every note: a pass forth and one back, in which what was heard
  /// fades.
  void measure_shares() {
    std::vector<double> sums(programs_.size());
    double now = 0.0;
    const auto fade_to = [&](double time) {
      const double fading = std::exp(-std::abs(time - now) / kAround);
      for (double& sum : sums) sum *= fading;
      now = time;
    };
    for (std::size_t i = 0; i < notes_.size(); ++i) {
      fade_to(notes_[i].onset);
      for (std::size_t lane = 0; lane < sums.size(); ++lane) {
        share(i, lane) = static_cast<float>(sums[lane]);
      }
      sums[lanes_[i]] += weight(notes_[i]);
    }
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t i = notes_.size(); i-- > 0;) {
      fade_to(notes_[i].onset);
      sums[lanes_[i]] += weight(notes_[i]);
      float total = 0.0F;
      for (std::size_t lane = 0; lane < sums.size(); ++lane) {
        total += share(i, lane) += static_cast<float>(sums[lane]);
      }
      for (std::size_t lane = 0; lane < sums.size(); ++lane) share(i, lane) /= total;
    }
  }

  /// The kinds of one instrument around a note: which of them has the largest share, and the share
  /// of all.
  struct Kin {
    std::size_t first;
    double share;
  };

  Kin kin_of(std::size_t note) {
    Kin kin{lanes_[note], share(note, lanes_[note])};
    for (std::size_t lane = 0; lane < programs_.size(); ++lane) {
      if (lane == lanes_[note] || !are_kin(programs_[lane], programs_[lanes_[note]])) continue;
      kin.share += share(note, lane);
      if (share(note, lane) > share(note, kin.first)) kin.first = lane;
    }
    return kin;
  }

  /// The lane that takes a stray note; none where no lane has its share.
  std::optional<std::size_t> heir_of(std::size_t stray, double least_share) {
    std::vector<double> votes(programs_.size());
    for_neighbours(stray, kFarthest, [&](std::size_t other) {
      const double far = std::abs(notes_[other].onset - notes_[stray].onset) / kNear +
                         std::abs(notes_[other].pitch - notes_[stray].pitch) / kNearPitches;
      votes[lanes_[other]] += weight(notes_[other]) * std::exp(-far);
    });
    std::optional<std::size_t> heir;
    double most = -1.0;
    for (std::size_t lane = 0; lane < votes.size(); ++lane) {
      if (share(stray, lane) < least_share) continue;
      const bool same_class = programs_[lane] / 8 == programs_[lanes_[stray]] / 8;
      const double drawn = votes[lane] * (same_class ? kSameClass : 1.0);
      if (drawn > most) {
        most = drawn;
        heir = lane;
      }
    }
    return heir;
  }

  bool was_given(std::size_t note) const { return lanes_[note] != written_[note]; }

  /// Whether a note was given to a lane that says it already. Of two that were, the surer stays.
  bool is_twin(std::size_t note) const {
    if (!was_given(note)) return false;
    const auto rank = [&](std::size_t i) {
      return std::make_tuple(!was_given(i), notes_[i].confidence, i);
    };
    bool twin = false;
    for_neighbours(note, kTwinSeconds, [&](std::size_t other) {
      const bool same = lanes_[other] == lanes_[note] && notes_[other].pitch == notes_[note].pitch;
      twin = twin || (same && rank(other) > rank(note));
    });
    return twin;
  }

  template <typename Visit>
  void for_neighbours(std::size_t note, double seconds, const Visit& visit) const {
    const double onset = notes_[note].onset;
    for (std::size_t i = note; i-- > 0 && notes_[i].onset >= onset - seconds;) visit(i);
    for (std::size_t i = note + 1; i < notes_.size() && notes_[i].onset <= onset + seconds; ++i) {
      visit(i);
    }
  }

  std::vector<Note> notes_;
  std::vector<std::int32_t> programs_;  ///< of the lanes, ascending
  std::vector<std::size_t> written_;    ///< the lane in which the model wrote each note
  std::vector<std::size_t> lanes_;      ///< the lane of each note by now
  std::vector<float> shares_;           ///< [notes, lanes]
};

/// For each of the `notes` the share of drums around it.
std::vector<double> drum_shares(const std::vector<Note>& notes) {
  std::vector<double> drums(notes.size());
  std::vector<double> all(notes.size());
  double drum_sum = 0.0;
  double sum = 0.0;
  double now = 0.0;
  const auto fade_to = [&](double time) {
    const double fading = std::exp(-std::abs(time - now) / kAround);
    drum_sum *= fading;
    sum *= fading;
    now = time;
  };
  const auto hear = [&](const Note& note) {
    sum += weight(note);
    if (note.is_drum) drum_sum += weight(note);
  };
  for (std::size_t i = 0; i < notes.size(); ++i) {
    fade_to(notes[i].onset);
    drums[i] = drum_sum;
    all[i] = sum;
    hear(notes[i]);
  }
  drum_sum = sum = 0.0;
  for (std::size_t i = notes.size(); i-- > 0;) {
    fade_to(notes[i].onset);
    hear(notes[i]);
    drums[i] = (drums[i] + drum_sum) / (all[i] + sum);
  }
  return drums;
}

}  // namespace

std::vector<std::int32_t> settled_programs(const std::vector<Note>& notes, double least_share) {
  std::vector<Note> pitched;
  for (const Note& note : notes) {
    if (!note.is_drum) pitched.push_back(note);
  }
  Lanes lanes(std::move(pitched));
  const int rounds = least_share > 0.0 ? kRounds : 0;
  for (int round = 0; round < rounds && lanes.settle(least_share);) ++round;
  const std::vector<double> drums = drum_shares(notes);
  std::vector<std::int32_t> programs;
  programs.reserve(notes.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const Note& note = notes[i];
    const bool stray = drums[i] < kDrums * least_share && note.confidence < kSureDrum;
    if (note.is_drum) {
      programs.push_back(stray ? kGone : note.program);
    } else {
      programs.push_back(lanes.program(next++));
    }
  }
  return programs;
}

}  // namespace scorelane
