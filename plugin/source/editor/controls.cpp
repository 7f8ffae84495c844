#include "editor/controls.h"

#include "editor/instruments_popup.h"
#include "editor/players_menu.h"
#include "session/parameters.h"

namespace scorelane::plugin {
namespace {

constexpr int kSliderHeight = 35;
constexpr int kBoxHeight = 26;
constexpr int kSwitchHeight = 26;
constexpr int kMargin = 14;

/// Names a group.
struct Heading : juce::Component {
  explicit Heading(const juce::String& text) : text_(text) { setTitle(text); }

  void paint(juce::Graphics& g) override {
    g.setColour(palette::kFaint.brighter(0.2F));
    g.setFont(ui_font(12.0F, Weight::kStrong));
    g.drawText(text_, getLocalBounds(), juce::Justification::bottomLeft);
  }

 private:
  juce::String text_;
};

/// Key and scale side by side.
struct ScaleRow : juce::Component {
  ScaleRow(juce::RangedAudioParameter& root, juce::RangedAudioParameter& scale)
      : root_(root, "", "The scale's first note"),
        scale_(scale, "", "Notes outside the scale move to the nearest one in it") {
    root_.box().setTitle("Scale root");
    scale_.box().setTitle("Scale");
    addAndMakeVisible(root_);
    addAndMakeVisible(scale_);
  }

  void resized() override {
    auto area = getLocalBounds();
    root_.setBounds(area.removeFromLeft(58));
    scale_.setBounds(area.withTrimmedLeft(6));
  }

 private:
  ChoiceRow root_;
  ChoiceRow scale_;
};

/// A name to the left of a button.
struct ButtonRow : juce::Component {
  explicit ButtonRow(const juce::String& name) : name_(name) { addAndMakeVisible(button); }

  void resized() override { button.setBounds(getLocalBounds().removeFromRight(108)); }

  void paint(juce::Graphics& g) override {
    g.setColour(palette::kText.withAlpha(0.92F));
    g.setFont(ui_font(13.5F));
    g.drawText(name_, getLocalBounds(), juce::Justification::centredLeft);
  }

  juce::TextButton button;

 private:
  juce::String name_;
};

}  // namespace

Controls::Controls(Workspace& workspace) : workspace_(workspace) {
  setTitle("Controls");
  view_.setViewedComponent(&list_, false);
  view_.setScrollBarsShown(true, false);
  view_.setScrollBarThickness(9);
  addAndMakeVisible(view_);
  add_filters();
  add_rhythm();
  add_pitch();
  add_sound();
  workspace_.add(*this);
  notes_changed();
  view_changed();
}

Controls::~Controls() {
  workspace_.remove(*this);
}

juce::RangedAudioParameter& Controls::parameter(const char* id) const {
  return *workspace_.processor().parameters().getParameter(id);
}

template <typename Row>
Row& Controls::add(std::unique_ptr<Row> row, int height, int space, int overhang) {
  Row& added = *row;
  list_.addAndMakeVisible(added);
  entries_.push_back({std::move(row), height, space, overhang});
  return added;
}

void Controls::add_heading(const juce::String& text) {
  add(std::make_unique<Heading>(text), 20, entries_.empty() ? 6 : 8);
}

juce::TextButton& Controls::add_button(const juce::String& name, const juce::String& title,
                                       const juce::String& tooltip) {
  auto& button = add(std::make_unique<ButtonRow>(name), kBoxHeight, 4).button;
  button.setTitle(title);
  button.setTooltip(tooltip);
  button.setMouseClickGrabsKeyboardFocus(false);
  return button;
}

SliderRow& Controls::add_slider(const char* id, const juce::String& name,
                                const juce::String& tooltip, Format format) {
  return add(std::make_unique<SliderRow>(parameter(id), name, tooltip, std::move(format)),
             kSliderHeight, kSpace, kOverhang);
}

void Controls::add_filters() {
  add_heading("Notes");
  add_slider(parameter::kSensitivity, "Sensitivity",
             "How sure the network must be of a note. More shows fainter notes, and more mistakes.",
             percent_format());
  players_ = &add_button("Players", "Players",
                         "Who plays, where you know it: nobody else can appear, and each one is "
                         "listened for when you transcribe again");
  players_->onClick = [this] { show_players_menu(workspace_, *players_); };
  instruments_ = &add_button("Instruments", "Instruments allowed", "Which instruments may appear");
  instruments_->onClick = [this] {
    popup_.show(std::make_unique<InstrumentsPopup>(workspace_.processor().parameters()),
                *instruments_);
  };
  add_slider(parameter::kShortest, "Minimum length", "Shorter notes are left out. Drums stay.",
             unit_format("ms", 0));
  add(std::make_unique<PitchRangeRow>(parameter(parameter::kLowest),
                                      parameter(parameter::kHighest)),
      kSliderHeight, kSpace, kOverhang);
  add(std::make_unique<SwitchRow>(parameter(parameter::kTidyLanes), "Tidy lanes",
                                  "Instruments that are hardly there give their notes to those "
                                  "that sound around them, and kinds of one instrument are one"),
      kSwitchHeight);
}

void Controls::add_rhythm() {
  add_heading("Rhythm");
  add(std::make_unique<ChoiceRow>(parameter(parameter::kGrid), "Quantise",
                                  "Notes begin on this grid; also what edits snap to"),
      kBoxHeight);
  strength_ = &add_slider(parameter::kStrength, "Strength", "How far notes move towards the grid.",
                          percent_format());
  swing_ = &add_slider(parameter::kSwing, "Swing", "How late every second line of the grid is.",
                       percent_format());
  add_slider(parameter::kTempo, "Tempo", "Used where the host gives none, and for dropped files.",
             unit_format("BPM", 1));
}

void Controls::add_pitch() {
  add_heading("Pitch");
  add(std::make_unique<ScaleRow>(parameter(parameter::kScaleRoot), parameter(parameter::kScale)),
      kBoxHeight);
  add_slider(parameter::kTranspose, "Transpose", "All but the drums, in semitones.",
             {[](double value) {
                const int steps = juce::roundToInt(value);
                return (steps > 0 ? "+" : "") + juce::String(steps) + " st";
              },
              [](const juce::String& text) {
                return text.retainCharacters("0123456789-").getDoubleValue();
              }});
}

void Controls::add_sound() {
  add_heading("Sound");
  add(std::make_unique<SwitchRow>(parameter(parameter::kMidiOut), "MIDI out",
                                  "Play the audible lanes to the host, in time with it"),
      kSwitchHeight);
  add_slider(parameter::kMix, "Original / preview",
             "Left: the recording untouched. Right: the notes as they sound.",
             {[](double value) {
                if (value <= 0.0) return juce::String("Original");
                if (value >= 1.0) return juce::String("Preview");
                return juce::String(juce::roundToInt(value * 100.0)) + " %";
              },
              percent_format().read});
  add_slider(parameter::kPreviewLevel, "Preview level", "How loud the notes sound.",
             unit_format("dB", 1));
}

void Controls::notes_changed() {
  players_->setButtonText(named_players(workspace_.session().players()));
  instruments_->setButtonText(allowed_instruments(workspace_.processor().parameters()));
}

void Controls::view_changed() {
  const bool quantised = workspace_.grid().has_steps();
  strength_->setEnabled(quantised);
  swing_->setEnabled(quantised);
}

void Controls::resized() {
  view_.setBounds(getLocalBounds().withTrimmedLeft(1));
  int height = kMargin;
  for (const auto& entry : entries_) height += entry.space + entry.height;
  const bool scrolls = height > getHeight();
  list_.setSize(view_.getWidth() - (scrolls ? 9 : 0), height);
  const int width = list_.getWidth() - 2 * kMargin + (scrolls ? 5 : 0);
  int y = 0;
  for (const auto& entry : entries_) {
    y += entry.space;
    entry.component->setBounds(kMargin - entry.overhang, y, width + 2 * entry.overhang,
                               entry.height);
    y += entry.height;
  }
}

void Controls::paint(juce::Graphics& g) {
  g.fillAll(palette::kPanel);
  g.setColour(palette::kLine);
  g.fillRect(0, 0, 1, getHeight());
}

}  // namespace scorelane::plugin
