// How fast a model transcribes, and a digest of what it wrote, so that a fast wrong answer shows.
//
//   scorelane_bench MODEL [SECONDS [THREADS [BATCH [DEVICE]]]]
//
// The audio is made here: plucked chords from a fixed sequence of random numbers.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include "scorelane/model.h"
#include "scorelane/transcriber.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<float> plucked_chords(double seconds, double rate) {
  std::vector<float> samples(static_cast<std::size_t>(seconds * rate), 0.0F);
  std::mt19937 random(1);
  for (double onset = 0.0; onset < seconds; onset += 0.25) {
    const double pitch = 40.0 + static_cast<double>(random() % 40);
    const double hertz = 440.0 * std::pow(2.0, (pitch - 69.0) / 12.0);
    const auto first = static_cast<std::size_t>(onset * rate);
    const auto end = std::min(samples.size(), first + static_cast<std::size_t>(1.5 * rate));
    for (std::size_t i = first; i < end; ++i) {
      const double t = static_cast<double>(i - first) / rate;
      double value = 0.0;
      for (int k = 1; k <= 6; ++k) value += std::sin(6.283185307179586 * hertz * k * t) / (k * k);
      samples[i] += static_cast<float>(0.1 * std::exp(-3.0 * t) * value);
    }
  }
  return samples;
}

/// FNV-1a over what is exact in a note: its times on the grid, pitch and program.
std::uint64_t digest(const std::vector<scorelane::Note>& notes) {
  std::uint64_t hash = 14695981039346656037ULL;
  const auto mix = [&](std::int64_t value) {
    hash = (hash ^ static_cast<std::uint64_t>(value)) * 1099511628211ULL;
  };
  for (const scorelane::Note& note : notes) {
    mix(std::llround(note.onset * 100.0));
    mix(std::llround(note.offset * 100.0));
    mix(note.pitch);
    mix(note.is_drum ? 128 : note.program);
  }
  return hash;
}

double number(int argc, char** argv, int index, double fallback) {
  return argc > index ? std::atof(argv[index]) : fallback;
}

void run(int argc, char** argv) {
  constexpr double kRate = 44100.0;
  const double seconds = number(argc, argv, 2, 60.0);
  const int threads = static_cast<int>(number(argc, argv, 3, 0.0));
  const std::string device = argc > 5 ? argv[5] : "auto";

  auto start = Clock::now();
  const auto model = scorelane::Model::load(argv[1], device, threads);
  std::printf("loaded in %.2f s on %s\n", seconds_since(start), model->device().c_str());

  const std::vector<float> samples = plucked_chords(seconds, kRate);
  const float* channel = samples.data();
  for (const char* name : {"first run", "second run"}) {
    scorelane::TranscriberOptions options;
    options.batch_size = static_cast<std::int64_t>(number(argc, argv, 4, 0.0));
    start = Clock::now();
    scorelane::Transcriber stream(model, kRate, options);
    std::vector<scorelane::Note> notes = stream.push(&channel, 1, samples.size());
    for (const scorelane::Note& note : stream.flush()) notes.push_back(note);
    const double taken = seconds_since(start);
    std::printf("%s: %.1f s of audio in %.2f s, %.1f times real time, %zu notes, digest %016llx\n",
                name, seconds, taken, seconds / taken, notes.size(),
                static_cast<unsigned long long>(digest(notes)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: scorelane_bench MODEL [SECONDS [THREADS [BATCH [DEVICE]]]]\n", stderr);
    return 2;
  }
  try {
    run(argc, argv);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
