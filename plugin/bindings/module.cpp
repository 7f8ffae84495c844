// scorelane._processor: the plugin's own processor, without a plugin host. What hosts throw away,
// the MIDI above all, can be seen here.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstring>

#include "host.h"

namespace py = pybind11;

namespace scorelane::plugin {
namespace {

using Samples = py::array_t<float, py::array::c_style | py::array::forcecast>;

/// A note as numpy sees it; the fields and their order are those of scorelane._engine.
struct PlainNote {
  double onset, offset;
  std::int32_t pitch, program;
  bool is_drum;
  std::int32_t velocity;
  float confidence;
};

py::array_t<PlainNote> notes_of(Host& host) {
  host.processor().refresh();
  // Held for as long as it is read: the worker may put another in its place at any time.
  const auto shown = host.processor().session().presentation();
  std::vector<PlainNote> plain;
  for (const auto& note : shown->notes) {
    plain.push_back({note.onset, note.offset, note.pitch, note.lane.program, note.lane.is_drum,
                     note.velocity, note.confidence});
  }
  return py::array_t<PlainNote>(static_cast<py::ssize_t>(plain.size()), plain.data());
}

py::list lanes_of(Host& host) {
  host.processor().refresh();
  const auto shown = host.processor().session().presentation();
  py::list lanes;
  for (const auto& lane : shown->lanes) {
    py::dict row;
    row["name"] = lane.name;
    row["program"] = lane.key.program;
    row["is_drum"] = lane.key.is_drum;
    row["channel"] = lane.channel;
    row["count"] = lane.count;
    row["audible"] = lane.audible;
    lanes.append(row);
  }
  return lanes;
}

py::dict status_of(Host& host) {
  static constexpr const char* kStages[] = {"empty", "recording", "loading", "transcribing",
                                            "ready"};
  const auto status = host.processor().session().status();
  py::dict row;
  row["stage"] = kStages[static_cast<int>(status.stage)];
  row["seconds_done"] = status.seconds_done;
  row["seconds_total"] = status.seconds_total;
  row["error"] = status.error.toStdString();
  row["notice"] = status.notice.toStdString();
  row["model"] = status.model.toStdString();
  row["device"] = status.device.toStdString();
  return row;
}

using PythonMidi = std::vector<std::pair<std::int64_t, py::bytes>>;

std::pair<Samples, PythonMidi> process(Host& host, const Samples& audio, const PythonMidi& midi) {
  const auto flat = audio.ndim() == 1;
  if (audio.ndim() != 2 && !flat) throw py::value_error("audio must be [n] or [channels, n]");
  const auto channels = flat ? 1 : audio.shape(0);
  if (channels != host.channels()) {
    throw py::value_error("this processor was made for " + std::to_string(host.channels()) +
                          " channels");
  }
  const auto frames = audio.shape(flat ? 0 : 1);
  juce::AudioBuffer<float> buffer(static_cast<int>(channels), static_cast<int>(frames));
  for (int channel = 0; channel < buffer.getNumChannels(); ++channel) {
    std::memcpy(buffer.getWritePointer(channel), audio.data() + channel * frames,
                static_cast<std::size_t>(frames) * sizeof(float));
  }
  std::vector<TimedMidi> events;
  for (const auto& [sample, bytes] : midi) events.emplace_back(sample, std::string(bytes));
  {
    const py::gil_scoped_release release;
    events = host.process(buffer, events);
  }
  Samples out(std::vector<py::ssize_t>(audio.shape(), audio.shape() + audio.ndim()));
  for (int channel = 0; channel < buffer.getNumChannels(); ++channel) {
    std::memcpy(out.mutable_data() + channel * frames, buffer.getReadPointer(channel),
                static_cast<std::size_t>(frames) * sizeof(float));
  }
  PythonMidi result;
  result.reserve(events.size());
  for (const auto& [sample, bytes] : events) result.emplace_back(sample, py::bytes(bytes));
  return {std::move(out), std::move(result)};
}

py::object get_attribute(const Host& host, const std::string& name) {
  if (!host.has_parameter(name)) throw py::attribute_error("Processor has no \"" + name + "\"");
  return py::cast(host.parameter(name));
}

void set_attribute(const py::object& self, const py::str& name, const py::object& value) {
  auto& host = self.cast<Host&>();
  if (!host.has_parameter(name)) {
    const auto plain = py::module_::import("builtins").attr("object").attr("__setattr__");
    plain(self, name, value);
    return;
  }
  host.set_parameter(name, py::isinstance<py::str>(value)     ? Value(value.cast<std::string>())
                           : py::isinstance<py::bool_>(value) ? Value(value.cast<bool>())
                                                              : Value(value.cast<double>()));
}

}  // namespace
}  // namespace scorelane::plugin

PYBIND11_MODULE(_processor, module) {
  using namespace scorelane::plugin;
  module.doc() = "The plugin's processor without a host; see scorelane.host.";
  PYBIND11_NUMPY_DTYPE(PlainNote, onset, offset, pitch, program, is_drum, velocity, confidence);

  py::class_<Transport>(module, "Transport")
      .def(py::init<bool, double, double>(), py::arg("playing") = true, py::arg("seconds") = 0.0,
           py::arg("bpm") = 120.0)
      .def_readwrite("playing", &Transport::playing)
      .def_readwrite("seconds", &Transport::seconds)
      .def_readwrite("bpm", &Transport::bpm);

  py::class_<Host>(module, "Processor", py::dynamic_attr())
      .def(py::init([](double sample_rate, int block_size, int channels, bool realtime) {
             return std::make_unique<Host>(sample_rate, block_size, channels, realtime);
           }),
           py::arg("sample_rate") = 44100.0, py::arg("block_size") = 512, py::kw_only(),
           py::arg("channels") = 2, py::arg("realtime") = false)
      .def("process", process, py::arg("audio"), py::arg("midi") = PythonMidi{})
      .def("prepare", &Host::prepare, py::arg("block_size") = 0,
           py::call_guard<py::gil_scoped_release>())
      .def("reset", [](Host& host) { host.processor().reset(); })
      .def("release", [](Host& host) { host.processor().releaseResources(); })
      .def_property(
          "state",
          [](Host& host) {
            std::string bytes;
            {
              const py::gil_scoped_release release;
              bytes = host.state();
            }
            return py::bytes(bytes);
          },
          [](Host& host, const py::bytes& bytes) { host.set_state(bytes); })
      .def_property("transport", &Host::transport, &Host::set_transport)
      .def_property_readonly("parameters", &Host::parameters)
      .def_property_readonly("sample_rate", &Host::sample_rate)
      .def_property_readonly("block_size", &Host::block_size)
      .def_property_readonly("notes", notes_of)
      .def_property_readonly("lanes", lanes_of)
      .def_property_readonly("status", status_of)
      .def_property_readonly("latency",
                             [](Host& host) { return host.processor().getLatencySamples(); })
      .def(
          "load_file",
          [](Host& host, const std::string& path) {
            host.processor().session().load_file(
                juce::File::getCurrentWorkingDirectory().getChildFile(
                    juce::String::fromUTF8(path.c_str())));
          },
          py::arg("path"))
      .def(
          "choose_model",
          [](Host& host, const std::string& path, const std::string& device) {
            const auto file = path.empty() ? juce::File()
                                           : juce::File::getCurrentWorkingDirectory().getChildFile(
                                                 juce::String::fromUTF8(path.c_str()));
            host.processor().session().choose_model(file, juce::String(device));
          },
          py::arg("path") = "", py::arg("device") = "auto")
      .def(
          "choose_players",
          [](Host& host, const std::vector<int>& programs, bool drums) {
            std::vector<LaneKey> players;
            for (const int program : programs) {
              if (program < 0 || program > 127) throw py::value_error("programs are 0 to 127");
              players.push_back({false, program});
            }
            if (drums) players.push_back({true, 0});
            host.processor().session().choose_players(players);
          },
          py::arg("programs") = std::vector<int>{}, py::arg("drums") = false)
      .def("transcribe", [](Host& host) { host.processor().session().transcribe(); })
      .def(
          "cancel", [](Host& host) { host.processor().session().cancel(); },
          py::call_guard<py::gil_scoped_release>())
      .def("clear", [](Host& host) { host.processor().session().clear(); })
      .def("undo", [](Host& host) { return host.processor().session().undo(); })
      .def("redo", [](Host& host) { return host.processor().session().redo(); })
      .def(
          "wait",
          [](Host& host, double seconds) { return host.processor().session().wait(seconds); },
          py::arg("seconds") = 3600.0, py::call_guard<py::gil_scoped_release>())
      .def("__getattr__", get_attribute)
      .def("__setattr__", set_attribute);
}
