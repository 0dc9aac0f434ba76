#include "connectors/sqlite/displacement.h"

namespace couplet::sqlite {
namespace {

const char* random_value(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInt16:
    case TypeKind::kInt32:
    case TypeKind::kInt64:
    case TypeKind::kBool:
      return "random()";
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
    case TypeKind::kNumeric:
      return "random() * 1.0";
    case TypeKind::kBytea:
      return "randomblob(16)";
    default:
      return "'~' || lower(hex(randomblob(16)))";
  }
}

}  // namespace

Result<StoredValue> displaced_value(Database& writer, const Relation& relation,
                                    const std::string& column, const Type& type) {
  const ColumnInfo* info = relation.info.column(column);
  if (info != nullptr && info->nullable) {
    return StoredValue();
  }
  COUPLET_ASSIGN(Statement value, writer.prepare(std::string("SELECT ") + random_value(type)));
  COUPLET_ASSIGN(const bool row, value.step());
  COUPLET_CHECK(row);
  const StoredView stored = value.at(0);
  return StoredValue{stored.storage, stored.integer, stored.real, std::string(stored.bytes)};
}

}  // namespace couplet::sqlite
