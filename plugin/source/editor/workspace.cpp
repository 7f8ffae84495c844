#include "editor/workspace.h"

#include <algorithm>
#include <cmath>

#include "session/parameters.h"

namespace scorelane::plugin {
namespace {

constexpr double kEmptyLength = 16.0;  // seconds shown before there is a take
constexpr double kSameTime = 2e-3;     // seconds

bool same(const Status& a, const Status& b) {
  return a.stage == b.stage && a.seconds_done == b.seconds_done &&
         a.seconds_total == b.seconds_total && a.error == b.error && a.notice == b.notice &&
         a.model == b.model && a.device == b.device;
}

}  // namespace

Workspace::Workspace(Processor& processor) : processor_(processor) {
  const auto changed = [this] { tell(&Listener::view_changed); };
  time.on_change = changed;
  pitch.on_change = changed;
  time.set_length(kEmptyLength);
}

bool Workspace::is_program() const {
  return processor_.wrapperType == juce::AudioProcessor::wrapperType_Standalone;
}

juce::String Workspace::invitation() const {
  return is_program() ? "Record the input or drop a file" : "Record this track or drop a file";
}

void Workspace::remove(Listener& listener) {
  listeners_.erase(std::remove(listeners_.begin(), listeners_.end(), &listener), listeners_.end());
}

void Workspace::tell(void (Listener::*what)()) {
  for (Listener* listener : listeners_) (listener->*what)();
}

void Workspace::poll() {
  poll_status();
  poll_take();
  poll_notes();
  poll_grid();
  poll_transport();
}

void Workspace::poll_status() {
  const Status status = session().status();
  if (same(status, status_)) return;
  if (status.stage != status_.stage) notice_.clear();
  status_ = status;
  tell(&Listener::status_changed);
}

void Workspace::poll_take() {
  auto take = session().take();
  const std::int64_t frames = take == nullptr ? 0 : take->frames();
  if (take == take_ && frames == take_frames_) return;
  if (take != take_ && take_ != nullptr) {
    view_is_own_ = false;
    processor_.audition().looping = false;
  }
  take_ = std::move(take);
  take_frames_ = frames;
  fit_by_itself();
  tell(&Listener::take_changed);
}

void Workspace::poll_notes() {
  if (session().revision() == presentation_->revision) return;
  auto next = session().presentation();
  if (next == nullptr || next == presentation_) return;
  presentation_ = std::move(next);
  index_ = NoteIndex(*presentation_);

  NoteIds still;
  for (const auto id : selection_) {
    if (index_.find(id) != nullptr) still.insert(id);
  }
  if (added_) {
    for (const Note& note : presentation_->notes) {
      if (note.lane == added_->lane && note.pitch == added_->pitch &&
          std::abs(note.onset - added_->onset) < kSameTime) {
        still = {note.id};
      }
    }
    added_.reset();
  }
  const bool other = still != selection_;
  selection_ = std::move(still);

  pitch.set_content(index_.drum_keys(), index_.has_pitched());
  fit_by_itself();
  tell(&Listener::notes_changed);
  if (other) tell(&Listener::selection_changed);
}

void Workspace::poll_grid() {
  const auto choice = static_cast<std::size_t>(parameter(parameter::kGrid));
  const double quarters = kGrids[std::min(choice, kGrids.size() - 1)].quarters;
  const double swing = read_view(processor_.parameters()).swing;
  const auto& audition = processor_.audition();
  const double start = audition.loop_start;
  const double end = audition.loop_end;
  const bool looping = audition.looping;
  if (quarters == grid_quarters_ && swing == swing_ && start == loop_start_ && end == loop_end_ &&
      looping == looping_) {
    return;
  }
  grid_quarters_ = quarters;
  swing_ = swing;
  loop_start_ = start;
  loop_end_ = end;
  looping_ = looping;
  tell(&Listener::view_changed);
}

void Workspace::poll_transport() {
  auto& audition = processor_.audition();
  const double wanted = audition.seek;
  const bool host = audition.host_rolling;
  const double at = wanted >= 0.0 && !host ? wanted : audition.position.load();
  const bool playing = audition.playing || host;
  if (audition.playing && !host && !audition.looping &&
      at > std::max(shown().duration, index_.end()) + 0.5) {
    audition.playing = false;
  }
  if (at == playhead_ && playing == playing_) return;
  // Who scrolls away from the playhead is not pulled back to it.
  const bool was_in_sight = time.shows(playhead_);
  const bool starts = playing && !playing_;
  playhead_ = at;
  playing_ = playing;
  if (playing && follows_ && (was_in_sight || starts) && at <= time.length()) time.reveal(at);
  tell(&Listener::transport_changed);
}

void Workspace::fit_by_itself() {
  const double seconds = std::max(take_ == nullptr ? 0.0 : take_->seconds(), index_.end());
  time.set_length(std::max(seconds, kEmptyLength * (seconds > 0.0 ? 0.25 : 1.0)));
  if (!view_is_own_) {
    fit();
  } else if (status_.stage == Stage::kRecording && follows_) {
    time.reveal(seconds);
  }
}

void Workspace::fit() {
  time.fit(time.length());
  if (index_.has_pitched()) {
    pitch.fit(index_.lowest(), index_.highest());
  } else {
    constexpr int kLowest = 36;
    constexpr int kHighest = 84;
    pitch.fit(kLowest, kHighest);
  }
}

void Workspace::set_follows(bool follow) {
  follows_ = follow;
  tell(&Listener::view_changed);
}

float Workspace::parameter(const char* id) const {
  return processor_.parameters().getRawParameterValue(id)->load();
}

int Workspace::transpose() const {
  return juce::roundToInt(parameter(parameter::kTranspose));
}

TimeGrid Workspace::grid() const {
  return {presentation_->tempo, grid_quarters_, swing_};
}

void Workspace::select(NoteIds ids) {
  if (ids == selection_) return;
  selection_ = std::move(ids);
  tell(&Listener::selection_changed);
}

void Workspace::choose_lane(std::optional<LaneKey> lane) {
  if (lane == lane_) return;
  lane_ = lane;
  tell(&Listener::selection_changed);
}

void Workspace::edit(const std::string& what, const NoteIds& ids,
                     const std::function<void(NoteList&)>& change, bool merge) {
  if (ids.empty()) return;
  const auto as_shown = presentation_;
  session().edit(
      what,
      [&](DocumentState& state) {
        adopt(state.notes, ids, as_shown->notes, transpose());
        change(state.notes);
      },
      merge);
  poll();
}

void Workspace::add_note(const Note& shown_note) {
  Note note = shown_note;
  note.edited = true;
  note.id = 0;
  if (!note.lane.is_drum) note.pitch -= transpose();
  if (note.pitch < 0 || note.pitch > 127) return;
  added_ = shown_note;
  session().edit("Add note", [&](DocumentState& state) { state.notes.push_back(note); });
  poll();
}

void Workspace::toggle_play() {
  auto& audition = processor_.audition();
  if (audition.host_rolling) return;
  if (!audition.playing && !audition.looping) {
    const double end = std::max(shown().duration, index_.end());
    if (playhead_ >= end - 0.05) seek(0.0);
  }
  audition.playing = !audition.playing;
  poll_transport();
}

void Workspace::seek(double seconds) {
  processor_.audition().seek = std::max(0.0, seconds);
  poll_transport();
}

void Workspace::set_loop(double start, double end) {
  auto& audition = processor_.audition();
  audition.loop_start = std::max(0.0, std::min(start, end));
  audition.loop_end = std::max(start, end);
  audition.looping = audition.loop_end > audition.loop_start;
  poll_grid();
}

void Workspace::toggle_loop() {
  auto& audition = processor_.audition();
  if (!audition.looping && audition.loop_end <= audition.loop_start) {
    set_loop(0.0, std::max(shown().duration, index_.end()));
    return;
  }
  audition.looping = !audition.looping;
  poll_grid();
}

void Workspace::notify(const juce::String& notice) {
  notice_ = notice;
  tell(&Listener::status_changed);
}

}  // namespace scorelane::plugin
