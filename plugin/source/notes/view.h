#pragma once

#include <array>

#include "notes/note.h"
#include "notes/tempo_map.h"

namespace scorelane::plugin {

/// What stands between the notes that were heard and those that are seen, played and exported. All
/// of it is recomputed in milliseconds; nothing here runs the network.
struct ViewSettings {
  std::array<bool, 16> classes;  ///< which MIDI classes (groups of eight programs) may appear
  bool drums = true;
  float least_confidence = 0.0F;
  double shortest = 0.0;  ///< seconds; pitched notes only
  int lowest = 0;         ///< MIDI pitches, pitched notes only
  int highest = 127;
  bool tidy_lanes = true;    ///< instruments that are hardly there give their notes to others
  double least_share = 0.0;  ///< 0-1: what an instrument then needs of what sounds around a note

  double grid = 0.0;       ///< quarters between grid lines: 1, 1/2, 1/3, ...; 0: no quantise
  float strength = 1.0F;   ///< 0-1: how far onsets move to the grid
  float swing = 0.5F;      ///< where every second grid line lies between its neighbours, 0.5-0.75
  int scale_root = 0;      ///< pitch class, 0 is C
  unsigned scale = 0xFFF;  ///< bit n: the pitch class `scale_root + n` is in the scale
  int transpose = 0;       ///< semitones; pitched notes only

  ViewSettings() { classes.fill(true); }
};

/// The notes that pass the filters, in tidy lanes, quantised, snapped to the scale and transposed,
/// in order. Edited notes pass every filter but the instruments', stay in their lane, and are
/// neither quantised nor snapped. Durations survive quantising; no note becomes shorter than 10 ms
/// or starts before 0. What is transposed beyond the MIDI pitches is left out. Where grid or scale
/// let notes of a lane begin together on one pitch, an edited one stays, else the longest: they
/// cannot sound together.
NoteList arrange(const NoteList& notes, const ViewSettings& settings, const TempoMap& tempo);

/// Where the grid line nearest to `seconds` lies, in seconds; `seconds` itself without a grid. Each
/// bar of the host starts the grid anew.
double nearest_grid_line(double seconds, const ViewSettings& settings, const TempoMap& tempo);

/// The confidence that a sensitivity (0-1) asks for: 0.99 at 0, the model's own at 0.5, 0 at 1;
/// the same as in `scorelane.transcription.confidence_threshold`.
float confidence_threshold(float sensitivity, float default_confidence);

}  // namespace scorelane::plugin
