#pragma once

#include <vector>

namespace scorelane::plugin {

/// Where the beats of the host's timeline lie: pieces of constant tempo.
///
/// Seconds and quarters count from the take's start; `first_quarter` says where that lies on the
/// host's own count of quarters, so that bar lines fall where the host has them.
class TempoMap {
 public:
  struct Anchor {
    double seconds = 0.0;
    double quarters = 0.0;  ///< since the take's start
    double bpm = 120.0;     ///< quarters per minute from here on
  };

  /// Quarters per minute; what lies outside is brought inside.
  static constexpr double kSlowest = 4.0;
  static constexpr double kFastest = 1000.0;

  /// One tempo throughout.
  explicit TempoMap(double bpm = 120.0, double first_quarter = 0.0, int beats_per_bar = 4,
                    int beat_unit = 4);

  /// Another tempo from `seconds` on, which must lie at or after the last anchor.
  void change(double seconds, double bpm);

  double quarters_at(double seconds) const;
  double seconds_at(double quarters) const;

  /// In order of time, at least one, the first at 0 s.
  const std::vector<Anchor>& anchors() const { return anchors_; }
  double first_quarter() const { return first_quarter_; }
  double quarters_per_bar() const { return 4.0 * beats_per_bar_ / beat_unit_; }
  int beats_per_bar() const { return beats_per_bar_; }
  int beat_unit() const { return beat_unit_; }

 private:
  std::vector<Anchor> anchors_;
  double first_quarter_;
  int beats_per_bar_;
  int beat_unit_;
};

}  // namespace scorelane::plugin
