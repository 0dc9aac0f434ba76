#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "engine/model/result.h"

namespace couplet {

// Where the process that has a state tells how it stands (DESIGN section 4): a Unix socket in the
// folder of the state, which is its owner's alone. Who connects is told one text, and the
// connection ends; nothing is read from it.
class ControlSocket {
 public:
  static constexpr const char* kName = "couplet.sock";

  // `folder`: of a state that this process has claimed. What an earlier one has left there is
  // replaced. Errors: kUnavailable.
  static Result<ControlSocket> open(const std::filesystem::path& folder);

  // Takes it away.
  ~ControlSocket();
  ControlSocket(ControlSocket&& other) noexcept;
  ControlSocket& operator=(ControlSocket&&) = delete;
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  // Answers, on a thread of the caller's, until `close`; never waits for who asks.
  void serve(const std::function<std::string()>& tell) const;
  // From any thread: `serve` ends.
  void close() const;

 private:
  ControlSocket(int descriptor, std::filesystem::path file)
      : descriptor_(descriptor), file_(std::move(file)) {}

  int descriptor_;
  std::filesystem::path file_;
};

// What the process that has the state in `folder` tells of itself. nullopt: there is none that
// answers within about `patience`.
std::optional<std::string> ask_who_has(const std::filesystem::path& folder,
                                       std::chrono::milliseconds patience);

}  // namespace couplet
