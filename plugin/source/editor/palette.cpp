#include "editor/palette.h"

#include <cmath>

#include "notes/instruments.h"

namespace scorelane::plugin {
namespace {

constexpr float kLeastLuminance = 0.19F;  // a contrast of 4 to 1 with the canvas

float linear(float channel) {
  return channel <= 0.04045F ? channel / 12.92F : std::pow((channel + 0.055F) / 1.055F, 2.4F);
}

/// Relative luminance as in WCAG 2.
float luminance(juce::Colour colour) {
  return 0.2126F * linear(colour.getFloatRed()) + 0.7152F * linear(colour.getFloatGreen()) +
         0.0722F * linear(colour.getFloatBlue());
}

}  // namespace

juce::Colour colour_on_dark(LaneKey lane) {
  const juce::Colour colour(0xff000000U | lane_colour(lane));
  for (float white = 0.0F; white < 1.0F; white += 0.03F) {
    const juce::Colour lighter = colour.interpolatedWith(juce::Colours::white, white);
    if (luminance(lighter) >= kLeastLuminance) return lighter;
  }
  return juce::Colours::white;
}

}  // namespace scorelane::plugin
