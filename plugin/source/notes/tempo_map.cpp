#include "notes/tempo_map.h"

#include <algorithm>
#include <cmath>

namespace scorelane::plugin {

namespace {

double sane_bpm(double bpm) {
  return std::isfinite(bpm) ? std::clamp(bpm, TempoMap::kSlowest, TempoMap::kFastest) : 120.0;
}

bool is_beat_unit(int unit) {
  return unit >= 1 && unit <= 64 && (unit & (unit - 1)) == 0;
}

}  // namespace

TempoMap::TempoMap(double bpm, double first_quarter, int beats_per_bar, int beat_unit)
    : anchors_{{0.0, 0.0, sane_bpm(bpm)}},
      first_quarter_(std::isfinite(first_quarter) ? first_quarter : 0.0),
      beats_per_bar_(beats_per_bar >= 1 && beats_per_bar <= 64 ? beats_per_bar : 4),
      beat_unit_(is_beat_unit(beat_unit) ? beat_unit : 4) {}

void TempoMap::change(double seconds, double bpm) {
  bpm = sane_bpm(bpm);
  if (!std::isfinite(seconds) || bpm == anchors_.back().bpm) {
    return;
  }
  if (seconds <= anchors_.back().seconds) {
    anchors_.back().bpm = bpm;
  } else {
    anchors_.push_back({seconds, quarters_at(seconds), bpm});
  }
}

double TempoMap::quarters_at(double seconds) const {
  const auto after = std::upper_bound(anchors_.begin() + 1, anchors_.end(), seconds,
                                      [](double s, const Anchor& a) { return s < a.seconds; });
  const Anchor& anchor = *(after - 1);
  return anchor.quarters + (seconds - anchor.seconds) * anchor.bpm / 60.0;
}

double TempoMap::seconds_at(double quarters) const {
  const auto after = std::upper_bound(anchors_.begin() + 1, anchors_.end(), quarters,
                                      [](double q, const Anchor& a) { return q < a.quarters; });
  const Anchor& anchor = *(after - 1);
  return anchor.seconds + (quarters - anchor.quarters) * 60.0 / anchor.bpm;
}

}  // namespace scorelane::plugin
