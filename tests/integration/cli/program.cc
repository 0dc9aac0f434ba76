#include "tests/integration/cli/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
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
    // A test runner may have been started with these ignored.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGPIPE, SIG_DFL);
    int out_end = out[1];
    if (settings.out_file) {
      out_end = ::open(settings.out_file->c_str(), O_WRONLY | O_CLOEXEC);
    }
    ::dup2(out_end, STDOUT_FILENO);
    ::dup2(settings.terminal ? out[1] : err[1], STDERR_FILENO);
    ::execve(arguments[0], arguments.data(), environment.data());
    ::_exit(127);
  }
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
  for (const int descriptor : {out_, err_}) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
}

void Program::send(int signal) const { check(::kill(pid_, signal) == 0, "kill"); }

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

Ended Program::wait() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (out_ >= 0 || err_ >= 0) {
    std::array<pollfd, 2> ready{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
    ::poll(ready.data(), ready.size(), 1000);
    read_available();
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("the program does not end; it said:\n" + result_.out + result_.err);
    }
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
