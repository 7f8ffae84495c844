// Random hosts: sequences of what a host, a user and a script may do, in any order, with odd sizes.
// Meant to run under the sanitizers.
//
//   scorelane_stress [sequences] [seed] [model]
//
// Half of the sequences have an audio thread that runs meanwhile. `model` is an archive for the
// real engine; without one, the engine beside this program should be the stub.

#include <juce_gui_basics/juce_gui_basics.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "desk.h"
#include "notes/edits.h"

namespace scorelane::plugin {
namespace {

constexpr double kRates[] = {8000.0, 11025.0, 22050.0, 44100.0, 47999.5, 96000.0, 192000.0};
constexpr int kBlocks[] = {1, 2, 7, 32, 100, 333, 512, 1024, 4095, 8192};

/// What the sequences share: files to load.
struct Files {
  juce::TemporaryFile sound{".wav"};
  juce::TemporaryFile noise{".wav"};
  juce::File model;  ///< none: the one beside the program
  juce::TemporaryFile slow{"slow.pt"};
  juce::TemporaryFile failing{"failing.pt"};

  explicit Files(juce::File archive) : model(std::move(archive)) {
    juce::AudioBuffer<float> audio(2, 22050);
    juce::Random random(3);
    for (int i = 0; i < 22050; ++i) {
      audio.setSample(0, i, random.nextFloat() - 0.5F);
      audio.setSample(1, i, random.nextFloat() - 0.5F);
    }
    juce::WavAudioFormat wav;
    const std::unique_ptr<juce::AudioFormatWriter> writer(
        wav.createWriterFor(new juce::FileOutputStream(sound.getFile()), 22050.0, 2, 16, {}, 0));
    writer->writeFromAudioSampleBuffer(audio, 0, 22050);
    noise.getFile().replaceWithText("no sound at all");
    slow.getFile().create();
    failing.getFile().create();
  }
};

class Sequence {
 public:
  Sequence(const Files& files, unsigned seed) : files_(files), random_(seed), seed_(seed) {
    make_desk();
    if (chance(2)) audio_thread_ = std::thread([this] { run_audio(); });
  }

  ~Sequence() {
    stopping_ = true;
    if (audio_thread_.joinable()) audio_thread_.join();
  }

  /// False: something was wrong; it has been said.
  bool run(int steps) {
    for (int step = 0; step < steps && complaint_.isEmpty(); ++step) {
      const auto& [name, act] =
          actions_[static_cast<std::size_t>(below(static_cast<int>(actions_.size())))];
      trace_ += juce::String(" ") + name;
      act();
      juce::Timer::callPendingTimersSynchronously();
    }
    stop_and_check();
    if (complaint_.isEmpty()) return true;
    std::printf("sequence %u: %s; after%s\n", seed_, complaint_.toRawUTF8(), trace_.toRawUTF8());
    return false;
  }

 private:
  using Action = std::pair<const char*, std::function<void()>>;

  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }
  bool chance(int one_in) { return below(one_in) == 0; }
  double uniform(double from, double to) {
    return std::uniform_real_distribution<double>(from, to)(random_);
  }
  Session& session() { return desk_->processor().session(); }

  // The audio thread holds the lock for a block; hosts never prepare or delete meanwhile.

  void run_audio() {
    while (!stopping_) {
      {
        const std::lock_guard lock(audio_);
        if (prepared_ && !desk_->process(desk_->block())) complain(desk_->complaint());
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  void make_desk() {
    const std::lock_guard lock(audio_);
    editor_.reset();
    desk_ = std::make_unique<Desk>(chance(2), kRates[below(7)], kBlocks[below(10)], 1 + below(2));
    prepared_ = true;
    if (files_.model != juce::File()) session().choose_model(files_.model, "cpu");
    desk_->set(parameter::kSensitivity, 1.0F);
  }

  void prepare() {
    const std::lock_guard lock(audio_);
    if (chance(2)) desk_->release();
    desk_->processor().setNonRealtime(chance(2));
    desk_->prepare(kRates[below(7)], kBlocks[below(10)], 1 + below(2));
    prepared_ = true;
  }

  void release() {
    const std::lock_guard lock(audio_);
    desk_->release();
    prepared_ = false;
  }

  void process() {
    const std::lock_guard lock(audio_);
    if (!prepared_) return;
    for (int block = below(20); block >= 0; --block) {
      if (chance(4)) automate();
      if (!desk_->process(below(desk_->block() + 1), chance(12))) complain(desk_->complaint());
    }
  }

  void automate() {
    const auto& all = desk_->processor().getParameters();
    for (int change = below(5); change >= 0; --change) {
      auto* const parameter = all[below(all.size())];
      parameter->setValueNotifyingHost(static_cast<float>(chance(3) ? below(2) : uniform(0, 1)));
    }
  }

  void move_transport() {
    const std::lock_guard lock(audio_);
    if (chance(4)) {
      desk_->transport.reset();
      return;
    }
    static constexpr double kPlaces[] = {0.0, 0.5, 1.0, -3.0, 1e6, 1e-9};
    desk_->transport =
        Desk::Transport{!chance(3), kPlaces[below(6)], uniform(-10.0, 999.0), below(20)};
  }

  void save_and_load() {
    juce::MemoryBlock state;
    desk_->processor().getStateInformation(state);
    if (chance(3)) {  // a state that does not fit changes nothing
      auto bad = state;
      if (chance(2)) bad.setSize(static_cast<std::size_t>(below(static_cast<int>(bad.getSize()))));
      if (bad.getSize() > 20) bad[static_cast<std::size_t>(below(20))] ^= 0x55;
      desk_->processor().setStateInformation(bad.getData(), static_cast<int>(bad.getSize()));
    }
    states_.push_back(state);
    const auto& chosen = states_[static_cast<std::size_t>(below(static_cast<int>(states_.size())))];
    const auto load = [&] {
      desk_->processor().setStateInformation(chosen.getData(), static_cast<int>(chosen.getSize()));
    };
    if (chance(3)) {
      std::thread(load).join();
    } else {
      load();
    }
  }

  void check_parameters_come_back() {
    const std::lock_guard lock(audio_);
    automate();
    const auto plain_values = [&] {
      std::map<juce::String, float> plain;
      for (auto* each : desk_->processor().getParameters()) {
        const auto& ranged = dynamic_cast<juce::RangedAudioParameter&>(*each);
        plain[ranged.paramID] = ranged.convertFrom0to1(ranged.getValue());
      }
      return plain;
    };
    const auto before = plain_values();
    juce::MemoryBlock state;
    desk_->processor().getStateInformation(state);
    automate();
    desk_->processor().setStateInformation(state.getData(), static_cast<int>(state.getSize()));
    if (session().status().error.startsWith("The saved state")) complain(session().status().error);
    for (const auto& [id, value] : plain_values()) {
      if (id == parameter::kRecord) continue;  // a take that ends switches it off by itself
      if (std::abs(value - before.at(id)) > 1e-3F * std::max(1.0F, std::abs(value))) {
        complain(id + " did not come back");
      }
    }
  }

  void edit() {
    const auto shown = session().presentation();
    NoteIds ids;
    for (const auto& note : shown->notes) {
      if (chance(3)) ids.insert(note.id);
    }
    const auto seconds = uniform(-1.0, 1.0);
    const auto semitones = below(49) - 24;
    const auto kind = below(4);
    session().edit("Edit", [&](DocumentState& state) {
      adopt(state.notes, ids, shown->notes, below(3));
      if (kind == 0) move_notes(state.notes, ids, seconds, semitones);
      if (kind == 1) lengthen_notes(state.notes, ids, seconds);
      if (kind == 2) set_lane(state.notes, ids, {chance(2), chance(2) ? 0 : 40});
      if (kind == 3) remove_notes(state.notes, ids);
    });
  }

  void choose_model() {
    static const juce::File nowhere("/nowhere/model.pt");
    const juce::File choices[] = {files_.model, files_.slow.getFile(), files_.failing.getFile(),
                                  nowhere};
    session().choose_model(choices[below(4)], "cpu");
  }

  void choose_players() {
    std::vector<LaneKey> players;
    for (int count = below(4); count > 0; --count) players.push_back({chance(4), below(128)});
    session().choose_players(std::move(players));
  }

  void open_editor() {
    editor_.reset();  // the processor has one at a time
    editor_.reset(desk_->processor().createEditorIfNeeded());
    editor_->setSize(200 + below(1800), 100 + below(1200));
    paint_editor();
  }

  void paint_editor() {
    if (editor_ != nullptr) editor_->createComponentSnapshot(editor_->getLocalBounds());
  }

  void audition() {
    auto& audition = desk_->processor().audition();
    audition.playing = !audition.playing;
    audition.seek = uniform(-2.0, 5.0);
    audition.looping = chance(2);
    audition.loop_start = uniform(0.0, 1.0);
    audition.loop_end = uniform(0.0, 2.0);
  }

  /// However it went, a transport that stands has no notes sounding.
  void stop_and_check() {
    const std::lock_guard lock(audio_);
    if (!prepared_) return;
    desk_->processor().setNonRealtime(false);
    desk_->processor().audition().playing = false;
    desk_->transport = Desk::Transport{false};
    desk_->process(1);
    desk_->process(desk_->block());
    if (desk_->complaint().isNotEmpty()) complain(desk_->complaint());
    if (desk_->sounding() != 0) complain(juce::String(desk_->sounding()) + " notes hang");
  }

  void complain(const juce::String& what) {
    const std::lock_guard lock(complaining_);
    if (complaint_.isEmpty()) complaint_ = what;
  }

  const Files& files_;
  std::mt19937 random_;
  const unsigned seed_;
  juce::String trace_;
  std::mutex complaining_;
  juce::String complaint_;
  std::mutex audio_;
  bool prepared_ = false;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<juce::AudioProcessorEditor> editor_;
  std::vector<juce::MemoryBlock> states_;
  std::atomic<bool> stopping_{false};
  std::thread audio_thread_;

  const std::vector<Action> actions_{
      {"process", [this] { process(); }},
      {"process", [this] { process(); }},
      {"process", [this] { process(); }},
      {"prepare", [this] { prepare(); }},
      {"reset",
       [this] {
         const std::lock_guard lock(audio_);
         desk_->processor().reset();
       }},
      {"release", [this] { release(); }},
      {"transport", [this] { move_transport(); }},
      {"transport", [this] { move_transport(); }},
      {"record", [this] { desk_->set(parameter::kRecord, chance(3) ? 0.0F : 1.0F); }},
      {"automate", [this] { automate(); }},
      {"parameters", [this] { check_parameters_come_back(); }},
      {"state", [this] { save_and_load(); }},
      {"bypass", [this] { desk_->set(parameter::kBypass, chance(3) ? 1.0F : 0.0F); }},
      {"load", [this] { session().load_file(files_.sound.getFile()); }},
      {"load bad", [this] { session().load_file(files_.noise.getFile()); }},
      {"transcribe", [this] { session().transcribe(); }},
      {"cancel", [this] { session().cancel(); }},
      {"clear", [this] { session().clear(); }},
      {"edit", [this] { edit(); }},
      {"undo", [this] { session().undo(); }},
      {"redo", [this] { session().redo(); }},
      {"model", [this] { choose_model(); }},
      {"players", [this] { choose_players(); }},
      {"soundfont", [this] { desk_->processor().choose_soundfont(files_.noise.getFile()); }},
      {"audition", [this] { audition(); }},
      {"open editor", [this] { open_editor(); }},
      {"paint", [this] { paint_editor(); }},
      {"close editor", [this] { editor_.reset(); }},
      {"delete", [this] { make_desk(); }},
      {"wait", [this] { std::this_thread::sleep_for(std::chrono::milliseconds(below(30))); }},
  };
};

}  // namespace
}  // namespace scorelane::plugin

int main(int count, char** arguments) {
  const juce::ScopedJuceInitialiser_GUI juce;
  const auto number = [&](int index, int otherwise) {
    return count > index ? juce::String(arguments[index]).getIntValue() : otherwise;
  };
  const auto sequences = number(1, 20);
  const auto seed = number(2, 1);
  const scorelane::plugin::Files files(
      count > 3 ? juce::File::getCurrentWorkingDirectory().getChildFile(arguments[3])
                : juce::File());
  auto failed = 0;
  for (int index = 0; index < sequences; ++index) {
    scorelane::plugin::Sequence sequence(files, static_cast<unsigned>(seed + index));
    if (!sequence.run(60)) ++failed;
  }
  std::printf("%d of %d sequences went well\n", sequences - failed, sequences);
  return failed == 0 ? 0 : 1;
}
