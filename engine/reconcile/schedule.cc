#include "engine/reconcile/schedule.h"

#include <date/date.h>
#include <date/tz.h>

#include <algorithm>
#include <chrono>

namespace couplet {
namespace {

using std::chrono::microseconds;
using std::chrono::minutes;

// Where a Timestamp begins.
constexpr date::sys_days kEpoch = date::sys_days(date::year(2000) / 1 / 1);
// The 29th of February comes after eight years at the latest, a zone's lost day not again.
constexpr int kDaysMost = 12 * 366;

class CronClock {
 public:
  CronClock(const Cron& cron, date::sys_time<microseconds> after)
      : cron_(cron), zone_(*date::locate_zone(cron.timezone)), after_(after) {}

  std::optional<date::sys_time<microseconds>> next() {
    // The day before, too: its end may come after the beginning of this one.
    auto day = date::floor<date::days>(zone_.to_local(after_)) - date::days(1);
    for (int days = 0; days < kDaysMost; ++days, day += date::days(1)) {
      const bool found = next_.has_value();
      if (fits(day)) {
        look_through(day);
      }
      if (found) {
        break;  // One day more, for the same reason.
      }
    }
    return next_;
  }

 private:
  [[nodiscard]] bool fits(date::local_days day) const {
    const date::year_month_day ymd(day);
    if (!cron_.months[static_cast<unsigned>(ymd.month())]) {
      return false;
    }
    const bool by_day = cron_.days[static_cast<unsigned>(ymd.day())];
    const bool by_weekday = cron_.weekdays[date::weekday(day).c_encoding()];
    return cron_.any_day || cron_.any_weekday ? by_day && by_weekday : by_day || by_weekday;
  }

  void look_through(date::local_days day) {
    for (unsigned hour = 0; hour < cron_.hours.size(); ++hour) {
      for (unsigned minute = 0; cron_.hours[hour] && minute < cron_.minutes.size(); ++minute) {
        if (cron_.minutes[minute]) {
          take(day + std::chrono::hours(hour) + minutes(minute));
        }
      }
    }
  }

  void take(date::local_time<minutes> time) {
    const bool hourly = cron_.hours.all();
    const date::local_info info = zone_.get_info(time);
    switch (info.result) {
      case date::local_info::unique:
        return offer(date::sys_seconds(time.time_since_epoch()) - info.first.offset);
      case date::local_info::nonexistent:
        return hourly ? void() : offer(info.first.end);
      case date::local_info::ambiguous:
        offer(date::sys_seconds(time.time_since_epoch()) - info.first.offset);
        return hourly ? offer(date::sys_seconds(time.time_since_epoch()) - info.second.offset)
                      : void();
    }
  }

  void offer(date::sys_seconds time) {
    if (time > after_ && (!next_ || time < *next_)) {
      next_ = time;
    }
  }

  const Cron& cron_;
  const date::time_zone& zone_;
  date::sys_time<microseconds> after_;
  std::optional<date::sys_time<microseconds>> next_;
};

}  // namespace

std::optional<Timestamp> next_due(const ReconcileOptions& schedule, Timestamp after) {
  if (schedule.every_us) {
    return Timestamp{after.value + *schedule.every_us};
  }
  if (!schedule.cron) {
    return std::nullopt;
  }
  const auto next = CronClock(*schedule.cron, kEpoch + microseconds(after.value)).next();
  return next ? std::optional(Timestamp{(*next - kEpoch).count()}) : std::nullopt;
}

}  // namespace couplet
