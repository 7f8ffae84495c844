#include "notes/view.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "scorelane/stray_lanes.h"

namespace scorelane::plugin {

namespace {

constexpr float kStrictest = 0.99F;      // confidence asked for at sensitivity 0
constexpr double kLengthSlack = 1e-6;    // times are multiples of 10 ms, give or take a rounding
constexpr unsigned kAllDegrees = 0xFFF;  // the chromatic scale

bool passes(const Note& note, const ViewSettings& settings) {
  const bool drum = note.lane.is_drum;
  if (drum ? !settings.drums : !settings.classes[static_cast<std::size_t>(note.lane.program / 8)]) {
    return false;
  }
  if (note.edited) {
    return true;
  }
  return note.confidence >= settings.least_confidence &&
         (drum || (note.offset - note.onset >= settings.shortest - kLengthSlack &&
                   note.pitch >= settings.lowest && note.pitch <= settings.highest));
}

bool snaps(const ViewSettings& settings) {
  return (settings.scale & kAllDegrees) != kAllDegrees;
}

/// The pitch of the scale nearest to `pitch`, the lower of two.
int snapped(int pitch, const ViewSettings& settings) {
  const auto in_scale = [&](int candidate) {
    const int degree = ((candidate - settings.scale_root) % 12 + 12) % 12;
    return candidate >= 0 && candidate <= 127 && ((settings.scale >> degree) & 1U) != 0;
  };
  for (int distance = 0; distance < 12; ++distance) {
    for (const int candidate : {pitch - distance, pitch + distance}) {
      if (in_scale(candidate)) {
        return candidate;
      }
    }
  }
  return pitch;
}

double quantised(double onset, const ViewSettings& settings, const TempoMap& tempo) {
  const double line = std::max(0.0, nearest_grid_line(onset, settings, tempo));
  const auto strength = static_cast<double>(settings.strength);
  return strength >= 1.0 ? line : onset + std::max(0.0, strength) * (line - onset);
}

/// Quarters of the line with this index, counted from its bar.
double grid_line(double index, const ViewSettings& settings) {
  const double pair = std::floor(index / 2.0);
  const double swing = 2.0 * std::clamp(static_cast<double>(settings.swing), 0.5, 0.75);
  return settings.grid * (2.0 * pair + (index > 2.0 * pair ? swing : 0.0));
}

void arrange_note(Note& note, const ViewSettings& settings, const TempoMap& tempo) {
  if (!note.edited) {
    if (settings.grid > 0.0) {
      const double duration = note.offset - note.onset;
      note.onset = quantised(note.onset, settings, tempo);
      note.offset = note.onset + duration;
    }
    if (!note.lane.is_drum && snaps(settings)) {
      note.pitch = snapped(note.pitch, settings);
    }
  }
  if (!note.lane.is_drum) {
    note.pitch += settings.transpose;
  }
  note.onset = std::max(0.0, note.onset);
  // Not for the last digit of what is long enough: the notes are those of the package.
  if (note.offset - note.onset < kShortestNote - kLengthSlack) {
    note.offset = note.onset + kShortestNote;
  }
}

/// Gives the notes of instruments that are hardly there to others; leaves `notes` in order of
/// onset.
void settle_lanes(NoteList& notes, double least_share) {
  std::stable_sort(notes.begin(), notes.end(),
                   [](const Note& a, const Note& b) { return a.onset < b.onset; });
  std::vector<scorelane::Note> plain;
  plain.reserve(notes.size());
  for (const Note& note : notes) {
    plain.push_back({note.onset, note.offset, note.pitch, note.lane.program, note.lane.is_drum,
                     note.velocity, note.confidence});
  }
  const auto programs = settled_programs(plain, least_share);
  NoteList settled;
  settled.reserve(notes.size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (!notes[i].edited) {
      if (programs[i] == kGone) {
        continue;
      }
      notes[i].lane.program = programs[i];
    }
    settled.push_back(notes[i]);
  }
  notes = std::move(settled);
}

/// Of notes that begin together on one pitch of a lane, keeps an edited one or the longest.
void drop_twins(NoteList& notes) {
  const auto together = [](const Note& a, const Note& b) {
    return a.onset == b.onset && a.lane == b.lane && a.pitch == b.pitch;
  };
  NoteList kept;
  kept.reserve(notes.size());
  for (const Note& note : notes) {
    if (kept.empty() || !together(kept.back(), note)) {
      kept.push_back(note);
    } else if (std::make_tuple(note.edited, note.offset) >
               std::make_tuple(kept.back().edited, kept.back().offset)) {
      kept.back() = note;
    }
  }
  notes = std::move(kept);
}

}  // namespace

NoteList arrange(const NoteList& notes, const ViewSettings& settings, const TempoMap& tempo) {
  NoteList kept;
  std::copy_if(notes.begin(), notes.end(), std::back_inserter(kept),
               [&](const Note& note) { return passes(note, settings); });
  if (settings.tidy_lanes && settings.least_share > 0.0) {
    settle_lanes(kept, settings.least_share);
  }
  NoteList result;
  result.reserve(kept.size());
  for (Note note : kept) {
    arrange_note(note, settings, tempo);
    if (note.pitch >= 0 && note.pitch <= 127) {
      result.push_back(note);
    }
  }
  std::stable_sort(result.begin(), result.end(), plays_before);
  if (settings.grid > 0.0 || snaps(settings)) {
    drop_twins(result);
  }
  return result;
}

double nearest_grid_line(double seconds, const ViewSettings& settings, const TempoMap& tempo) {
  if (!(settings.grid > 0.0)) {
    return seconds;
  }
  const double here = tempo.quarters_at(seconds) + tempo.first_quarter();
  const double bar = tempo.quarters_per_bar();
  const double bar_start = std::floor(here / bar) * bar;
  const double within = here - bar_start;

  // The next bar's first line is always one, whether or not the grid divides the bar.
  double nearest = bar;
  const double index = std::floor(within / settings.grid);
  for (const double i : {index - 1.0, index, index + 1.0}) {
    const double line = grid_line(i, settings);
    if (i >= 0.0 && line < bar && std::abs(line - within) < std::abs(nearest - within)) {
      nearest = line;
    }
  }
  return tempo.seconds_at(bar_start + nearest - tempo.first_quarter());
}

float confidence_threshold(float sensitivity, float default_confidence) {
  if (sensitivity >= 0.5F) {
    return 2.0F * (1.0F - sensitivity) * default_confidence;
  }
  return kStrictest + 2.0F * sensitivity * (default_confidence - kStrictest);
}

}  // namespace scorelane::plugin
