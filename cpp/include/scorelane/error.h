#pragma once

#include <stdexcept>
#include <string>

namespace scorelane {

/// What kind of trouble an Error reports; the binding and the C ABI each map these to their own.
enum class ErrorKind {
  kAudio,      ///< the recording cannot be used
  kModel,      ///< the model file cannot be used
  kEngine,     ///< device, memory, or an object used in the wrong way
  kCancelled,  ///< the progress callback asked to stop
};

/// Every failure of the engine. The message is a sentence that a user can act on.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace scorelane
