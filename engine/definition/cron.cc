#include "engine/definition/cron.h"

#include <date/tz.h>

#include <array>
#include <charconv>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace couplet {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMacros = {{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

struct FieldRange {
  std::string_view name;
  unsigned least;
  unsigned most;
};
constexpr std::array<FieldRange, 5> kFields = {{{"minute", 0, 59},
                                                {"hour", 0, 23},
                                                {"day of month", 1, 31},
                                                {"month", 1, 12},
                                                {"day of week", 0, 7}}};
constexpr std::size_t kMonthField = 3;
constexpr std::size_t kWeekdayField = 4;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) {
      return parts;
    }
    begin = end + 1;
  }
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<unsigned> value_of(std::string_view text, std::size_t field) {
  const std::string name = lowered(text);
  if (field == kMonthField) {
    for (unsigned i = 0; i < kMonths.size(); ++i) {
      if (name == kMonths.at(i)) {
        return i + 1;
      }
    }
  }
  if (field == kWeekdayField) {
    for (unsigned i = 0; i < kWeekdays.size(); ++i) {
      if (name == kWeekdays.at(i)) {
        return i;
      }
    }
  }
  return number(text);
}

tl::unexpected<Error> refuse(std::size_t field, std::string_view part, const std::string& why) {
  return fail(ErrorKind::kInvalidArgument,
              std::string(kFields.at(field).name) + ": " + std::string(part) + " " + why);
}

// Calls `set` with each value of one field.
template <typename Set>
Result<void> parse_field(std::string_view text, std::size_t field, Set set) {
  const FieldRange& range = kFields.at(field);
  const std::string bounds =
      "is not in " + std::to_string(range.least) + "-" + std::to_string(range.most);
  for (const std::string_view part : split(text, ',')) {
    const std::size_t slash = part.find('/');
    const std::string_view span = part.substr(0, slash);
    unsigned step = 1;
    if (slash != std::string_view::npos) {
      const auto given = number(part.substr(slash + 1));
      if (!given || *given == 0) {
        return refuse(field, part, "has no step behind the slash");
      }
      step = *given;
    }
    unsigned first = range.least;
    unsigned last = field == kWeekdayField ? 6 : range.most;
    if (span != "*") {
      const std::size_t dash = span.find('-');
      const auto begin = value_of(span.substr(0, dash), field);
      if (!begin) {
        return refuse(field, part.empty() ? "(nothing)" : part, "is neither a number nor a name");
      }
      first = *begin;
      // "5/10" goes on to the end, as in cron(5).
      last = slash == std::string_view::npos ? first : last;
      if (dash != std::string_view::npos) {
        const auto end = value_of(span.substr(dash + 1), field);
        if (!end) {
          return refuse(field, part, "is no range");
        }
        last = *end;
      }
      if (first < range.least || first > range.most || last > range.most) {
        return refuse(field, part, bounds);
      }
      if (first > last) {
        return refuse(field, part, "is a range that runs backwards");
      }
    }
    for (unsigned value = first; value <= last; value += step) {
      set(field == kWeekdayField ? value % 7 : value);
    }
  }
  return {};
}

// Whether any of the months that fit has a day that fits: "0 0 31 2 *" never comes.
bool comes_ever(const Cron& cron) {
  if (!cron.any_weekday) {
    return true;  // Either day field will do.
  }
  constexpr std::array<unsigned, 13> kDays = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (unsigned month = 1; month <= 12; ++month) {
    for (unsigned day = 1; cron.months[month] && day <= kDays.at(month); ++day) {
      if (cron.days[day]) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

Result<Cron> parse_cron(std::string_view text) {
  Cron cron;
  cron.text = text;
  std::string_view wanted = text;
  for (const auto& [name, fields] : kMacros) {
    if (lowered(text) == name) {
      wanted = fields;
    }
  }
  std::vector<std::string_view> fields;
  for (const std::string_view field : split(wanted, ' ')) {
    if (!field.empty()) {
      fields.push_back(field);
    }
  }
  if (fields.size() != kFields.size()) {
    return fail(ErrorKind::kInvalidArgument,
                "has " + std::to_string(fields.size()) +
                    " fields, not five: minute, hour, day of month, month, day of week");
  }
  COUPLET_TRY(parse_field(fields[0], 0, [&](unsigned value) { cron.minutes.set(value); }));
  COUPLET_TRY(parse_field(fields[1], 1, [&](unsigned value) { cron.hours.set(value); }));
  COUPLET_TRY(parse_field(fields[2], 2, [&](unsigned value) { cron.days.set(value); }));
  COUPLET_TRY(parse_field(fields[3], 3, [&](unsigned value) { cron.months.set(value); }));
  COUPLET_TRY(parse_field(fields[4], 4, [&](unsigned value) { cron.weekdays.set(value); }));
  cron.any_day = fields[2].front() == '*';
  cron.any_weekday = fields[4].front() == '*';
  if (!comes_ever(cron)) {
    return fail(ErrorKind::kInvalidArgument, "names a day that no year has");
  }
  return cron;
}

Result<void> check_timezone(const std::string& name) {
  try {
    date::locate_zone(name);
    return {};
  } catch (const std::exception& error) {
    try {
      date::locate_zone("Etc/UTC");
    } catch (const std::exception&) {
      return fail(ErrorKind::kUnavailable, "the system has no time zones",
                  "install the package tzdata");
    }
    return fail(ErrorKind::kInvalidArgument, "is no time zone that the system knows",
                "write an IANA name: Europe/Berlin, Etc/UTC");
  }
}

}  // namespace couplet
