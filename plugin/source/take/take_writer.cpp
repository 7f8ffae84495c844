#include "take/take_writer.h"

#include <algorithm>
#include <utility>

namespace scorelane::plugin {

TakeWriter::TakeWriter(std::shared_ptr<Take> take) : take_(std::move(take)) {
  take_->file.getParentDirectory().createDirectory();
  auto stream = std::make_unique<juce::FileOutputStream>(take_->file);
  if (stream->openedOk()) {
    juce::WavAudioFormat wav;
    writer_.reset(wav.createWriterFor(stream.get(), take_->sample_rate,
                                      static_cast<unsigned>(take_->channels), 32, {}, 0));
  }
  if (writer_ != nullptr) {
    stream.release();  // the writer owns it now
  } else {
    error_ = "The recording cannot be written to " +
             take_->file.getParentDirectory().getFullPathName() +
             "; check that the folder can be written and the disk is not full.";
  }
}

TakeWriter::~TakeWriter() {
  finish();
}

bool TakeWriter::append(const float* const* channels, int frames) {
  if (writer_ == nullptr) return false;
  if (!writer_->writeFromFloatArrays(channels, take_->channels, frames)) {
    error_ = "The recording stopped: the disk with " +
             take_->file.getParentDirectory().getFullPathName() + " is full.";
    finish();
    return false;
  }
  written_ += frames;
  take_->add_peaks(channels, frames);
  if (written_ - take_->frames() >= static_cast<std::int64_t>(take_->sample_rate / 2)) {
    if (writer_->flush()) show_frames();
  }
  return true;
}

void TakeWriter::finish() {
  if (writer_ != nullptr) {
    writer_.reset();  // completes the file
    show_frames();
  }
  take_->complete_.store(true, std::memory_order_release);
}

void TakeWriter::show_frames() {
  take_->frames_.store(written_, std::memory_order_release);
}

}  // namespace scorelane::plugin
