#include "notes/document.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

namespace scorelane::plugin {

namespace {

constexpr double kLongestTake = 24.0 * 3600.0;
constexpr std::uint32_t kMostId = 1U << 31;  // a larger one, from a foreign state, is none

bool same(const Note& a, const Note& b) {
  return a.id == b.id && a.onset == b.onset && a.offset == b.offset && a.pitch == b.pitch &&
         a.lane == b.lane && a.velocity == b.velocity && a.confidence == b.confidence &&
         a.edited == b.edited;
}

bool same(const LaneSettings& a, const LaneSettings& b) {
  return a.solo == b.solo && a.mute == b.mute && a.channel == b.channel;
}

bool same(const DocumentState& a, const DocumentState& b) {
  return std::equal(a.notes.begin(), a.notes.end(), b.notes.begin(), b.notes.end(),
                    [](const Note& x, const Note& y) { return same(x, y); }) &&
         std::equal(a.lanes.begin(), a.lanes.end(), b.lanes.begin(), b.lanes.end(),
                    [](const auto& x, const auto& y) {
                      return x.first == y.first && same(x.second, y.second);
                    });
}

LaneKey in_range(LaneKey lane) {
  return {lane.is_drum, lane.is_drum ? 0 : std::clamp(lane.program, 0, 127)};
}

void bring_into_range(Note& note) {
  note.onset = std::clamp(note.onset, 0.0, kLongestTake);
  note.offset = std::clamp(note.offset, note.onset, kLongestTake + kShortestNote);
  note.pitch = std::clamp(note.pitch, 0, 127);
  note.lane = in_range(note.lane);
  note.velocity = std::clamp(note.velocity, 1, 127);
  note.confidence = std::isfinite(note.confidence) ? std::clamp(note.confidence, 0.0F, 1.0F) : 1.0F;
}

void clean(DocumentState& state) {
  auto& notes = state.notes;
  notes.erase(std::remove_if(notes.begin(), notes.end(),
                             [](const Note& note) {
                               return !std::isfinite(note.onset) || !std::isfinite(note.offset);
                             }),
              notes.end());
  std::for_each(notes.begin(), notes.end(), bring_into_range);
  std::stable_sort(notes.begin(), notes.end(), plays_before);

  LaneSettingsMap lanes;
  for (const auto& [key, settings] : state.lanes) {
    auto& lane = lanes[in_range(key)] = settings;
    lane.channel = std::clamp(lane.channel, -1, 15);
  }
  state.lanes = std::move(lanes);
}

std::shared_ptr<const DocumentState> with(const DocumentState& state, const NoteList& more) {
  auto result = std::make_shared<DocumentState>(state);
  const auto old = static_cast<std::ptrdiff_t>(result->notes.size());
  result->notes.insert(result->notes.end(), more.begin(), more.end());
  std::inplace_merge(result->notes.begin(), result->notes.begin() + old, result->notes.end(),
                     plays_before);
  return result;
}

}  // namespace

void Document::edit(const std::string& what, const std::function<void(DocumentState&)>& change,
                    bool merge) {
  DocumentState changed = *now_;
  change(changed);
  auto next = put_in_order(std::move(changed));
  if (same(*next, *now_)) {
    return;
  }
  const bool joins = merge && undone_.empty() && !done_.empty() && done_.back().what == what;
  if (!joins) {
    done_.push_back({what, now_});
  }
  undone_.clear();
  now_ = std::move(next);
  forget_oldest();
}

void Document::reset(DocumentState state) {
  done_.clear();
  undone_.clear();
  next_id_ = 1;
  now_ = put_in_order(std::move(state));
}

void Document::append(const NoteList& notes) {
  DocumentState fresh{notes, {}};
  for (Note& note : fresh.notes) {
    note.id = next_id_++;
  }
  clean(fresh);
  now_ = with(*now_, fresh.notes);
  for (auto* steps : {&done_, &undone_}) {
    for (Step& step : *steps) {
      step.before = with(*step.before, fresh.notes);
    }
  }
  forget_oldest();
}

bool Document::undo() {
  if (done_.empty()) {
    return false;
  }
  Step step = std::move(done_.back());
  done_.pop_back();
  std::swap(step.before, now_);
  undone_.push_back(std::move(step));
  return true;
}

bool Document::redo() {
  if (undone_.empty()) {
    return false;
  }
  Step step = std::move(undone_.back());
  undone_.pop_back();
  std::swap(step.before, now_);
  done_.push_back(std::move(step));
  return true;
}

std::string Document::undo_name() const {
  return done_.empty() ? "" : done_.back().what;
}

std::string Document::redo_name() const {
  return undone_.empty() ? "" : undone_.back().what;
}

std::shared_ptr<const DocumentState> Document::put_in_order(DocumentState state) {
  clean(state);
  std::unordered_set<std::uint32_t> taken{0};
  for (const Note& note : state.notes) {
    if (note.id <= kMostId) {
      next_id_ = std::max(next_id_, note.id + 1);
    }
  }
  for (Note& note : state.notes) {
    if (note.id > kMostId || !taken.insert(note.id).second) {
      note.id = next_id_++;
    }
  }
  return std::make_shared<const DocumentState>(std::move(state));
}

void Document::forget_oldest() {
  std::size_t notes = 0;
  std::size_t kept = 0;
  while (kept < done_.size() && kept < kMostSteps) {
    notes += done_[done_.size() - 1 - kept].before->notes.size();
    if (notes > kMostNotes) {
      break;
    }
    ++kept;
  }
  done_.erase(done_.begin(), done_.end() - static_cast<std::ptrdiff_t>(kept));
}

}  // namespace scorelane::plugin
