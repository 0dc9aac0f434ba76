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
  kTime,         // int64 microseconds of the day, 0 to 86'400'000'000 (24:00:00)
  kTimeTz,       // the same, then int32 seconds west of UTC
  kInterval,     // int64 microseconds, int32 days, int32 months: three numbers, never summed up
  kMoney,        // int64 in units of 10^-scale
  kOid,          // uint32
  kLsn,          // uint64
  kInet,         // family (2: IPv4, 3: IPv6), bits, whether cidr, address length, address
  kCidr,         // the same; no bit beyond `bits` is set
  kMacaddr,      // 6 bytes
  kMacaddr8,     // 8 bytes
  kBit,          // int32 bits, then their bytes; bits beyond the last are zero
  kVarbit,       // the same
  kArray,        // int32 dimensions, int32 flags, the element's id, then for each dimension int32
                 // size and lower bound, then the elements as int32 length (-1: null) and bytes
  kRange,        // flags, then the finite bounds as int32 length and bytes
  kMultirange,   // int32 count, then the ranges as int32 length and bytes
  kComposite,    // int32 fields, then each as its type's id, int32 length (-1: null) and bytes
  kOpaque,       // any other type: the text that the source prints for it, UTF-8
};

// A column's type as described by its source. Domains are resolved to their base type, inside of
// other types too; `name` keeps what the catalog says ("character varying(10)", "mood", "email").
// Ids of types inside a cell's bytes are those of the database that it came from: nobody reads
// them.
struct Type {
  TypeKind kind = TypeKind::kText;
  std::string name;
  std::int32_t length = -1;     // varchar, char: characters; bit, varbit: bits; -1 unlimited
  std::int32_t precision = -1;  // numeric: digits; -1 any. interval: the fields that it keeps, as
                                // the bit mask of its modifier; -1 all
  std::int32_t scale = -1;      // numeric: digits after the point (may be negative); -1 any if
                                // precision is -1. money: digits after the point
  std::int32_t fraction_digits = 6;  // times of day, timestamps, intervals: 0 to 6
  std::vector<std::string> labels;   // enum: in the server's order
  std::string base;                  // kOpaque: the base type's own name, without a schema
  bool discrete = false;             // range: its bounds are kept as [lower,upper)
  std::vector<Type> elements;        // array, range, multirange: the one type of the elements (of
                                     // the bounds); composite: those of the fields
  std::vector<std::string> fields;   // composite: their names
  std::uint32_t source_type =
      0;  // the source's own id of the base type (Postgres: OID); opaque here
  std::uint32_t source_array = 0;  // the source's own id of arrays of it; opaque here

  bool operator==(const Type&) const = default;
};

// "integer", "numeric", …: the kind's name in messages.
const char* name_of(TypeKind kind);
// The type's own name, else its kind's.
std::string described(const Type& type);

// Whether values of the type can tell objects apart: as an id, whose order a scan has to follow; as
// a part of an identity key, for which equality is enough.
bool can_be_id(const Type& type);
bool can_be_key(const Type& type);

}  // namespace couplet
