#pragma once

#include <scorelane/c_api.h>

namespace scorelane::plugin {

/// The functions of the engine's C ABI that the plugin calls.
struct EngineLibrary {
  decltype(&scorelane_abi_version) abi_version;
  decltype(&scorelane_last_error) last_error;
  decltype(&scorelane_default_options) default_options;
  decltype(&scorelane_model_load) model_load;
  decltype(&scorelane_model_config) model_config;
  decltype(&scorelane_model_device) model_device;
  decltype(&scorelane_model_free) model_free;
  decltype(&scorelane_stream_new) stream_new;
  decltype(&scorelane_stream_push) stream_push;
  decltype(&scorelane_stream_flush) stream_flush;
  decltype(&scorelane_stream_free) stream_free;

  /// Opened once per process and kept: LibTorch does not survive being unloaded. Throws
  /// EngineError where it is missing, broken or of another version; the next call tries again.
  static const EngineLibrary& get();
};

}  // namespace scorelane::plugin
