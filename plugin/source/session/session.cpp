#include "session/session.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/bundle.h"
#include "session/transcription.h"
#include "take/take_scan.h"

namespace scorelane::plugin {

struct Session::Impl : Capture::Listener, Transcription::Listener {
  explicit Impl(Hooks hooks_) : hooks(std::move(hooks_)) {}

  // From the capture's thread.

  void take_began(std::shared_ptr<Take> began) override {
    transcription.cancel();
    {
      const std::lock_guard lock(mutex);
      take_over(began);
      recording = transcribing = true;
      publish();
    }
    transcription.start(began, choices_now(), realtime);
  }

  void take_ended(std::shared_ptr<Take> ended, const juce::String& error) override {
    {
      const std::lock_guard lock(mutex);
      if (ended != take) {  // replaced while it was recorded
        ended->file.deleteFile();
        return;
      }
      recording = false;
      if (error.isNotEmpty()) status.error = error;
      publish();
      hooks.play(take);
    }
    hooks.recorded();
  }

  void capture_idle() override {
    // The hook comes back through the session, which may still be in the making.
    if (!whole) return;
    hooks.idle();
    const std::lock_guard lock(mutex);
    if (scan.has_value() && !scan->step()) scan.reset();
  }

  // From the worker.

  void loading(double done, double total) override {
    const std::lock_guard lock(mutex);
    importing = true;
    status.seconds_done = done;
    status.seconds_total = total;
  }

  void take_loaded(std::shared_ptr<Take> loaded) override {
    const std::lock_guard lock(mutex);
    loaded->set_tempo(TempoMap(bpm));
    take_over(loaded);
    importing = false;
    transcribing = true;
    publish();
    hooks.play(take);
  }

  void model_loaded(const EngineModel& model, const Choices& used) override {
    const std::lock_guard lock(mutex);
    status.model = model.name();
    status.device = model.device();
    default_confidence = model.default_confidence();
    lane_share = used.name_several() ? 0.0F : model.lane_share();
    publish();
  }

  void progress(double seconds) override {
    const std::lock_guard lock(mutex);
    status.seconds_done = seconds;
  }

  void notes_found(const NoteList& notes) override {
    const std::lock_guard lock(mutex);
    document.append(notes);
    publish();
  }

  void ended(const juce::String& error) override {
    const std::lock_guard lock(mutex);
    importing = transcribing = false;
    if (error.isNotEmpty()) status.error = error;
    publish();
  }

  // With the lock held.

  void take_over(const std::shared_ptr<Take>& another) {
    forget_take();
    take = another;
    lost_take.reset();
    scan.reset();
    kept = recording = false;
    status.error.clear();
    status.notice.clear();
    status.seconds_done = 0.0;
    document.reset({{}, document.now().lanes});
  }

  void forget_take() {
    if (take != nullptr && !kept) take->file.deleteFile();
    take = nullptr;
  }

  void publish() {
    auto next = std::make_shared<Presentation>();
    if (take != nullptr) {
      next->tempo = take->tempo();
      next->start = take->start;
      next->duration = take->seconds();
    } else if (lost_take.has_value()) {
      next->tempo = lost_take->tempo;
      next->start = lost_take->start;
      next->duration = lost_take->seconds;
    }
    view.least_confidence = confidence_threshold(sensitivity, default_confidence);
    view.least_share = static_cast<double>(lane_share);
    next->notes = arrange(document.now().notes, view, next->tempo);
    next->lanes = make_lanes(next->notes, document.now().lanes);
    next->revision = ++revision;
    hooks.show(*next);
    presentation = std::move(next);
  }

  // With the lock free.

  Choices choices_now() const {
    const std::lock_guard lock(mutex);
    auto now = choices;
    if (now.archive == juce::File()) now.archive = bundle::model();
    return now;
  }

  template <typename Change>
  bool change(const Change& made) {
    const std::lock_guard lock(mutex);
    const bool changed = made();
    if (changed) publish();
    return changed;
  }

  const Hooks hooks;
  mutable std::mutex mutex;  ///< guards everything down to the threads
  Document document;
  std::shared_ptr<Take> take;
  std::optional<TakeReference> lost_take;  ///< a restored take whose file has gone
  std::optional<TakeScan> scan;
  Choices choices;
  ViewSettings view;
  float sensitivity = 0.5F;
  float default_confidence = 0.3F;
  float lane_share = 0.0F;
  bool recording = false, importing = false, transcribing = false;
  mutable bool kept = false;  ///< a song refers to the take: its file stays
  Status status;
  std::shared_ptr<const Presentation> presentation = std::make_shared<Presentation>();
  std::atomic<std::uint64_t> revision{0};
  std::atomic<bool> realtime{true};
  std::atomic<double> bpm{120.0};
  std::atomic<bool> whole{false};

  // Once the threads have ended, and before what they used goes.
  struct Leave {
    Impl& session;
    ~Leave() { session.forget_take(); }
  } leave{*this};

  // The threads, last: they use all of the above.
  Transcription transcription{*this};
  Capture capture{*this};
};

Session::Session(Hooks hooks) : impl_(std::make_unique<Impl>(std::move(hooks))) {
  impl_->whole = true;
}

Session::~Session() = default;

Capture& Session::capture() {
  return impl_->capture;
}

void Session::load_file(const juce::File& file) {
  impl_->transcription.cancel();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->status.error.clear();
    impl_->status.notice.clear();
    impl_->importing = true;
    impl_->transcribing = false;
    impl_->status.seconds_done = impl_->status.seconds_total = 0.0;
  }
  impl_->transcription.start(file, impl_->choices_now(), impl_->realtime);
}

void Session::transcribe() {
  impl_->transcription.cancel();
  const auto recording = take();
  if (recording == nullptr) {
    complain("There is nothing to transcribe yet: record this track or drop a file.");
    return;
  }
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->status.error.clear();
    impl_->status.notice.clear();
    impl_->status.seconds_done = 0.0;
    impl_->importing = false;
    impl_->transcribing = true;
    impl_->document.reset({{}, impl_->document.now().lanes});
    impl_->publish();
  }
  impl_->transcription.start(recording, impl_->choices_now(), impl_->realtime);
}

void Session::cancel() {
  impl_->transcription.cancel();
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->importing && !impl_->transcribing) return;
  impl_->importing = impl_->transcribing = false;
  impl_->status.notice = "Cancelled; the notes found so far are kept.";
  impl_->publish();
}

void Session::clear() {
  impl_->transcription.cancel();
  const std::lock_guard lock(impl_->mutex);
  impl_->take_over(nullptr);
  impl_->importing = impl_->transcribing = false;
  impl_->document.reset();
  impl_->publish();
  impl_->hooks.play(nullptr);
}

bool Session::wait(double seconds) {
  impl_->capture.drain();
  return impl_->transcription.wait(seconds);
}

void Session::set_realtime(bool realtime) {
  impl_->realtime = realtime;
  impl_->capture.set_realtime(realtime);
}

void Session::set_tempo(double bpm) {
  impl_->bpm = bpm;
}

void Session::change_tempo(double bpm) {
  impl_->bpm = bpm;
  impl_->change([&] {
    if (impl_->take != nullptr) impl_->take->set_tempo(TempoMap(bpm));
    return impl_->take != nullptr;
  });
}

std::shared_ptr<const Take> Session::take() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->take;
}

Status Session::status() const {
  const std::lock_guard lock(impl_->mutex);
  auto status = impl_->status;
  if (impl_->take != nullptr && !impl_->importing) status.seconds_total = impl_->take->seconds();
  if (impl_->recording) {
    status.stage = Stage::kRecording;
  } else if (impl_->importing) {
    status.stage = Stage::kLoading;
  } else if (impl_->transcribing) {
    status.stage = status.model.isEmpty() ? Stage::kLoading : Stage::kTranscribing;
  } else {
    const auto empty = impl_->take == nullptr && impl_->document.now().notes.empty();
    status.stage = empty ? Stage::kEmpty : Stage::kReady;
  }
  return status;
}

std::shared_ptr<const Presentation> Session::presentation() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->presentation;
}

std::uint64_t Session::revision() const {
  return impl_->revision;
}

void Session::set_view(const ViewSettings& settings, float sensitivity) {
  impl_->change([&] {
    impl_->view = settings;
    impl_->sensitivity = sensitivity;
    return true;
  });
}

void Session::edit(const std::string& what, const std::function<void(DocumentState&)>& change,
                   bool merge) {
  impl_->change([&] {
    impl_->document.edit(what, change, merge);
    return true;
  });
}

bool Session::undo() {
  return impl_->change([&] { return impl_->document.undo(); });
}

bool Session::redo() {
  return impl_->change([&] { return impl_->document.redo(); });
}

std::string Session::undo_name() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->document.undo_name();
}

std::string Session::redo_name() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->document.redo_name();
}

void Session::choose_model(const juce::File& archive, const juce::String& device) {
  const std::lock_guard lock(impl_->mutex);
  impl_->choices.archive = archive;
  impl_->choices.device = device;
}

juce::File Session::model() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->choices.archive;
}

juce::String Session::device() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->choices.device;
}

void Session::choose_players(std::vector<LaneKey> players) {
  impl_->change([&] {
    impl_->choices.players = std::move(players);
    return true;
  });
}

std::vector<LaneKey> Session::players() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->choices.players;
}

void Session::complain(const juce::String& error) {
  const std::lock_guard lock(impl_->mutex);
  impl_->status.error = error;
}

void Session::write(State& state) const {
  const std::lock_guard lock(impl_->mutex);
  state.document = impl_->document.now();
  state.take = impl_->lost_take;
  if (const auto& take = impl_->take; take != nullptr) {
    // What a host renders offline is not a song's: it would fill the disk.
    impl_->kept = impl_->kept || impl_->realtime;
    state.take = TakeReference{take->file,  take->name,      take->sample_rate, take->channels,
                               take->start, take->seconds(), take->tempo()};
  }
  state.model_file = impl_->choices.archive.getFullPathName().toStdString();
  state.device = impl_->choices.device.toStdString();
  state.players = impl_->choices.players;
  state.model_name = impl_->status.model.toStdString();
  state.default_confidence = impl_->default_confidence;
  state.lane_share = impl_->lane_share;
  state.error = impl_->status.error.toStdString();
}

void Session::restore(const State& state) {
  impl_->transcription.cancel();
  const std::lock_guard lock(impl_->mutex);
  impl_->take_over(nullptr);
  impl_->importing = impl_->transcribing = false;
  impl_->lost_take = state.take;
  if (state.take.has_value()) {
    const auto& from = *state.take;
    impl_->scan.emplace(from.file, from.name, from.start, from.tempo);
    impl_->take = impl_->scan->take();
    if (impl_->take != nullptr) {
      impl_->kept = true;
      impl_->lost_take.reset();
    } else if (from.name.isNotEmpty()) {
      impl_->status.notice = "The recording \"" + from.name +
                             "\" has gone; its notes are here, but it cannot be heard or "
                             "transcribed again.";
    }
  }
  impl_->choices = {juce::File(), juce::String::fromUTF8(state.device.c_str()), state.players};
  const auto model = juce::String::fromUTF8(state.model_file.c_str());
  if (juce::File::isAbsolutePath(model)) impl_->choices.archive = juce::File(model);
  impl_->status.model = juce::String::fromUTF8(state.model_name.c_str());
  impl_->default_confidence = state.default_confidence;
  impl_->lane_share = state.lane_share;
  impl_->document.reset(state.document);
  impl_->publish();
  impl_->hooks.play(impl_->take);
}

}  // namespace scorelane::plugin
