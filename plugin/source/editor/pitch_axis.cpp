#include "editor/pitch_axis.h"

#include <algorithm>
#include <cmath>

namespace scorelane::plugin {
namespace {

constexpr float kPitches = 128.0F;
constexpr float kDrumRow = 16.0F;
constexpr float kDrumGap = 5.0F;    // between the pitches and the drums
constexpr float kDrumShare = 0.5F;  // of the height, at most

}  // namespace

float PitchAxis::y(Row row) const {
  if (!row.is_drum) return (top_ - static_cast<float>(row.pitch) - 1.0F) * row_;
  // Keys that have no row lie where they would be inserted.
  const auto after = std::lower_bound(drum_keys_.begin(), drum_keys_.end(), row.pitch,
                                      [](int key, int wanted) { return key > wanted; });
  const auto place = static_cast<float>(after - drum_keys_.begin());
  return pitched_height_ + (has_pitched_ ? kDrumGap : 0.0F) + place * drum_row_;
}

std::optional<Row> PitchAxis::row_at(float y) const {
  if (y < 0.0F || y >= height_) return std::nullopt;
  if (y < pitched_height_) {
    const int pitch = static_cast<int>(std::floor(top_ - y / row_));
    return pitch >= 0 && pitch <= 127 ? std::optional(Row{false, pitch}) : std::nullopt;
  }
  const float below = y - pitched_height_ - (has_pitched_ ? kDrumGap : 0.0F);
  const auto place = static_cast<std::size_t>(std::max(0.0F, below / drum_row_));
  if (below < 0.0F || place >= drum_keys_.size()) return std::nullopt;
  return Row{true, drum_keys_[place]};
}

void PitchAxis::set_height(float pixels) {
  height_ = std::max(1.0F, pixels);
  settle();
}

void PitchAxis::set_content(std::vector<int> drum_keys, bool has_pitched) {
  std::sort(drum_keys.begin(), drum_keys.end(), std::greater<>());
  drum_keys_ = std::move(drum_keys);
  has_pitched_ = has_pitched || drum_keys_.empty();
  settle();
}

void PitchAxis::set(float row_height, float top) {
  if (!std::isfinite(row_height) || !std::isfinite(top)) return;
  row_ = row_height;
  top_ = top;
  settle();
}

void PitchAxis::zoom(float factor, float anchor_y) {
  const float pitch = top_ - anchor_y / row_;
  const float next = std::clamp(row_ * factor, kLeastRow, kMostRow);
  set(next, pitch + anchor_y / next);
}

void PitchAxis::fit(int lowest, int highest) {
  constexpr float kAir = 2.0F;  // rows above and below
  const float rows = static_cast<float>(highest - lowest) + 1.0F + 2.0F * kAir;
  const float row = std::clamp(pitched_height_ / rows, kLeastRow, 16.0F);
  const float middle = 0.5F * static_cast<float>(lowest + highest + 1);
  set(row, middle + 0.5F * pitched_height_ / row);
}

void PitchAxis::reveal(int pitch) {
  const float upper = y({false, pitch});
  if (upper < 0.0F) scroll_by(upper - row_);
  if (upper + row_ > pitched_height_) scroll_by(upper + 2.0F * row_ - pitched_height_);
}

void PitchAxis::settle() {
  const auto keys = static_cast<float>(drum_keys_.size());
  const float room = has_pitched_ ? height_ * kDrumShare : height_;
  drum_row_ = keys > 0.0F ? std::min(kDrumRow, (room - kDrumGap) / keys) : kDrumRow;
  pitched_height_ = has_pitched_ ? height_ : 0.0F;
  if (has_pitched_ && keys > 0.0F) pitched_height_ -= kDrumGap + keys * drum_row_;

  const float least = std::max(kLeastRow, pitched_height_ / kPitches);
  row_ = std::clamp(row_, least, std::max(least, kMostRow));
  top_ = std::clamp(top_, std::min(kPitches, pitched_height_ / row_), kPitches);
  if (on_change) on_change();
}

}  // namespace scorelane::plugin
