#include "engine/model/type.h"

#include <algorithm>

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
    case TypeKind::kTime:
      return "time without time zone";
    case TypeKind::kTimeTz:
      return "time with time zone";
    case TypeKind::kInterval:
      return "interval";
    case TypeKind::kMoney:
      return "money";
    case TypeKind::kOid:
      return "oid";
    case TypeKind::kLsn:
      return "pg_lsn";
    case TypeKind::kInet:
      return "inet";
    case TypeKind::kCidr:
      return "cidr";
    case TypeKind::kMacaddr:
      return "macaddr";
    case TypeKind::kMacaddr8:
      return "macaddr8";
    case TypeKind::kBit:
      return "bit";
    case TypeKind::kVarbit:
      return "bit varying";
    case TypeKind::kArray:
      return "array";
    case TypeKind::kRange:
      return "range";
    case TypeKind::kMultirange:
      return "multirange";
    case TypeKind::kComposite:
      return "composite";
    case TypeKind::kOpaque:
      return "other type";
  }
  return "unknown type";
}

std::string described(const Type& type) {
  return type.name.empty() ? name_of(type.kind) : type.name;
}

bool can_be_id(const Type& type) {
  switch (type.kind) {
    case TypeKind::kJson:
    case TypeKind::kJsonb:
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
    case TypeKind::kOpaque:
      return false;
    default:
      return true;
  }
}

bool can_be_key(const Type& type) {
  return type.kind != TypeKind::kJson && type.kind != TypeKind::kJsonb &&
         std::all_of(type.elements.begin(), type.elements.end(), can_be_key);
}

}  // namespace couplet
