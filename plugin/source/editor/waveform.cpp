#include "editor/waveform.h"

#include <algorithm>
#include <cmath>

#include "editor/look.h"

namespace scorelane::plugin {
namespace {

constexpr float kMostGain = 6.0F;  // quiet takes are drawn larger, up to this

}  // namespace

Waveform::Waveform(Workspace& workspace) : workspace_(workspace) {
  setTitle("Waveform");
  setTooltip("The recording. Click: move the playhead.");
  setBufferedToImage(true);
  setOpaque(true);
  workspace_.add(*this);
  take_changed();
}

Waveform::~Waveform() {
  workspace_.remove(*this);
}

void Waveform::take_changed() {
  const auto take = workspace_.take();
  if (take != take_) {
    take_ = take;
    peaks_.clear();
    loudest_ = 0.0F;
  }
  if (take_ != nullptr) {
    for (const Peak& peak : take_->peaks(peaks_.size())) {
      peaks_.push_back(peak);
      loudest_ = std::max({loudest_, peak.high, -peak.low});
    }
  }
  repaint();
}

Peak Waveform::between(double from, double to) const {
  const double rate = take_->sample_rate / Take::kPeakFrames;
  const auto last = static_cast<double>(peaks_.size());
  const auto begin = static_cast<std::size_t>(std::clamp(std::floor(from * rate), 0.0, last));
  const auto end = static_cast<std::size_t>(std::clamp(std::ceil(to * rate), 0.0, last));
  Peak all;
  for (std::size_t i = begin; i < end; ++i) {
    all.low = std::min(all.low, peaks_[i].low);
    all.high = std::max(all.high, peaks_[i].high);
  }
  return all;
}

void Waveform::paint(juce::Graphics& g) {
  g.fillAll(palette::kBlackRow);
  const auto height = static_cast<float>(getHeight());
  const float middle = height * 0.5F;
  g.setColour(palette::kLine);
  g.fillRect(0.0F, middle, static_cast<float>(getWidth()), 1.0F);
  g.fillRect(0.0F, height - 1.0F, static_cast<float>(getWidth()), 1.0F);
  if (take_ == nullptr || peaks_.empty()) return;

  const Status& status = workspace_.status();
  const bool busy = status.stage == Stage::kTranscribing || status.stage == Stage::kRecording ||
                    status.stage == Stage::kLoading;
  const auto& time = workspace_.time;
  const float gain = std::min(kMostGain, 0.92F / std::max(loudest_, 1e-4F)) * (middle - 2.0F);
  const auto clip = g.getClipBounds();
  juce::RectangleList<float> done;
  juce::RectangleList<float> waiting;
  const double end = take_->seconds();
  constexpr float kColumn = 1.0F;
  for (auto x = static_cast<float>(clip.getX()); x < static_cast<float>(clip.getRight());
       x += kColumn) {
    const double from = time.seconds(x);
    if (from > end) break;
    const Peak peak = between(from, time.seconds(x + kColumn));
    const float top = middle - std::max(peak.high * gain, 0.5F);
    const float bottom = middle - std::min(peak.low * gain, -0.5F);
    const bool is_done = !busy || from < status.seconds_done;
    (is_done ? done : waiting).addWithoutMerging({x, top, kColumn, bottom - top});
  }
  const bool recording = status.stage == Stage::kRecording;
  g.setColour(recording ? palette::kRecord.withAlpha(0.85F) : palette::kFaint.withAlpha(0.6F));
  g.fillRectList(waiting);
  g.setColour(palette::kDim);
  g.fillRectList(done);
}

void Waveform::mouseDown(const juce::MouseEvent& event) {
  if (event.mods.isMiddleButtonDown()) {
    panning_.begin(workspace_, event);
  } else {
    workspace_.seek(workspace_.time.seconds(event.position.x));
  }
}

void Waveform::mouseDrag(const juce::MouseEvent& event) {
  if (event.mods.isMiddleButtonDown()) {
    panning_.drag(workspace_, event, false);
  } else {
    workspace_.seek(workspace_.time.seconds(event.position.x));
  }
}

void Waveform::mouseWheelMove(const juce::MouseEvent& event, const juce::MouseWheelDetails& wheel) {
  navigate(workspace_, event, wheel, false);
}

void Waveform::mouseMagnify(const juce::MouseEvent& event, float factor) {
  magnify(workspace_, event, factor);
}

}  // namespace scorelane::plugin
