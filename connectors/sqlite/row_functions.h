#pragma once

#include <sqlite3.h>

#include <span>
#include <string>

#include "engine/model/strong_int.h"

// SQL functions that every connection of ours has; they live in the connection, nothing of them is
// in the database.
//
//   couplet_version(value, …)  a digest of the values as they are stored: the version of a row
//   couplet_time(text, zone, digits, wanted)  microseconds of a timestamp's text, rounded to
//                                             `wanted` digits of a second; null if it is none
//   couplet_day(text, zone, digits)           its day; null alike
namespace couplet::sqlite {

// Returns SQLite's result code.
int register_row_functions(sqlite3* connection);

// The expression that gives a row's version from its columns, however many.
std::string version_text(std::span<const std::string> columns);
RowVersion version_of(std::int64_t digest);

}  // namespace couplet::sqlite
