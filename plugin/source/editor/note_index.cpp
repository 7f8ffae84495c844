#include "editor/note_index.h"

#include <algorithm>
#include <map>
#include <set>

namespace scorelane::plugin {

NoteIndex::NoteIndex(const Presentation& presentation) : notes_(&presentation.notes) {
  std::map<LaneKey, std::size_t> lanes;
  for (const Lane& lane : presentation.lanes) lanes.emplace(lane.key, lanes.size());
  std::set<int> drums;
  double latest = 0.0;
  for (const Note& note : presentation.notes) {
    latest = std::max(latest, note.offset);
    place_.emplace(note.id, latest_.size());
    latest_.push_back(latest);
    lane_.push_back(lanes.at(note.lane));
    if (note.lane.is_drum) {
      drums.insert(note.pitch);
    } else {
      lowest_ = std::min(lowest_, note.pitch);
      highest_ = std::max(highest_, note.pitch);
    }
  }
  drum_keys_.assign(drums.begin(), drums.end());
}

std::pair<std::size_t, std::size_t> NoteIndex::between(double from, double to) const {
  if (notes_ == nullptr) return {0, 0};
  const auto first = std::lower_bound(latest_.begin(), latest_.end(), from);
  const auto last = std::lower_bound(notes_->begin(), notes_->end(), to,
                                     [](const Note& note, double t) { return note.onset < t; });
  const auto begin = static_cast<std::size_t>(first - latest_.begin());
  return {begin, std::max(begin, static_cast<std::size_t>(last - notes_->begin()))};
}

const Note* NoteIndex::find(std::uint32_t id) const {
  const auto found = place_.find(id);
  return found == place_.end() ? nullptr : &(*notes_)[found->second];
}

}  // namespace scorelane::plugin
