#include <atomic>
#include <cmath>
#include <map>
#include <thread>

#include "catch.h"
#include "no_allocation.h"
#include "play/midi_player.h"
#include "random_notes.h"

using namespace scorelane::plugin;

namespace {

Presentation presentation_of(NoteList notes, const LaneSettingsMap& settings = {},
                             double start = 0.0) {
  Presentation result;
  result.lanes = make_lanes(notes, settings);
  result.notes = std::move(notes);
  result.start = start;
  return result;
}

struct Played {
  std::int64_t sample = 0;
  juce::MidiMessage message;
};

/// A host that plays one player, and checks each event on its way.
class Host {
 public:
  explicit Host(MidiPlayer& player, double rate = 48000.0) : player_(player), rate_(rate) {}

  std::vector<Played> played;
  std::map<std::pair<int, int>, int> sounding;
  int allocations = 0;

  void render(int samples, bool rolling = true, double jitter = 0.0) {
    const double start = static_cast<double>(sample) / rate_ + jitter;
    const juce::MidiBuffer* out = nullptr;
    {
      const AllocationCount count;
      out = &player_.render(start, samples, rate_, rolling);
      allocations += count.calls();
    }
    take(*out, samples);
    if (rolling) {
      sample += samples;
    }
  }

  void silence() { take(player_.silence(), 1); }

  void take(const juce::MidiBuffer& out, int samples) {
    int last = 0;
    for (const auto metadata : out) {
      REQUIRE(metadata.samplePosition >= last);
      REQUIRE(metadata.samplePosition < samples);
      last = metadata.samplePosition;
      const auto message = metadata.getMessage();
      played.push_back({sample + last, message});
      const std::pair<int, int> key{message.getChannel(), message.getNoteNumber()};
      if (message.isNoteOn()) {
        REQUIRE(sounding[key] == 0);
        REQUIRE(programs.count(message.getChannel()) > 0);
        sounding[key] = 1;
      } else if (message.isNoteOff()) {
        REQUIRE(sounding[key] == 1);
        sounding[key] = 0;
      } else {
        REQUIRE(message.isProgramChange());
        programs[message.getChannel()] = message.getProgramChangeNumber();
      }
    }
  }

  int count_sounding() const {
    int count = 0;
    for (const auto& [key, on] : sounding) {
      count += on;
    }
    return count;
  }

  int count_on() const {
    return static_cast<int>(std::count_if(played.begin(), played.end(),
                                          [](const Played& p) { return p.message.isNoteOn(); }));
  }

  std::int64_t sample = 0;
  std::map<int, int> programs;

 private:
  MidiPlayer& player_;
  double rate_;
};

}  // namespace

TEST_CASE("player: each note comes at its sample, at any rate and block size") {
  for (const double rate : {8000.0, 44100.0, 48000.0, 192000.0}) {
    for (const int block : {1, 7, 64, 441, 8192}) {
      if (block == 1 && rate > 50000.0) {
        continue;  // takes long and adds nothing
      }
      MidiPlayer player;
      const NoteList notes = {note_at(0.0, 0.25, 60), note_at(0.1234, 0.2, 64, 40),
                              note_at(0.25, 0.5, 60), note_at(0.4, 0.45, 36, 0, true)};
      player.show(presentation_of(notes, {}, 1.5));
      Host host(player, rate);
      host.sample = static_cast<std::int64_t>(1.4 * rate);
      while (static_cast<double>(host.sample) < 2.1 * rate) {
        host.render(block);
      }
      std::size_t next = 0;
      for (const auto& event : host.played) {
        if (event.message.isNoteOn()) {
          REQUIRE(next < notes.size());
          CHECK(event.sample == std::llround((1.5 + notes[next].onset) * rate));
          CHECK(event.message.getNoteNumber() == notes[next].pitch);
          ++next;
        }
      }
      CHECK(next == notes.size());
      CHECK(host.count_sounding() == 0);
    }
  }
}

TEST_CASE("player: events after ten hours are neither lost nor doubled") {
  for (const double rate : {44100.0, 192000.0}) {
    MidiPlayer player;
    NoteList notes;
    for (int i = 0; i < 200; ++i) {
      notes.push_back(note_at(36000.0 + 0.013 * i, 36000.0 + 0.013 * i + 0.01, 60));
    }
    player.show(presentation_of(notes));
    Host host(player, rate);
    host.sample = static_cast<std::int64_t>(35999.9 * rate);
    std::mt19937 random(6);
    while (static_cast<double>(host.sample) < 36003.0 * rate) {
      // Hosts round: the start strays by up to a sample.
      const double stray = std::uniform_real_distribution<double>(-0.7, 0.7)(random) / rate;
      host.render(1 + static_cast<int>(random() % 600), true, stray);
    }
    CHECK(host.count_on() == 200);
    CHECK(host.count_sounding() == 0);
    CHECK(std::count_if(host.played.begin(), host.played.end(),
                        [](const Played& p) { return p.message.isProgramChange(); }) == 1);
  }
}

TEST_CASE("player: stop, jump and silence end what sounds; no note starts in its middle") {
  MidiPlayer player;
  player.show(presentation_of({note_at(0.0, 10.0, 60), note_at(5.0, 6.0, 62)}));
  Host host(player);
  host.render(480);
  CHECK(host.count_sounding() == 1);
  SECTION("stop") {
    host.render(480, false);
  }
  SECTION("jump") {
    host.sample += 48000;
    host.render(480);
  }
  SECTION("jump by two samples") {
    host.sample += 2;
    host.render(480);
  }
  SECTION("silence") {
    host.silence();
  }
  CHECK(host.count_sounding() == 0);
  host.played.clear();
  host.programs.clear();
  host.sample = 48000;
  host.render(480);
  CHECK(host.played.empty());
  host.sample = 5 * 48000 - 100;
  host.render(480);
  REQUIRE(host.played.size() == 2);
  CHECK(host.played[0].message.isProgramChange());
  CHECK(host.played[1].message.getNoteNumber() == 62);
  CHECK(host.played[1].sample == 5 * 48000);
}

TEST_CASE("player: a start that strays by a sample is no jump") {
  MidiPlayer player;
  player.show(presentation_of({note_at(0.0, 10.0)}));
  Host host(player);
  host.render(480);
  host.render(480, true, 1.4 / 48000);
  host.render(480, true, 0.0);
  CHECK(host.count_sounding() == 1);
  CHECK(host.count_on() == 1);
}

TEST_CASE("player: another presentation ends what went and lets the rest sound on") {
  MidiPlayer player;
  player.show(presentation_of({note_at(0.0, 10.0, 60), note_at(0.0, 10.0, 64)}));
  Host host(player);
  host.render(480);
  host.played.clear();
  player.show(presentation_of({note_at(0.0, 0.02, 64), note_at(0.015, 1.0, 70)}));
  for (int i = 0; i < 4; ++i) {
    host.render(480);
  }
  REQUIRE(host.played.size() == 3);
  CHECK(host.played[0].message.isNoteOff());
  CHECK(host.played[0].message.getNoteNumber() == 60);
  CHECK(host.played[0].sample == 480);
  CHECK(host.played[1].message.isNoteOn());
  CHECK(host.played[1].sample == 720);
  CHECK(host.played[2].message.getNoteNumber() == 64);
  CHECK(host.played[2].sample == 960);
}

TEST_CASE("player: muted and unsoloed lanes are silent, at once") {
  const NoteList notes = {note_at(0.0, 10.0, 60, 0), note_at(0.0, 10.0, 64, 40)};
  MidiPlayer player;
  player.show(presentation_of(notes));
  Host host(player);
  host.render(480);
  CHECK(host.count_sounding() == 2);
  LaneSettingsMap settings;
  settings[LaneKey{false, 40}].solo = true;
  player.show(presentation_of(notes, settings));
  host.render(480);
  CHECK(host.count_sounding() == 1);
}

TEST_CASE("player: lanes on one channel strike a shared pitch once, cut where it repeats") {
  const NoteList notes = {note_at(0.0, 0.5, 60, 0), note_at(0.0, 0.3, 60, 40),
                          note_at(0.2, 0.4, 60, 40)};
  LaneSettingsMap settings;
  settings[LaneKey{false, 0}].channel = 4;
  settings[LaneKey{false, 40}].channel = 4;
  MidiPlayer player;
  player.show(presentation_of(notes, settings));
  Host host(player);
  while (host.sample < 48000) {
    host.render(512);
  }
  std::vector<std::int64_t> ons;
  std::vector<std::int64_t> offs;
  for (const auto& event : host.played) {
    if (!event.message.isProgramChange()) {
      (event.message.isNoteOn() ? ons : offs).push_back(event.sample);
    }
  }
  CHECK(ons == std::vector<std::int64_t>{0, 9600});
  CHECK(offs == std::vector<std::int64_t>{9600, 19200});
}

TEST_CASE("player: whatever happens, every note-on has its note-off, and nothing is allocated") {
  if (!AllocationCount::works()) {
    WARN("allocations are not counted in this build");
  }
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const double rate = std::array{8000.0, 44100.0, 192000.0}[random() % 3];
    MidiPlayer player;
    player.prepare(512);
    Host host(player, rate);
    for (int step = 0; step < 200; ++step) {
      switch (random() % 12) {
        case 0: {
          LaneSettingsMap settings;
          settings[LaneKey{false, 9}].mute = random() % 2 == 0;
          settings[LaneKey{false, 18}].channel = 0;
          player.show(presentation_of(random_notes(random, 400, 20), settings));
          break;
        }
        case 1:
          host.sample = static_cast<std::int64_t>(static_cast<double>(random() % 20) * rate);
          break;
        case 2:
          host.render(64, false);
          CHECK(host.count_sounding() == 0);
          break;
        case 3:
          host.silence();
          CHECK(host.count_sounding() == 0);
          break;
        default:
          host.render(1 + static_cast<int>(random() % 8192));
      }
    }
    host.silence();
    CHECK(host.count_sounding() == 0);
    CHECK(host.allocations == 0);
  }
}

TEST_CASE("player: a whole dense plan in one block fits without allocation") {
  std::mt19937 random(8);
  MidiPlayer player;
  player.show(presentation_of(random_notes(random, 5000, 15)));
  Host host(player, 8000.0);
  host.render(8000 * 30);
  CHECK(host.count_on() > 1000);
  CHECK(host.count_sounding() == 0);
  CHECK(host.allocations == 0);
}

TEST_CASE("player: presentations arrive while it plays, and the last one is what plays") {
  MidiPlayer player;
  std::atomic<bool> done{false};
  std::thread editor([&] {
    std::mt19937 random(9);
    for (int i = 0; i < 300; ++i) {
      player.show(presentation_of(random_notes(random, 50)));
    }
    player.show(presentation_of({note_at(100.0, 101.0, 33)}));
    done = true;
  });
  Host host(player);
  while (!done) {
    host.render(256);
  }
  editor.join();
  host.render(256);
  host.render(256);
  host.sample = 100 * 48000;
  host.played.clear();
  host.render(256);
  REQUIRE(host.count_on() == 1);
  CHECK(host.allocations == 0);
}

TEST_CASE("player: nonsense from a host is survived") {
  MidiPlayer player;
  player.show(presentation_of({note_at(0.0, 1.0)}));
  CHECK(player.render(std::nan(""), 512, 48000.0, true).isEmpty());
  CHECK(player.render(0.0, 512, 0.0, true).isEmpty());
  CHECK(player.render(0.0, 0, 48000.0, true).isEmpty());
  CHECK(player.render(0.0, 512, 48000.0, true).getNumEvents() == 2);
  CHECK(player.render(INFINITY, 512, 48000.0, true).getNumEvents() == 1);
  CHECK(player.silence().isEmpty());
}
