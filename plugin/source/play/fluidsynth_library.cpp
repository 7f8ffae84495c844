#include "play/fluidsynth_library.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include <optional>

namespace scorelane::plugin {

namespace {

constexpr int kLogLevels = 5;

#if defined(_WIN32)
constexpr const char* kNames[] = {"libfluidsynth-3.dll", "fluidsynth-3.dll", "libfluidsynth-2.dll"};

HMODULE open_library(const char* name) {
  return LoadLibraryA(name);
}

void* find_symbol(HMODULE library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(library, name));
}
#else
#if defined(__APPLE__)
constexpr const char* kNames[] = {"libfluidsynth.3.dylib",
                                  "/opt/homebrew/lib/libfluidsynth.3.dylib",
                                  "/usr/local/lib/libfluidsynth.3.dylib"};
#else
constexpr const char* kNames[] = {"libfluidsynth.so.3", "libfluidsynth.so.2"};
#endif

void* open_library(const char* name) {
  // No delete: the threads that its OpenMP keeps would outlive the code that they run.
  return dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

void* find_symbol(void* library, const char* name) {
  return dlsym(library, name);
}
#endif

using Handle = decltype(open_library(""));

Handle open_first() {
  for (const char* name : kNames) {
    if (const auto handle = open_library(name); handle != nullptr) {
      return handle;
    }
  }
  return nullptr;
}

std::optional<FluidsynthLibrary> open() {
  const auto handle = open_first();
  if (handle == nullptr) {
    return std::nullopt;
  }
  bool complete = true;
  const auto bind = [&](const char* name, auto& function) {
    function =
        reinterpret_cast<std::remove_reference_t<decltype(function)>>(find_symbol(handle, name));
    complete = complete && function != nullptr;
  };
  FluidsynthLibrary library{};
  bind("new_fluid_settings", library.new_settings);
  bind("delete_fluid_settings", library.delete_settings);
  bind("fluid_settings_setint", library.set_integer);
  bind("fluid_settings_setnum", library.set_number);
  bind("new_fluid_synth", library.new_synth);
  bind("delete_fluid_synth", library.delete_synth);
  bind("fluid_synth_sfload", library.load_soundfont);
  bind("fluid_synth_noteon", library.note_on);
  bind("fluid_synth_noteoff", library.note_off);
  bind("fluid_synth_program_change", library.program_change);
  bind("fluid_synth_all_sounds_off", library.all_sounds_off);
  bind("fluid_synth_get_active_voice_count", library.active_voices);
  bind("fluid_synth_write_float", library.write_float);
  bind("fluid_set_log_function", library.set_log_function);
  if (!complete) {
    return std::nullopt;
  }
  // It would print from the audio thread, and what matters we say ourselves.
  for (int level = 0; level < kLogLevels; ++level) {
    library.set_log_function(level, nullptr, nullptr);
  }
  return library;
}

}  // namespace

const FluidsynthLibrary* FluidsynthLibrary::get() {
  static const auto library = open();
  return library.has_value() ? &*library : nullptr;
}

}  // namespace scorelane::plugin
