#include "connectors/postgres/catalog_types.h"

namespace couplet::postgres {
namespace {

// The length words that type modifiers of variable-length types count in (VARHDRSZ).
constexpr std::int32_t kHeader = 4;

std::optional<TypeKind> kind_of(Oid type) {
  switch (type) {
    case oid::kBool:
      return TypeKind::kBool;
    case oid::kInt2:
      return TypeKind::kInt16;
    case oid::kInt4:
      return TypeKind::kInt32;
    case oid::kInt8:
      return TypeKind::kInt64;
    case oid::kNumeric:
      return TypeKind::kNumeric;
    case oid::kFloat4:
      return TypeKind::kFloat32;
    case oid::kFloat8:
      return TypeKind::kFloat64;
    case oid::kText:
      return TypeKind::kText;
    case oid::kVarchar:
      return TypeKind::kVarchar;
    case oid::kBpchar:
      return TypeKind::kChar;
    case oid::kDate:
      return TypeKind::kDate;
    case oid::kTimestamp:
      return TypeKind::kTimestamp;
    case oid::kTimestampTz:
      return TypeKind::kTimestampTz;
    case oid::kUuid:
      return TypeKind::kUuid;
    case oid::kJson:
      return TypeKind::kJson;
    case oid::kJsonb:
      return TypeKind::kJsonb;
    case oid::kBytea:
      return TypeKind::kBytea;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Type> to_type(const BaseType& base, const std::string& name) {
  const std::optional<TypeKind> kind = base.is_enum ? TypeKind::kEnum : kind_of(base.type);
  if (!kind) {
    return std::nullopt;
  }
  Type type;
  type.kind = *kind;
  type.name = name;
  type.source_type = base.type;
  type.source_array = base.array;
  switch (*kind) {
    case TypeKind::kVarchar:
    case TypeKind::kChar:
      type.length = base.modifier >= kHeader ? base.modifier - kHeader : -1;
      break;
    case TypeKind::kNumeric:
      if (base.modifier >= kHeader) {  // src/backend/utils/adt/numeric.c, numeric_typmod_scale
        const auto packed = static_cast<std::uint32_t>(base.modifier - kHeader);
        type.precision = static_cast<std::int32_t>((packed >> 16U) & 0xFFFFU);
        type.scale = static_cast<std::int32_t>((packed & 0x7FFU) ^ 0x400U) - 0x400;
      }
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      type.fraction_digits = base.modifier >= 0 ? base.modifier : 6;
      break;
    default:
      break;
  }
  return type;
}

}  // namespace couplet::postgres
