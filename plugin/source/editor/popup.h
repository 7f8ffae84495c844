#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include <memory>

namespace scorelane::plugin {

/// Shows a menu at a button, or where the mouse is. It looks like the editor and lies inside its
/// window: some hosts mishandle windows that a plugin opens.
enum class MenuPlace { kTarget, kMouse };
void show_menu(juce::PopupMenu menu, juce::Component& target, MenuPlace place = MenuPlace::kTarget);

/// A panel that hangs from a button until one clicks elsewhere. It never outlives its owner: a host
/// may close the editor, and the plugin with it, while it is open.
class Popup {
 public:
  void show(std::unique_ptr<juce::Component> content, juce::Component& anchor);

 private:
  std::unique_ptr<juce::Component> content_;
  std::unique_ptr<juce::CallOutBox> box_;
};

}  // namespace scorelane::plugin
