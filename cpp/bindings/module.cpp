#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conversions.h"
#include "scorelane/model.h"
#include "scorelane/stray_lanes.h"
#include "scorelane/transcriber.h"

namespace scorelane::python {

namespace {

void raise(const Error& error) {
  const char* name = "EngineError";
  if (error.kind() == ErrorKind::kAudio) name = "AudioError";
  if (error.kind() == ErrorKind::kModel) name = "ModelError";
  if (error.kind() == ErrorKind::kCancelled) name = "Cancelled";
  py::set_error(py::module_::import("scorelane.errors").attr(name), error.what());
}

void bind_model(py::module_& module) {
  py::class_<Model, std::shared_ptr<Model>>(
      module, "Model", "A model archive, loaded. May serve several streams on several threads.")
      .def_static(
          "load",
          [](const std::string& path, const std::string& device, int threads) {
            const py::gil_scoped_release unlocked;
            return std::const_pointer_cast<Model>(Model::load(path, device, threads));
          },
          py::arg("path"), py::arg("device") = "auto", py::arg("threads") = 0,
          "Load a TorchScript archive. device: 'auto', 'cpu', 'cuda' or 'cuda:N'; threads: for\n"
          "work on the CPU, 0 for torch's choice. Raises ModelError or EngineError.")
      .def_property_readonly("config", &Model::config_json, "The archive's config.json, as text.")
      .def_property_readonly("device", &Model::device, "Where it runs, such as 'cpu' or 'cuda:0'.")
      .def(
          "tokens",
          [](const Model& model, const Samples& windows, const Programs& programs, bool drums) {
            const std::int64_t length = model.config().window_samples();
            if (windows.ndim() != 2 || windows.shape(1) != length) {
              throw Error(ErrorKind::kAudio, "Windows must be an array [batch, " +
                                                 std::to_string(length) + "] of samples.");
            }
            const InstrumentMask mask = to_mask(programs, drums);
            const std::function<bool(double)> progress = to_progress(py::none());
            std::vector<Segment> segments;
            for (const float* window : channels_of(windows)) segments.push_back({window, {}});
            std::vector<TokenRow> rows;
            {
              const py::gil_scoped_release unlocked;
              rows = model.transcribe(segments, mask, progress);
            }
            py::list result;
            for (const TokenRow& row : rows) {
              result.append(py::array_t<Token>(static_cast<py::ssize_t>(row.tokens.size()),
                                               row.tokens.data()));
            }
            return result;
          },
          py::arg("windows"), py::arg("programs") = py::none(), py::arg("drums") = true,
          "Tokens (int32 arrays, EOS left out) of windows [batch, window samples], decoded as one\n"
          "batch.");
}

void bind_transcriber(py::module_& module) {
  py::class_<Transcriber>(
      module, "Transcriber",
      "One recording as a stream: push samples, take the notes that have ended, flush. The notes\n"
      "are the same whatever the size of the pieces. For one thread at a time; over after an "
      "error.")
      .def(
          py::init([](std::shared_ptr<Model> model, double sample_rate, const Programs& programs,
                      bool drums, std::vector<std::int32_t> players, std::int64_t batch_size,
                      const std::string& held_notes, double tuning, const py::object& on_progress) {
            TranscriberOptions options;
            options.mask = to_mask(programs, drums, std::move(players));
            options.batch_size = batch_size;
            options.held_notes = to_held_notes(held_notes);
            options.tuning = tuning;
            options.on_progress = to_progress(on_progress);
            return std::make_unique<Transcriber>(std::move(model), sample_rate, std::move(options));
          }),
          py::arg("model"), py::arg("sample_rate"), py::kw_only(), py::arg("programs") = py::none(),
          py::arg("drums") = true, py::arg("players") = std::vector<std::int32_t>{},
          py::arg("batch_size") = 0, py::arg("held_notes") = "free", py::arg("tuning") = 0.0,
          py::arg("on_progress") = py::none(),
          "sample_rate in Hz, 1000 to 384000. programs: the only General MIDI programs that may\n"
          "appear, None for all. players: whose of the named players each of them is, counted\n"
          "from 0; empty where nobody was named. batch_size: segments decoded together, 0 for the\n"
          "device's best. held_notes: 'free', 'linked' or 'forced', see docs/ENGINE-API.md.\n"
          "tuning: Hz of A4, 0 for what the first minute sounds like.\n"
          "on_progress(seconds_done) is called at most every 50 ms; False cancels.")
      .def(
          "push",
          [](Transcriber& stream, const Samples& samples) {
            const std::vector<const float*> channels = channels_of(samples);
            const auto frames = static_cast<std::size_t>(samples.shape(samples.ndim() - 1));
            std::vector<Note> notes;
            {
              const py::gil_scoped_release unlocked;
              notes = stream.push(channels.data(), channels.size(), frames);
            }
            return to_array(notes);
          },
          py::arg("samples"),
          "Take float samples [n] or [channels, n], -1 to 1; returns the notes that have ended as\n"
          "a structured array (onset, offset in seconds; pitch, program, is_drum, velocity,\n"
          "confidence). Raises AudioError for a sample that is not finite, Cancelled, EngineError.")
      .def(
          "flush",
          [](Transcriber& stream) {
            std::vector<Note> notes;
            {
              const py::gil_scoped_release unlocked;
              notes = stream.flush();
            }
            return to_array(notes);
          },
          "Transcribe what is left, end the stream, return its last notes.")
      .def_property_readonly("tuning", &Transcriber::tuning,
                             "What A4 is taken to be tuned to, in Hz.")
      .def_property_readonly(
          "skipped", [](const Transcriber& stream) { return to_dict(stream.skipped()); },
          "How many events broke the grammar of tokens, by kind.");
}

std::int64_t to_step(double seconds, const Vocabulary& vocabulary) {
  constexpr double kLongest = 1e8;
  if (!(seconds >= 0.0 && seconds <= kLongest)) {
    throw py::value_error("a segment's time must lie between 0 and 1e8 seconds");
  }
  // The small number keeps 2.05 s, which is a hair less in binary, on its own step.
  return static_cast<std::int64_t>(std::floor(seconds * vocabulary.steps_per_second + 1e-6));
}

/// The C++ decoder with times in seconds.
class PythonNoteDecoder {
 public:
  PythonNoteDecoder(int velocity_bins, int max_shift, int steps_per_second)
      : vocabulary_{velocity_bins, max_shift, steps_per_second}, decoder_(vocabulary_) {
    if (velocity_bins != 1 && velocity_bins != 127) {
      throw py::value_error("velocity_bins must be 1 or 127");
    }
    if (max_shift < 1 || max_shift > 100'000 || steps_per_second < 1 || steps_per_second > 10'000) {
      throw py::value_error("max_shift or steps_per_second is out of range");
    }
  }

  void decode(const Integers& tokens, double start, std::optional<double> limit) {
    decoder_.decode(to_row(tokens), to_step(start, vocabulary_),
                    limit ? to_step(*limit, vocabulary_) : NoteDecoder::kNoLimit);
  }
  void end_sounding(double time) { decoder_.end_sounding(to_step(time, vocabulary_)); }
  void finish(std::optional<double> end) { decoder_.finish(end); }
  py::array_t<Note> take_notes() { return to_array(decoder_.take_notes()); }
  py::dict skipped() const { return to_dict(decoder_.skipped()); }

 private:
  Vocabulary vocabulary_;
  NoteDecoder decoder_;
};

void bind_note_decoder(py::module_& module) {
  py::class_<PythonNoteDecoder>(
      module, "NoteDecoder",
      "Tokens of consecutive segments to notes. Takes any tokens: what breaks the grammar is\n"
      "counted in `skipped` and left out.")
      .def(py::init<int, int, int>(), py::arg("velocity_bins") = 1, py::arg("max_shift") = 1000,
           py::arg("steps_per_second") = 100)
      .def("decode", &PythonNoteDecoder::decode, py::arg("tokens"), py::arg("start"),
           py::arg("limit") = py::none(),
           "Read one segment that starts at `start` seconds (floored to the grid). A time beyond\n"
           "`limit`, the next segment's start, drops the rest of the segment.")
      .def("end_sounding", &PythonNoteDecoder::end_sounding, py::arg("time"),
           "End every sounding note at `time` seconds: a silent segment starts there.")
      .def("finish", &PythonNoteDecoder::finish, py::arg("end") = py::none(),
           "End what still sounds at `end` seconds, or at the last event.")
      .def("take_notes", &PythonNoteDecoder::take_notes,
           "Notes completed since the last call, as a structured array in order of onset.")
      .def_property_readonly("skipped", &PythonNoteDecoder::skipped,
                             "How many events broke the grammar of tokens, by kind.");
}

}  // namespace

PYBIND11_MODULE(_engine, module) {
  module.doc() = "The inference engine. Use it through scorelane.engine.";
  PYBIND11_NUMPY_DTYPE(Note, onset, offset, pitch, program, is_drum, velocity, confidence);
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Error& error) {
      raise(error);
    }
  });
  bind_model(module);
  bind_transcriber(module);
  bind_note_decoder(module);
  module.def(
      "settled_programs",
      [](const py::array_t<Note, py::array::c_style | py::array::forcecast>& notes,
         double least_share) {
        const std::vector<Note> list(notes.data(), notes.data() + notes.size());
        const std::vector<std::int32_t> programs = settled_programs(list, least_share);
        return py::array_t<std::int32_t>(static_cast<py::ssize_t>(programs.size()),
                                         programs.data());
      },
      py::arg("notes"), py::arg("least_share"),
      "The program [n] of each of the notes [n], in order of onset, when instruments with less\n"
      "than their share (0-1) of what sounds around give their notes away; -1 for a note that its\n"
      "new lane has already, and for drums that hardly play.");
}

}  // namespace scorelane::python
