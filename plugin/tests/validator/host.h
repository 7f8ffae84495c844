#pragma once

#include <juce_audio_processors/juce_audio_processors.h>

#include <functional>
#include <memory>

namespace scorelane::validator {

using Plugin = juce::AudioPluginInstance;

/// Runs `act` on the message thread, where hosts do all but processing, and waits for it.
void on_message_thread(const std::function<void()>& act);

/// The plugin in `bundle`, as often as it is asked for.
class Shelf {
 public:
  /// Throws std::runtime_error where there is not exactly one plugin.
  explicit Shelf(const juce::File& bundle);

  const juce::PluginDescription& description() const { return *found_.getFirst(); }

  struct Delete {
    void operator()(Plugin* plugin) const;
  };
  using Copy = std::unique_ptr<Plugin, Delete>;

  /// Throws std::runtime_error where it does not load.
  Copy open();

 private:
  juce::VST3PluginFormat format_;
  juce::OwnedArray<juce::PluginDescription> found_;
};

/// The plugin's editor in a window of its own, for as long as this lives.
class Window {
 public:
  explicit Window(Plugin& plugin);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  juce::AudioProcessorEditor* editor() { return editor_.get(); }

 private:
  std::unique_ptr<juce::AudioProcessorEditor> editor_;
};

void prepare(Plugin& plugin, double sample_rate, int block);
void release(Plugin& plugin);
juce::MemoryBlock save(Plugin& plugin);
void restore(Plugin& plugin, const juce::MemoryBlock& state);

/// All but bypass.
juce::Array<juce::AudioProcessorParameter*> automatable(Plugin& plugin);
void set_at_random(Plugin& plugin, juce::Random& random);

/// As large as the plugin needs.
juce::AudioBuffer<float> make_audio(const Plugin& plugin, int samples);
void fill_with_noise(juce::AudioBuffer<float>& audio, juce::Random& random);

/// How many samples are no numbers, infinite or subnormal.
int sick_samples(const juce::AudioBuffer<float>& audio);

}  // namespace scorelane::validator
