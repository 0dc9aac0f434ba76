#include "engine/model/interval.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <iterator>
#include <limits>

#include "engine/model/ascii.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerHour = 3600 * kMicrosPerSecond;
constexpr std::int64_t kMonthsPerYear = 12;

constexpr std::int32_t kInt32Max = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t kInt32Min = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();

// Since PostgreSQL 17.
constexpr Interval kInfinity{kInt64Max, kInt32Max, kInt32Max};
constexpr Interval kNegativeInfinity{kInt64Min, kInt32Min, kInt32Min};

enum class Field : std::uint8_t { kMonths, kDays, kMicros };

struct Unit {
  std::string_view name;
  Field field;
  std::int64_t count;  // Of the field's own unit.
};

constexpr std::array kUnits = {Unit{"millennium", Field::kMonths, 12000},
                               Unit{"millennia", Field::kMonths, 12000},
                               Unit{"century", Field::kMonths, 1200},
                               Unit{"centuries", Field::kMonths, 1200},
                               Unit{"decade", Field::kMonths, 120},
                               Unit{"year", Field::kMonths, kMonthsPerYear},
                               Unit{"yr", Field::kMonths, kMonthsPerYear},
                               Unit{"y", Field::kMonths, kMonthsPerYear},
                               Unit{"month", Field::kMonths, 1},
                               Unit{"mon", Field::kMonths, 1},
                               Unit{"week", Field::kDays, 7},
                               Unit{"w", Field::kDays, 7},
                               Unit{"day", Field::kDays, 1},
                               Unit{"d", Field::kDays, 1},
                               Unit{"hour", Field::kMicros, kMicrosPerHour},
                               Unit{"hr", Field::kMicros, kMicrosPerHour},
                               Unit{"h", Field::kMicros, kMicrosPerHour},
                               Unit{"minute", Field::kMicros, 60 * kMicrosPerSecond},
                               Unit{"min", Field::kMicros, 60 * kMicrosPerSecond},
                               Unit{"m", Field::kMicros, 60 * kMicrosPerSecond},
                               Unit{"second", Field::kMicros, kMicrosPerSecond},
                               Unit{"sec", Field::kMicros, kMicrosPerSecond},
                               Unit{"s", Field::kMicros, kMicrosPerSecond},
                               Unit{"millisecond", Field::kMicros, 1000},
                               Unit{"microsecond", Field::kMicros, 1}};

const Unit* unit_of(std::string_view name) {
  for (const bool plural : {false, true}) {
    if (plural && (name.size() < 2 || ascii::lower(name.back()) != 's')) {
      break;
    }
    const std::string_view stem = plural ? name.substr(0, name.size() - 1) : name;
    for (const Unit& unit : kUnits) {
      if (ascii::equal_ignoring_case(stem, unit.name)) {
        return &unit;
      }
    }
  }
  return nullptr;
}

// A decimal with a sign, as a whole number of millionths; false beyond 64 bits or six digits.
struct Amount {
  std::int64_t whole = 0;
  std::int64_t millionths = 0;  // Of the same sign.
};

class IntervalReader {
 public:
  explicit IntervalReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return text_.empty(); }
  [[nodiscard]] char front() const { return text_.empty() ? '\0' : text_.front(); }
  void skip_blanks() {
    while (!text_.empty() && (ascii::is_space(text_.front()))) {
      text_.remove_prefix(1);
    }
  }
  bool take(char c) {
    if (front() != c || text_.empty()) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }
  bool take_sign() {  // True for minus.
    if (take('-')) {
      return true;
    }
    take('+');
    return false;
  }
  bool take_digits(bool negative, std::int64_t& number) {
    number = 0;
    std::size_t count = 0;
    while (!text_.empty() && ascii::is_digit(text_.front())) {
      const std::int64_t digit = text_.front() - '0';
      if (__builtin_mul_overflow(number, std::int64_t{10}, &number) ||
          __builtin_add_overflow(number, negative ? -digit : digit, &number)) {
        return false;
      }
      text_.remove_prefix(1);
      ++count;
    }
    return count > 0;
  }
  // After the point, rounded to millionths.
  bool take_millionths(bool negative, std::int64_t& number) {
    number = 0;
    std::int64_t weight = 100'000;
    std::size_t count = 0;
    for (; !text_.empty() && ascii::is_digit(text_.front()); text_.remove_prefix(1), ++count) {
      const std::int64_t digit = text_.front() - '0';
      if (count == 6 && digit >= 5) {
        ++number;
      }
      number += digit * weight;
      weight /= 10;
    }
    number = negative ? -number : number;
    return count > 0;
  }
  std::string_view take_word() {
    std::size_t size = 0;
    while (size < text_.size() && ascii::is_letter(text_[size])) {
      ++size;
    }
    const std::string_view word = text_.substr(0, size);
    text_.remove_prefix(size);
    return word;
  }

 private:
  std::string_view text_;
};

bool add_to(std::int64_t& sum, std::int64_t amount, std::int64_t count) {
  std::int64_t product = 0;
  return !__builtin_mul_overflow(amount, count, &product) &&
         !__builtin_add_overflow(sum, product, &sum);
}

// Sums of the fields while they are read.
struct Sums {
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::int64_t micros = 0;

  bool add(const Unit& unit, const Amount& amount) {
    std::int64_t& sum = unit.field == Field::kMonths ? months
                        : unit.field == Field::kDays ? days
                                                     : micros;
    if (!add_to(sum, amount.whole, unit.count)) {
      return false;
    }
    if (amount.millionths == 0) {
      return true;
    }
    return unit.field == Field::kMicros && unit.count == kMicrosPerSecond &&
           add_to(micros, amount.millionths, 1);
  }
  bool put_into(Interval& interval) const {
    if (months < kInt32Min || months > kInt32Max || days < kInt32Min || days > kInt32Max) {
      return false;
    }
    interval = {micros, static_cast<std::int32_t>(days), static_cast<std::int32_t>(months)};
    return true;
  }
};

bool take_amount(IntervalReader& reader, Amount& amount, bool& negative) {
  negative = reader.take_sign();
  amount = {};
  if (reader.front() != '.' && !reader.take_digits(negative, amount.whole)) {
    return false;
  }
  return !reader.take('.') || reader.take_millionths(negative, amount.millionths);
}

// ":MM[:SS[.ffffff]]" after the hours.
bool take_rest_of_clock(IntervalReader& reader, std::int64_t hours, bool negative, Sums& sums) {
  std::int64_t minutes = 0;
  std::int64_t seconds = 0;
  std::int64_t millionths = 0;
  if (!reader.take(':') || !reader.take_digits(negative, minutes)) {
    return false;
  }
  if (reader.take(':') && (!reader.take_digits(negative, seconds) ||
                           (reader.take('.') && !reader.take_millionths(negative, millionths)))) {
    return false;
  }
  return minutes > -60 && minutes < 60 && seconds > -60 && seconds < 60 &&
         add_to(sums.micros, hours, kMicrosPerHour) &&
         add_to(sums.micros, minutes, 60 * kMicrosPerSecond) &&
         add_to(sums.micros, seconds, kMicrosPerSecond) && add_to(sums.micros, millionths, 1);
}

bool parse_iso(IntervalReader reader, Interval& interval) {
  Sums sums;
  bool time = false;
  bool any = false;
  while (!reader.at_end()) {
    if (!time && (reader.take('T') || reader.take('t'))) {
      time = true;
      continue;
    }
    Amount amount;
    bool negative = false;
    if (!take_amount(reader, amount, negative)) {
      return false;
    }
    const char letter = ascii::lower(reader.front());
    const std::string_view known = time ? "hms" : "ymwd";
    if (reader.at_end() || known.find(letter) == std::string_view::npos) {
      return false;
    }
    reader.take(reader.front());
    const Unit* unit = unit_of(!time && letter == 'm' ? "month" : std::string_view(&letter, 1));
    if (unit == nullptr || !sums.add(*unit, amount)) {
      return false;
    }
    any = true;
  }
  return any && sums.put_into(interval);
}

bool parse_units(IntervalReader reader, Interval& interval) {
  Sums sums;
  bool any = false;
  for (reader.skip_blanks(); !reader.at_end(); reader.skip_blanks()) {
    Amount amount;
    bool negative = false;
    if (!take_amount(reader, amount, negative)) {
      return false;
    }
    if (reader.front() == ':') {
      if (amount.millionths != 0 || !take_rest_of_clock(reader, amount.whole, negative, sums)) {
        return false;
      }
    } else {
      reader.skip_blanks();
      const std::string_view word = reader.take_word();
      const Unit* unit = unit_of(word.empty() && reader.at_end() ? "second" : word);
      if (unit == nullptr || !sums.add(*unit, amount)) {
        return false;
      }
    }
    any = true;
  }
  return any && sums.put_into(interval);
}

class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  void count(std::int32_t number, std::string_view unit) {
    if (number == 0) {
      return;
    }
    fmt::format_to(std::back_inserter(out_), "{}{}{} {}{}", first_ ? "" : " ",
                   before_ && number > 0 ? "+" : "", number, unit, number == 1 ? "" : "s");
    before_ = number < 0;
    first_ = false;
  }
  void clock(std::int64_t micros) {
    if (!first_ && micros == 0) {
      return;
    }
    const bool minus = micros < 0;
    const std::uint64_t total =
        minus ? 0 - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
    const std::uint64_t seconds = total / kMicrosPerSecond;
    fmt::format_to(std::back_inserter(out_), "{}{}{:02}:{:02}:{:02}", first_ ? "" : " ",
                   minus     ? "-"
                   : before_ ? "+"
                             : "",
                   seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (total % kMicrosPerSecond != 0) {
      fmt::format_to(std::back_inserter(out_), ".{:06}", total % kMicrosPerSecond);
      out_.erase(out_.find_last_not_of('0') + 1);
    }
  }

 private:
  std::string& out_;
  bool first_ = true;
  bool before_ = false;
};

}  // namespace

Interval Interval::read(std::string_view bytes) {
  return {wire::read<std::int64_t>(bytes.data()), wire::read<std::int32_t>(bytes.data() + 8),
          wire::read<std::int32_t>(bytes.data() + 12)};
}

void Interval::append(std::string& out) const {
  wire::append(out, micros);
  wire::append(out, days);
  wire::append(out, months);
}

void append_text_of_interval(const Interval& interval, std::string& out) {
  if (interval == kInfinity || interval == kNegativeInfinity) {
    out += interval.months > 0 ? "infinity" : "-infinity";
    return;
  }
  Printer printer(out);
  printer.count(static_cast<std::int32_t>(interval.months / kMonthsPerYear), "year");
  printer.count(static_cast<std::int32_t>(interval.months % kMonthsPerYear), "mon");
  printer.count(interval.days, "day");
  printer.clock(interval.micros);
}

bool parse_interval(std::string_view text, Interval& interval) {
  text = ascii::trimmed(text);
  if (ascii::equal_ignoring_case(text, "infinity") ||
      ascii::equal_ignoring_case(text, "-infinity")) {
    interval = text.front() == '-' ? kNegativeInfinity : kInfinity;
    return true;
  }
  if (!text.empty() && ascii::lower(text.front()) == 'p') {
    return parse_iso(IntervalReader(text.substr(1)), interval);
  }
  return parse_units(IntervalReader(text), interval);
}

}  // namespace couplet
