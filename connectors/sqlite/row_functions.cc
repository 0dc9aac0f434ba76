#include "connectors/sqlite/row_functions.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "connectors/sqlite/cell.h"
#include "engine/model/calendar.h"

namespace couplet::sqlite {
namespace {

// Below SQLITE_MAX_FUNCTION_ARG of any build (sqlite.org/limits.html).
constexpr std::size_t kArgumentsMax = 100;

std::uint64_t digest_of(std::uint64_t before, sqlite3_value* value) {
  const int storage = sqlite3_value_type(value);
  const std::uint64_t seed = before + static_cast<std::uint64_t>(storage);
  if (storage == SQLITE_INTEGER) {
    const std::int64_t number = sqlite3_value_int64(value);
    return XXH3_64bits_withSeed(&number, sizeof(number), seed);
  }
  if (storage == SQLITE_FLOAT) {
    const double number = sqlite3_value_double(value);
    return XXH3_64bits_withSeed(&number, sizeof(number), seed);
  }
  if (storage == SQLITE_NULL) {
    return XXH3_64bits_withSeed("", 0, seed);
  }
  // A text's blob is its bytes, unconverted.
  const void* bytes = sqlite3_value_blob(value);
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return XXH3_64bits_withSeed(bytes == nullptr ? "" : bytes, size, seed);
}

void version(sqlite3_context* context, int count, sqlite3_value** values) {
  std::uint64_t digest = 0;
  for (int i = 0; i < count; ++i) {
    digest = digest_of(digest, values[i]);
  }
  // Zero stands for "not known".
  sqlite3_result_int64(context, digest == 0 ? 1 : static_cast<std::int64_t>(digest));
}

// The time that a column holds, whose type the next two arguments tell; false: it holds none.
bool read_time(sqlite3_value** values, std::int64_t& micros) {
  if (sqlite3_value_type(values[0]) != SQLITE_TEXT) {
    return false;
  }
  Type type;
  type.kind = sqlite3_value_int(values[1]) != 0 ? TypeKind::kTimestampTz : TypeKind::kTimestamp;
  type.fraction_digits = sqlite3_value_int(values[2]);
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
  const std::string_view text(bytes == nullptr ? "" : bytes,
                              static_cast<std::size_t>(sqlite3_value_bytes(values[0])));
  return parse_stored_time(type, text, micros);
}

// couplet_time(column, with zone, digits of its type, digits wanted): microseconds, or null.
void time(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  std::int64_t micros = 0;
  if (read_time(values, micros)) {
    sqlite3_result_int64(context, calendar::rounded(micros, sqlite3_value_int(values[3])));
  }
}

// couplet_day(column, with zone, digits of its type): its day, or null.
void day(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  std::int64_t micros = 0;
  if (read_time(values, micros)) {
    sqlite3_result_int64(context, calendar::day_of(micros));
  }
}

}  // namespace

int register_row_functions(sqlite3* connection) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  int made = SQLITE_OK;
  const auto make = [&](const char* name, int arguments, auto* function) {
    if (made == SQLITE_OK) {
      made = sqlite3_create_function_v2(connection, name, arguments, kFlags, nullptr, function,
                                        nullptr, nullptr, nullptr);
    }
  };
  make("couplet_version", -1, version);
  make("couplet_time", 4, time);
  make("couplet_day", 3, day);
  return made;
}

std::string version_text(std::span<const std::string> columns) {
  std::vector<std::string> parts(columns.begin(), columns.end());
  do {
    std::vector<std::string> calls;
    for (std::size_t begin = 0; begin < std::max<std::size_t>(parts.size(), 1);
         begin += kArgumentsMax) {
      std::string call = "couplet_version(";
      for (std::size_t i = begin; i < std::min(begin + kArgumentsMax, parts.size()); ++i) {
        call += (i == begin ? "" : ", ") + parts[i];
      }
      calls.push_back(call + ")");
    }
    parts = std::move(calls);
  } while (parts.size() > 1);
  return parts.front();
}

RowVersion version_of(std::int64_t digest) { return {static_cast<std::uint64_t>(digest)}; }

}  // namespace couplet::sqlite
