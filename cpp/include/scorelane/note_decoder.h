#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "scorelane/note.h"
#include "scorelane/tie_section.h"
#include "scorelane/vocabulary.h"

namespace scorelane {

/// What the network says about the note whose pitch or drum token stands at the same place.
struct NoteHead {
  std::int32_t velocity = 0;   ///< 1-127, or 0 to use the velocity token's
  float confidence = 1.0F;     ///< 0-1
  std::vector<float> players;  ///< log probability of each of the model's programs, if it says any
  std::int32_t player = -1;    ///< the program that plays it; -1: the one in force
};

/// The tokens of one segment up to, not including, EOS; `heads` is empty or as long as `tokens`.
struct TokenRow {
  std::vector<Token> tokens;
  std::vector<NoteHead> heads;
};

/// Events that broke the grammar and were skipped.
struct SkippedEvents {
  std::int64_t unknown_token = 0;     ///< padding, "unknown", or an id past the vocabulary
  std::int64_t past_limit = 0;        ///< tokens dropped after a shift beyond the segment's end
  std::int64_t backwards = 0;         ///< an event earlier than the one before it
  std::int64_t inactive_offset = 0;   ///< a note-off for a pitch that is not sounding
  std::int64_t undeclarable_tie = 0;  ///< a tied pitch that is not sounding
  std::int64_t duplicate_tie = 0;     ///< the same pitch tied twice
  std::int64_t stray_tie = 0;         ///< a second `tie` in one segment
  std::int64_t silent_drum = 0;       ///< a drum with velocity zero
};

/// Turns the tokens of consecutive segments into notes. A pure state machine: any sequence of
/// tokens is accepted, what makes no sense is counted and skipped, and every note that comes out
/// is at least `kMinimumSteps` long.
///
/// Time inside is counted in steps of the vocabulary (10 ms), so segments join without rounding.
class NoteDecoder {
 public:
  static constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

  /// Without `ties`, as in MT3's piano model, rows have no tie section: what sounds goes on into
  /// the next segment until it is ended there. The steps that `linger` holds for its program's
  /// group are added to every note that is ended, but none sounds on over its segment's limit or
  /// into its next stroke.
  explicit NoteDecoder(const Vocabulary& vocabulary, bool ties = true, const Linger& linger = {})
      : vocabulary_(vocabulary), linger_(linger), ties_(ties) {}

  /// Reads one segment. `start` is its first step; a shift to a step beyond `limit` (the next
  /// segment's start) drops the rest of the segment.
  void decode(const TokenRow& row, std::int64_t start, std::int64_t limit = kNoLimit);

  /// Ends every sounding note at `step`: a segment that is known to be silent starts there.
  void end_sounding(std::int64_t step);

  /// Ends what still sounds at `end_seconds`, or at the last event's time where that is not given.
  void finish(std::optional<double> end_seconds = std::nullopt);

  /// The notes that sound now, by the programs that they were written for, in order; of more than
  /// `most` those that began last.
  std::vector<NoteKey> sounding(std::size_t most) const;

  /// Notes completed since the last call, in order of onset.
  std::vector<Note> take_notes();

  const SkippedEvents& skipped() const { return skipped_; }

 private:
  struct Sounding {
    std::int64_t onset;
    std::int32_t program;  ///< in force when it began; its key has the one that plays it
    std::int32_t velocity;
    float confidence;
    bool tied;
  };
  using SoundingMap = std::map<NoteKey, Sounding>;

  void apply(Event event, const NoteHead& head);
  void pitch(std::int32_t pitch, const NoteHead& head);
  void drum(std::int32_t key, const NoteHead& head);
  void tie_pitch(std::int32_t pitch);
  void close_tie_section();
  SoundingMap::iterator find(std::int32_t pitch);
  SoundingMap::iterator release(SoundingMap::iterator sounding, std::int64_t step);
  SoundingMap::iterator close(SoundingMap::iterator sounding, double end_seconds);
  void cut(const NoteKey& key);
  double seconds(std::int64_t step) const;

  Vocabulary vocabulary_;
  SoundingMap sounding_;
  std::vector<Note> notes_;
  std::map<NoteKey, std::size_t> lingering_;  ///< of each key the place in `notes_`
  SkippedEvents skipped_;
  std::int64_t segment_start_ = 0;
  std::int64_t limit_ = kNoLimit;
  std::int64_t now_ = 0;  ///< the time of the next event
  std::int64_t last_event_ = 0;
  std::int32_t program_ = 0;
  std::int32_t velocity_ = kDefaultVelocity;
  Linger linger_;
  bool ties_;
  bool in_tie_section_ = false;
  bool players_are_named_ = false;

  static constexpr std::int32_t kDefaultVelocity = 100;
  static constexpr std::int64_t kMinimumSteps = 1;
};

}  // namespace scorelane
