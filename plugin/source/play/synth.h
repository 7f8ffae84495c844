#pragma once

namespace scorelane::plugin {

/// What turns notes into sound. All but making and deleting one is for the audio thread, and
/// neither locks nor allocates.
class Synth {
 public:
  virtual ~Synth() = default;

  virtual void note_on(int channel, int key, int velocity) = 0;
  virtual void note_off(int channel, int key) = 0;
  virtual void set_program(int channel, int program) = 0;

  /// Ends all sound at once, with a click if there was any.
  virtual void silence() = 0;

  /// Whether notes sound, those that fade after their end among them.
  virtual bool sounds() const = 0;

  /// Writes the next samples over what is there.
  virtual void render(float* left, float* right, int samples) = 0;
};

}  // namespace scorelane::plugin
