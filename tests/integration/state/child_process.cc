#include "tests/integration/state/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it declared by us.

namespace couplet::test {

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  const int error =
      ::posix_spawn(&id_, arguments.front(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  ::close(output[1]);
  input_ = input[1];
  output_ = ::fdopen(output[0], "r");
  if (error != 0 || output_ == nullptr) {
    throw std::runtime_error("cannot start " + command.front());
  }
}

ChildProcess::~ChildProcess() {
  if (!ended_) {
    kill();
  }
  close_input();
  std::fclose(output_);
}

std::optional<std::string> ChildProcess::read_line() {
  std::string line;
  for (int next = std::fgetc(output_); next != EOF; next = std::fgetc(output_)) {
    if (next == '\n') {
      return line;
    }
    line.push_back(static_cast<char>(next));
  }
  return std::nullopt;
}

void ChildProcess::close_input() {
  if (input_ >= 0) {
    ::close(input_);
    input_ = -1;
  }
}

void ChildProcess::kill() {
  ::kill(id_, SIGKILL);
  wait();
}

int ChildProcess::wait() {
  constexpr int kSignalled = 128;
  if (!ended_) {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
  }
  return *ended_;
}

}  // namespace couplet::test
