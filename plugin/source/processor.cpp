#include "processor.h"

#include <algorithm>
#include <cmath>

#include "editor/editor.h"
#include "session/state.h"

namespace scorelane::plugin {
namespace {

constexpr double kForever = 1e9;  ///< seconds

}  // namespace

Processor::Processor()
    : AudioProcessor(BusesProperties()
                         .withInput("Input", juce::AudioChannelSet::stereo(), true)
                         .withOutput("Output", juce::AudioChannelSet::stereo(), true)),
      parameters_(*this, nullptr, "parameters", make_parameters()),
      bypass_(
          dynamic_cast<juce::AudioParameterBool*>(parameters_.getParameter(parameter::kBypass))),
      session_({[this](const Presentation& presentation) { show(presentation); },
                [this](const std::shared_ptr<const Take>& take) { take_player_.show(take); },
                [this] { refresh(); }, [this] { recorded(); }}) {
  for (auto* each : getParameters()) {
    if (const auto* with_id = dynamic_cast<juce::AudioProcessorParameterWithID*>(each)) {
      parameters_.addParameterListener(with_id->paramID, this);
    }
  }
}

Processor::~Processor() {
  for (auto* each : getParameters()) {
    if (const auto* with_id = dynamic_cast<juce::AudioProcessorParameterWithID*>(each)) {
      parameters_.removeParameterListener(with_id->paramID, this);
    }
  }
}

bool Processor::isBusesLayoutSupported(const BusesLayout& layout) const {
  const auto input = layout.getMainInputChannelSet();
  return input == layout.getMainOutputChannelSet() &&
         (input == juce::AudioChannelSet::mono() || input == juce::AudioChannelSet::stereo());
}

juce::AudioProcessorParameter* Processor::getBypassParameter() const {
  return bypass_;
}

void Processor::parameterChanged(const juce::String& id, float /*value*/) {
  // Perhaps on the audio thread: only noted here.
  if (id == parameter::kTempo) tempo_dirty_ = true;
  view_dirty_ = true;
}

float Processor::value(const char* id) const {
  return parameters_.getRawParameterValue(id)->load();
}

void Processor::show(const Presentation& presentation) {
  take_start_ = presentation.start;
  player_.show(presentation);
  // A channel of the user's choice means something to what is behind the MIDI output, but a General
  // MIDI sound is on one channel, and drums are on the tenth.
  LaneSettingsMap settings;
  for (const auto& lane : presentation.lanes) {
    settings[lane.key] = lane.settings;
    settings[lane.key].channel = -1;
  }
  auto heard = presentation;
  heard.lanes = make_lanes(heard.notes, settings);
  preview_player_.show(heard);
}

void Processor::refresh() {
  // One thread at a time, or what one read before a change would be set after it.
  const std::lock_guard lock(refreshing_);
  // Soundfonts are large: none is looked for before it is heard.
  if (value(parameter::kMix) > 0.0F && !preview_chosen_.exchange(true)) {
    preview_.choose_soundfont({});
  }
  if (tempo_dirty_.exchange(false) && !host_has_tempo_) {
    session_.change_tempo(static_cast<double>(value(parameter::kTempo)));
  }
  if (view_dirty_.exchange(false)) {
    session_.set_view(read_view(parameters_), value(parameter::kSensitivity));
  }
}

void Processor::recorded() {
  // Else the next start of the transport would record over what was just played. An offline host
  // says by itself when to record.
  if (!isNonRealtime() && is_on(parameter::kRecord)) {
    parameters_.getParameter(parameter::kRecord)->setValueNotifyingHost(0.0F);
  }
}

void Processor::setNonRealtime(bool offline) noexcept {
  // Some hosts go offline for a bounce without preparing anew.
  AudioProcessor::setNonRealtime(offline);
  session_.set_realtime(!offline);
}

void Processor::prepareToPlay(double sample_rate, int block) {
  session_.capture().prepare(sample_rate, getMainBusNumInputChannels());
  player_.prepare(block);
  preview_player_.prepare(block);
  gate_.cut();
  preview_.prepare(sample_rate, block);
  free_samples_ = 0;
  record_spent_ = false;
  original_gain_ = 1.0F;
}

void Processor::releaseResources() {
  session_.capture().end();
}

void Processor::reset() {
  session_.capture().end();
  preview_.reset();
  free_samples_ = 0;
  record_spent_ = false;
}

Processor::Clock Processor::read_clock(int samples) {
  Clock clock;
  read_host(clock);
  const auto free = static_cast<double>(free_samples_) / getSampleRate();
  free_samples_ += samples;
  audition_.host_rolling = clock.rolling;
  if (!clock.host && isNonRealtime()) {
    // Offline, a host without a transport means: time begins with the audio.
    clock.rolling = clock.host = true;
    clock.seconds = free;
  } else if (!clock.host && audition_.playing) {
    const auto seek = audition_.seek.exchange(-1.0);
    auto position = seek >= 0.0 ? seek : audition_.position.load();
    const auto end = audition_.loop_end.load();
    if (audition_.looping && end > audition_.loop_start && position >= end) {
      position = audition_.loop_start;
    }
    clock.rolling = true;
    clock.seconds = take_start_ + position;
    audition_.position = position + samples / getSampleRate();
  } else if (!clock.host) {
    if (const auto seek = audition_.seek.exchange(-1.0); seek >= 0.0) audition_.position = seek;
  }
  if (clock.host) audition_.position = clock.seconds - take_start_;
  clock.place.seconds = clock.seconds;
  return clock;
}

void Processor::read_host(Clock& clock) {
  clock.place.bpm = static_cast<double>(value(parameter::kTempo));
  auto* const head = getPlayHead();
  const auto position =
      head != nullptr ? head->getPosition() : juce::Optional<juce::AudioPlayHead::PositionInfo>();
  if (!position.hasValue()) {
    host_has_tempo_ = false;
    return;
  }
  const auto bpm = position->getBpm();
  const auto has_tempo = bpm.hasValue() && *bpm > 1.0 && *bpm < 2000.0;
  host_has_tempo_ = has_tempo;
  if (has_tempo) clock.place.bpm = *bpm;
  session_.set_tempo(clock.place.bpm);
  if (const auto quarters = position->getPpqPosition()) clock.place.quarters = *quarters;
  if (const auto metre = position->getTimeSignature()) {
    clock.place.beats_per_bar = std::clamp(metre->numerator, 1, 64);
    clock.place.beat_unit = std::clamp(metre->denominator, 1, 64);
  }
  const auto seconds = position->getTimeInSeconds();
  const auto samples = position->getTimeInSamples();
  if (samples.hasValue()) {
    clock.seconds = static_cast<double>(*samples) / getSampleRate();
  } else if (seconds.hasValue()) {
    clock.seconds = *seconds;
  } else {
    return;
  }
  clock.rolling = clock.host = position->getIsPlaying();
  // In a count-in before the timeline's start JUCE holds the samples at 0; the quarters go on.
  if (samples.hasValue() && *samples == 0 && clock.place.quarters < -1e-6) clock.rolling = false;
}

void Processor::record(const juce::AudioBuffer<float>& audio, const Clock& clock, int samples) {
  auto& capture = session_.capture();
  const auto wanted = is_on(parameter::kRecord);
  if (!wanted) record_spent_ = false;
  // A program of its own has no transport to wait for.
  const auto alone = wrapperType == wrapperType_Standalone;
  const auto running = wanted && !record_spent_ && (alone || (clock.rolling && clock.host));
  const auto tolerance = 2.0 / getSampleRate();
  if (capture.capturing() && running && !alone &&
      std::abs(clock.seconds - capture_expected_) > tolerance) {
    // The transport jumped: the take ends here, and a loop's second round does not replace it.
    record_spent_ = !isNonRealtime();
    capture.end();
    return;
  }
  if (!running) {
    capture.end();
    return;
  }
  if (!capture.capturing()) {
    capture.begin(clock.place);
    capture_start_ = clock.seconds;
    capture_bpm_ = clock.place.bpm;
  } else if (std::abs(clock.place.bpm - capture_bpm_) > 1e-6) {
    capture_bpm_ = clock.place.bpm;
    capture.tempo(clock.seconds - capture_start_, capture_bpm_);
  }
  capture.push(audio.getArrayOfReadPointers(), samples);
  capture_expected_ = clock.seconds + samples / getSampleRate();
}

void Processor::settle() {
  // Offline, notes that are on their way are waited for: a bounce is the same every time.
  if (session_.capture().capturing()) return;
  session_.wait(kForever);
  refresh();
}

void Processor::processBlock(juce::AudioBuffer<float>& audio, juce::MidiBuffer& midi) {
  const juce::ScopedNoDenormals no_denormals;
  const auto samples = audio.getNumSamples();
  midi.clear();
  if (samples == 0) return;
  const auto clock = read_clock(samples);
  if (bypass_->get()) {
    processBlockBypassed(audio, midi);
    return;
  }
  record(audio, clock, samples);
  if (isNonRealtime()) settle();
  const auto& events = player_.render(clock.seconds, samples, getSampleRate(), clock.rolling);
  gate_.pass(events, is_on(parameter::kMidiOut), midi);
  mix(audio, clock, samples);
}

void Processor::processBlockBypassed(juce::AudioBuffer<float>& audio, juce::MidiBuffer& midi) {
  session_.capture().end();
  midi.clear();
  if (audio.getNumSamples() == 0) return;
  player_.silence();
  gate_.end_all(midi);
  preview_player_.silence();
  preview_.silence();
}

void Processor::mix(juce::AudioBuffer<float>& audio, const Clock& clock, int samples) {
  const auto share = value(parameter::kMix);
  const auto original = std::min(1.0F, 2.0F * (1.0F - share));
  const auto preview = std::min(1.0F, 2.0F * share);
  if (clock.rolling && !clock.host) {
    take_player_.render(clock.seconds - take_start_, audio, samples, getSampleRate(), 1.0F);
  }
  if (original != 1.0F || original_gain_ != 1.0F) {
    audio.applyGainRamp(0, samples, original_gain_, original);
    original_gain_ = original;
  }
  const auto level = juce::Decibels::decibelsToGain(value(parameter::kPreviewLevel), -60.0F);
  // Unheard, it still has to know which notes have ended.
  const auto& events =
      preview_player_.render(clock.seconds, samples, getSampleRate(), clock.rolling);
  preview_.render(events, audio, samples, preview * level);
}

void Processor::getStateInformation(juce::MemoryBlock& block) {
  if (isNonRealtime()) {
    const juce::ScopedLock lock(getCallbackLock());
    session_.capture().end();
    settle();
  }
  refresh();
  State state;
  for (auto* each : getParameters()) {
    if (auto* ranged = dynamic_cast<juce::RangedAudioParameter*>(each)) {
      // A switch holds whatever number the host set it to, and the host will ask for that.
      const auto is_switch = dynamic_cast<juce::AudioParameterBool*>(each) != nullptr;
      const auto held = ranged->getValue();
      state.parameters[ranged->paramID.toStdString()] =
          is_switch ? held : ranged->convertFrom0to1(held);
    }
  }
  session_.write(state);
  {
    const std::lock_guard lock(mutex_);
    state.soundfont = soundfont_.getFullPathName().toStdString();
    state.editor_json = editor_state_.toStdString();
  }
  block = write_state(state, *session_.presentation());
}

void Processor::setStateInformation(const void* data, int size) {
  juce::String error;
  const auto state = read_state(data, static_cast<std::size_t>(std::max(0, size)), error);
  if (!state.has_value()) {
    session_.complain(error);
    return;
  }
  for (auto* each : getParameters()) {
    if (auto* ranged = dynamic_cast<juce::RangedAudioParameter*>(each)) {
      const auto found = state->parameters.find(ranged->paramID.toStdString());
      ranged->setValueNotifyingHost(found == state->parameters.end()
                                        ? ranged->getDefaultValue()
                                        : ranged->convertTo0to1(found->second));
    }
  }
  // The take brings its tempo with it; the parameter is for files to come.
  tempo_dirty_ = false;
  session_.set_tempo(static_cast<double>(value(parameter::kTempo)));
  session_.restore(*state);
  set_editor_state(juce::String::fromUTF8(state->editor_json.c_str()));
  const auto soundfont = juce::String::fromUTF8(state->soundfont.c_str());
  if (juce::File::isAbsolutePath(soundfont)) choose_soundfont(juce::File(soundfont));
  refresh();
}

juce::Result Processor::choose_soundfont(const juce::File& file) {
  const auto result = preview_.choose_soundfont(file);
  if (result.failed()) {
    session_.complain(result.getErrorMessage());
    return result;
  }
  preview_chosen_ = true;
  const std::lock_guard lock(mutex_);
  soundfont_ = file;
  return result;
}

juce::String Processor::editor_state() const {
  const std::lock_guard lock(mutex_);
  return editor_state_;
}

void Processor::set_editor_state(const juce::String& json) {
  const std::lock_guard lock(mutex_);
  editor_state_ = json;
}

juce::AudioProcessorEditor* Processor::createEditor() {
  return make_editor(*this);
}

}  // namespace scorelane::plugin
