// Writes pictures of the editor as PNG files, one for each state that a user meets:
//
//   scorelane_screenshots FOLDER SOUND_FILE [SCALE]

#include <juce_audio_processors/juce_audio_processors.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "editor/editor.h"
#include "processor.h"

namespace scorelane::plugin {
namespace {

constexpr double kRate = 44100.0;
constexpr int kBlock = 512;

struct Size {
  int width = 1100;
  int height = 720;
};

/// A host whose transport rolls.
struct RollingHost : juce::AudioPlayHead {
  juce::Optional<PositionInfo> getPosition() const override {
    PositionInfo info;
    info.setIsPlaying(true);
    info.setBpm(112.0);
    info.setTimeSignature(TimeSignature{4, 4});
    info.setTimeInSamples(samples);
    const double seconds = static_cast<double>(samples) / kRate;
    info.setTimeInSeconds(seconds);
    info.setPpqPosition(seconds * 112.0 / 60.0);
    return info;
  }

  std::int64_t samples = 0;
};

class Photographer {
 public:
  Photographer(juce::File folder, juce::File sound, float scale)
      : folder_(std::move(folder)), sound_(std::move(sound)), scale_(scale) {}

  void take_all() {
    empty();
    recording();
    transcribing();
    result();
    error();
  }

 private:
  static void set(Processor& processor, const char* id, float value) {
    auto& parameter = *processor.parameters().getParameter(id);
    parameter.setValueNotifyingHost(parameter.convertTo0to1(value));
    processor.refresh();
  }

  using Act = std::function<void(juce::AudioProcessorEditor&)>;

  /// `more` goes into the editor's state; `act` is what the user does before.
  void photograph(Processor& processor, const juce::String& name, Size size = {},
                  const juce::String& more = {}, const Act& act = {}) {
    processor.set_editor_state("{\"width\": " + juce::String(size.width) +
                               ", \"height\": " + juce::String(size.height) + more + "}");
    const std::unique_ptr<juce::AudioProcessorEditor> editor(make_editor(processor));
    if (act) act(*editor);
    const auto picture = editor->createComponentSnapshot(editor->getLocalBounds(), true, scale_);
    const auto file = folder_.getChildFile(name + ".png");
    file.deleteFile();
    juce::FileOutputStream stream(file);
    if (!stream.openedOk() || !juce::PNGImageFormat().writeImageToStream(picture, stream)) {
      throw std::runtime_error("cannot write " + file.getFullPathName().toStdString());
    }
    std::cout << file.getFullPathName() << std::endl;
  }

  void empty() {
    Processor processor;
    photograph(processor, "empty");
    photograph(processor, "empty_small", {760, 480});
  }

  void recording() {
    Processor processor;
    RollingHost host;
    processor.setPlayHead(&host);
    processor.setPlayConfigDetails(2, 2, kRate, kBlock);
    processor.prepareToPlay(kRate, kBlock);
    set(processor, parameter::kRecord, 1.0F);
    juce::AudioFormatManager formats;
    formats.registerBasicFormats();
    const std::unique_ptr<juce::AudioFormatReader> reader(formats.createReaderFor(sound_));
    juce::AudioBuffer<float> audio(2, kBlock);
    juce::MidiBuffer midi;
    for (; host.samples < static_cast<std::int64_t>(9.0 * kRate); host.samples += kBlock) {
      reader->read(&audio, 0, kBlock, host.samples, true, true);
      processor.processBlock(audio, midi);
      if (host.samples % (kBlock * 16) == 0) juce::Thread::sleep(10);
    }
    juce::Thread::sleep(500);
    photograph(processor, "recording");
    processor.releaseResources();
  }

  void transcribing() {
    Processor processor;
    processor.session().load_file(sound_);
    wait_for([&] {
      const Status status = processor.session().status();
      return status.stage == Stage::kReady || (status.stage == Stage::kTranscribing &&
                                               status.seconds_done > 0.6 * status.seconds_total);
    });
    photograph(processor, "transcribing");
    processor.session().cancel();
    photograph(processor, "cancelled");
  }

  void result() {
    Processor processor;
    processor.session().load_file(sound_);
    processor.session().wait(600.0);
    photograph(processor, "result");
    photograph(processor, "result_small", {760, 480});
    photograph(processor, "result_large", {1600, 1000});
    set(processor, parameter::kGrid, 3.0F);
    processor.audition().seek = 5.2;
    processor.audition().loop_start = 4.0;
    processor.audition().loop_end = 8.0;
    processor.session().edit("Solo lane", [](DocumentState& state) {
      state.lanes[{true, 0}].solo = true;
      if (!state.notes.empty()) state.lanes[state.notes.front().lane].solo = true;
    });
    photograph(processor, "result_close", {},
               ", \"lane\": {\"program\": 27}, \"view\": {\"pixels_per_second\": 130, "
               "\"seconds\": 2.0, \"row\": 15, \"pitch\": 82}");
    photograph(processor, "selected", {}, {}, [](juce::AudioProcessorEditor& editor) {
      editor.keyPressed(juce::KeyPress('a', juce::ModifierKeys::commandModifier, 0));
    });
    photograph(processor, "instruments", {}, {}, clicking("Instruments allowed"));
    if (juce::Desktop::getInstance().getDisplays().displays.isEmpty()) return;  // menus need one
    photograph(processor, "settings", {}, {}, clicking("Settings"));
    processor.session().choose_players({{false, 27}, {false, 33}, {true, 0}});
    photograph(processor, "players", {}, {}, clicking("Players"));
    processor.session().choose_players({});
    photograph(processor, "lane_menu", {}, {}, clicking("Instrument"));
  }

  void error() {
    Processor processor;
    processor.session().choose_model(juce::File("/nowhere/model.pt"), "auto");
    processor.session().load_file(sound_);
    processor.session().wait(60.0);
    photograph(processor, "error");
  }

  static juce::Button* find_button(juce::Component& parent, const juce::String& title) {
    for (auto* child : parent.getChildren()) {
      auto* button = dynamic_cast<juce::Button*>(child);
      if (button != nullptr && button->getTitle() == title) return button;
      if (auto* found = find_button(*child, title)) return found;
    }
    return nullptr;
  }

  static Act clicking(const juce::String& title) {
    return [title](juce::AudioProcessorEditor& editor) {
      auto* button = find_button(editor, title);
      if (button == nullptr) throw std::runtime_error("no button: " + title.toStdString());
      button->onClick();
    };
  }

  static void wait_for(const std::function<bool()>& done) {
    for (int i = 0; i < 12000 && !done(); ++i) juce::Thread::sleep(10);
  }

  juce::File folder_;
  juce::File sound_;
  float scale_;
};

}  // namespace
}  // namespace scorelane::plugin

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "scorelane_screenshots FOLDER SOUND_FILE [SCALE]\n";
    return EXIT_FAILURE;
  }
  const juce::ScopedJuceInitialiser_GUI gui;
  const auto here = juce::File::getCurrentWorkingDirectory();
  const auto folder = here.getChildFile(juce::String::fromUTF8(arguments[1]));
  folder.createDirectory();
  const float scale = count > 3 ? juce::String(arguments[3]).getFloatValue() : 1.0F;
  scorelane::plugin::Photographer(folder, here.getChildFile(juce::String::fromUTF8(arguments[2])),
                                  scale)
      .take_all();
  return EXIT_SUCCESS;
}
