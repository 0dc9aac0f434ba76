#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace couplet::bench {

// Seconds of processor that a process has used so far, its threads included.
double processor_seconds(pid_t process);

// A program that runs beside the benchmark. Its stdout goes nowhere, its stderr to a file. Killed
// where it still runs when this goes.
class Program {
 public:
  Program(const std::vector<std::string>& words, const std::string& log);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] double processor_seconds() const { return bench::processor_seconds(process_); }
  [[nodiscard]] double peak_mib() const;  // of resident memory
  // False: it has ended by itself.
  [[nodiscard]] bool runs();
  // TERM, then its end. Throws if it ends in anything but 0.
  void stop();

 private:
  std::string log_;
  pid_t process_ = 0;  // 0: it has ended
};

}  // namespace couplet::bench
