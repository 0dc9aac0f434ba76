#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/type.h"

// What stands in a column and is no value of its type, as a source that takes any value in any
// column (SQLite) hands it on: never converted, and equal to itself alone, but shown for what it
// is: as JSON an object whose one field says so, {"blob in a TEXT column": "AAEC"}. No value of a
// type begins like one.
namespace couplet {

struct Misfit {
  enum class Kind : std::uint8_t { kInteger = 1, kReal, kText, kBlob };
  Kind kind = Kind::kText;
  std::string_view bytes;  // of a number its text
};

// CHECKs that the type is not bytea, of which all bytes are values.
void append_misfit(const Type& type, const Misfit& misfit, std::string& out);
// nullopt: the bytes are none.
std::optional<Misfit> read_misfit(const Type& type, std::string_view bytes);
// "blob in a TEXT column".
std::string describe(const Type& type, Misfit::Kind kind);

}  // namespace couplet
