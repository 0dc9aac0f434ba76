#pragma once

#include <sys/types.h>

#include <chrono>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couplet::test {

// What a program has left behind.
struct Ended {
  int exit_code = -1;  // -1: a signal ended it
  int signal = 0;
  std::string out;
  std::string err;
};

// A program as a child process: its words, its environment on top of ours, its outputs kept. It is
// killed with the object, with the thread that made it, and when it runs longer than a test can
// wait: a test that is killed leaves nothing behind.
class Program {
 public:
  struct Settings {
    std::vector<std::string> words;                                      // the program's path first
    std::map<std::string, std::optional<std::string>> environment = {};  // nullopt: unset
    bool terminal = false;        // Both outputs are one terminal; all is in `out`.
    unsigned short columns = 80;  // of that terminal
    std::optional<std::string> out_file = std::nullopt;  // where stdout goes instead
    std::optional<std::string> log_file = std::nullopt;  // both outputs are appended to it instead
  };
  explicit Program(const Settings& settings);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void send(int signal) const;
  // Whether it handles `signal` by itself by now; whether one was sent and is not handled yet.
  [[nodiscard]] bool catches(int signal) const;
  [[nodiscard]] bool is_pending(int signal) const;
  // Of resident memory, the most that it has had so far. While it runs.
  [[nodiscard]] std::size_t peak_mib() const;
  // Whether it ends within that time.
  bool ends_within(std::chrono::milliseconds patience);
  // Waits for the end.
  Ended wait();

 private:
  void read_available();
  // Of the lists of signals that the system tells of it, any of these.
  [[nodiscard]] bool is_listed(int signal, std::initializer_list<std::string_view> lists) const;

  pid_t pid_ = -1;
  int process_ = -1;  // a descriptor that is readable once it has ended
  int out_ = -1;
  int err_ = -1;
  bool ended_ = false;
  Ended result_;
};

Ended run(const Program::Settings& settings);

}  // namespace couplet::test
