#pragma once

#include <juce_core/juce_core.h>

#include <vector>

namespace scorelane::plugin {

/// Where the things lie that come with the plugin. Found from the place of this binary, so that a
/// bundle can be moved.
namespace bundle {

/// The folder of the binary that holds this code: the plugin, the application, or the Python
/// module.
juce::File folder();

/// The engine's library; may not exist.
juce::File engine_library();

/// The model that ships with the plugin; may not exist.
juce::File model();

struct KnownModel {
  juce::String name;
  juce::File archive;
};

/// Models that `scorelane models import` or `fetch` put into the user's data folder.
std::vector<KnownModel> installed_models();

/// A file for a new recording, in the user's data folder. Its name begins with `title` and is new
/// even where several instances ask at the same moment.
juce::File new_take(const juce::String& title);

/// The folder for files that are dragged out; it may be missing.
juce::File drags();

}  // namespace bundle
}  // namespace scorelane::plugin
