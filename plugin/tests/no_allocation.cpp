#include "no_allocation.h"

#include <cstddef>
#include <cstdlib>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SCORELANE_COUNTS_ALLOCATIONS 1
#endif

namespace {

thread_local bool counting = false;
thread_local int calls_made = 0;

}  // namespace

#ifdef SCORELANE_COUNTS_ALLOCATIONS

// What libraries opened later call too, so that fluidsynth is watched as well.
extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);

__attribute__((visibility("default"))) void* malloc(std::size_t size) {
  calls_made += counting ? 1 : 0;
  return __libc_malloc(size);
}

__attribute__((visibility("default"))) void* calloc(std::size_t count, std::size_t size) {
  calls_made += counting ? 1 : 0;
  return __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void* realloc(void* old, std::size_t size) {
  calls_made += counting ? 1 : 0;
  return __libc_realloc(old, size);
}

__attribute__((visibility("default"))) void free(void* old) {
  calls_made += counting && old != nullptr ? 1 : 0;
  __libc_free(old);
}

}  // extern "C"

#endif

namespace scorelane::plugin {

AllocationCount::AllocationCount() {
  calls_made = 0;
  counting = true;
}

AllocationCount::~AllocationCount() {
  counting = false;
}

int AllocationCount::calls() const {
  return calls_made;
}

bool AllocationCount::works() {
  const AllocationCount count;
  std::free(std::malloc(1));
  return count.calls() > 0;
}

}  // namespace scorelane::plugin
