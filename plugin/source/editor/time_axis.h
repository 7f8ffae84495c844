#pragma once

#include <functional>

namespace scorelane::plugin {

/// Which seconds of the take lie at which x. Ruler, waveform, roll and velocities share one.
class TimeAxis {
 public:
  static constexpr double kClosest = 2000.0;  ///< pixels per second

  double per_second() const { return per_second_; }
  double scroll() const { return scroll_; }                ///< seconds at x = 0
  double visible() const { return width_ / per_second_; }  ///< seconds
  double length() const { return length_; }                ///< seconds that can be scrolled to
  float x(double seconds) const { return static_cast<float>((seconds - scroll_) * per_second_); }
  bool shows(double seconds) const { return seconds >= scroll_ && seconds <= scroll_ + visible(); }
  double seconds(float x) const { return scroll_ + static_cast<double>(x) / per_second_; }

  void set_width(double pixels);
  void set_length(double seconds);
  void set(double per_second, double scroll);  ///< as restored; brought into range
  void scroll_to(double seconds);
  void scroll_by(double seconds) { scroll_to(scroll_ + seconds); }
  void zoom(double factor, double anchor_seconds);
  void fit(double seconds);     ///< from 0 to `seconds`, with a little air
  void reveal(double seconds);  ///< scrolls where that is out of sight

  std::function<void()> on_change;

 private:
  double least_per_second() const;
  void settle();

  double width_ = 600.0;
  double length_ = 20.0;
  double per_second_ = 30.0;
  double scroll_ = 0.0;
};

}  // namespace scorelane::plugin
