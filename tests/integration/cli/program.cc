#include "tests/integration/cli/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

extern "C" char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to us.

namespace couplet::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(120);

std::vector<std::string> environment_of(const Program::Settings& settings) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    all[std::string(text.substr(0, text.find('=')))] = text.substr(text.find('=') + 1);
  }
  for (const auto& [name, value] : settings.environment) {
    if (value) {
      all[name] = *value;
    } else {
      all.erase(name);
    }
  }
  std::vector<std::string> entries;
  for (const auto& [name, value] : all) {
    entries.push_back(std::string(name).append("=").append(value));
  }
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) {
    out.push_back(text.data());
  }
  out.push_back(nullptr);
  return out;
}

void check(bool fine, const char* what) {
  if (!fine) {
    throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
  }
}

}  // namespace

Program::Program(const Settings& settings) {
  std::vector<std::string> words = settings.words;
  std::vector<std::string> entries = environment_of(settings);
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> environment = pointers(entries);
  std::array<int, 2> out{-1, -1};
  std::array<int, 2> err{-1, -1};
  if (settings.terminal) {
    const winsize size{24, settings.columns, 0, 0};
    check(::openpty(&out[0], &out[1], nullptr, nullptr, &size) == 0, "openpty");
    ::fcntl(out[0], F_SETFD, FD_CLOEXEC);
    ::fcntl(out[1], F_SETFD, FD_CLOEXEC);
  } else {
    check(::pipe2(out.data(), O_CLOEXEC) == 0 && ::pipe2(err.data(), O_CLOEXEC) == 0, "pipe2");
  }
  pid_ = ::fork();
  check(pid_ >= 0, "fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // Gone with the test, however that ends.
    // A test runner may have been started with these ignored.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGPIPE, SIG_DFL);
    int out_end = out[1];
    int err_end = settings.terminal ? out[1] : err[1];
    if (settings.out_file) {
      out_end = ::open(settings.out_file->c_str(), O_WRONLY | O_CLOEXEC);
    }
    if (settings.log_file) {
      out_end = err_end =
          ::open(settings.log_file->c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    ::dup2(out_end, STDOUT_FILENO);
    ::dup2(err_end, STDERR_FILENO);
    ::execve(arguments[0], arguments.data(), environment.data());
    ::_exit(127);
  }
  // By number: Debian 11 has the call, but no function for it.
  process_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  check(process_ >= 0, "pidfd_open");
  ::close(out[1]);
  out_ = out[0];
  ::fcntl(out_, F_SETFL, O_NONBLOCK);
  if (!settings.terminal) {
    ::close(err[1]);
    err_ = err[0];
    ::fcntl(err_, F_SETFL, O_NONBLOCK);
  }
}

Program::~Program() {
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const int descriptor : {out_, err_, process_}) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
}

void Program::send(int signal) const { check(::kill(pid_, signal) == 0, "kill"); }

bool Program::catches(int signal) const { return is_listed(signal, {"SigCgt:"}); }

bool Program::is_pending(int signal) const { return is_listed(signal, {"SigPnd:", "ShdPnd:"}); }

std::size_t Program::peak_mib() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::size_t kib = 0;
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") {
      status >> kib;
    }
  }
  return kib / 1024;
}

bool Program::is_listed(int signal, std::initializer_list<std::string_view> lists) const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::uint64_t signals = 0;
  for (std::string word; status >> word;) {
    if (std::find(lists.begin(), lists.end(), word) != lists.end()) {
      std::uint64_t of_list = 0;
      status >> std::hex >> of_list;
      signals |= of_list;
    }
  }
  return (signals >> (static_cast<unsigned>(signal) - 1) & 1U) != 0;
}

void Program::read_available() {
  const auto drain = [](int& descriptor, std::string& text) {
    std::array<char, 65536> bytes{};
    while (descriptor >= 0) {
      const ssize_t size = ::read(descriptor, bytes.data(), bytes.size());
      if (size > 0) {
        text.append(bytes.data(), static_cast<std::size_t>(size));
      } else if (size == 0 || errno != EAGAIN) {  // A terminal's end is EIO.
        ::close(descriptor);
        descriptor = -1;
      } else {
        return;
      }
    }
  };
  drain(out_, result_.out);
  drain(err_, result_.err);
}

bool Program::ends_within(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (bool ends = ended_; !ends;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() < 0) {
      return false;
    }
    std::array<pollfd, 3> ready{pollfd{process_, POLLIN, 0}, pollfd{out_, POLLIN, 0},
                                pollfd{err_, POLLIN, 0}};
    ::poll(ready.data(), ready.size(), static_cast<int>(left.count()) + 1);
    ends = ready[0].revents != 0;
    read_available();  // After the end is known: it has written all that it ever will.
  }
  return true;
}

Ended Program::wait() {
  if (ended_) {
    return result_;
  }
  if (!ends_within(kPatience)) {
    throw std::runtime_error("the program does not end; it said:\n" + result_.out + result_.err);
  }
  int status = 0;
  check(::waitpid(pid_, &status, 0) == pid_, "waitpid");
  ended_ = true;
  result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result_;
}

Ended run(const Program::Settings& settings) { return Program(settings).wait(); }

}  // namespace couplet::test
