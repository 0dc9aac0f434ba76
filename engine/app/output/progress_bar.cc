#include "engine/app/output/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace couplet {
namespace {

constexpr std::int64_t kWindowUs = 5'000'000;
constexpr std::int64_t kLeastSpanUs = 200'000;  // Less says more of the timer than of the work.
constexpr std::size_t kBarLeast = 10;
constexpr std::size_t kBarMost = 40;

// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string time_left(double seconds) {
  if (seconds >= 359'999) {  // A rate so low tells nothing.
    return "?";
  }
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  const std::uint64_t hours = whole / 3600;
  const std::uint64_t minutes = whole / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60)
                   : fmt::format("{}:{:02}", minutes, whole % 60);
}

std::string bar(std::uint64_t done, std::uint64_t total, std::size_t inner) {
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(inner));
  std::string text(filled, '=');
  if (filled < inner) {
    text += '>';
    text.append(inner - filled - 1, ' ');
  }
  return "[" + text + "]";
}

}  // namespace

void RateMeter::add(std::int64_t now_us, std::uint64_t done) {
  samples_.push_back({now_us, done});
  while (samples_.size() > 2 && now_us - samples_[1].at_us > kWindowUs) {
    samples_.pop_front();
  }
}

std::optional<double> RateMeter::per_second() const {
  if (samples_.size() < 2) {
    return std::nullopt;
  }
  const std::int64_t span = samples_.back().at_us - samples_.front().at_us;
  if (span < kLeastSpanUs || samples_.back().done < samples_.front().done) {
    return std::nullopt;
  }
  return static_cast<double>(samples_.back().done - samples_.front().done) * 1e6 /
         static_cast<double>(span);
}

std::string render_progress(const Progress& progress, std::size_t width) {
  const bool known = progress.total > 0;
  const std::string head = fmt::format("{}  {}", progress.mapping, progress.phase);
  // In the order in which they are wanted.
  std::vector<std::string> parts = {
      known ? fmt::format("{} of {} objects", grouped(progress.done), grouped(progress.total))
            : fmt::format("{} objects", grouped(progress.done))};
  if (progress.per_second) {
    parts.push_back(fmt::format(
        "{}/s", grouped(static_cast<std::uint64_t>(std::llround(*progress.per_second)))));
    if (known && *progress.per_second > 0 && progress.done <= progress.total) {
      parts.push_back(
          time_left(static_cast<double>(progress.total - progress.done) / *progress.per_second) +
          " left");
    }
  }
  std::string tail;
  for (const std::string& part : parts) {
    if (head.size() + tail.size() + 2 + part.size() > width) {
      break;
    }
    tail += "  " + part;
  }
  const std::size_t used = head.size() + 3 + tail.size();  // a blank and the bar's brackets
  std::string line = head;
  if (known && used + kBarLeast <= width) {
    line += " " + bar(progress.done, progress.total, std::min(kBarMost, width - used));
  }
  line += tail;
  return line.substr(0, width);
}

}  // namespace couplet
