#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace couplet {

// Objects a second over the last few seconds: what somebody who waits wants to know.
class RateMeter {
 public:
  void restart() { samples_.clear(); }
  void add(std::int64_t now_us, std::uint64_t done);
  // Unknown until there is something to tell it from.
  [[nodiscard]] std::optional<double> per_second() const;

 private:
  struct Sample {
    std::int64_t at_us = 0;
    std::uint64_t done = 0;
  };
  std::deque<Sample> samples_;
};

struct Progress {
  std::string_view mapping;
  std::string_view phase;  // "scan", "sync"
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0: unknown
  std::optional<double> per_second;
};

// One line of at most `width` columns:
//   provider  sync [=====>              ]  1,200 of 5,000 objects  850/s  0:05 left
// What does not fit is left out, the bar first.
std::string render_progress(const Progress& progress, std::size_t width);

}  // namespace couplet
