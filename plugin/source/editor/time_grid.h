#pragma once

#include <functional>

#include "notes/tempo_map.h"

namespace scorelane::plugin {

/// The lines that notes are moved along: the quantise grid with its swing, on the host's timeline.
class TimeGrid {
 public:
  enum class Line { kBar, kBeat, kStep };

  /// `quarters` between lines, 0: no grid but bars and beats; `swing` as in ViewSettings.
  TimeGrid(const TempoMap& tempo, double quarters, double swing)
      : tempo_(tempo), step_(quarters), swing_(swing) {}

  bool has_steps() const { return step_ > 0.0; }

  double snap(double seconds) const;              ///< nearest line; as it is without a grid
  double moved(double seconds, int steps) const;  ///< so many lines away; 10 ms each without
  double step_length(double seconds) const;       ///< a sixteenth without a grid

  /// Calls `draw` for the lines between two times, each once. `per_second` (pixels) decides which
  /// are too close to each other to be drawn.
  void lines(double from, double to, double per_second,
             const std::function<void(double seconds, Line line)>& draw) const;

  double bar_quarters() const;
  double beat_quarters() const { return 4.0 / tempo_.beat_unit(); }
  double host_quarters(double seconds) const {
    return tempo_.quarters_at(seconds) + tempo_.first_quarter();
  }
  double seconds_at_host(double quarters) const {
    return tempo_.seconds_at(quarters - tempo_.first_quarter());
  }

 private:
  double line(long long n) const;  ///< of the steps, in the host's quarters
  long long nearest(double host_quarters) const;
  void every(double quarters, double from, double to,
             const std::function<void(long long n, double seconds)>& draw) const;

  const TempoMap& tempo_;
  double step_;
  double swing_;
};

}  // namespace scorelane::plugin
