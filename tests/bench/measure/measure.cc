#include "tests/bench/measure/measure.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace couplet::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Measured measure(const std::string& shell_line) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const std::string line = "exec " + shell_line;
    execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error("failed: " + shell_line.substr(0, 200));
  }
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(usage.ru_maxrss) / 1024.0,
          seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)};
}

double Series::median() const {
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  return sorted.at(sorted.size() / 2);
}

std::string Series::text() const {
  if (seconds.empty()) {
    return {};
  }
  const auto [low, high] = std::minmax_element(seconds.begin(), seconds.end());
  return seconds.size() == 1 ? fmt::format("{:.2f} s", seconds[0])
                             : fmt::format("{:.2f} s ({:.2f}-{:.2f})", median(), *low, *high);
}

std::string table(const std::vector<Line>& lines) {
  std::string text = fmt::format("{:<44} {:<24} {:<24} {:>14}  {}\n", "work", "measured",
                                 "baseline", "figure", "must");
  for (const Line& line : lines) {
    text += fmt::format("{:<44} {:<24} {:<24} {:>14}  {}\n", line.work, line.measured,
                        line.baseline, fmt::format("{:.2f} {}", line.figure, line.unit), line.must);
  }
  return text;
}

std::string json(const std::vector<Line>& lines) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Line& line : lines) {
    all.push_back({{"work", line.work},
                   {"measured", line.measured},
                   {"baseline", line.baseline},
                   {"figure", line.figure},
                   {"unit", line.unit},
                   {"must", line.must}});
  }
  return all.dump(2) + "\n";
}

double exponent(const std::vector<std::pair<double, double>>& size_and_seconds) {
  const auto n = static_cast<double>(size_and_seconds.size());
  double x = 0;
  double y = 0;
  double xx = 0;
  double xy = 0;
  for (const auto& [size, seconds] : size_and_seconds) {
    const double a = std::log(size);
    const double b = std::log(seconds);
    x += a;
    y += b;
    xx += a * a;
    xy += a * b;
  }
  return (n * xy - x * y) / (n * xx - x * x);
}

}  // namespace couplet::bench
