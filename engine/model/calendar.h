#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Dates and times of the proleptic Gregorian calendar, within PostgreSQL's range and with its
// infinities, and their text in ISO style. Days and microseconds count from 2000-01-01 UTC.
// Internal to the model.
namespace couplet::calendar {

constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
constexpr std::int32_t kDateInfinity = INT32_MAX;
constexpr std::int32_t kDateNegativeInfinity = INT32_MIN;
constexpr std::int64_t kTimestampInfinity = INT64_MAX;
constexpr std::int64_t kTimestampNegativeInfinity = INT64_MIN;

// "2026-01-31", "0044-03-15 BC", "infinity".
void append_date(std::int32_t days, std::string& out);
// "2026-01-31 08:15:30.5", with `zone` "2026-01-31 08:15:30.5+00", "0044-03-15 00:00:00+00 BC".
void append_timestamp(std::int64_t micros, bool zone, std::string& out);
// RFC 3339, years beyond four digits and before year 1 signed as ISO 8601 expands them (0044 BC is
// -0043). `digits` after the second: -1 as many as needed. `zone`: ends in Z.
void append_rfc3339_date(std::int32_t days, std::string& out);
void append_rfc3339(std::int64_t micros, int digits, bool zone, std::string& out);

// "08:15:30.5", "24:00:00".
void append_time(std::int64_t micros, std::string& out);
// "+02", "-03:30", "+01:02:03": where the clock is ahead of UTC the sign is +.
void append_zone(std::int32_t seconds_west, std::string& out);

enum class TimeParse : std::uint8_t {
  kDone,
  kNoTime,      // Not the text of one.
  kOutOfRange,  // A field or the whole beyond the calendar ("2026-02-30").
  kZone,        // A zone other than UTC where the type has none: it would be dropped in silence.
};
TimeParse parse_date(std::string_view text, std::int32_t& days);
// Rounded to `fraction_digits`. Without a zone in the text, UTC.
TimeParse parse_timestamp(std::string_view text, bool zone, std::int32_t fraction_digits,
                          std::int64_t& micros);

// A time of day, rounded to `fraction_digits`. `seconds_west`: null where the type has no zone;
// without a zone in the text, UTC.
TimeParse parse_time(std::string_view text, std::int32_t fraction_digits, std::int64_t& micros,
                     std::int32_t* seconds_west);

// Half away from zero, as the server rounds to a column's digits; infinities stay.
std::int64_t rounded(std::int64_t micros, std::int32_t fraction_digits);
// The day that a time lies in; infinities stay.
std::int32_t day_of(std::int64_t micros);
// Midnight; nullopt if a timestamp does not reach that far. Infinities stay.
std::optional<std::int64_t> midnight_of(std::int32_t days);

}  // namespace couplet::calendar
