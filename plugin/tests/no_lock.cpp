#include "no_lock.h"

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

#include <mutex>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SCORELANE_COUNTS_LOCKS 1
#endif

namespace {

thread_local bool counting = false;
thread_local int calls_made = 0;

}  // namespace

#ifdef SCORELANE_COUNTS_LOCKS

namespace {

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int pthread_mutex_lock(pthread_mutex_t* mutex) {
  static const auto lock = next<int (*)(pthread_mutex_t*)>("pthread_mutex_lock");
  calls_made += counting ? 1 : 0;
  return lock(mutex);
}

__attribute__((visibility("default"))) int nanosleep(const timespec* time, timespec* left) {
  static const auto sleep = next<int (*)(const timespec*, timespec*)>("nanosleep");
  calls_made += counting ? 1 : 0;
  return sleep(time, left);
}

}  // extern "C"

#endif

namespace scorelane::plugin {

LockCount::LockCount() {
  calls_made = 0;
  counting = true;
}

LockCount::~LockCount() {
  counting = false;
}

int LockCount::calls() const {
  return calls_made;
}

bool LockCount::works() {
  std::mutex mutex;
  const LockCount count;
  const std::lock_guard lock(mutex);
  return count.calls() > 0;
}

}  // namespace scorelane::plugin
