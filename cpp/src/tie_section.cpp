#include "scorelane/tie_section.h"

#include <algorithm>

namespace scorelane {

TieSection::TieSection(const Vocabulary& vocabulary, bool programs, TieRule rule)
    : vocabulary_(vocabulary),
      rule_(std::move(rule)),
      programs_(programs),
      open_(rule_.held != HeldNotes::kFree),
      program_(programs ? -1 : 0) {}

std::vector<Token> TieSection::next() const {
  return rule_.held == HeldNotes::kForced ? std::vector<Token>{forced()} : choices();
}

Token TieSection::forced() const {
  if (at_ == rule_.sounding.size()) return vocabulary_.tie();
  const auto [program, pitch] = rule_.sounding[at_];
  return program == program_ ? vocabulary_.first_pitch() + pitch
                             : vocabulary_.first_program() + program;
}

std::vector<Token> TieSection::choices() const {
  std::vector<Token> tokens;
  if (!after_program_) tokens.push_back(vocabulary_.tie());
  std::int32_t offered = program_;
  for (std::size_t i = at_; i < rule_.sounding.size(); ++i) {
    const auto [program, pitch] = rule_.sounding[i];
    if (program == program_) {
      tokens.push_back(vocabulary_.first_pitch() + pitch);
    } else if (program != offered && !after_program_) {
      tokens.push_back(vocabulary_.first_program() + program);
      offered = program;
    }
  }
  return tokens;
}

void TieSection::consume(Token token) {
  const Event event = vocabulary_.event(token);
  NoteKey first{program_, 0};  // of those that may still be named
  after_program_ = event.kind == EventKind::kProgram && programs_;
  if (event.kind == EventKind::kTie) open_ = false;
  if (after_program_) {
    program_ = event.value;
    first = {program_, 0};
  } else if (event.kind == EventKind::kPitch) {
    first = {program_, event.value + 1};
  }
  const auto found = std::lower_bound(rule_.sounding.begin(), rule_.sounding.end(), first);
  at_ = std::max(at_, static_cast<std::size_t>(found - rule_.sounding.begin()));
}

}  // namespace scorelane
