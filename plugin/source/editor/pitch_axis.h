#pragma once

#include <functional>
#include <optional>
#include <vector>

namespace scorelane::plugin {

/// One row of the piano roll.
struct Row {
  bool is_drum = false;
  int pitch = 60;  ///< the General MIDI key for drums

  friend bool operator==(Row a, Row b) { return a.is_drum == b.is_drum && a.pitch == b.pitch; }
};

/// Which row lies at which y: pitches above, which scroll and zoom; below them the drum keys in
/// use, all of them in sight.
class PitchAxis {
 public:
  static constexpr float kLeastRow = 4.0F;
  static constexpr float kMostRow = 30.0F;

  float row_height() const { return row_; }
  float drum_row_height() const { return drum_row_; }
  float pitched_height() const { return pitched_height_; }  ///< drums begin at this y
  float height() const { return height_; }
  const std::vector<int>& drum_keys() const { return drum_keys_; }  ///< from the top
  float top() const { return top_; }  ///< pitch at y = 0, as a fraction; 128 is the upper end

  float y(Row row) const;  ///< upper edge
  float height(Row row) const { return row.is_drum ? drum_row_ : row_; }
  std::optional<Row> row_at(float y) const;

  void set_height(float pixels);
  void set_content(std::vector<int> drum_keys, bool has_pitched);
  void set(float row_height, float top);  ///< as restored; brought into range
  void scroll_by(float pixels) { set(row_, top_ - pixels / row_); }
  void zoom(float factor, float anchor_y);
  void fit(int lowest, int highest);  ///< pitches
  void reveal(int pitch);

  std::function<void()> on_change;

 private:
  void settle();

  std::vector<int> drum_keys_;
  bool has_pitched_ = true;
  float height_ = 300.0F;
  float pitched_height_ = 300.0F;
  float row_ = 11.0F;
  float drum_row_ = 15.0F;
  float top_ = 96.0F;
};

}  // namespace scorelane::plugin
