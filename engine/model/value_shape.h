#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/model/type.h"

// What the model's own files share about a cell's bytes. Internal to the model.
namespace couplet {

// True if `bytes` can be a value of this type: their length, and their form where it varies, down
// to the last element. What a server sent always can; bytes of another origin are asked before they
// are read.
bool has_shape_of(const Type& type, std::string_view bytes);

// format_literal, appended.
void append_literal(const Type& type, std::string_view bytes, std::string& out);

// Kinds whose cells are the text itself: text, varchar, char, enum.
constexpr bool is_textual(TypeKind kind) {
  return kind == TypeKind::kText || kind == TypeKind::kVarchar || kind == TypeKind::kChar ||
         kind == TypeKind::kEnum;
}
constexpr bool is_integer(TypeKind kind) {
  return kind == TypeKind::kInt16 || kind == TypeKind::kInt32 || kind == TypeKind::kInt64 ||
         kind == TypeKind::kOid;
}
constexpr bool is_float(TypeKind kind) {
  return kind == TypeKind::kFloat32 || kind == TypeKind::kFloat64;
}
constexpr bool is_number(TypeKind kind) {
  return is_integer(kind) || is_float(kind) || kind == TypeKind::kNumeric ||
         kind == TypeKind::kMoney;
}
constexpr bool is_timestamp(TypeKind kind) {
  return kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampTz;
}
constexpr bool is_time(TypeKind kind) { return kind == TypeKind::kDate || is_timestamp(kind); }
constexpr bool is_time_of_day(TypeKind kind) {
  return kind == TypeKind::kTime || kind == TypeKind::kTimeTz;
}
constexpr bool is_network(TypeKind kind) {
  return kind == TypeKind::kInet || kind == TypeKind::kCidr;
}
constexpr bool is_bits(TypeKind kind) {
  return kind == TypeKind::kBit || kind == TypeKind::kVarbit;
}
constexpr bool is_json_kind(TypeKind kind) {
  return kind == TypeKind::kJson || kind == TypeKind::kJsonb;
}

// An integer of any width. The bytes have the shape.
std::int64_t read_integer(TypeKind kind, std::string_view bytes);
// Appends it; false if it is out of the kind's range.
bool append_integer(TypeKind kind, std::int64_t value, std::string& out);

}  // namespace couplet
