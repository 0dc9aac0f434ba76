#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Intervals as PostgreSQL stores them: months, days and microseconds, which it keeps apart because
// a month is not so many days. Internal to the model.
namespace couplet {

struct Interval {
  std::int64_t micros = 0;
  std::int32_t days = 0;
  std::int32_t months = 0;
  bool operator==(const Interval&) const = default;

  // 16 bytes.
  static Interval read(std::string_view bytes);
  void append(std::string& out) const;
};

// In the server's style "postgres": "1 year 2 mons -3 days +04:05:06.7".
void append_text_of_interval(const Interval& interval, std::string& out);

// Reads what append_text_of_interval writes, units by other names ("1 week 2 h", a number alone for
// seconds), and ISO 8601 ("P1Y2M3DT4H5M6.7S"). A fraction only on seconds: half a month is no
// number of days. False if the text is none, or a field is out of range.
bool parse_interval(std::string_view text, Interval& interval);

}  // namespace couplet
