#include "catch.h"
#include "scorelane/vocabulary.h"

using scorelane::Event;
using scorelane::EventKind;
using scorelane::Vocabulary;

TEST_CASE("the ids with one velocity bin are MT3's") {
  const Vocabulary v;
  CHECK(v.first_shift() == 3);
  CHECK(v.first_pitch() == 1004);
  CHECK(v.first_velocity() == 1132);
  CHECK(v.tie() == 1134);
  CHECK(v.first_program() == 1135);
  CHECK(v.first_drum() == 1263);
  CHECK(v.end_of_events() == 1391);
}

TEST_CASE("127 velocity bins move what follows by 126") {
  const Vocabulary v{127};
  CHECK(v.first_velocity() == 1132);
  CHECK(v.tie() == 1260);
  CHECK(v.end_of_events() == 1517);
}

TEST_CASE("every id is read as the event it stands for, ends of ranges included") {
  const Vocabulary v;
  const auto is = [&](int token, EventKind kind, int value) {
    const Event event = v.event(token);
    return event.kind == kind && event.value == value;
  };
  CHECK(is(0, EventKind::kNone, 0));
  CHECK(is(1, EventKind::kEnd, 0));
  CHECK(is(2, EventKind::kNone, 0));
  CHECK(is(3, EventKind::kShift, 0));
  CHECK(is(1003, EventKind::kShift, 1000));
  CHECK(is(1004, EventKind::kPitch, 0));
  CHECK(is(1131, EventKind::kPitch, 127));
  CHECK(is(1132, EventKind::kVelocity, 0));
  CHECK(is(1133, EventKind::kVelocity, 1));
  CHECK(is(1134, EventKind::kTie, 0));
  CHECK(is(1135, EventKind::kProgram, 0));
  CHECK(is(1262, EventKind::kProgram, 127));
  CHECK(is(1263, EventKind::kDrum, 0));
  CHECK(is(1390, EventKind::kDrum, 127));
  CHECK(is(1391, EventKind::kNone, 0));
  CHECK(is(-5, EventKind::kNone, 0));
}

TEST_CASE("notes are pitches and drums") {
  const Vocabulary v;
  CHECK_FALSE(v.is_note(1003));
  CHECK(v.is_note(1004));
  CHECK(v.is_note(1131));
  CHECK_FALSE(v.is_note(1132));
  CHECK_FALSE(v.is_note(1262));
  CHECK(v.is_note(1263));
  CHECK(v.is_note(1390));
  CHECK_FALSE(v.is_note(1391));
}
