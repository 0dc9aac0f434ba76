#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/literal.h"
#include "engine/model/row_batch.h"
#include "engine/model/type.h"

// Types by name and values by their text, for tests of the model.
namespace couplet::test {

inline Type type_of(TypeKind kind) {
  Type type;
  type.kind = kind;
  type.name = name_of(kind);
  return type;
}
inline Type numeric(std::int32_t precision = -1, std::int32_t scale = -1) {
  Type type = type_of(TypeKind::kNumeric);
  type.precision = precision;
  type.scale = scale;
  if (precision >= 0) {
    type.name = "numeric(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
  }
  return type;
}
inline Type limited(TypeKind kind, std::int32_t length) {
  Type type = type_of(kind);
  type.length = length;
  type.name += "(" + std::to_string(length) + ")";
  return type;
}
inline Type varchar(std::int32_t length) { return limited(TypeKind::kVarchar, length); }
inline Type blank_padded(std::int32_t length) { return limited(TypeKind::kChar, length); }
inline Type with_fraction(TypeKind kind, std::int32_t digits) {
  Type type = type_of(kind);
  type.fraction_digits = digits;
  return type;
}
inline Type enumeration(std::vector<std::string> labels) {
  Type type = type_of(TypeKind::kEnum);
  type.name = "mood";
  type.labels = std::move(labels);
  return type;
}

inline Type array_of(Type element) {
  Type type = type_of(TypeKind::kArray);
  type.name = element.name + "[]";
  type.elements.push_back(std::move(element));
  return type;
}
// A range or multirange.
inline Type range_over(Type bound, bool discrete, TypeKind kind = TypeKind::kRange) {
  Type type = type_of(kind);
  type.discrete = discrete;
  type.elements.push_back(std::move(bound));
  return type;
}
inline Type composite(const std::vector<std::pair<std::string, Type>>& fields) {
  Type type = type_of(TypeKind::kComposite);
  for (const auto& [name, field] : fields) {
    type.fields.push_back(name);
    type.elements.push_back(field);
  }
  return type;
}
inline Type other(const std::string& base) {
  Type type = type_of(TypeKind::kOpaque);
  type.name = base;
  type.base = base;
  return type;
}
// The same type with the server's own id of it, which stands in the bytes of what it is a part of.
inline Type with_id(Type type, std::uint32_t id) {
  type.source_type = id;
  return type;
}

// The bytes that `text` stands for. Text types take any bytes, so that tests can write blanks.
inline std::string bytes_of(const Type& type, std::string_view text) {
  if (type.kind == TypeKind::kChar) {
    return std::string(text);
  }
  std::string bytes;
  const auto parsed = parse_literal(type, text, bytes);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << (parsed ? "" : parsed.error().message);
  return bytes;
}

inline std::string text_of(const Type& type, std::string_view bytes) {
  return format_literal(type, Value(bytes));
}

}  // namespace couplet::test
