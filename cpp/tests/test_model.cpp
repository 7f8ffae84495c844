#include "scorelane/model.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "catch.h"
#include "scorelane/error.h"
#include "tiny_archive.h"
#include "tokens.h"

using namespace scorelane;

namespace {

const BatchProgress kGoOn = [](double) { return true; };

std::vector<TokenRow> run(const Model& model, const std::vector<float>& levels,
                          const InstrumentMask& mask = {}, const BatchProgress& poll = kGoOn) {
  std::vector<std::vector<float>> windows;
  std::vector<Segment> segments;
  for (const float level : levels) windows.emplace_back(tiny::kWindow, level);
  for (const auto& window : windows) segments.push_back({window.data(), {}});
  return model.transcribe(segments, mask, poll);
}

std::vector<Token> drums(int count) {
  std::vector<Token> wanted{tokens::kTie, tokens::kOn};
  for (int i = 0; i < count; ++i) wanted.push_back(tokens::drum(35 + i));
  return wanted;
}

InstrumentMask only(std::vector<std::int32_t> programs) {
  return {false, std::move(programs), true};
}

std::string failure(const std::string& path, const std::string& device, ErrorKind kind) {
  try {
    Model::load(path, device);
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  FAIL("it was loaded");
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("rows end each on their own and keep their order") {
  const auto model = Model::load(tiny::save(tiny::counting()), "cpu");
  const std::vector<float> levels{0.3F, 1.0F, 0.0F, 0.7F, 0.3F, 0.1F, 1.2F, 0.5F};
  const std::vector<TokenRow> rows = run(*model, levels);
  REQUIRE(rows.size() == levels.size());
  const int counts[] = {3, 10, 0, 7, 3, 1, 12, 5};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(rows[i].tokens == drums(counts[i]));
    REQUIRE(rows[i].heads.size() == rows[i].tokens.size());
    for (std::size_t k = 2; k < rows[i].heads.size(); ++k) {
      CHECK(rows[i].heads[k].velocity == 64);
      CHECK(rows[i].heads[k].confidence == Approx(0.5));
    }
  }
}

TEST_CASE("the tuning of chords is heard, that of noise is not") {
  const auto model = Model::load(tiny::save(tiny::counting()), "cpu");
  const double rate = model->config().sample_rate;
  const auto count = static_cast<std::size_t>(3.0 * rate);
  for (const double cents : {-45.0, -20.0, 0.0, 8.0, 33.0}) {
    std::vector<float> samples(count);
    for (const double pitch : {48.0, 55.0, 64.0, 72.0}) {
      const double hertz = 440.0 * std::exp2((pitch - 69.0) / 12.0 + cents / 1200.0);
      for (int partial = 1; partial <= 6; ++partial) {
        for (std::size_t i = 0; i < count; ++i) {
          const double turn = 6.283185307179586 * hertz * partial * static_cast<double>(i) / rate;
          samples[i] += static_cast<float>(0.1 / (partial * partial) * std::sin(turn));
        }
      }
    }
    CHECK(model->tuning(samples) == Approx(cents).margin(3.0));
  }
  std::mt19937 random(3);
  std::uniform_real_distribution<float> value(-0.5F, 0.5F);
  std::vector<float> hiss(count);
  for (float& x : hiss) x = value(random);
  CHECK(model->tuning(hiss) == 0.0);
  CHECK(model->tuning(std::vector<float>(count)) == 0.0);
  CHECK(model->tuning({}) == 0.0);
  CHECK(model->tuning({0.5F}) == 0.0);
}

TEST_CASE("what a group may play is judged together, by however many threads") {
  const std::string path = tiny::save(tiny::agreeing());
  for (const int threads : {1, 2, 5}) {
    const auto model = Model::load(path, "cpu", threads);
    const std::vector<TokenRow> rows = run(*model, {0.3F, 0.0F, 0.8F, 0.2F, 0.5F});
    REQUIRE(rows.size() == 5);
    for (const TokenRow& row : rows) CHECK(row.tokens == drums(8));
  }
  const auto model = Model::load(tiny::save(tiny::disagreeing()), "cpu");
  CHECK_THROWS_AS(run(*model, {0.3F, 0.8F}), Error);
}

TEST_CASE("the number of threads changes nothing") {
  const std::string path = tiny::save(tiny::counting());
  const std::vector<float> levels{0.3F, 1.0F, 0.0F, 0.7F, 0.3F, 0.1F, 1.2F};
  const auto alone = run(*Model::load(path, "cpu", 1), levels);
  for (const int threads : {2, 3, 16}) {
    const auto shared = run(*Model::load(path, "cpu", threads), levels);
    REQUIRE(shared.size() == alone.size());
    for (std::size_t i = 0; i < alone.size(); ++i) CHECK(shared[i].tokens == alone[i].tokens);
  }
}

TEST_CASE("a row without EOS ends at the longest length and keeps its tokens") {
  const auto model = Model::load(tiny::save(tiny::endless()), "cpu");
  const TokenRow row = run(*model, {0.1F}).front();
  REQUIRE(row.tokens.size() == 20);
  CHECK(row.tokens[1] == tokens::program(40));
  CHECK(row.tokens.back() == tokens::pitch(60));
}

TEST_CASE("without note heads the confidence is the token's probability") {
  tiny::Archive archive = tiny::counting();
  const std::string heads = "\"has_note_heads\": true";
  archive.config_json.replace(archive.config_json.find(heads), heads.size(),
                              "\"has_note_heads\": false");
  const auto model = Model::load(tiny::save(archive), "cpu");
  const TokenRow row = run(*model, {0.2F}).front();
  CHECK(row.heads[2].velocity == 0);
  CHECK(row.heads[2].confidence == Approx(2.71828 / (2.71828 + 1535.0)).epsilon(1e-4));
}

namespace {

/// Tokens of one window of `level` whose tie section keeps to a rule.
std::vector<Token> held(const Model& model, float level, HeldNotes kind,
                        std::vector<NoteKey> sounding, const InstrumentMask& mask = {}) {
  const std::vector<float> window(tiny::kWindow, level);
  const Segment segment{window.data(), TieRule{kind, std::move(sounding)}};
  return model.transcribe({segment}, mask, kGoOn).front().tokens;
}

}  // namespace

TEST_CASE("a forced tie section begins the row, whatever the model says") {
  const auto model = Model::load(tiny::save(tiny::counting()), "cpu");
  const std::vector<NoteKey> sounding{{0, 60}, {40, 62}};
  // The model has counted on meanwhile: it would have written five drums, and goes on with those
  // that are left.
  CHECK(held(*model, 0.5F, HeldNotes::kForced, sounding) ==
        std::vector<Token>{tokens::program(0), tokens::pitch(60), tokens::program(40),
                           tokens::pitch(62), tokens::kTie, tokens::drum(38), tokens::drum(39)});
  InstrumentMask mask;
  mask.drums = false;
  const std::vector<Token> masked = held(*model, 0.5F, HeldNotes::kForced, sounding, mask);
  CHECK(masked[4] == tokens::kTie);
}

TEST_CASE("a linked tie section names only what sounds") {
  tiny::Archive archive = tiny::endless();
  const std::string tie = "logits[:, 1134] = 1.0";
  archive.body.replace(archive.body.find(tie), tie.size(), "logits[:, 1135 + 40] = 1.0");
  const auto model = Model::load(tiny::save(archive), "cpu");
  // The model wants program 40, program 40 again, then pitch 60 for ever.
  const std::vector<Token> row =
      held(*model, 0.1F, HeldNotes::kLinked, {{0, 60}, {40, 59}, {40, 60}});
  REQUIRE(row.size() == 20);
  CHECK(
      std::vector<Token>(row.begin(), row.begin() + 4) ==
      std::vector<Token>{tokens::program(40), tokens::pitch(59), tokens::pitch(60), tokens::kTie});
  CHECK(row[4] == tokens::pitch(60));
  CHECK(held(*model, 0.1F, HeldNotes::kLinked, {}).front() == tokens::kTie);
}

TEST_CASE("rows of one batch keep each to their own rule") {
  const auto model = Model::load(tiny::save(tiny::counting()), "cpu", 1);
  const std::vector<float> window(tiny::kWindow, 0.3F);
  const std::vector<TokenRow> rows =
      model->transcribe({{window.data(), {}},
                         {window.data(), {HeldNotes::kForced, {{0, 60}}}},
                         {window.data(), {HeldNotes::kLinked, {{0, 60}}}}},
                        {}, kGoOn);
  CHECK(rows[0].tokens == drums(3));
  CHECK(rows[1].tokens == std::vector<Token>{tokens::program(0), tokens::pitch(60), tokens::kTie,
                                             tokens::drum(36), tokens::drum(37)});
  CHECK(rows[2].tokens == drums(3));  // it may close the section at once, and does
}

TEST_CASE("only the chosen programs are written") {
  const auto model = Model::load(tiny::save(tiny::endless()), "cpu");
  CHECK(run(*model, {0.1F}, only({40, 41})).front().tokens[1] == tokens::program(40));
  CHECK(run(*model, {0.1F}, only({0, 3})).front().tokens[1] == tokens::program(0));
}

TEST_CASE("before a chosen program is written no pitch is") {
  const auto model = Model::load(tiny::save(tiny::endless()), "cpu");
  // Neither of the model's programs is allowed: any other token may come, but no pitch.
  const TokenRow row = run(*model, {0.1F}, only({70})).front();
  bool program_seen = false;
  for (const Token token : row.tokens) {
    const Event event = tokens::kVocabulary.event(token);
    if (event.kind == EventKind::kProgram) {
      program_seen = true;
      CHECK(event.value == 70);
    }
    if (event.kind == EventKind::kPitch) CHECK(program_seen);
  }
}

TEST_CASE("a model of MIDI classes writes the class of a chosen program") {
  tiny::Archive archive = tiny::endless();
  const std::string full = "\"full\"";
  archive.config_json.replace(archive.config_json.find(full), full.size(), "\"class\"");
  const auto model = Model::load(tiny::save(archive), "cpu");
  CHECK(run(*model, {0.1F}, only({43})).front().tokens[1] == tokens::program(40));
}

TEST_CASE("without drums none are written") {
  const auto model = Model::load(tiny::save(tiny::counting()), "cpu");
  InstrumentMask mask;
  mask.drums = false;
  for (const TokenRow& row : run(*model, {0.5F, 1.0F}, mask)) {
    for (const Token token : row.tokens) {
      CHECK(tokens::kVocabulary.event(token).kind != EventKind::kDrum);
    }
  }
}

TEST_CASE("progress grows and cancels at once") {
  const auto model = Model::load(tiny::save(tiny::counting()), "cpu");
  double last = 0.0;
  int calls = 0;
  run(*model, {0.1F, 0.5F, 1.0F}, {}, [&](double done) {
    CHECK(done >= last);
    last = done;
    ++calls;
    return true;
  });
  CHECK(last <= 1.0);
  CHECK(calls > 0);

  try {
    run(*model, {1.0F}, {}, [&](double) { return false; });
    FAIL("it was not cancelled");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kCancelled);
  }
}

TEST_CASE("what the callback throws comes through") {
  const auto model = Model::load(tiny::save(tiny::counting()), "cpu");
  CHECK_THROWS_AS(run(*model, {1.0F}, {}, [](double) -> bool { throw 42; }), int);
}

TEST_CASE("a model that fails while it runs is an engine error") {
  const auto model = Model::load(tiny::save(tiny::failing()), "cpu");
  try {
    run(*model, {1.0F});
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kEngine);
    CHECK(has(error.what(), "a wire came loose"));
  }
}

TEST_CASE("files that are no model are refused with a way out") {
  const std::string good = tiny::save(tiny::counting());
  std::ifstream file(good, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};

  CHECK(has(failure("/nowhere/model.pt", "cpu", ErrorKind::kModel), "There is no model file"));
  CHECK(has(failure("/", "cpu", ErrorKind::kModel), "There is no model file"));
  CHECK(has(failure(tiny::save_bytes("hello"), "cpu", ErrorKind::kModel), "scorelane export"));
  CHECK(has(failure(tiny::save_bytes(""), "cpu", ErrorKind::kModel), "scorelane export"));
  CHECK(has(failure(tiny::save_bytes(bytes.substr(0, bytes.size() / 2)), "cpu", ErrorKind::kModel),
            "damaged"));
  CHECK(has(
      failure(tiny::save({"def forward(self, x):\n    return x\n", ""}), "cpu", ErrorKind::kModel),
      "no Scorelane model"));
  CHECK(has(failure(tiny::save({tiny::counting().body, ""}), "cpu", ErrorKind::kModel),
            "no Scorelane model"));
  CHECK(
      has(failure(tiny::save({tiny::counting().body, "{}"}), "cpu", ErrorKind::kModel), "format"));
}

TEST_CASE("a model whose step returns something else is refused") {
  tiny::Archive archive = tiny::counting();
  const std::string width = "[tokens.size(0), 1536]";
  archive.body.replace(archive.body.find(width), width.size(), "[tokens.size(0), 1400]");
  const auto model = Model::load(tiny::save(archive), "cpu");
  try {
    run(*model, {1.0F});
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kModel);
  }
}

TEST_CASE("devices that do not exist are engine errors") {
  const std::string good = tiny::save(tiny::counting());
  CHECK(has(failure(good, "gpu", ErrorKind::kEngine), "unknown"));
  CHECK(has(failure(good, "cuda:x", ErrorKind::kEngine), "unknown"));
  CHECK(has(failure(good, "", ErrorKind::kEngine), "unknown"));
  CHECK(has(failure(good, "cuda:99", ErrorKind::kEngine), "device"));
  CHECK_THROWS_AS(Model::load(good, "cpu", -1), Error);
}

TEST_CASE("where there is a GPU it gives the CPU's tokens") {
  const std::string path = tiny::save(tiny::counting());
  const auto automatic = Model::load(path, "auto");
  if (automatic->device() == "cpu") return;
  const auto host = Model::load(path, "cpu");
  const std::vector<float> levels{0.3F, 1.0F, 0.0F, 0.7F};
  const auto wanted = run(*host, levels);
  const auto got = run(*automatic, levels);
  for (std::size_t i = 0; i < levels.size(); ++i) CHECK(got[i].tokens == wanted[i].tokens);
}
