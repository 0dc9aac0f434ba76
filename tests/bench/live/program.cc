#include "tests/bench/live/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace couplet::bench {

double processor_seconds(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  // The name, which may hold blanks, ends with the last bracket; user and system time are the 12th
  // and 13th word behind it.
  std::istringstream words(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  std::string skipped;
  for (int i = 0; i < 11; ++i) {
    words >> skipped;
  }
  double user = 0;
  double system = 0;
  words >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Program::Program(const std::vector<std::string>& words, const std::string& log) : log_(log) {
  process_ = fork();
  if (process_ == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(nowhere, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : words) {
      arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  if (process_ < 0) {
    throw std::runtime_error("cannot start " + words.at(0));
  }
}

Program::~Program() {
  if (process_ != 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
}

double Program::peak_mib() const {
  std::ifstream file("/proc/" + std::to_string(process_) + "/status");
  const std::string wanted = "VmHWM:";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(wanted)) {
      return std::stod(line.substr(wanted.size())) / 1024.0;
    }
  }
  return 0;
}

bool Program::runs() {
  if (process_ != 0 && waitpid(process_, nullptr, WNOHANG) == process_) {
    process_ = 0;
  }
  return process_ != 0;
}

void Program::stop() {
  int status = -1;
  if (process_ != 0) {
    kill(process_, SIGTERM);
    waitpid(process_, &status, 0);
    process_ = 0;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::ifstream said(log_);
    std::stringstream text;
    text << said.rdbuf();
    throw std::runtime_error("it did not end well: " + text.str());
  }
}

}  // namespace couplet::bench
