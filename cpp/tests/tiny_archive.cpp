#include "tiny_archive.h"

#include <torch/script.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tiny {

namespace {

const char* const kConfig = R"({"format": 1, "sample_rate": 16000, "segment_samples": 1600,
  "context_samples": 0, "velocity_bins": 1, "steps_per_second": 100, "max_shift": 1000,
  "max_tokens": 20, "vocabulary_size": 1536, "granularity": "full", "has_note_heads": true})";

const char* const kEncodeAndStart = R"(
def encode(self, audio: Tensor) -> List[Tensor]:
    return [torch.round(audio.abs().mean(1, keepdim=True) * 10.0).long()]

def start(self, memory: List[Tensor]) -> List[Tensor]:
    return [torch.zeros_like(memory[0])]
)";

/// A folder that goes with the process.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("scorelane-test-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string new_file() { return (path_ / std::to_string(count_++)).string(); }

 private:
  std::filesystem::path path_;
  int count_ = 0;
};

std::string temporary_path() {
  static TemporaryFolder folder;
  return folder.new_file();
}

}  // namespace

Archive counting() {
  return {std::string(kEncodeAndStart) + R"(
def step(self, tokens: Tensor, position: int, memory: List[Tensor],
         state: List[Tensor]) -> Tuple[Tensor, Tensor]:
    done = state[0] - 2
    token = torch.where(done < memory[0], 1298 + done, torch.ones_like(done))
    token = torch.where(done == -2, 1134 * torch.ones_like(done), token)
    token = torch.where(done == -1, 1133 * torch.ones_like(done), token)
    state[0].add_(1)
    logits = torch.zeros([tokens.size(0), 1536], device=tokens.device)
    logits.scatter_(1, token, 1.0)
    heads = torch.zeros([tokens.size(0), 2], device=tokens.device)
    heads[:, 0] = 64.0 / 127.0
    return logits, heads
)",
          kConfig};
}

Archive agreeing() {
  Archive archive = counting();
  archive.body += R"(
def candidates(self, memory: List[Tensor]) -> List[Tensor]:
    level = memory[0].float()
    return [level, torch.cat([level, 2.0 * level], dim=1)]

def agree(self, candidates: List[Tensor]) -> List[Tensor]:
    level, both = candidates[0], candidates[1]
    level = both[:, level.size(1):] - level
    return [level.amax(0, keepdim=True) - level]

def reconsider(self, memory: List[Tensor], gains: List[Tensor]) -> List[Tensor]:
    return [memory[0] + gains[0].long()]
)";
  return archive;
}

Archive disagreeing() {
  Archive archive = agreeing();
  const std::string found = "amax(0, keepdim=True) - level";
  archive.body.replace(archive.body.find(found), found.size(), "amax(0, keepdim=True)");
  return archive;
}

Archive endless() {
  return {std::string(kEncodeAndStart) + R"(
def step(self, tokens: Tensor, position: int, memory: List[Tensor],
         state: List[Tensor]) -> Tuple[Tensor, Tensor]:
    logits = torch.zeros([tokens.size(0), 1536], device=tokens.device)
    if position == 0:
        logits[:, 1134] = 1.0
    elif position == 1:
        logits[:, 1135 + 40] = 2.0
        logits[:, 1135] = 1.0
    else:
        logits[:, 1004 + 60] = 1.0
    return logits, torch.zeros([tokens.size(0), 2], device=tokens.device)
)",
          kConfig};
}

Archive failing() {
  return {std::string(kEncodeAndStart) + R"(
def step(self, tokens: Tensor, position: int, memory: List[Tensor],
         state: List[Tensor]) -> Tuple[Tensor, Tensor]:
    assert position < 0, "a wire came loose"
    return tokens, tokens
)",
          kConfig};
}

std::string save(const Archive& archive) {
  torch::jit::Module module("Tiny");
  module.define(archive.body);
  torch::jit::ExtraFilesMap extra;
  if (!archive.config_json.empty()) extra["config.json"] = archive.config_json;
  const std::string path = temporary_path();
  module.save(path, extra);
  return path;
}

std::string save_bytes(const std::string& bytes) {
  const std::string path = temporary_path();
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

}  // namespace tiny
