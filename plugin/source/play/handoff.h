#pragma once

#include <atomic>
#include <memory>

namespace scorelane::plugin {

/// Hands immutable objects from one thread at a time to the audio thread, without a lock and
/// without freeing anything there: what the audio thread is done with goes back, and is deleted by
/// the next `give` (or at the end).
template <typename T>
class Handoff {
 public:
  Handoff() = default;
  ~Handoff() {
    delete next_.load();
    delete retired_.load();
    delete current_;
  }
  Handoff(const Handoff&) = delete;
  Handoff& operator=(const Handoff&) = delete;

  /// For the giving thread.
  void give(std::unique_ptr<T> object) {
    delete next_.exchange(object.release());
    // After, not before: what the audio thread retires in between would block the way until the
    // next `give`.
    delete retired_.exchange(nullptr);
  }

  /// For the audio thread: takes over what was given last, if anything. True: it is new.
  bool update() {
    // With the return slot still full, `give` is about to empty it: the news waits for a block.
    if (retired_.load() != nullptr) return false;
    T* const news = next_.exchange(nullptr);
    if (news == nullptr) return false;
    retired_.store(current_);
    current_ = news;
    return true;
  }

  /// For the audio thread; null before the first update.
  T* current() const { return current_; }

 private:
  std::atomic<T*> next_{nullptr};
  std::atomic<T*> retired_{nullptr};
  T* current_ = nullptr;
};

}  // namespace scorelane::plugin
