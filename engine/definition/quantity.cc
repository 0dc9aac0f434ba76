#include "engine/definition/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace couplet {

namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 7> kDurationUnits = {{{"us", 1},
                                                 {"ms", 1e3},
                                                 {"s", 1e6},
                                                 {"m", 60e6},
                                                 {"h", 3600e6},
                                                 {"d", 86'400e6},
                                                 {"w", 604'800e6}}};
constexpr std::array<Unit, 10> kSizeUnits = {{{"B", 1},
                                              {"kB", 1e3},
                                              {"KB", 1e3},
                                              {"MB", 1e6},
                                              {"GB", 1e9},
                                              {"TB", 1e12},
                                              {"KiB", 1024.0},
                                              {"MiB", 1048576.0},
                                              {"GiB", 1073741824.0},
                                              {"TiB", 1099511627776.0}}};
constexpr double kMicrosecondsMax = 100.0 * 366 * 86'400e6;  // A century is longer than any wait.
constexpr double kBytesMax = 1e15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads digits and at most one point from the front of `text`, which it shortens.
bool take_number(std::string_view& text, double& number) {
  std::size_t length = 0;
  bool point = false;
  while (length < text.size() && (is_digit(text[length]) || (text[length] == '.' && !point))) {
    point = point || text[length] == '.';
    ++length;
  }
  if (length == 0 || !is_digit(text[0]) || !is_digit(text[length - 1])) {
    return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + length, number);
  if (error != std::errc() || end != text.data() + length) {
    return false;
  }
  text.remove_prefix(length);
  return true;
}

template <std::size_t Count>
const Unit* take_unit(std::string_view& text, const std::array<Unit, Count>& units) {
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length]) && text[length] != ' ') {
    ++length;
  }
  for (const Unit& unit : units) {
    if (unit.name == text.substr(0, length)) {
      text.remove_prefix(length);
      return &unit;
    }
  }
  return nullptr;
}

}  // namespace

Result<std::int64_t> parse_duration_us(std::string_view text) {
  double total = 0;
  double last_factor = std::numeric_limits<double>::max();
  std::string_view rest = text;
  do {
    double number = 0;
    const Unit* unit = nullptr;
    if (!take_number(rest, number) || (unit = take_unit(rest, kDurationUnits)) == nullptr ||
        unit->factor >= last_factor) {
      return fail(ErrorKind::kInvalidArgument, "is no duration",
                  "write a number with its unit: 250ms, 10s, 15m, 1h30m, 2d");
    }
    total += number * unit->factor;
    last_factor = unit->factor;
  } while (!rest.empty());
  if (total > kMicrosecondsMax) {
    return fail(ErrorKind::kInvalidArgument, "is longer than a century");
  }
  return std::llround(total);
}

Result<std::uint64_t> parse_size_bytes(std::string_view text) {
  std::string_view rest = text;
  double number = 0;
  if (take_number(rest, number)) {
    while (!rest.empty() && rest.front() == ' ') {
      rest.remove_prefix(1);
    }
    if (const Unit* unit = take_unit(rest, kSizeUnits); unit != nullptr && rest.empty()) {
      if (number * unit->factor > kBytesMax) {
        return fail(ErrorKind::kInvalidArgument, "is more than a petabyte");
      }
      return static_cast<std::uint64_t>(std::llround(number * unit->factor));
    }
  }
  return fail(ErrorKind::kInvalidArgument, "is no size",
              "write a number with its unit: 64MiB, 1GiB");
}

Result<double> parse_number(std::string_view text) {
  double number = 0;
  std::string_view rest = text;
  if (!take_number(rest, number) || !rest.empty()) {
    return fail(ErrorKind::kInvalidArgument, "is no number");
  }
  return number;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return fail(ErrorKind::kInvalidArgument, "is no whole number");
  }
  return number;
}

}  // namespace couplet
