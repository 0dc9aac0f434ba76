#include "tests/contract/source_backend.h"

namespace couplet::contract {
namespace {

Type of(TypeKind kind, std::string name) {
  Type type;
  type.kind = kind;
  type.name = std::move(name);
  return type;
}

std::string with_digits(const char* before, int digits, const char* after) {
  return digits == 6 ? std::string(before) + after
                     : std::string(before) + "(" + std::to_string(digits) + ")" + after;
}

}  // namespace

Type boolean() { return of(TypeKind::kBool, "boolean"); }
Type integer16() { return of(TypeKind::kInt16, "smallint"); }
Type integer32() { return of(TypeKind::kInt32, "integer"); }
Type integer64() { return of(TypeKind::kInt64, "bigint"); }
Type numeric() { return of(TypeKind::kNumeric, "numeric"); }
Type numeric(int precision, int scale) {
  Type type = of(TypeKind::kNumeric,
                 "numeric(" + std::to_string(precision) + "," + std::to_string(scale) + ")");
  type.precision = precision;
  type.scale = scale;
  return type;
}
Type float32() { return of(TypeKind::kFloat32, "real"); }
Type float64() { return of(TypeKind::kFloat64, "double precision"); }
Type text() { return of(TypeKind::kText, "text"); }
Type varchar(int characters) {
  Type type = of(TypeKind::kVarchar, "character varying(" + std::to_string(characters) + ")");
  type.length = characters;
  return type;
}
Type character(int characters) {
  Type type = of(TypeKind::kChar, "character(" + std::to_string(characters) + ")");
  type.length = characters;
  return type;
}
Type date() { return of(TypeKind::kDate, "date"); }
Type timestamp(int fraction_digits) {
  Type type =
      of(TypeKind::kTimestamp, with_digits("timestamp", fraction_digits, " without time zone"));
  type.fraction_digits = fraction_digits;
  return type;
}
Type timestamp_with_zone(int fraction_digits) {
  Type type =
      of(TypeKind::kTimestampTz, with_digits("timestamp", fraction_digits, " with time zone"));
  type.fraction_digits = fraction_digits;
  return type;
}
Type uuid() { return of(TypeKind::kUuid, "uuid"); }
Type json() { return of(TypeKind::kJson, "json"); }
Type jsonb() { return of(TypeKind::kJsonb, "jsonb"); }
Type bytes() { return of(TypeKind::kBytea, "bytea"); }
Type enumeration(const std::string& name, std::vector<std::string> labels) {
  Type type = of(TypeKind::kEnum, name);
  type.labels = std::move(labels);
  return type;
}

Type time_of_day(int fraction_digits) {
  Type type = of(TypeKind::kTime, with_digits("time", fraction_digits, " without time zone"));
  type.fraction_digits = fraction_digits;
  return type;
}
Type time_with_zone(int fraction_digits) {
  Type type = of(TypeKind::kTimeTz, with_digits("time", fraction_digits, " with time zone"));
  type.fraction_digits = fraction_digits;
  return type;
}
Type plain(TypeKind kind) {
  Type type = of(kind, name_of(kind));
  type.scale = kind == TypeKind::kMoney ? 2 : -1;
  return type;
}
Type bits(int length) {
  Type type = of(TypeKind::kBit, "bit(" + std::to_string(length) + ")");
  type.length = length;
  return type;
}
Type varying_bits() { return of(TypeKind::kVarbit, "bit varying"); }
Type array_of(Type element) {
  Type type = of(TypeKind::kArray, element.name + "[]");
  type.elements.push_back(std::move(element));
  return type;
}
Type range_over(TypeKind kind, const std::string& name, Type bound, bool discrete) {
  Type type = of(kind, name);
  type.discrete = discrete;
  type.elements.push_back(std::move(bound));
  return type;
}
Type composite(const std::string& name, std::vector<std::pair<std::string, Type>> fields) {
  Type type = of(TypeKind::kComposite, name);
  for (auto& [field, field_type] : fields) {
    type.fields.push_back(field);
    type.elements.push_back(std::move(field_type));
  }
  return type;
}
Type other(const std::string& name) {
  Type type = of(TypeKind::kOpaque, name);
  type.base = name;
  return type;
}

}  // namespace couplet::contract
