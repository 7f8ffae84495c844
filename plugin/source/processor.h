#pragma once

#include <juce_audio_processors/juce_audio_processors.h>

#include <atomic>
#include <mutex>

#include "play/audition.h"
#include "play/midi_gate.h"
#include "play/midi_player.h"
#include "play/preview.h"
#include "session/parameters.h"
#include "session/session.h"
#include "take/take_player.h"

namespace scorelane::plugin {

/// The plugin. Audio passes through untouched while `mix` is 0; see docs/PLUGIN.md.
class Processor final : public juce::AudioProcessor,
                        private juce::AudioProcessorValueTreeState::Listener {
 public:
  Processor();
  ~Processor() override;

  Session& session() { return session_; }
  juce::AudioProcessorValueTreeState& parameters() { return parameters_; }
  Audition& audition() { return audition_; }
  Preview& preview() { return preview_; }

  /// A soundfont of the user's for the preview; an empty file: one found on the system.
  juce::Result choose_soundfont(const juce::File& file);

  /// What only the editor uses and a session restores: zoom, size, ... a JSON object as text.
  juce::String editor_state() const;
  void set_editor_state(const juce::String& json);

  /// Brings the notes up to date with the parameters. Done every 20 ms anyway.
  void refresh();

  void setNonRealtime(bool offline) noexcept override;
  const juce::String getName() const override { return "Scorelane"; }
  bool acceptsMidi() const override { return false; }
  bool producesMidi() const override { return true; }
  double getTailLengthSeconds() const override { return 0.0; }
  bool isBusesLayoutSupported(const BusesLayout& layout) const override;
  juce::AudioProcessorParameter* getBypassParameter() const override;

  void prepareToPlay(double sample_rate, int block) override;
  void releaseResources() override;
  void reset() override;
  using juce::AudioProcessor::processBlock;
  void processBlock(juce::AudioBuffer<float>& audio, juce::MidiBuffer& midi) override;
  using juce::AudioProcessor::processBlockBypassed;
  void processBlockBypassed(juce::AudioBuffer<float>& audio, juce::MidiBuffer& midi) override;

  void getStateInformation(juce::MemoryBlock& block) override;
  void setStateInformation(const void* data, int size) override;

  bool hasEditor() const override { return true; }
  juce::AudioProcessorEditor* createEditor() override;

  int getNumPrograms() override { return 1; }
  int getCurrentProgram() override { return 0; }
  void setCurrentProgram(int /*index*/) override {}
  const juce::String getProgramName(int /*index*/) override { return "Default"; }
  void changeProgramName(int /*index*/, const juce::String& /*name*/) override {}

 private:
  /// Where time stands at the start of a block.
  struct Clock {
    bool rolling = false;
    bool host = false;  ///< the host's transport, or time itself, leads; not the editor's
    double seconds = 0.0;
    CapturePlace place;
  };

  void parameterChanged(const juce::String& id, float value) override;
  float value(const char* id) const;
  bool is_on(const char* id) const { return value(id) > 0.5F; }

  Clock read_clock(int samples);
  void read_host(Clock& clock);
  void record(const juce::AudioBuffer<float>& audio, const Clock& clock, int samples);
  void settle();
  void show(const Presentation& presentation);
  void mix(juce::AudioBuffer<float>& audio, const Clock& clock, int samples);
  void recorded();

  juce::AudioProcessorValueTreeState parameters_;
  juce::AudioParameterBool* bypass_;
  Audition audition_;
  Preview preview_;
  MidiPlayer player_;
  MidiPlayer preview_player_;  ///< the preview's own: channels as General MIDI has them
  MidiGate gate_;
  TakePlayer take_player_;

  // The audio thread's.
  std::int64_t free_samples_ = 0;  ///< since the last prepare or reset
  double capture_expected_ = 0.0;  ///< where the next block must begin for the take to go on
  bool record_spent_ = false;      ///< a take was ended by a jump: none until record is set again
  double capture_bpm_ = 0.0;
  double capture_start_ = 0.0;
  float original_gain_ = 1.0F;

  std::atomic<double> take_start_{0.0};
  std::atomic<bool> host_has_tempo_{false};
  std::mutex refreshing_;
  std::atomic<bool> view_dirty_{true};
  std::atomic<bool> preview_chosen_{false};  ///< a soundfont was looked for
  std::atomic<bool> tempo_dirty_{false};

  mutable std::mutex mutex_;  ///< guards the two texts
  juce::String editor_state_ = "{}";
  juce::File soundfont_;

  Session session_;  ///< last: its threads use the rest
};

}  // namespace scorelane::plugin
