#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/result.h"
#include "engine/model/row_batch.h"
#include "engine/model/type.h"

namespace couplet {

// The id of an object within its entity, encoded so that byte order is the order of
// `ORDER BY id` (text under COLLATE "C", enums by label, char(n) without trailing blanks) and that
// no key is a prefix of another. Byte format: docs/state-format.md, "Object keys".
//
//   booleans 1 byte · integers and oid big-endian with the sign bit flipped, always 8 bytes (so
//   that an id keeps its key when its column is widened) · date 4, timestamps, time and money 8
//   bytes alike · uuid, pg_lsn, macaddr, macaddr8: their bytes · floats by the usual
//   order-preserving flip · numeric by sign, exponent and digits, equal values equal (1.0 and 1.00)
//   · text, varchar, char, enum, bytea: bytes with 00 escaped as 00 FF, ended by 00 00 · timetz,
//   interval, inet, cidr, bit, bit varying: their text alike, which is what a scan sorts them by.
//   Of the rest: can_be_id.
struct ObjectKey {
  std::string bytes;
  auto operator<=>(const ObjectKey&) const = default;
  [[nodiscard]] bool empty() const { return bytes.empty(); }
};

// Appends the key of `cells` to `out`. False, with `out` as it was, if a cell is null or absent.
bool append_key(std::span<const Type> types, std::span<const Value> cells, std::string& out);

// The id columns are the first `types.size()` of the row. CHECKs that none is null: an id never is.
ObjectKey key_of_row(const RowBatch& rows, std::size_t row, std::span<const Type> types);

// The cells that a key was made from; values in `out` point into `arena`, which is overwritten.
// Numerics come back without trailing zeros, char without blanks. Errors: kStateCorrupt if the
// bytes are no key of these types.
Result<void> decode_key(std::span<const Type> types, std::string_view key, std::string& arena,
                        std::vector<Value>& out);

// "7", "eu%2Fwest,3": the ID part of an object's name (DESIGN section 2). Percent-escapes every
// byte that is not a letter, digit, or one of - _ . : + @ ~ and UTF-8 above 7F is left alone; an
// empty text is "%00"-free: it is written as "%".
std::string format_key(std::span<const Type> types, const ObjectKey& key);
// The other way. Errors: kInvalidArgument, saying which component and what was expected.
Result<ObjectKey> parse_key(std::span<const Type> types, std::string_view text);

}  // namespace couplet

template <>
struct std::hash<couplet::ObjectKey> {
  std::size_t operator()(const couplet::ObjectKey& key) const noexcept {
    return std::hash<std::string>{}(key.bytes);
  }
};
