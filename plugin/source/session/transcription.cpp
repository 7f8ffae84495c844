#include "session/transcription.h"

#include <juce_audio_formats/juce_audio_formats.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "engine/engine.h"
#include "take/import.h"

namespace scorelane::plugin {
namespace {

using namespace std::chrono_literals;

constexpr int kBlock = 65536;

// Segments of two seconds that go through the network together: few enough that notes appear soon
// where somebody watches, many enough to tell from them which instruments play.
constexpr int kBatch = 16;

int threads_for(bool realtime) {
  const auto cores = juce::SystemStats::getNumPhysicalCpus();
  return realtime ? std::max(1, cores / 2) : 0;
}

/// Reads a take's file, which may still grow.
class TakeReader {
 public:
  explicit TakeReader(const Take& take) : take_(take) {}

  /// Up to kBlock frames from `first` on; fewer at the present end.
  int read(std::int64_t first, juce::AudioBuffer<float>& block) {
    const auto available = take_.frames();
    if (first >= available) return 0;
    if (reader_ == nullptr || reader_->lengthInSamples < available) {
      juce::WavAudioFormat wav;
      reader_.reset(wav.createReaderFor(new juce::FileInputStream(take_.file), true));
    }
    const auto frames = static_cast<int>(std::min<std::int64_t>(kBlock, available - first));
    if (reader_ == nullptr ||
        !reader_->read(block.getArrayOfWritePointers(), take_.channels, first, frames)) {
      throw EngineError("The recording in " + take_.file.getFullPathName().toStdString() +
                        " cannot be read any more; record it again.");
    }
    return frames;
  }

 private:
  const Take& take_;
  std::unique_ptr<juce::AudioFormatReader> reader_;
};

}  // namespace

bool Choices::name_several() const {
  return std::count_if(players.begin(), players.end(),
                       [](LaneKey player) { return !player.is_drum; }) > 1;
}

Transcription::Transcription(Listener& listener)
    : listener_(listener), thread_([this] { run(); }) {}

Transcription::~Transcription() {
  cancel();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Transcription::start(std::shared_ptr<const Take> take, const Choices& choices, bool realtime) {
  begin({{}, std::move(take), choices, realtime});
}

void Transcription::start(const juce::File& file, const Choices& choices, bool realtime) {
  begin({file, nullptr, choices, realtime});
}

void Transcription::begin(Job job) {
  cancel();
  {
    const std::lock_guard lock(mutex_);
    next_ = std::move(job);
  }
  changed_.notify_all();
}

void Transcription::cancel() {
  const std::lock_guard telling(telling_);
  const std::lock_guard lock(mutex_);
  next_.reset();
  cancelled_ = true;
  changed_.notify_all();
}

bool Transcription::busy() const {
  const std::lock_guard lock(mutex_);
  return has_work();
}

bool Transcription::wait(double seconds) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                           [&] { return !has_work(); });
}

void Transcription::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    running_ = false;
    changed_.notify_all();
    changed_.wait(lock, [&] { return stopping_ || next_.has_value(); });
    if (stopping_) return;
    const auto job = *std::exchange(next_, std::nullopt);
    running_ = true;
    cancelled_ = false;
    lock.unlock();
    perform(job);
    lock.lock();
  }
}

void Transcription::perform(const Job& job) {
  juce::String error;
  try {
    const auto take = job.take != nullptr ? job.take : import(job);
    transcribe(*take, job);
  } catch (const EngineCancelled&) {
    return;
  } catch (const std::exception& exception) {
    error = juce::String::fromUTF8(exception.what());
  }
  try {
    tell([&] { listener_.ended(error); });
  } catch (const EngineCancelled&) {
  }
}

std::shared_ptr<const Take> Transcription::import(const Job& job) {
  Import file(job.file);
  if (file.error().isEmpty()) {
    tell([&] { listener_.loading(0.0, file.seconds()); });
    const auto whole = file.decode([&](double done) {
      tell([&] { listener_.loading(done, file.seconds()); });
      return true;
    });
    if (whole) {
      tell([&] { listener_.take_loaded(file.take()); });
      return file.take();
    }
  }
  throw EngineError(file.error().toStdString());
}

void Transcription::transcribe(const Take& take, const Job& job) {
  const auto model =
      EngineModel::load(job.choices.archive, job.choices.device, threads_for(job.realtime));
  tell([&] { listener_.model_loaded(*model, job.choices); });
  const auto progress = [&](double seconds) {
    try {
      tell([&] { listener_.progress(seconds); });
    } catch (const EngineCancelled&) {
      return false;
    }
    return true;
  };
  EngineStream stream(model, take.sample_rate, kBatch, job.choices.players, progress);
  TakeReader reader(take);
  juce::AudioBuffer<float> block(take.channels, kBlock);
  std::int64_t done = 0;
  while (true) {
    const auto complete = take.complete();  // asked first: no more frames come after it
    const auto frames = reader.read(done, block);
    if (frames > 0) {
      const auto notes = stream.push(block.getArrayOfReadPointers(), take.channels, frames);
      tell([&] {
        if (!notes.empty()) listener_.notes_found(notes);
      });
      done += frames;
    } else if (complete) {
      break;
    } else {
      tell([] {});
      std::this_thread::sleep_for(20ms);
    }
  }
  const auto notes = stream.flush();
  tell([&] { listener_.notes_found(notes); });
}

template <typename Call>
void Transcription::tell(const Call& call) {
  const std::lock_guard lock(telling_);
  if (cancelled_) throw EngineCancelled();
  call();
}

}  // namespace scorelane::plugin
