#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include <functional>
#include <memory>

namespace scorelane::plugin {

struct FileQuestion {
  juce::String title;
  juce::File start;      ///< a folder, or the file that is proposed
  juce::String pattern;  ///< such as "*.mid;*.midi"
  bool saving = false;   ///< else an existing file is wanted
};

/// Asks for a file: in a dialog of the system's, or in the editor's window where the system has
/// none (Linux without zenity or kdialog). It never outlives its owner.
class FileDialog {
 public:
  /// `part` is any part of the editor. `chosen` is not called if the user cancels.
  void ask(const FileQuestion& question, juce::Component& part,
           std::function<void(const juce::File&)> chosen);

 private:
  std::unique_ptr<juce::FileChooser> chooser_;
};

}  // namespace scorelane::plugin
