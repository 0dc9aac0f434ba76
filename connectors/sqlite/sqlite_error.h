#pragma once

#include <string>
#include <string_view>

#include "engine/model/result.h"

// From what SQLite says to what the engine does about it. Pure.
namespace couplet::sqlite {

// A result code (extended; sqlite.org/rescode.html) and the library's sentence.
struct LibraryError {
  int code = 0;
  std::string message;
};

ErrorKind kind_of(int code);

// "source inventory: <sentence>". For a row fault the sentence is our own, since the library's may
// hold what a trigger says of the row; that is in `detail`. `code` is the SQLSTATE that PostgreSQL
// would give, so that one rule decides about both. `constraint` is what the library names: columns,
// or a check's name; the caller knows better names.
Error to_error(const std::string& source_name, const LibraryError& error);

// What stands behind "UNIQUE constraint failed: " in the library's sentence; empty if nothing does.
std::string_view refused_by(std::string_view message);

}  // namespace couplet::sqlite
