#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "scorelane/vocabulary.h"

namespace scorelane {

/// How it is found which notes are held over the border between two segments.
enum class HeldNotes {
  kFree,    ///< each segment says for itself which notes it takes up: all are decoded together
  kLinked,  ///< a segment chooses among the notes that sound at the end of the one before
  kForced,  ///< a segment takes up all of them; each lasts until its end is written
};

/// Program and pitch of a sounding note.
using NoteKey = std::pair<std::int32_t, std::int32_t>;

/// What the tie section of a row may say.
struct TieRule {
  HeldNotes held = HeldNotes::kFree;
  std::vector<NoteKey> sounding;  ///< in rising order; read where not `kFree`
};

/// Follows the tie section of one row and says which tokens keep to its rule.
class TieSection {
 public:
  /// Without `programs`, as in a model of granularity "flat", pitches stand alone.
  TieSection(const Vocabulary& vocabulary, bool programs, TieRule rule);

  /// Whether there is a rule for the next token: not after `tie`, and never where all is free.
  bool open() const { return open_; }

  /// The tokens that may come next in an open section; at least one.
  std::vector<Token> next() const;

  void consume(Token token);

 private:
  std::vector<Token> choices() const;
  Token forced() const;

  Vocabulary vocabulary_;
  TieRule rule_;
  bool programs_;
  bool open_;
  bool after_program_ = false;
  std::int32_t program_;  ///< in force, -1 before the first
  std::size_t at_ = 0;    ///< the first of the sounding notes that may still be named
};

}  // namespace scorelane
