// When a scheduled reconcile is due: in a time zone, on the days on which its clocks are set.
#include "engine/reconcile/schedule.h"

#include <date/date.h>
#include <date/tz.h>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <sstream>

namespace couplet {
namespace {

using std::chrono::microseconds;
using std::chrono::minutes;

constexpr date::sys_days kEpoch = date::sys_days(date::year(2000) / 1 / 1);

Timestamp at(const std::string& text) {
  std::istringstream in(text);
  date::sys_time<microseconds> time;
  in >> date::parse("%FT%TZ", time);
  EXPECT_FALSE(in.fail()) << text;
  return {(time - kEpoch).count()};
}

std::string text(std::optional<Timestamp> time) {
  return time ? date::format("%FT%RZ", kEpoch + microseconds(time->value)) : "never";
}

ReconcileOptions cron(const std::string& fields, const std::string& zone = "Etc/UTC") {
  ReconcileOptions schedule;
  schedule.cron = *parse_cron(fields);
  schedule.cron->timezone = zone;
  return schedule;
}

// The next times, one after the other.
std::vector<std::string> times(const ReconcileOptions& schedule, const std::string& after,
                               int count) {
  std::vector<std::string> found;
  std::optional<Timestamp> time = at(after);
  for (int i = 0; i < count && time; ++i) {
    time = next_due(schedule, *time);
    found.push_back(text(time));
  }
  return found;
}

using testing::ElementsAre;

TEST(ScheduleTest, AnIntervalCountsFromTheStartOfTheLast) {
  ReconcileOptions schedule;
  schedule.every_us = 900'000'000;
  EXPECT_EQ(text(next_due(schedule, at("2026-01-31T23:50:00Z"))), "2026-02-01T00:05Z");
}

TEST(ScheduleTest, ATimeOfDayIsThatOfItsZone) {
  EXPECT_THAT(times(cron("0 3 * * *", "Europe/Berlin"), "2026-01-10T01:59:59.999999Z", 2),
              ElementsAre("2026-01-10T02:00Z", "2026-01-11T02:00Z"));
  EXPECT_THAT(times(cron("0 3 * * *", "Europe/Berlin"), "2026-07-10T02:00:00Z", 2),
              ElementsAre("2026-07-11T01:00Z", "2026-07-12T01:00Z"));
  EXPECT_THAT(times(cron("30 3 * * *", "Asia/Kathmandu"), "2026-07-10T00:00:00Z", 1),
              ElementsAre("2026-07-10T21:45Z"));
}

// On 29 March 2026 Berlin goes from 02:00 to 03:00, at 01:00 UTC.
TEST(ScheduleTest, ATimeThatTheClocksLeaveOutIsDueWhenTheyAreSet) {
  EXPECT_THAT(times(cron("30 2 * * *", "Europe/Berlin"), "2026-03-27T12:00:00Z", 3),
              ElementsAre("2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"));
  EXPECT_THAT(times(cron("0,30 2-3 * * *", "Europe/Berlin"), "2026-03-29T00:00:00Z", 3),
              ElementsAre("2026-03-29T01:00Z", "2026-03-29T01:30Z", "2026-03-30T00:00Z"))
      << "what falls together is one";
}

// On 25 October 2026 Berlin passes 02:00 to 03:00 twice, from 00:00 and from 01:00 UTC.
TEST(ScheduleTest, ATimeThatComesTwiceIsDueTheFirstTime) {
  EXPECT_THAT(times(cron("30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00:00Z", 2),
              ElementsAre("2026-10-25T00:30Z", "2026-10-26T01:30Z"));
}

TEST(ScheduleTest, WhatIsDueEveryHourGoesByTheHoursThatThereAre) {
  EXPECT_THAT(times(cron("15 * * * *", "Europe/Berlin"), "2026-03-29T00:00:00Z", 3),
              ElementsAre("2026-03-29T00:15Z", "2026-03-29T01:15Z", "2026-03-29T02:15Z"));
  EXPECT_THAT(times(cron("15 * * * *", "Europe/Berlin"), "2026-10-25T00:00:00Z", 3),
              ElementsAre("2026-10-25T00:15Z", "2026-10-25T01:15Z", "2026-10-25T02:15Z"));
}

TEST(ScheduleTest, EitherDayFieldWillDoWhereBothAreGiven) {
  EXPECT_THAT(times(cron("0 0 13 * fri"), "2026-02-01T00:00:00Z", 5),
              ElementsAre("2026-02-06T00:00Z", "2026-02-13T00:00Z", "2026-02-20T00:00Z",
                          "2026-02-27T00:00Z", "2026-03-06T00:00Z"));
  EXPECT_THAT(times(cron("@weekly"), "2026-02-01T00:00:00Z", 1), ElementsAre("2026-02-08T00:00Z"));
}

TEST(ScheduleTest, TheTwentyNinthOfFebruaryIsWaitedForHoweverLong) {
  EXPECT_THAT(times(cron("0 12 29 2 *"), "2026-01-01T00:00:00Z", 2),
              ElementsAre("2028-02-29T12:00Z", "2032-02-29T12:00Z"));
  EXPECT_THAT(times(cron("0 12 29 2 *"), "2097-01-01T00:00:00Z", 1),
              ElementsAre("2104-02-29T12:00Z"));
}

// Samoa had no 30 December 2011: it went from 29 to 31 at midnight, 10:00 UTC.
TEST(ScheduleTest, ADayThatAZoneLeavesOutIsDueWhenItWouldHaveBegun) {
  EXPECT_THAT(times(cron("0 3 30 12 *", "Pacific/Apia"), "2011-12-01T00:00:00Z", 2),
              ElementsAre("2011-12-30T10:00Z", "2012-12-29T13:00Z"));
}

// What the fields say of a wall clock, and nothing else.
bool fits(const Cron& cron, date::local_time<minutes> wall) {
  const auto day = date::floor<date::days>(wall);
  const date::year_month_day ymd(day);
  const auto of_day = (wall - day).count();
  const bool by_day = cron.days[static_cast<unsigned>(ymd.day())];
  const bool by_weekday = cron.weekdays[date::weekday(day).c_encoding()];
  return cron.minutes[static_cast<std::size_t>(of_day % 60)] &&
         cron.hours[static_cast<std::size_t>(of_day / 60)] &&
         cron.months[static_cast<unsigned>(ymd.month())] &&
         (cron.any_day || cron.any_weekday ? by_day && by_weekday : by_day || by_weekday);
}

// Minute by minute, watching a clock on the wall: what it skips, and what it has shown before.
std::optional<Timestamp> watched(const Cron& cron, Timestamp after, int days) {
  const date::time_zone& zone = *date::locate_zone(cron.timezone);
  const auto wall_at = [&](date::sys_time<minutes> time) {
    return date::floor<minutes>(zone.to_local(time));
  };
  const auto begin = date::floor<minutes>(kEpoch + microseconds(after.value));
  std::set<date::local_time<minutes>> shown;
  auto before = wall_at(begin - date::days(2));
  for (auto time = begin - date::days(2) + minutes(1); time < begin + date::days(days);
       time += minutes(1)) {
    const auto wall = wall_at(time);
    bool due = fits(cron, wall) && (cron.hours.all() || !shown.contains(wall));
    for (auto skipped = before + minutes(1); skipped < wall && !cron.hours.all();
         skipped += minutes(1)) {
      due = due || (fits(cron, skipped) && !shown.contains(skipped));
    }
    shown.insert(wall);
    before = wall;
    if (due && time > kEpoch + microseconds(after.value)) {
      return Timestamp{microseconds(time - kEpoch).count()};
    }
  }
  return std::nullopt;
}

RC_GTEST_PROP(ScheduleProperty, IsWhatWatchingTheClockFinds, ()) {
  const auto field = [](int first, int last) {
    const int one = *rc::gen::inRange(first, last + 1);
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        return std::string("*");
      case 1:
        return "*/" + std::to_string(*rc::gen::inRange(1, 8));
      case 2:
        return std::to_string(one) + "-" + std::to_string(*rc::gen::inRange(one, last + 1));
      default:
        return std::to_string(one);
    }
  };
  const std::string fields = field(0, 59) + " " + field(0, 23) + " " +
                             *rc::gen::element<std::string>("*", "*", "1-20", "*/2") + " * " +
                             *rc::gen::element<std::string>("*", "*", "sun", "1-5");
  const auto schedule = cron(fields, *rc::gen::element<std::string>(
                                         "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                                         "Asia/Kathmandu", "America/Havana", "Etc/UTC"));
  // Near a day on which clocks are set, as often as not.
  const std::string day = *rc::gen::element<std::string>(
      "2026-03-28", "2026-10-24", "2026-03-07", "2026-10-31", "2026-04-04", "2026-10-03",
      "2026-03-08", "2026-11-01", "2026-06-15", "2027-12-30");
  const Timestamp after{at(day + "T00:00:00Z").value +
                        *rc::gen::inRange<std::int64_t>(0, 2'880) * 60'000'000 +
                        *rc::gen::element<std::int64_t>(0, 1, 59'999'999)};
  const std::string found = text(next_due(schedule, after));
  constexpr int kDays = 9;
  const auto expected = watched(*schedule.cron, after, kDays);
  RC_LOG() << fields << " in " << schedule.cron->timezone << " after " << text(after) << ": "
           << found << ", watched " << text(expected);
  if (expected) {
    RC_ASSERT(found == text(expected));
  } else {
    RC_ASSERT(found == "never" || found >= text(Timestamp{after.value + kDays * 86'400'000'000}));
  }
}

}  // namespace
}  // namespace couplet
