#include "editor/time_axis.h"

#include <algorithm>
#include <cmath>

namespace scorelane::plugin {
namespace {

constexpr double kAir = 1.02;       // what is fitted leaves this much
constexpr double kShortest = 1e-3;  // seconds

}  // namespace

void TimeAxis::set_width(double pixels) {
  width_ = std::max(1.0, pixels);
  settle();
}

void TimeAxis::set_length(double seconds) {
  length_ = std::max(kShortest, seconds);
  settle();
}

void TimeAxis::set(double per_second, double scroll) {
  if (!std::isfinite(per_second) || !std::isfinite(scroll)) return;
  per_second_ = per_second;
  scroll_ = scroll;
  settle();
}

void TimeAxis::scroll_to(double seconds) {
  set(per_second_, seconds);
}

void TimeAxis::zoom(double factor, double anchor_seconds) {
  const double before = (anchor_seconds - scroll_) * per_second_;
  const double next = std::clamp(per_second_ * factor, least_per_second(), kClosest);
  set(next, anchor_seconds - before / next);
}

void TimeAxis::fit(double seconds) {
  set(width_ / (std::max(kShortest, seconds) * kAir), 0.0);
}

void TimeAxis::reveal(double seconds) {
  if (seconds < scroll_ || seconds > scroll_ + visible() * 0.97) {
    scroll_to(seconds - visible() * 0.05);
  }
}

double TimeAxis::least_per_second() const {
  return std::min(kClosest, width_ / (length_ * kAir));
}

void TimeAxis::settle() {
  per_second_ = std::clamp(per_second_, least_per_second(), kClosest);
  scroll_ = std::clamp(scroll_, 0.0, std::max(0.0, length_ * kAir - visible()));
  if (on_change) on_change();
}

}  // namespace scorelane::plugin
