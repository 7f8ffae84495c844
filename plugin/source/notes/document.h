#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "notes/lanes.h"
#include "notes/note.h"

namespace scorelane::plugin {

/// What undo and redo go back and forth between.
struct DocumentState {
  NoteList notes;
  LaneSettingsMap lanes;
};

/// The notes of a take as the user left them, with undo. Not thread safe; the session guards it.
class Document {
 public:
  const DocumentState& now() const { return *now_; }

  /// Changes the state as one undoable step, or as none where nothing changes. `merge`: with the
  /// step before, where that has the same name; a drag that begins without and goes on with it is
  /// one step. Notes without an id of their own get one; the list is sorted; values are brought
  /// into range, and notes whose time is no number are dropped.
  void edit(const std::string& what, const std::function<void(DocumentState&)>& change,
            bool merge = false);

  /// Another take: all is forgotten.
  void reset(DocumentState state = {});

  /// Adds notes that the network wrote. No step of its own: the steps before get them too.
  void append(const NoteList& notes);

  bool undo();  ///< false: nothing to undo
  bool redo();
  std::string undo_name() const;  ///< of the step that undo() would take back; "" for none
  std::string redo_name() const;

 private:
  struct Step {
    std::string what;
    std::shared_ptr<const DocumentState> before;
  };

  std::shared_ptr<const DocumentState> put_in_order(DocumentState state);
  void forget_oldest();

  std::shared_ptr<const DocumentState> now_ = std::make_shared<DocumentState>();
  std::vector<Step> done_;
  std::vector<Step> undone_;  ///< `before` holds the state after the step
  std::uint32_t next_id_ = 1;

  static constexpr std::size_t kMostSteps = 100;
  static constexpr std::size_t kMostNotes = 2'000'000;  ///< in all steps together, about 100 MB
};

}  // namespace scorelane::plugin
