#pragma once

#include <juce_audio_processors/juce_audio_processors.h>

#include "play/audition.h"
#include "play/midi_player.h"
#include "play/preview.h"
#include "session/session.h"

namespace scorelane::plugin {

/// The plugin. Audio passes through untouched while `mix` is 0; see docs/PLUGIN.md.
class Processor : public juce::AudioProcessor {
 public:
  Processor();
  ~Processor() override;

  Session& session() { return session_; }
  juce::AudioProcessorValueTreeState& parameters() { return parameters_; }
  Audition& audition() { return audition_; }
  Preview& preview() { return preview_; }

  /// What only the editor uses and a session restores: zoom, size, ... a JSON object as text.
  juce::String editor_state() const;
  void set_editor_state(const juce::String& json);

 private:
  juce::AudioProcessorValueTreeState parameters_;
  Session session_;
  Audition audition_;
  Preview preview_;
};

}  // namespace scorelane::plugin
