#include "engine/model/type.h"

namespace couplet {

const char* name_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
      return "boolean";
    case TypeKind::kInt16:
      return "smallint";
    case TypeKind::kInt32:
      return "integer";
    case TypeKind::kInt64:
      return "bigint";
    case TypeKind::kNumeric:
      return "numeric";
    case TypeKind::kFloat32:
      return "real";
    case TypeKind::kFloat64:
      return "double precision";
    case TypeKind::kText:
      return "text";
    case TypeKind::kVarchar:
      return "character varying";
    case TypeKind::kChar:
      return "character";
    case TypeKind::kDate:
      return "date";
    case TypeKind::kTimestamp:
      return "timestamp without time zone";
    case TypeKind::kTimestampTz:
      return "timestamp with time zone";
    case TypeKind::kUuid:
      return "uuid";
    case TypeKind::kJson:
      return "json";
    case TypeKind::kJsonb:
      return "jsonb";
    case TypeKind::kBytea:
      return "bytea";
    case TypeKind::kEnum:
      return "enum";
  }
  return "unknown type";
}

}  // namespace couplet
