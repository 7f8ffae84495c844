#pragma once

namespace scorelane::plugin {

/// The functions of libfluidsynth 2 or later that the preview calls, found when the plugin runs, so
/// that it loads where fluidsynth is not installed. Their types are as in <fluidsynth.h>.
struct FluidsynthLibrary {
  struct Settings;
  struct Instance;
  using LogFunction = void (*)(int level, const char* message, void* data);

  Settings* (*new_settings)();
  void (*delete_settings)(Settings*);
  int (*set_integer)(Settings*, const char* name, int value);
  int (*set_number)(Settings*, const char* name, double value);
  Instance* (*new_synth)(Settings*);
  void (*delete_synth)(Instance*);
  int (*load_soundfont)(Instance*, const char* file, int reset_presets);
  int (*note_on)(Instance*, int channel, int key, int velocity);
  int (*note_off)(Instance*, int channel, int key);
  int (*program_change)(Instance*, int channel, int program);
  int (*all_sounds_off)(Instance*, int channel);
  int (*active_voices)(Instance*);
  int (*write_float)(Instance*, int samples, void* left, int left_offset, int left_step,
                     void* right, int right_offset, int right_step);
  LogFunction (*set_log_function)(int level, LogFunction, void* data);

  /// Opened once per process and kept; null where it is not installed.
  static const FluidsynthLibrary* get();
};

}  // namespace scorelane::plugin
