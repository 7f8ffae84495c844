#include "editor/time_grid.h"

#include <cmath>

namespace scorelane::plugin {
namespace {

constexpr double kNudge = 0.01;        // seconds: an arrow key without a grid
constexpr double kClosestLines = 9.0;  // pixels
constexpr double kClosestBeats = 14.0;
constexpr double kClosestBars = 22.0;

bool is_multiple(double value, double of) {
  return std::abs(value - std::round(value / of) * of) < 1e-6;
}

}  // namespace

double TimeGrid::snap(double seconds) const {
  return has_steps() ? seconds_at_host(line(nearest(host_quarters(seconds)))) : seconds;
}

double TimeGrid::moved(double seconds, int steps) const {
  if (!has_steps()) return seconds + kNudge * steps;
  const double quarters = host_quarters(seconds);
  const long long near = nearest(quarters);
  // As far from the line it arrives at as it was from its own.
  return seconds_at_host(line(near + steps) + quarters - line(near));
}

double TimeGrid::step_length(double seconds) const {
  const double quarters = has_steps() ? step_ : 0.25;
  return seconds_at_host(host_quarters(seconds) + quarters) - seconds;
}

double TimeGrid::bar_quarters() const {
  return tempo_.beats_per_bar() * beat_quarters();
}

void TimeGrid::lines(double from, double to, double per_second,
                     const std::function<void(double, Line)>& draw) const {
  const double quarters = host_quarters(to) - host_quarters(from);
  if (quarters <= 0.0) return;
  const double pixels = (to - from) * per_second / quarters;  // per quarter
  const double bar = bar_quarters();
  const double beat = beat_quarters();

  double bars = bar;
  while (bars * pixels < kClosestBars) bars *= 2.0;
  const bool beats_fit = beat * pixels >= kClosestBeats;
  if (has_steps() && step_ * pixels >= kClosestLines) {
    const auto last = nearest(host_quarters(to)) + 1;
    for (auto n = nearest(host_quarters(from)); n <= last; ++n) {
      const double at = line(n);
      if (!is_multiple(at, beat)) draw(seconds_at_host(at), Line::kStep);
    }
  }
  if (beats_fit) {
    every(beat, from, to, [&](long long n, double seconds) {
      if (!is_multiple(static_cast<double>(n) * beat, bar)) draw(seconds, Line::kBeat);
    });
  }
  every(bars, from, to, [&](long long, double seconds) { draw(seconds, Line::kBar); });
}

void TimeGrid::every(double quarters, double from, double to,
                     const std::function<void(long long, double)>& draw) const {
  const auto first = std::llround(std::ceil(host_quarters(from) / quarters - 1e-9));
  const auto last = std::llround(std::floor(host_quarters(to) / quarters + 1e-9));
  for (auto n = first; n <= last; ++n) {
    draw(n, seconds_at_host(static_cast<double>(n) * quarters));
  }
}

double TimeGrid::line(long long n) const {
  if (n % 2 == 0) return static_cast<double>(n) * step_;
  return (static_cast<double>(n - 1) + 2.0 * swing_) * step_;
}

long long TimeGrid::nearest(double quarters) const {
  const auto guess = std::llround(quarters / step_);
  auto best = guess;
  for (const auto n : {guess - 1, guess + 1}) {
    if (std::abs(line(n) - quarters) < std::abs(line(best) - quarters)) best = n;
  }
  return best;
}

}  // namespace scorelane::plugin
