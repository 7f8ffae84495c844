#pragma once

#include <cstdint>
#include <vector>

#include "scorelane/model_config.h"
#include "scorelane/network.h"
#include "scorelane/note_decoder.h"

namespace scorelane {

/// The instruments that play in one recording, and who of them plays each note.
///
/// The network hears two seconds at a time and judges every note by itself, so that one guitar is
/// now a guitar and now a harp. But few instruments play in a recording, each in its register: a
/// mixture model of them, fitted to all notes at once (expectation maximisation), weighs how a
/// note sounds against who plays the others. What it has learned it keeps for the notes to come.
///
/// Where the players were named, each is there, and however much the others play does not speak
/// against one; their registers say more.
class Ensemble {
 public:
  Ensemble(const ModelConfig& config, const InstrumentMask& mask);

  /// Sets `player` of the notes that begin in `rows`, where their heads say how they sound.
  void name_players(std::vector<TokenRow>& rows);

 private:
  /// What is known of an instrument: how many notes are its own, and where they lie.
  struct Part {
    double notes, pitches, squares;
  };
  struct Sound {
    NoteHead* head;
    double pitch;
  };

  std::vector<Sound> beginnings(std::vector<TokenRow>& rows) const;
  std::vector<Part> assign(const std::vector<Sound>& sounds, const std::vector<Part>& parts) const;

  Vocabulary vocabulary_;
  bool ties_;
  std::vector<std::int32_t> programs_;
  std::vector<char> may_play_;          ///< of each of `programs_`
  std::vector<std::size_t> player_of_;  ///< of each of `programs_`, counted from 0
  std::size_t players_ = 1;
  std::vector<Part> heard_;  ///< of each of `programs_`, in the groups before
};

}  // namespace scorelane
