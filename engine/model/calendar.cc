#include "engine/model/calendar.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <iterator>

#include "engine/model/ascii.h"

namespace couplet::calendar {
namespace {

// What the server accepts (src/include/datatype/timestamp.h): from Julian day 0 on, and before
// these ends.
constexpr std::int64_t kFirstDay = -2451545;
constexpr std::int64_t kDateEnd = 2145031949;
constexpr std::int64_t kTimestampBegin = -211813488000000000;
constexpr std::int64_t kTimestampEnd = 9223371331200000000;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kDaysPerCycle = 146097;          // 400 years.
constexpr std::int64_t kDaysFromMarchOfYear0 = 730425;  // From 0000-03-01 to 2000-01-01.

struct Day {
  std::int64_t year = 0;  // Astronomical: 0 is 1 BC.
  int month = 1;
  int day = 1;
};

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
// a - floor_div(a, b) * b, whose product need not fit.
std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a % b + (a % b < 0 ? b : 0); }

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in(std::int64_t year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Years are counted from March, so that the leap day is a year's last and months follow one rule:
// month m of such a year begins at day (153 m + 2) / 5.
std::int64_t days_of(const Day& date) {
  const std::int64_t year = date.month > 2 ? date.year : date.year - 1;
  const std::int64_t cycle = floor_div(year, 400);
  const std::int64_t year_of_cycle = year - cycle * 400;
  const std::int64_t month = (date.month + 9) % 12;
  const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  return cycle * kDaysPerCycle + year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 +
         day_of_year - kDaysFromMarchOfYear0;
}

Day day_from(std::int64_t days) {
  const std::int64_t shifted = days + kDaysFromMarchOfYear0;
  const std::int64_t cycle = floor_div(shifted, kDaysPerCycle);
  const std::int64_t day_of_cycle = shifted - cycle * kDaysPerCycle;
  // Leap days before this one: one each 1460 days, but none each 36524, but one at 146096.
  const std::int64_t year_of_cycle =
      (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const auto month = static_cast<int>((5 * day_of_year + 2) / 153);
  Day date;
  date.day = static_cast<int>(day_of_year - (153 * month + 2) / 5) + 1;
  date.month = month < 10 ? month + 3 : month - 9;
  date.year = cycle * 400 + year_of_cycle + (date.month <= 2 ? 1 : 0);
  return date;
}

void append_clock(std::int64_t micros_of_day, int digits, std::string& out) {
  const std::int64_t seconds = micros_of_day / kMicrosPerSecond;
  const std::int64_t fraction = micros_of_day % kMicrosPerSecond;
  fmt::format_to(std::back_inserter(out), "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
  if (digits < 0 ? fraction == 0 : digits == 0) {
    return;
  }
  fmt::format_to(std::back_inserter(out), ".{:06}", fraction);
  if (digits < 0) {
    out.erase(out.find_last_not_of('0') + 1);
  } else {
    out.resize(out.size() - static_cast<std::size_t>(6 - digits));
  }
}

// ---- reading

// Takes a run of at least `min` and at most `max` digits off the front of `text`.
bool take_number(std::string_view& text, std::size_t min, std::size_t max, std::int64_t& number) {
  std::size_t size = 0;
  number = 0;
  while (size < text.size() && size < max && ascii::is_digit(text[size])) {
    number = number * 10 + (text[size++] - '0');
  }
  if (size < min || (size < text.size() && ascii::is_digit(text[size]))) {
    return false;
  }
  text.remove_prefix(size);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

// "BC" or "AD" at the end, which apply to the year wherever it stands.
bool take_era(std::string_view& text) {
  if (text.size() < 3 || ascii::is_letter(text[text.size() - 3])) {
    return false;
  }
  const std::string_view era = text.substr(text.size() - 2);
  const bool before = ascii::equal_ignoring_case(era, "bc");
  if (before || ascii::equal_ignoring_case(era, "ad")) {
    text = ascii::trimmed(text.substr(0, text.size() - 2));
  }
  return before;
}

TimeParse take_date(std::string_view& text, bool before_christ, std::int64_t& days) {
  Day date;
  std::int64_t month = 0;
  std::int64_t day = 0;
  if (!take_number(text, 4, 7, date.year) || !take(text, '-') || !take_number(text, 1, 2, month) ||
      !take(text, '-') || !take_number(text, 1, 2, day)) {
    return TimeParse::kNoTime;
  }
  if (date.year == 0 || month < 1 || month > 12) {
    return TimeParse::kOutOfRange;
  }
  if (before_christ) {
    date.year = 1 - date.year;
  }
  date.month = static_cast<int>(month);
  if (day < 1 || day > days_in(date.year, date.month)) {
    return TimeParse::kOutOfRange;
  }
  date.day = static_cast<int>(day);
  days = days_of(date);
  return TimeParse::kDone;
}

TimeParse take_clock(std::string_view& text, std::int64_t& micros) {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t fraction = 0;
  if (!take_number(text, 1, 2, hour) || !take(text, ':') || !take_number(text, 2, 2, minute)) {
    return TimeParse::kNoTime;
  }
  if (take(text, ':')) {
    if (!take_number(text, 2, 2, second)) {
      return TimeParse::kNoTime;
    }
    if (take(text, '.')) {
      std::string digits = "0.";
      while (!text.empty() && ascii::is_digit(text.front())) {
        digits += text.front();
        text.remove_prefix(1);
      }
      double part = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), part);
      fraction = std::llrint(part * static_cast<double>(kMicrosPerSecond));
    }
  }
  // 24:00:00 is the next midnight and second 60 the next minute, as for the server.
  if (hour > 24 || minute > 59 || second > 60 ||
      (hour == 24 && (minute > 0 || second > 0 || fraction > 0))) {
    return TimeParse::kOutOfRange;
  }
  micros = (hour * 3600 + minute * 60 + second) * kMicrosPerSecond + fraction;
  return TimeParse::kDone;
}

// Z, UTC, +HH, +HHMM, +HH:MM, +HH:MM:SS; nothing is UTC.
TimeParse take_zone(std::string_view& text, std::int64_t& offset_seconds) {
  offset_seconds = 0;
  text = ascii::trimmed(text);
  if (text.empty()) {
    return TimeParse::kDone;
  }
  for (const std::string_view name : {"z", "utc", "gmt"}) {
    if (ascii::equal_ignoring_case(text, name)) {
      text = {};
      return TimeParse::kDone;
    }
  }
  const bool west = text.front() == '-';
  if (!west && text.front() != '+') {
    return TimeParse::kNoTime;
  }
  text.remove_prefix(1);
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  std::int64_t seconds = 0;
  if (take_number(text, 4, 4, hours)) {
    minutes = hours % 100;
    hours /= 100;
  } else {
    if (!take_number(text, 1, 2, hours) ||
        (take(text, ':') && (!take_number(text, 2, 2, minutes) ||
                             (take(text, ':') && !take_number(text, 2, 2, seconds))))) {
      return TimeParse::kNoTime;
    }
  }
  if (hours > 15 || minutes > 59 || seconds > 59) {
    return TimeParse::kOutOfRange;
  }
  offset_seconds = (hours * 3600 + minutes * 60 + seconds) * (west ? -1 : 1);
  return TimeParse::kDone;
}

// Which infinity `text` is: 1, -1, or 0 if none.
int infinity_of(std::string_view text) {
  if (ascii::equal_ignoring_case(text, "infinity") ||
      ascii::equal_ignoring_case(text, "+infinity")) {
    return 1;
  }
  return ascii::equal_ignoring_case(text, "-infinity") ? -1 : 0;
}

}  // namespace

void append_date(std::int32_t days, std::string& out) {
  if (days == kDateInfinity || days == kDateNegativeInfinity) {
    out += days > 0 ? "infinity" : "-infinity";
    return;
  }
  const Day date = day_from(days);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}{}",
                 date.year > 0 ? date.year : 1 - date.year, date.month, date.day,
                 date.year > 0 ? "" : " BC");
}

void append_time(std::int64_t micros, std::string& out) { append_clock(micros, -1, out); }

void append_zone(std::int32_t seconds_west, std::string& out) {
  const std::int64_t ahead = -std::int64_t{seconds_west};
  const std::int64_t seconds = ahead < 0 ? -ahead : ahead;
  fmt::format_to(std::back_inserter(out), "{}{:02}", ahead < 0 ? '-' : '+', seconds / 3600);
  if (seconds % 3600 != 0) {
    fmt::format_to(std::back_inserter(out), ":{:02}", seconds / 60 % 60);
  }
  if (seconds % 60 != 0) {
    fmt::format_to(std::back_inserter(out), ":{:02}", seconds % 60);
  }
}

void append_timestamp(std::int64_t micros, bool zone, std::string& out) {
  if (micros == kTimestampInfinity || micros == kTimestampNegativeInfinity) {
    out += micros > 0 ? "infinity" : "-infinity";
    return;
  }
  const std::int64_t days = floor_div(micros, kMicrosPerDay);
  const Day date = day_from(days);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02} ",
                 date.year > 0 ? date.year : 1 - date.year, date.month, date.day);
  append_clock(floor_mod(micros, kMicrosPerDay), -1, out);
  out += zone ? "+00" : "";
  out += date.year > 0 ? "" : " BC";
}

void append_rfc3339_date(std::int32_t days, std::string& out) {
  if (days == kDateInfinity || days == kDateNegativeInfinity) {
    append_date(days, out);
    return;
  }
  const Day date = day_from(days);
  const char* sign = date.year < 0 ? "-" : date.year > 9999 ? "+" : "";
  fmt::format_to(std::back_inserter(out), "{}{:04}-{:02}-{:02}", sign,
                 date.year < 0 ? -date.year : date.year, date.month, date.day);
}

void append_rfc3339(std::int64_t micros, int digits, bool zone, std::string& out) {
  if (micros == kTimestampInfinity || micros == kTimestampNegativeInfinity) {
    append_timestamp(micros, zone, out);
    return;
  }
  const std::int64_t days = floor_div(micros, kMicrosPerDay);
  append_rfc3339_date(static_cast<std::int32_t>(days), out);
  out += 'T';
  append_clock(floor_mod(micros, kMicrosPerDay), digits, out);
  out += zone ? "Z" : "";
}

TimeParse parse_date(std::string_view text, std::int32_t& days) {
  text = ascii::trimmed(text);
  if (const int infinity = infinity_of(text); infinity != 0) {
    days = infinity > 0 ? kDateInfinity : kDateNegativeInfinity;
    return TimeParse::kDone;
  }
  const bool before_christ = take_era(text);
  std::int64_t wide = 0;
  if (const TimeParse parsed = take_date(text, before_christ, wide); parsed != TimeParse::kDone) {
    return parsed;
  }
  if (!text.empty()) {
    return TimeParse::kNoTime;
  }
  if (wide < kFirstDay || wide >= kDateEnd) {
    return TimeParse::kOutOfRange;
  }
  days = static_cast<std::int32_t>(wide);
  return TimeParse::kDone;
}

TimeParse parse_timestamp(std::string_view text, bool zone, std::int32_t fraction_digits,
                          std::int64_t& micros) {
  text = ascii::trimmed(text);
  if (const int infinity = infinity_of(text); infinity != 0) {
    micros = infinity > 0 ? kTimestampInfinity : kTimestampNegativeInfinity;
    return TimeParse::kDone;
  }
  const bool before_christ = take_era(text);
  std::int64_t days = 0;
  if (const TimeParse parsed = take_date(text, before_christ, days); parsed != TimeParse::kDone) {
    return parsed;
  }
  std::int64_t clock = 0;
  std::int64_t offset_seconds = 0;
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) {
      return TimeParse::kNoTime;
    }
    text = ascii::trimmed(text);
    if (const TimeParse parsed = take_clock(text, clock); parsed != TimeParse::kDone) {
      return parsed;
    }
    if (const TimeParse parsed = take_zone(text, offset_seconds); parsed != TimeParse::kDone) {
      return parsed;
    }
    if (!text.empty()) {
      return TimeParse::kNoTime;
    }
  }
  if (offset_seconds != 0 && !zone) {
    return TimeParse::kZone;
  }
  // Two days of room on both sides keep the sum within 64 bits; then the exact bounds.
  if (days < kFirstDay - 2 || days > kTimestampEnd / kMicrosPerDay + 2) {
    return TimeParse::kOutOfRange;
  }
  std::int64_t sum = 0;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &sum) ||
      __builtin_add_overflow(sum, clock - offset_seconds * kMicrosPerSecond, &sum) ||
      sum < kTimestampBegin || sum >= kTimestampEnd) {
    return TimeParse::kOutOfRange;
  }
  micros = rounded(sum, fraction_digits);
  return TimeParse::kDone;
}

TimeParse parse_time(std::string_view text, std::int32_t fraction_digits, std::int64_t& micros,
                     std::int32_t* seconds_west) {
  text = ascii::trimmed(text);
  if (const TimeParse parsed = take_clock(text, micros); parsed != TimeParse::kDone) {
    return parsed;
  }
  std::int64_t offset_seconds = 0;
  if (const TimeParse parsed = take_zone(text, offset_seconds); parsed != TimeParse::kDone) {
    return parsed;
  }
  if (!text.empty()) {
    return TimeParse::kNoTime;
  }
  if (seconds_west != nullptr) {
    *seconds_west = static_cast<std::int32_t>(-offset_seconds);
  } else if (offset_seconds != 0) {
    return TimeParse::kZone;
  }
  micros = rounded(micros, fraction_digits);
  return micros > kMicrosPerDay ? TimeParse::kOutOfRange : TimeParse::kDone;
}

std::int64_t rounded(std::int64_t micros, std::int32_t fraction_digits) {
  if (fraction_digits >= 6 || micros == kTimestampInfinity ||
      micros == kTimestampNegativeInfinity) {
    return micros;
  }
  std::int64_t unit = 1;
  for (std::int32_t digit = fraction_digits < 0 ? 0 : fraction_digits; digit < 6; ++digit) {
    unit *= 10;
  }
  const std::int64_t rest = micros % unit;
  const std::int64_t whole = micros - rest;
  if (rest >= unit / 2) {
    return whole > INT64_MAX - unit ? whole : whole + unit;
  }
  if (-rest >= unit / 2) {
    return whole < INT64_MIN + unit ? whole : whole - unit;
  }
  return whole;
}

std::int32_t day_of(std::int64_t micros) {
  if (micros == kTimestampInfinity || micros == kTimestampNegativeInfinity) {
    return micros > 0 ? kDateInfinity : kDateNegativeInfinity;
  }
  return static_cast<std::int32_t>(floor_div(micros, kMicrosPerDay));
}

std::optional<std::int64_t> midnight_of(std::int32_t days) {
  if (days == kDateInfinity || days == kDateNegativeInfinity) {
    return days > 0 ? kTimestampInfinity : kTimestampNegativeInfinity;
  }
  if (days < kFirstDay || days >= kTimestampEnd / kMicrosPerDay) {
    return std::nullopt;
  }
  return days * kMicrosPerDay;
}

}  // namespace couplet::calendar
