#include "take/capture.h"

#include <algorithm>
#include <chrono>

#include "engine/bundle.h"

namespace scorelane::plugin {
namespace {

using namespace std::chrono_literals;

}  // namespace

Capture::Capture(Listener& listener) : listener_(listener), thread_([this] { run(); }) {}

Capture::~Capture() {
  end();
  stopping_ = true;
  thread_.join();
}

void Capture::prepare(double sample_rate, int channels) {
  end();
  drain();
  const std::lock_guard lock(working_);
  sample_rate_ = sample_rate;
  channels_ = std::clamp(channels, 1, kMostChannels);
  const auto size = static_cast<int>(kSeconds * sample_rate);
  audio_fifo_.setTotalSize(size + 1);
  for (auto& channel : audio_) channel.assign(static_cast<std::size_t>(size) + 1, 0.0F);
  pushed_ = written_ = 0;
}

void Capture::begin(const CapturePlace& place) {
  end();
  capturing_ = true;
  mark(Mark::Kind::kBegin, place);
}

void Capture::push(const float* const* channels, int frames) {
  if (!capturing_) return;
  int done = 0;
  while (done < frames) {
    const auto writing = audio_fifo_.write(std::min(frames - done, audio_fifo_.getFreeSpace()));
    const auto copy = [&](int start, int count, int from) {
      for (int channel = 0; channel < channels_; ++channel) {
        std::copy_n(channels[channel] + done + from, count,
                    audio_[static_cast<std::size_t>(channel)].data() + start);
      }
    };
    copy(writing.startIndex1, writing.blockSize1, 0);
    copy(writing.startIndex2, writing.blockSize2, writing.blockSize1);
    const auto count = writing.blockSize1 + writing.blockSize2;
    done += count;
    pushed_ += count;
    if (done == frames) break;
    if (realtime_) {
      lost_ += frames - done;
      break;
    }
    std::this_thread::sleep_for(1ms);
  }
}

void Capture::tempo(double seconds_into_take, double bpm) {
  CapturePlace place;
  place.seconds = seconds_into_take;
  place.bpm = bpm;
  mark(Mark::Kind::kTempo, place);
}

void Capture::end() {
  if (!capturing_) return;
  capturing_ = false;
  mark(Mark::Kind::kEnd, {});
}

void Capture::mark(Mark::Kind kind, const CapturePlace& place) {
  // In a storm of tempo changes some are left out, but never the begin or the end of a take.
  if (kind == Mark::Kind::kTempo && mark_fifo_.getFreeSpace() < kMostMarks / 2) return;
  const auto writing = mark_fifo_.write(1);
  if (writing.blockSize1 == 0) return;
  marks_[static_cast<std::size_t>(writing.startIndex1)] = {kind, pushed_, place};
}

void Capture::drain() {
  while (!stopping_ && (audio_fifo_.getNumReady() > 0 || mark_fifo_.getNumReady() > 0)) {
    std::this_thread::sleep_for(1ms);
  }
  const std::lock_guard lock(working_);  // the last piece may still be on its way to the disk
}

void Capture::run() {
  while (!stopping_) {
    work();
    listener_.capture_idle();
    // A host that waits for the disk is served at once.
    std::this_thread::sleep_for(realtime_ ? 20ms : 1ms);
  }
  work();
  close({});
}

void Capture::work() {
  const std::lock_guard lock(working_);
  while (true) {
    // Audio is counted first: a mark that lies before any of it is then seen, too.
    const auto ready = audio_fifo_.getNumReady();
    const auto waiting = mark_fifo_.getNumReady();
    if (waiting == 0 && ready == 0) return;
    if (waiting == 0) {
      write(ready);
      continue;
    }
    int start1 = 0, size1 = 0, start2 = 0, size2 = 0;
    mark_fifo_.prepareToRead(1, start1, size1, start2, size2);
    const auto next = marks_[static_cast<std::size_t>(start1)];
    if (next.at > written_) {
      if (ready == 0) return;
      write(static_cast<int>(std::min<std::int64_t>(ready, next.at - written_)));
      continue;
    }
    apply(next);
    mark_fifo_.finishedRead(1);
  }
}

void Capture::apply(const Mark& mark) {
  switch (mark.kind) {
    case Mark::Kind::kBegin: {
      close({});
      const auto title = juce::Time::getCurrentTime().formatted("Take %Y-%m-%d %H-%M-%S");
      take_ = std::make_shared<Take>(bundle::new_take(title), "Recording", sample_rate_, channels_,
                                     mark.place.seconds);
      tempo_ = TempoMap(mark.place.bpm, mark.place.quarters, mark.place.beats_per_bar,
                        mark.place.beat_unit);
      take_->set_tempo(tempo_);
      writer_ = std::make_unique<TakeWriter>(take_);
      lost_ = 0;
      listener_.take_began(take_);
      if (writer_->error().isNotEmpty()) close(writer_->error());
      break;
    }
    case Mark::Kind::kTempo:
      if (take_ == nullptr) break;
      tempo_.change(mark.place.seconds, mark.place.bpm);
      take_->set_tempo(tempo_);
      break;
    case Mark::Kind::kEnd: {
      const auto lost = lost_.exchange(0);
      close(lost == 0 ? juce::String()
                      : "The recording has gaps: the disk was too slow for " +
                            juce::String(static_cast<double>(lost) / sample_rate_, 2) +
                            " s of it. Record again with other programs closed.");
      break;
    }
  }
}

void Capture::write(int frames) {
  const auto reading = audio_fifo_.read(frames);
  const auto append = [&](int start, int count) {
    if (count == 0 || writer_ == nullptr) return;
    std::array<const float*, kMostChannels> channels{};
    for (int channel = 0; channel < channels_; ++channel) {
      const auto index = static_cast<std::size_t>(channel);
      channels[index] = audio_[index].data() + start;
    }
    if (!writer_->append(channels.data(), count)) close(writer_->error());
  };
  append(reading.startIndex1, reading.blockSize1);
  append(reading.startIndex2, reading.blockSize2);
  written_ += frames;
}

void Capture::close(const juce::String& error) {
  if (take_ == nullptr) return;
  const auto message = error.isNotEmpty() || writer_ == nullptr ? error : writer_->error();
  if (writer_ != nullptr) writer_->finish();
  writer_.reset();
  listener_.take_ended(std::exchange(take_, nullptr), message);
}

}  // namespace scorelane::plugin
