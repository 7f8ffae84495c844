#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scorelane/error.h"
#include "scorelane/network.h"
#include "scorelane/note.h"
#include "scorelane/note_decoder.h"

namespace scorelane::python {

namespace py = pybind11;

using Samples = py::array_t<float, py::array::c_style | py::array::forcecast>;
using Integers = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;
using Programs = std::optional<std::vector<std::int32_t>>;

inline py::array_t<Note> to_array(const std::vector<Note>& notes) {
  return py::array_t<Note>(static_cast<py::ssize_t>(notes.size()), notes.data());
}

inline TokenRow to_row(const Integers& tokens) {
  TokenRow row;
  for (py::ssize_t i = 0; i < tokens.size(); ++i) {
    const std::int64_t token = tokens.data()[i];
    // An id that no vocabulary reaches is as unknown as any other.
    const bool possible = token >= 0 && token <= std::numeric_limits<Token>::max();
    row.tokens.push_back(possible ? static_cast<Token>(token) : Vocabulary::kPad);
  }
  return row;
}

inline InstrumentMask to_mask(const Programs& programs, bool drums,
                              std::vector<std::int32_t> players = {}) {
  InstrumentMask mask;
  mask.all_programs = !programs.has_value();
  mask.programs = programs.value_or(std::vector<std::int32_t>{});
  mask.players = std::move(players);
  mask.drums = drums;
  return mask;
}

inline HeldNotes to_held_notes(const std::string& name) {
  if (name == "free") return HeldNotes::kFree;
  if (name == "linked") return HeldNotes::kLinked;
  if (name == "forced") return HeldNotes::kForced;
  throw py::value_error("held_notes must be free, linked or forced");
}

inline py::dict to_dict(const SkippedEvents& skipped) {
  py::dict counts;
  counts["unknown_token"] = skipped.unknown_token;
  counts["past_limit"] = skipped.past_limit;
  counts["backwards"] = skipped.backwards;
  counts["inactive_offset"] = skipped.inactive_offset;
  counts["undeclarable_tie"] = skipped.undeclarable_tie;
  counts["duplicate_tie"] = skipped.duplicate_tie;
  counts["stray_tie"] = skipped.stray_tie;
  counts["silent_drum"] = skipped.silent_drum;
  return counts;
}

/// Pointers to the channels of an array [frames] or [channels, frames].
inline std::vector<const float*> channels_of(const Samples& samples) {
  if (samples.ndim() == 1) return {samples.data()};
  if (samples.ndim() != 2) {
    throw Error(ErrorKind::kAudio,
                "The audio must be an array [samples] or [channels, samples], not one of " +
                    std::to_string(samples.ndim()) + " dimensions.");
  }
  std::vector<const float*> channels;
  for (py::ssize_t c = 0; c < samples.shape(0); ++c) {
    channels.push_back(samples.data() + c * samples.shape(1));
  }
  return channels;
}

/// Calls Python from inside the engine: honours Ctrl-C and tells the user's callback how far the
/// work is, both at most every 50 ms, because each call takes the interpreter's lock.
class Progress {
 public:
  explicit Progress(py::object callback) : callback_(std::move(callback)) {}

  bool operator()(double seconds_done) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_call_ < std::chrono::milliseconds(50)) return true;
    last_call_ = now;
    const py::gil_scoped_acquire lock;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    if (callback_.is_none()) return true;
    const py::object answer = callback_(seconds_done);
    return answer.is_none() || answer.cast<bool>();
  }

 private:
  py::object callback_;
  std::chrono::steady_clock::time_point last_call_{};
};

inline std::function<bool(double)> to_progress(const py::object& callback) {
  return [shared = std::make_shared<Progress>(callback)](double done) { return (*shared)(done); };
}

}  // namespace scorelane::python
