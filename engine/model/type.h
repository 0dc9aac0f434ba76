#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace couplet {

// The types that cells can have. The bytes of a cell are those of PostgreSQL's binary format
// (src/backend/utils/adt, the functions ending in "send"), whatever the source: they pass from a
// COPY or a change stream into an array parameter unchanged.
enum class TypeKind : std::uint8_t {
  kBool,   // 1 byte, 0 or 1
  kInt16,  // big-endian two's complement
  kInt32,
  kInt64,
  kNumeric,  // int16 ndigits, int16 weight, uint16 sign, uint16 dscale, base-10000 digits
  kFloat32,  // IEEE 754, big-endian
  kFloat64,
  kText,         // UTF-8
  kVarchar,      // UTF-8
  kChar,         // UTF-8, blank-padded by the server (bpchar)
  kDate,         // int32 days since 2000-01-01; infinity is INT32_MAX, -infinity INT32_MIN
  kTimestamp,    // int64 microseconds since 2000-01-01; infinity INT64_MAX, -infinity INT64_MIN
  kTimestampTz,  // the same, in UTC
  kUuid,         // 16 bytes
  kJson,         // UTF-8 as written
  kJsonb,        // one version byte (1), then UTF-8
  kBytea,        // raw
  kEnum,         // the label, UTF-8
};

// A column's type as described by its source. Domains are resolved to their base type; `name` keeps
// what the catalog says ("character varying(10)", "mood", "email").
struct Type {
  TypeKind kind = TypeKind::kText;
  std::string name;
  std::int32_t length = -1;     // varchar, char: characters; -1 unlimited
  std::int32_t precision = -1;  // numeric: digits; -1 any
  std::int32_t scale =
      -1;  // numeric: digits after the point (may be negative); -1 any if precision is -1
  std::int32_t fraction_digits = 6;  // timestamps: 0 to 6
  std::vector<std::string> labels;   // enum: in the server's order
  std::uint32_t source_type =
      0;  // the source's own id of the base type (Postgres: OID); opaque here
  std::uint32_t source_array = 0;  // the source's own id of arrays of it; opaque here

  bool operator==(const Type&) const = default;
};

// "integer", "numeric", …: the kind's name in messages.
const char* name_of(TypeKind kind);

}  // namespace couplet
