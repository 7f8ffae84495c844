#include "scorelane/resampler.h"

#include <soxr.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "scorelane/error.h"

namespace scorelane {

namespace {

constexpr double kLowestRate = 1'000.0;
constexpr double kHighestRate = 384'000.0;
constexpr std::size_t kBlock = 4096;

}  // namespace

struct Resampler::Soxr {
  explicit Soxr(soxr_t made) : handle(made) {}
  ~Soxr() { soxr_delete(handle); }
  Soxr(const Soxr&) = delete;
  Soxr& operator=(const Soxr&) = delete;

  soxr_t handle;
};

Resampler::Resampler(double input_rate, double output_rate) : ratio_(output_rate / input_rate) {
  if (!(input_rate >= kLowestRate && input_rate <= kHighestRate)) {
    char text[160];
    std::snprintf(text, sizeof text,
                  "A sample rate of %g Hz cannot be used; convert the recording to a rate between "
                  "1000 and 384000 Hz.",
                  input_rate);
    throw Error(ErrorKind::kAudio, text);
  }
  if (input_rate == output_rate) return;

  soxr_error_t problem = nullptr;
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  soxr_t handle = soxr_create(input_rate, output_rate, 1, &problem, nullptr, &quality, nullptr);
  if (problem != nullptr) {
    throw Error(ErrorKind::kEngine, std::string("The resampler did not start: ") + problem + ".");
  }
  soxr_ = std::make_unique<Soxr>(handle);
  block_.reserve(kBlock);
}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

void Resampler::push(const float* samples, std::size_t count, std::vector<float>& out) {
  if (!soxr_) {
    out.insert(out.end(), samples, samples + count);
    return;
  }
  // soxr only ever sees whole blocks at fixed places, so chunk sizes cannot change a rounding.
  while (count > 0) {
    const std::size_t taken = std::min(count, kBlock - block_.size());
    block_.insert(block_.end(), samples, samples + taken);
    samples += taken;
    count -= taken;
    if (block_.size() == kBlock) {
      convert(block_.data(), kBlock, out);
      block_.clear();
    }
  }
}

void Resampler::flush(std::vector<float>& out) {
  if (!soxr_) return;
  if (!block_.empty()) convert(block_.data(), block_.size(), out);
  block_.clear();
  convert(nullptr, 0, out);
}

void Resampler::convert(const float* samples, std::size_t count, std::vector<float>& out) {
  const bool ending = samples == nullptr;
  std::size_t room = static_cast<std::size_t>(std::ceil(ratio_ * static_cast<double>(count))) + 64;
  while (true) {
    const std::size_t before = out.size();
    out.resize(before + room);
    std::size_t read = 0;
    std::size_t written = 0;
    const soxr_error_t problem =
        soxr_process(soxr_->handle, samples, count, &read, out.data() + before, room, &written);
    out.resize(before + written);
    if (problem != nullptr) {
      throw Error(ErrorKind::kEngine, std::string("The resampler failed: ") + problem + ".");
    }
    samples = ending ? nullptr : samples + read;
    count -= read;
    const bool drained = written < room;
    if (drained && count == 0) return;
    room = std::max<std::size_t>(room, kBlock);
  }
}

}  // namespace scorelane
