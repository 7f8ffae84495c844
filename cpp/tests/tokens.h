#pragma once

#include <vector>

#include "scorelane/note_decoder.h"

/// Short names for tokens of the vocabulary with one velocity bin.
namespace tokens {

using scorelane::Token;
using scorelane::TokenRow;
using scorelane::Vocabulary;

inline constexpr Vocabulary kVocabulary;
inline constexpr Token kTie = kVocabulary.tie();
inline constexpr Token kOn = kVocabulary.first_velocity() + 1;
inline constexpr Token kOff = kVocabulary.first_velocity();

constexpr Token shift(int steps) {
  return kVocabulary.first_shift() + steps;
}
constexpr Token pitch(int value) {
  return kVocabulary.first_pitch() + value;
}
constexpr Token program(int value) {
  return kVocabulary.first_program() + value;
}
constexpr Token drum(int key) {
  return kVocabulary.first_drum() + key;
}

inline TokenRow row(std::vector<Token> values) {
  return TokenRow{std::move(values), {}};
}

}  // namespace tokens
