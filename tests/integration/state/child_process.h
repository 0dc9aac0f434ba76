#pragma once

#include <sys/types.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace couplet::test {

// A program run beside the test, with pipes to its input and from its output. Killed, if it still
// runs, with the object.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Waits for the next line of output; nullopt at its end.
  std::optional<std::string> read_line();
  void close_input();
  void kill();  // SIGKILL, and waits for its end.
  int wait();   // The exit code; 128 + signal if one ended it.

  [[nodiscard]] pid_t id() const { return id_; }

 private:
  pid_t id_ = -1;
  int input_ = -1;
  std::FILE* output_ = nullptr;
  std::optional<int> ended_;
};

}  // namespace couplet::test
