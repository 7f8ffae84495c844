#pragma once

#include <juce_audio_basics/juce_audio_basics.h>

#include "notes/lanes.h"
#include "notes/tempo_map.h"

namespace scorelane::plugin {

/// A type-1 MIDI file: a tempo track, then one named track per lane (program change first). The
/// file's time 0 is the take's start. Every note-on has its note-off: where two notes of one pitch
/// share a channel, the earlier ends where the later begins. Times are kept to within 1 ms.
///
/// Notes of no lane in `lanes` are left out: one lane alone makes a file of that lane. Bars count
/// from the file's start too, so they fall on the host's where the take began on a bar
/// (`first_quarter` a multiple of the bar) or the file is put where the take began.
juce::MidiFile make_midi_file(const NoteList& notes, const std::vector<Lane>& lanes,
                              const TempoMap& tempo, const juce::String& title);

/// Written beside and renamed. The error is a sentence for the user.
juce::Result write_midi_file(const juce::MidiFile& midi, const juce::File& target);

}  // namespace scorelane::plugin
