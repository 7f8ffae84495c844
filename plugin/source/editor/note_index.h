#pragma once

#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

#include "notes/presentation.h"

namespace scorelane::plugin {

/// Finds the notes of a presentation quickly: by time, by id, by lane.
class NoteIndex {
 public:
  NoteIndex() = default;
  explicit NoteIndex(const Presentation& presentation);

  /// A range of positions in `notes` that holds every note sounding between `from` and `to`.
  std::pair<std::size_t, std::size_t> between(double from, double to) const;

  /// Place in `lanes` of the note at a position in `notes`.
  std::size_t lane(std::size_t note) const { return lane_[note]; }

  const Note* find(std::uint32_t id) const;  ///< null: not shown
  const std::vector<int>& drum_keys() const { return drum_keys_; }
  bool has_pitched() const { return lowest_ <= highest_; }
  int lowest() const { return lowest_; }
  int highest() const { return highest_; }
  double end() const { return latest_.empty() ? 0.0 : latest_.back(); }  ///< of the last note

 private:
  const NoteList* notes_ = nullptr;
  std::vector<double> latest_;  ///< offset among this and all notes before
  std::vector<std::size_t> lane_;
  std::unordered_map<std::uint32_t, std::size_t> place_;
  std::vector<int> drum_keys_;
  int lowest_ = 128;
  int highest_ = -1;
};

}  // namespace scorelane::plugin
