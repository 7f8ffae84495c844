#pragma once

#include <juce_gui_basics/juce_gui_basics.h>

#include "notes/note.h"

namespace scorelane::plugin {

/// The editor's colours. Surfaces go from dark (behind) to light (in front).
namespace palette {
inline const juce::Colour kCanvas{0xff111317};    ///< behind the notes
inline const juce::Colour kBlackRow{0xff0d0f12};  ///< rows of black keys
inline const juce::Colour kPanel{0xff191c21};
inline const juce::Colour kField{0xff252930};  ///< buttons, boxes, tracks of sliders
inline const juce::Colour kFieldHover{0xff2e333c};
inline const juce::Colour kPopup{0xff1e2127};
inline const juce::Colour kLine{0xff2b3037};
inline const juce::Colour kText{0xffe7e9ed};
inline const juce::Colour kDim{0xffa2a9b5};
inline const juce::Colour kFaint{0xff737b88};
inline const juce::Colour kAccent{0xff57c7b0};
inline const juce::Colour kOnAccent{0xff0b1f1b};
inline const juce::Colour kRecord{0xfff0525a};
inline const juce::Colour kSolo{0xffe9c46a};
inline const juce::Colour kMute{0xff7fa6e8};
inline const juce::Colour kPlayhead{0xfff4f5f7};
}  // namespace palette

/// A lane's colour, lightened where it would sink into the dark canvas; the hue stays.
juce::Colour colour_on_dark(LaneKey lane);

}  // namespace scorelane::plugin
