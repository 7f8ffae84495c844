#include "scorelane/note_decoder.h"

#include <algorithm>

namespace scorelane {

void NoteDecoder::decode(const TokenRow& row, std::int64_t start, std::int64_t limit) {
  segment_start_ = start;
  limit_ = limit;
  in_tie_section_ = ties_;
  for (auto& [key, sounding] : sounding_) sounding.tied = false;

  now_ = start;
  std::int64_t shift = 0;
  for (std::size_t i = 0; i < row.tokens.size(); ++i) {
    const Event event = vocabulary_.event(row.tokens[i]);
    if (event.kind == EventKind::kEnd) break;
    if (event.kind == EventKind::kNone) {
      ++skipped_.unknown_token;
      continue;
    }
    if (event.kind == EventKind::kShift) {
      // Neighbouring shifts add up to one time, counted from the segment's start.
      shift += event.value;
      now_ = start + shift;
      if (now_ > limit) {
        skipped_.past_limit += static_cast<std::int64_t>(row.tokens.size() - i);
        break;
      }
      continue;
    }
    shift = 0;
    apply(event, i < row.heads.size() ? row.heads[i] : NoteHead{});
  }
}

void NoteDecoder::apply(Event event, const NoteHead& head) {
  // As in MT3, an event in the past is ignored whole, changes of program and velocity included.
  if (now_ < last_event_) {
    ++skipped_.backwards;
    return;
  }
  last_event_ = now_;
  switch (event.kind) {
    case EventKind::kPitch:
      pitch(event.value, head);
      break;
    case EventKind::kDrum:
      drum(event.value, head);
      break;
    case EventKind::kVelocity:
      velocity_ = vocabulary_.velocity_bins == 1 ? event.value * kDefaultVelocity : event.value;
      break;
    case EventKind::kProgram:
      program_ = event.value;
      break;
    case EventKind::kTie:
      close_tie_section();
      break;
    case EventKind::kNone:
    case EventKind::kEnd:
    case EventKind::kShift:
      break;  // never reach this function
  }
}

void NoteDecoder::pitch(std::int32_t pitch, const NoteHead& head) {
  if (in_tie_section_) {
    tie_pitch(pitch);
    return;
  }
  if (velocity_ == 0) {
    if (const auto sounding = find(pitch); sounding == sounding_.end()) {
      ++skipped_.inactive_offset;
    } else {
      release(sounding, now_);
    }
    return;
  }
  players_are_named_ = players_are_named_ || head.player >= 0;
  const NoteKey key{head.player >= 0 ? head.player : program_, pitch};
  cut(key);
  // A repeated onset ends the note before it; the pitch is struck again.
  if (const auto before = sounding_.find(key); before != sounding_.end()) {
    close(before, seconds(now_));
  }
  const std::int32_t velocity = head.velocity > 0 ? head.velocity : velocity_;
  sounding_.emplace(key, Sounding{now_, program_, velocity, head.confidence, false});
}

void NoteDecoder::drum(std::int32_t key, const NoteHead& head) {
  if (velocity_ == 0) {
    ++skipped_.silent_drum;
    return;
  }
  // Drums have no offset of their own and live apart from the pitched notes of the same number.
  const std::int32_t velocity = head.velocity > 0 ? head.velocity : velocity_;
  notes_.push_back(
      Note{seconds(now_), seconds(now_ + kMinimumSteps), key, 0, true, velocity, head.confidence});
}

void NoteDecoder::tie_pitch(std::int32_t pitch) {
  const auto sounding = find(pitch);
  if (sounding == sounding_.end()) {
    ++skipped_.undeclarable_tie;
  } else if (sounding->second.tied) {
    ++skipped_.duplicate_tie;
  } else {
    sounding->second.tied = true;
  }
}

/// The sounding note of this pitch that the program in force is written for. Where notes are given
/// to players by their sound, that program is another's now and then: then the pitch says which.
NoteDecoder::SoundingMap::iterator NoteDecoder::find(std::int32_t pitch) {
  if (!players_are_named_) return sounding_.find({program_, pitch});
  auto likeliest = sounding_.end();
  for (auto it = sounding_.begin(); it != sounding_.end(); ++it) {
    if (it->first.second != pitch) continue;
    if (it->second.program == program_) return it;
    likeliest = it;
  }
  return likeliest;
}

void NoteDecoder::close_tie_section() {
  if (!in_tie_section_) {
    ++skipped_.stray_tie;
    return;
  }
  in_tie_section_ = false;
  for (auto it = sounding_.begin(); it != sounding_.end();) {
    it = it->second.tied ? std::next(it) : release(it, segment_start_);
  }
}

void NoteDecoder::end_sounding(std::int64_t step) {
  last_event_ = std::max(last_event_, step);
  for (auto it = sounding_.begin(); it != sounding_.end();) it = close(it, seconds(step));
}

void NoteDecoder::finish(std::optional<double> end_seconds) {
  const double end = end_seconds.value_or(seconds(last_event_));
  for (auto it = sounding_.begin(); it != sounding_.end();) it = close(it, end);
}

NoteDecoder::SoundingMap::iterator NoteDecoder::release(SoundingMap::iterator sounding,
                                                        std::int64_t step) {
  lingering_[sounding->first] = notes_.size();
  const auto group = static_cast<std::size_t>(sounding->first.first / kGroupPrograms);
  return close(sounding, seconds(std::max(step, std::min(step + linger_.at(group), limit_))));
}

void NoteDecoder::cut(const NoteKey& key) {
  const auto before = lingering_.find(key);
  if (before == lingering_.end()) return;
  Note& note = notes_[before->second];
  const double least = note.onset + seconds(kMinimumSteps);
  note.offset = std::min(note.offset, std::max(seconds(now_), least));
  lingering_.erase(before);
}

NoteDecoder::SoundingMap::iterator NoteDecoder::close(SoundingMap::iterator sounding,
                                                      double end_seconds) {
  const auto& [key, note] = *sounding;
  const double offset = std::max(end_seconds, seconds(note.onset + kMinimumSteps));
  notes_.push_back(Note{seconds(note.onset), offset, key.second, key.first, false, note.velocity,
                        note.confidence});
  return sounding_.erase(sounding);
}

std::vector<NoteKey> NoteDecoder::sounding(std::size_t most) const {
  std::vector<SoundingMap::const_iterator> notes;
  for (auto it = sounding_.begin(); it != sounding_.end(); ++it) notes.push_back(it);
  if (notes.size() > most) {
    std::stable_sort(notes.begin(), notes.end(), [](const auto& one, const auto& other) {
      return one->second.onset > other->second.onset;
    });
    notes.resize(most);
  }
  std::vector<NoteKey> keys;
  for (const auto& note : notes) keys.emplace_back(note->second.program, note->first.second);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::vector<Note> NoteDecoder::take_notes() {
  std::vector<Note> taken;
  taken.swap(notes_);
  lingering_.clear();
  std::sort(taken.begin(), taken.end());
  return taken;
}

double NoteDecoder::seconds(std::int64_t step) const {
  return static_cast<double>(step) / vocabulary_.steps_per_second;
}

}  // namespace scorelane
