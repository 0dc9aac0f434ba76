#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "engine/model/result.h"

namespace couplet {

// A schedule in the five fields of cron(5): minute, hour, day of month, month, day of week; with
// lists, ranges, steps, names of months and days, and @hourly, @daily, @weekly, @monthly, @yearly.
// As in cron(5), where both day fields are restricted a day that fits either will do.
struct Cron {
  std::string text;      // as written
  std::string timezone;  // IANA: "Europe/Berlin"
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;      // 1 to 31
  std::bitset<13> months;    // 1 to 12
  std::bitset<7> weekdays;   // 0 is Sunday
  bool any_day = false;      // the day of month is `*`
  bool any_weekday = false;  // the day of week is `*`
};

// Errors: kInvalidArgument naming the field: "hour: 24 is not in 0-23".
Result<Cron> parse_cron(std::string_view text);

// Errors: kInvalidArgument if the system's time zones have no such name, kUnavailable if the system
// has none at all.
Result<void> check_timezone(const std::string& name);

}  // namespace couplet
