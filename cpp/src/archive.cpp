#include "archive.h"

#include <torch/cuda.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <unordered_map>

#include "scorelane/error.h"

namespace scorelane {

namespace {

bool all_have(const TensorList& tensors, std::int64_t rows) {
  return std::all_of(tensors.begin(), tensors.end(), [rows](const at::Tensor& tensor) {
    return tensor.dim() > 0 && tensor.size(0) == rows;
  });
}

constexpr const char* kConfigFile = "config.json";
constexpr const char* kRemedy =
    "; make a model archive with `scorelane export`, or name a model that ships with Scorelane.";

c10::Device parse_device(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  if (name == "auto") {
    return torch::cuda::is_available() ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  }
  const bool numbered = name.size() > 5 && name.size() <= 7 && name.rfind("cuda:", 0) == 0 &&
                        name.find_first_not_of("0123456789", 5) == std::string::npos;
  if (name != "cuda" && !numbered) {
    throw Error(ErrorKind::kEngine,
                "The device \"" + name + "\" is unknown; use auto, cpu, cuda or cuda:N.");
  }
  if (!torch::cuda::is_available()) {
    throw Error(ErrorKind::kEngine,
                "CUDA was asked for, but this machine or this build of torch has none; use the "
                "device auto or cpu.");
  }
  const int index = numbered ? std::stoi(name.substr(5)) : 0;
  const int count = torch::cuda::device_count();
  if (index >= count) {
    throw Error(ErrorKind::kEngine,
                "The device " + name +
                    " does not exist; the last one is cuda:" + std::to_string(count - 1) + ".");
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

torch::jit::Module load_module(const std::string& path, const c10::Device& device,
                               std::string& config_json) {
  if (!std::filesystem::is_regular_file(std::filesystem::u8path(path))) {
    throw Error(ErrorKind::kModel, "There is no model file \"" + path + "\"" + kRemedy);
  }
  if (std::ifstream file(std::filesystem::u8path(path), std::ios::binary); !file.good()) {
    throw Error(ErrorKind::kModel, "The model file \"" + path + "\" cannot be opened for reading.");
  }
  std::unordered_map<std::string, std::string> extra{{kConfigFile, ""}};
  try {
    torch::jit::Module module = torch::jit::load(path, device, extra);
    config_json = extra[kConfigFile];
    module.eval();
    return module;
  } catch (const c10::OutOfMemoryError&) {
    throw Error(ErrorKind::kEngine, "The model does not fit into the device's memory.");
  } catch (const std::exception&) {
    throw Error(ErrorKind::kModel,
                "\"" + path + "\" is no TorchScript archive or is damaged" + kRemedy);
  }
}

void require(bool condition, const char* what) {
  if (condition) return;
  throw Error(ErrorKind::kModel, std::string("The model does not keep the archive's contract: ") +
                                     what + "; export it again with this version.");
}

}  // namespace

Archive::Archive(const std::string& path, const std::string& device)
    : device_(parse_device(device)), module_(load_module(path, device_, config_json_)) {
  const bool complete = module_.find_method("encode") && module_.find_method("start") &&
                        module_.find_method("step") && !config_json_.empty();
  if (!complete) {
    throw Error(ErrorKind::kModel,
                "\"" + path + "\" is a TorchScript module, but no Scorelane model" + kRemedy);
  }
  config_ = ModelConfig::parse(config_json_);
  // Archives of before 0.13 do not.
  reconsiders_ = module_.find_method("candidates") && module_.find_method("agree") &&
                 module_.find_method("reconsider");
}

TensorList Archive::encode(const at::Tensor& audio) const {
  const c10::IValue memory = method("encode")({audio});
  require(memory.isTensorList() && !memory.toTensorList().empty(), "encode returns no tensors");
  return memory.toTensorList();
}

TensorList Archive::candidates(const TensorList& memory) const {
  const c10::IValue found = method("candidates")({memory});
  require(found.isTensorList() && all_have(found.toTensorList(), memory.get(0).size(0)),
          "candidates returns no tensors of as many rows");
  return found.toTensorList();
}

TensorList Archive::agree(const TensorList& candidates) const {
  const c10::IValue gains = method("agree")({candidates});
  require(gains.isTensorList() &&
              (candidates.empty() || all_have(gains.toTensorList(), candidates.get(0).size(0))),
          "agree returns no tensors of as many rows");
  return gains.toTensorList();
}

TensorList Archive::reconsider(const TensorList& memory, const TensorList& gains) const {
  const c10::IValue changed = method("reconsider")({memory, gains});
  require(changed.isTensorList() && changed.toTensorList().size() == memory.size(),
          "reconsider returns another number of tensors");
  return changed.toTensorList();
}

TensorList Archive::start(const TensorList& memory) const {
  const c10::IValue state = method("start")({memory});
  require(state.isTensorList(), "start returns no list of tensors");
  return state.toTensorList();
}

std::pair<at::Tensor, at::Tensor> Archive::step(const at::Tensor& tokens, std::int64_t position,
                                                const TensorList& memory,
                                                const TensorList& state) const {
  const c10::IValue result = method("step")({tokens, position, memory, state});
  require(result.isTuple() && result.toTupleRef().elements().size() == 2, "step returns no pair");
  const auto& elements = result.toTupleRef().elements();
  require(elements[0].isTensor() && elements[1].isTensor(), "step returns no tensors");
  const at::Tensor& logits = elements[0].toTensor();
  const at::Tensor& heads = elements[1].toTensor();
  const std::int64_t batch = tokens.size(0);
  require(logits.dim() == 2 && logits.size(0) == batch &&
              logits.size(1) == config_.vocabulary_size && logits.scalar_type() == at::kFloat,
          "step's logits have another shape or type");
  const std::size_t named =
      config_.programs.empty() ? Vocabulary::kMidiValues : config_.programs.size();
  const std::int64_t width = heads.dim() == 2 ? heads.size(1) : 0;
  require(heads.dim() == 2 && heads.size(0) == batch && heads.scalar_type() == at::kFloat &&
              (width == 2 || width == 2 + static_cast<std::int64_t>(named)),
          "step's note heads have another shape or type");
  return {logits, heads};
}

torch::jit::Method Archive::method(const char* name) const {
  return module_.get_method(name);
}

}  // namespace scorelane
