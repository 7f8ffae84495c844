#include "editor/editor_state.h"

#include <cmath>

namespace scorelane::plugin {
namespace {

double number(const juce::var& value, double otherwise) {
  const bool is_number = value.isInt() || value.isInt64() || value.isDouble();
  const double read = is_number ? static_cast<double>(value) : otherwise;
  return std::isfinite(read) ? read : otherwise;
}

int whole(const juce::var& value, int otherwise, int least, int most) {
  return static_cast<int>(juce::jlimit(static_cast<double>(least), static_cast<double>(most),
                                       number(value, otherwise)));
}

bool flag(const juce::var& value, bool otherwise) {
  return value.isBool() ? static_cast<bool>(value) : otherwise;
}

}  // namespace

EditorState EditorState::read(const juce::String& json) {
  EditorState state;
  const juce::var all = juce::JSON::parse(json);
  if (!all.isObject()) return state;
  state.width = whole(all["width"], state.width, kLeastWidth, kMostWidth);
  state.height = whole(all["height"], state.height, kLeastHeight, kMostHeight);
  state.controls = flag(all["controls"], state.controls);
  state.follow = flag(all["follow"], state.follow);
  const juce::var lane = all["lane"];
  if (lane.isObject()) {
    const bool is_drum = flag(lane["drums"], false);
    state.lane = LaneKey{is_drum, is_drum ? 0 : whole(lane["program"], 0, 0, 127)};
  }
  const juce::var view = all["view"];
  state.has_view = view.isObject();
  state.per_second = number(view["pixels_per_second"], 0.0);
  state.scroll = number(view["seconds"], 0.0);
  state.row = static_cast<float>(number(view["row"], 0.0));
  state.top = static_cast<float>(number(view["pitch"], 0.0));
  return state;
}

juce::String EditorState::write() const {
  auto* all = new juce::DynamicObject;
  const juce::var owner(all);
  all->setProperty("width", width);
  all->setProperty("height", height);
  all->setProperty("controls", controls);
  all->setProperty("follow", follow);
  if (lane) {
    auto* one = new juce::DynamicObject;
    one->setProperty("drums", lane->is_drum);
    one->setProperty("program", lane->program);
    all->setProperty("lane", juce::var(one));
  }
  if (has_view) {
    auto* view = new juce::DynamicObject;
    view->setProperty("pixels_per_second", per_second);
    view->setProperty("seconds", scroll);
    view->setProperty("row", static_cast<double>(row));
    view->setProperty("pitch", static_cast<double>(top));
    all->setProperty("view", juce::var(view));
  }
  return juce::JSON::toString(owner, true);
}

}  // namespace scorelane::plugin
