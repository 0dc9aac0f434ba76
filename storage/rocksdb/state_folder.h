#pragma once

#include <filesystem>
#include <string>

#include "engine/model/result.h"

namespace couplet {

// The folder that a state lives in: whose it is, who may look into it, who has it open.
//
// The state holds what links people's rows, so the folder is its owner's alone (0700), and the
// control socket inside relies on that too.
class StateFolder {
 public:
  static constexpr const char* kLockName = "couplet.lock";

  // Takes the folder for writing, until this object is gone; `create` makes it if it is not there.
  // The lock is the kernel's (flock): a process that dies, however it dies, lets go of it.
  // Errors: kNotFound, kPrivilege, kStateInUse.
  static Result<StateFolder> claim(const std::filesystem::path& path, bool create);

  ~StateFolder();
  StateFolder(StateFolder&& other) noexcept;
  StateFolder& operator=(StateFolder&&) = delete;
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

 private:
  explicit StateFolder(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace couplet
