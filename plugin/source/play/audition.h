#pragma once

#include <atomic>

namespace scorelane::plugin {

/// The editor's own transport, for hosts that have none or stand still. Times are seconds from the
/// take's start. Plain atomics: the editor writes, the audio thread reads and moves the position.
struct Audition {
  std::atomic<bool> playing{false};
  std::atomic<double> seek{-1.0};  ///< where to go on; -1: stay
  std::atomic<bool> looping{false};
  std::atomic<double> loop_start{0.0};
  std::atomic<double> loop_end{0.0};
  std::atomic<double> position{0.0};      ///< of the playhead, host's or own; from the audio thread
  std::atomic<bool> host_rolling{false};  ///< the host's transport rolls, and leads
};

}  // namespace scorelane::plugin
