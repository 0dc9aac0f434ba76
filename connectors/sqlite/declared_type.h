#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/model/type.h"

namespace couplet::sqlite {

// What a column does to a value that is put into it (sqlite.org/datatype3.html, section 3.1).
enum class Affinity : std::uint8_t { kInteger, kText, kBlob, kReal, kNumeric };
Affinity affinity_of(std::string_view declared);

// What a column of this declared type holds, as far as Couplet is concerned (docs/reference/
// sqlite.md, "Types"): by the name where it has a usual meaning, else by the affinity. nullopt: no
// type, ANY, or a name that SQLite makes NUMERIC for want of a better idea (TIME, STRING). Pure.
std::optional<Type> to_type(std::string_view declared);

}  // namespace couplet::sqlite
