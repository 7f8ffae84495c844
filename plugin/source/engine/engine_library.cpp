#include "engine/engine_library.h"

#include <juce_core/juce_core.h>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include <memory>
#include <mutex>
#include <string>

#include "engine/bundle.h"
#include "engine/engine.h"

namespace scorelane::plugin {
namespace {

const char* const kAdvice = " Install the whole plugin again.";

#if defined(_WIN32)
using Handle = HMODULE;

Handle open_library(const juce::File& file) {
  const auto handle = LoadLibraryExW(file.getFullPathName().toWideCharPointer(), nullptr,
                                     LOAD_WITH_ALTERED_SEARCH_PATH);
  if (handle == nullptr) {
    throw EngineError("The transcription engine could not be loaded (Windows error " +
                      std::to_string(GetLastError()) + ")." + kAdvice);
  }
  return handle;
}

void* find_symbol(Handle handle, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(handle, name));
}
#else
using Handle = void*;

Handle open_library(const juce::File& file) {
  // Local: the host may hold another LibTorch. No delete: LibTorch's threads outlive a close.
  const auto handle =
      dlopen(file.getFullPathName().toRawUTF8(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    const auto* reason = dlerror();
    throw EngineError("The transcription engine could not be loaded (" +
                      std::string(reason != nullptr ? reason : "no reason given") + ")." + kAdvice);
  }
  return handle;
}

void* find_symbol(Handle handle, const char* name) {
  return dlsym(handle, name);
}
#endif

template <typename Function>
void bind(Handle handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(find_symbol(handle, name));
  if (function == nullptr) {
    throw EngineError("The transcription engine lacks " + std::string(name) + "." + kAdvice);
  }
}

std::unique_ptr<EngineLibrary> open() {
  const auto file = bundle::engine_library();
  if (!file.existsAsFile()) {
    throw EngineError("The transcription engine (" + file.getFileName().toStdString() +
                      ") is missing from " + bundle::folder().getFullPathName().toStdString() +
                      "." + kAdvice);
  }
  const auto handle = open_library(file);
  auto library = std::make_unique<EngineLibrary>();
  bind(handle, "scorelane_abi_version", library->abi_version);
  if (library->abi_version() != SCORELANE_ABI_VERSION) {
    throw EngineError("The transcription engine beside the plugin is of another version." +
                      std::string(kAdvice));
  }
  bind(handle, "scorelane_last_error", library->last_error);
  bind(handle, "scorelane_default_options", library->default_options);
  bind(handle, "scorelane_model_load", library->model_load);
  bind(handle, "scorelane_model_config", library->model_config);
  bind(handle, "scorelane_model_device", library->model_device);
  bind(handle, "scorelane_model_free", library->model_free);
  bind(handle, "scorelane_stream_new", library->stream_new);
  bind(handle, "scorelane_stream_push", library->stream_push);
  bind(handle, "scorelane_stream_flush", library->stream_flush);
  bind(handle, "scorelane_stream_free", library->stream_free);
  return library;
}

}  // namespace

const EngineLibrary& EngineLibrary::get() {
  static std::mutex mutex;
  static std::unique_ptr<EngineLibrary> library;
  const std::lock_guard lock(mutex);
  if (library == nullptr) library = open();
  return *library;
}

}  // namespace scorelane::plugin
