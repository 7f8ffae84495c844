#include "engine/bundle.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include <algorithm>

namespace scorelane::plugin::bundle {
namespace {

#if defined(_WIN32)
constexpr const char* kEngineName = "scorelane_engine.dll";
#elif defined(__APPLE__)
constexpr const char* kEngineName = "libscorelane_engine.dylib";
#else
constexpr const char* kEngineName = "libscorelane_engine.so";
#endif

constexpr const char* kModelName = "scorelane.pt";

/// The user's data folder, as the Python package has it.
juce::File data_folder() {
  const auto chosen = juce::SystemStats::getEnvironmentVariable("XDG_DATA_HOME", {});
  const auto home = juce::File::getSpecialLocation(juce::File::userHomeDirectory);
  const auto base = chosen.isNotEmpty() && juce::File::isAbsolutePath(chosen)
                        ? juce::File(chosen)
                        : home.getChildFile(".local/share");
  return base.getChildFile("scorelane");
}

juce::File binary() {
#if defined(_WIN32)
  HMODULE module = nullptr;
  GetModuleHandleExW(
      GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
      reinterpret_cast<LPCWSTR>(&kModelName), &module);
  wchar_t path[32768] = {};
  GetModuleFileNameW(module, path, 32768);
  return juce::File(juce::String(path));
#else
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&kModelName), &info) == 0 || info.dli_fname == nullptr) {
    return juce::File::getSpecialLocation(juce::File::currentExecutableFile);
  }
  const auto path = juce::String::fromUTF8(info.dli_fname);
  // An executable is named as it was started, which may be a word without a folder.
  if (!juce::File::isAbsolutePath(path)) {
    return juce::File::getSpecialLocation(juce::File::currentExecutableFile);
  }
  return juce::File(path).getLinkedTarget();
#endif
}

}  // namespace

juce::File folder() {
  return binary().getParentDirectory();
}

juce::File engine_library() {
  return folder().getChildFile(kEngineName);
}

juce::File model() {
  const auto resources = folder().getSiblingFile("Resources").getChildFile(kModelName);
  return resources.existsAsFile() ? resources : folder().getChildFile(kModelName);
}

std::vector<KnownModel> installed_models() {
  std::vector<KnownModel> models;
  const auto found =
      data_folder().getChildFile("models").findChildFiles(juce::File::findDirectories, false);
  for (const auto& model : found) {
    const auto archive = model.getChildFile("model.pt");
    // One that is still being brought in has a name with a dot, and no description yet.
    const auto whole =
        !model.getFileName().startsWithChar('.') && model.getChildFile("model.json").existsAsFile();
    if (whole && archive.existsAsFile()) models.push_back({model.getFileName(), archive});
  }
  std::sort(models.begin(), models.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return models;
}

juce::File new_take(const juce::String& title) {
  const auto unique = juce::Uuid().toString().substring(0, 8);
  const auto name = juce::File::createLegalFileName(title + " " + unique + ".wav");
  return data_folder().getChildFile("takes").getChildFile(name);
}

juce::File drags() {
  return data_folder().getChildFile("drags");
}

}  // namespace scorelane::plugin::bundle
