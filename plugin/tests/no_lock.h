#pragma once

namespace scorelane::plugin {

/// While one exists, this thread's locks of a mutex and its sleeps are counted: what the audio
/// thread must not do. Counts nothing under a sanitizer, or without glibc.
class LockCount {
 public:
  LockCount();
  ~LockCount();

  int calls() const;  ///< so far

  /// Whether anything is counted at all.
  static bool works();
};

}  // namespace scorelane::plugin
