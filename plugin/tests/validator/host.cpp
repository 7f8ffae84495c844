#include "host.h"

#include <cmath>
#include <stdexcept>

namespace scorelane::validator {

void on_message_thread(const std::function<void()>& act) {
  if (juce::MessageManager::getInstance()->isThisTheMessageThread()) {
    act();
    return;
  }
  juce::WaitableEvent done;
  juce::MessageManager::callAsync([&] {
    act();
    done.signal();
  });
  done.wait();
}

Shelf::Shelf(const juce::File& bundle) {
  on_message_thread([&] { format_.findAllTypesForFile(found_, bundle.getFullPathName()); });
  if (found_.size() != 1) {
    throw std::runtime_error(std::to_string(found_.size()) + " plugins in " +
                             bundle.getFullPathName().toStdString());
  }
}

void Shelf::Delete::operator()(Plugin* plugin) const {
  on_message_thread([&] { delete plugin; });
}

Shelf::Copy Shelf::open() {
  juce::String error;
  std::unique_ptr<Plugin> plugin;
  on_message_thread(
      [&] { plugin = format_.createInstanceFromDescription(description(), 44100.0, 512, error); });
  if (plugin == nullptr) throw std::runtime_error("it does not load: " + error.toStdString());
  return Copy(plugin.release());
}

Window::Window(Plugin& plugin) {
  on_message_thread([&] {
    editor_.reset(plugin.createEditor());
    if (editor_ == nullptr) return;
    editor_->addToDesktop(0);
    editor_->setVisible(true);
  });
}

Window::~Window() {
  // A host's JUCE answers what the X server says of an embedded window by calling itself later,
  // also after the window's end (juce_linux_XEmbedComponent.cpp, ConfigureNotify). Let all be said
  // first.
  juce::Thread::sleep(200);
  on_message_thread([&] { editor_.reset(); });
}

void prepare(Plugin& plugin, double sample_rate, int block) {
  on_message_thread([&] { plugin.prepareToPlay(sample_rate, block); });
}

void release(Plugin& plugin) {
  on_message_thread([&] { plugin.releaseResources(); });
}

juce::MemoryBlock save(Plugin& plugin) {
  juce::MemoryBlock state;
  on_message_thread([&] { plugin.getStateInformation(state); });
  return state;
}

void restore(Plugin& plugin, const juce::MemoryBlock& state) {
  on_message_thread(
      [&] { plugin.setStateInformation(state.getData(), static_cast<int>(state.getSize())); });
}

juce::Array<juce::AudioProcessorParameter*> automatable(Plugin& plugin) {
  juce::Array<juce::AudioProcessorParameter*> chosen;
  for (auto* each : plugin.getParameters()) {
    if (each->isAutomatable() && each != plugin.getBypassParameter()) chosen.add(each);
  }
  return chosen;
}

void set_at_random(Plugin& plugin, juce::Random& random) {
  for (auto* each : automatable(plugin)) each->setValue(random.nextFloat());
}

juce::AudioBuffer<float> make_audio(const Plugin& plugin, int samples) {
  return {std::max(plugin.getTotalNumInputChannels(), plugin.getTotalNumOutputChannels()), samples};
}

void fill_with_noise(juce::AudioBuffer<float>& audio, juce::Random& random) {
  for (int channel = 0; channel < audio.getNumChannels(); ++channel) {
    auto* const to = audio.getWritePointer(channel);
    for (int i = 0; i < audio.getNumSamples(); ++i) to[i] = 2.0F * random.nextFloat() - 1.0F;
  }
}

int sick_samples(const juce::AudioBuffer<float>& audio) {
  auto count = 0;
  for (int channel = 0; channel < audio.getNumChannels(); ++channel) {
    const auto* const from = audio.getReadPointer(channel);
    for (int i = 0; i < audio.getNumSamples(); ++i) {
      const auto kind = std::fpclassify(from[i]);
      if (kind != FP_NORMAL && kind != FP_ZERO) ++count;
    }
  }
  return count;
}

}  // namespace scorelane::validator
