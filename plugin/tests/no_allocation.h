#pragma once

namespace scorelane::plugin {

/// While one exists, this thread's calls of malloc and free are counted: what the audio thread
/// must not do. Counts nothing under a sanitizer, or without glibc, whose malloc it stands in for.
class AllocationCount {
 public:
  AllocationCount();
  ~AllocationCount();

  /// So far, allocations and frees together.
  int calls() const;

  /// Whether anything is counted at all.
  static bool works();
};

}  // namespace scorelane::plugin
