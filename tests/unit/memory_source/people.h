#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/memory/memory_source.h"
#include "engine/model/literal.h"

// A small table, and batches over it, for the tests of the memory source.
namespace couplet::memory {

inline Type type_of(TypeKind kind) {
  Type type;
  type.kind = kind;
  type.name = name_of(kind);
  return type;
}

inline ColumnInfo column_of(const char* name, TypeKind kind, bool nullable = true) {
  ColumnInfo column;
  column.name = name;
  column.type = type_of(kind);
  column.type_name = column.type->name;
  column.nullable = nullable;
  return column;
}

// id by a sequence · name · code, unique · boss_id, a reference to another of them
inline TableInfo people() {
  TableInfo table;
  table.name.table = "people";
  table.columns = {column_of("id", TypeKind::kInt64, false), column_of("name", TypeKind::kText),
                   column_of("code", TypeKind::kInt32), column_of("boss_id", TypeKind::kInt64)};
  table.primary_key = {"id"};
  table.unique_keys = {{"people_code_key", {"code"}, false, false}};
  table.foreign_keys = {{"people_boss_id_fkey", {"boss_id"}, {"", "people"}, {"id"}, false}};
  return table;
}

inline std::shared_ptr<MemoryDatabase> database_of_people() {
  auto database = std::make_shared<MemoryDatabase>();
  database->create_table(people());
  database->set_default("people", "id", SequenceDefault{});
  return database;
}

inline std::string bytes_of(TypeKind kind, const std::string& literal) {
  std::string bytes;
  COUPLET_CHECK(parse_literal(type_of(kind), literal, bytes).has_value());
  return bytes;
}

// A group that writes `name`, or another column of people, and gives it back.
inline WriteGroup group_of(WriteGroup::Operation operation, const char* column = "name") {
  WriteGroup group;
  group.operation = operation;
  group.table = {"public", "people"};
  group.id = {"id"};
  group.id_types = {type_of(TypeKind::kInt64)};
  if (operation != WriteGroup::Operation::kDelete) {
    group.columns = {column};
    group.column_types = {*people().column(column)->type};
  }
  group.returning = {column};
  group.returning_types = {*people().column(column)->type};
  group.rows.reset(1 + group.columns.size());
  return group;
}

inline void add(WriteGroup& group, const std::string& id, const std::optional<std::string>& cell,
                RowVersion version = {}) {
  group.rows.begin_row(version);
  group.rows.push(bytes_of(TypeKind::kInt64, id));
  if (!group.columns.empty()) {
    if (cell) {
      group.rows.push(bytes_of(group.column_types[0].kind, *cell));
    } else {
      group.rows.push_null();
    }
  }
}

inline WriteBatch batch_of(std::uint64_t number, WriteGroup group) {
  WriteBatch batch;
  batch.number = BatchNumber{number};
  batch.groups.push_back(std::move(group));
  return batch;
}

inline WriteBatch creation(std::uint64_t number, const std::string& id,
                           const std::optional<std::string>& name = "Ada") {
  WriteGroup group = group_of(WriteGroup::Operation::kCreate);
  add(group, id, name);
  return batch_of(number, std::move(group));
}

inline Result<WriteOutcome> write(Source& source, const WriteBatch& batch) {
  COUPLET_TRY(source.submit(batch));
  return source.collect();
}

inline Projection projection_of(const std::vector<std::string>& columns) {
  Projection projection;
  projection.table = {"public", "people"};
  projection.id = {"id"};
  projection.id_types = {type_of(TypeKind::kInt64)};
  for (const std::string& column : columns) {
    projection.columns.push_back({{}, column, *people().column(column)->type});
  }
  return projection;
}

inline RowVersion version_of(Source& source, const std::string& id) {
  const Projection asked = projection_of({});
  const std::vector<ObjectKey> keys{parse_key(asked.id_types, id).value()};
  RowBatch rows;
  COUPLET_CHECK(source.fetch(asked, keys, rows).has_value() && rows.rows() == 1);
  return rows.version(0);
}

}  // namespace couplet::memory
