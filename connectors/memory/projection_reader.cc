#include "connectors/memory/projection_reader.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace couplet::memory {
namespace {

Result<void> check_type(const MemoryTable& table, std::size_t column, const Type& asked) {
  if (table.type(column).kind != asked.kind) {
    return fail(Error{ErrorKind::kSchema,
                      "column \"" + table.info().columns[column].name + "\" of relation \"" +
                          to_string(table.info().name) + "\" is " +
                          name_of(table.type(column).kind) + ", no longer " + name_of(asked.kind),
                      {},
                      {},
                      "42804",
                      {}});
  }
  return {};
}

}  // namespace

Result<void> check_privilege(bool may, const char* what, const MemoryTable& table) {
  if (may) {
    return {};
  }
  return fail(
      Error{ErrorKind::kPrivilege,
            std::string("no permission to ") + what + " table " + to_string(table.info().name),
            {},
            {},
            "42501",
            {}});
}

Result<ProjectionReader> ProjectionReader::make(const MemoryDatabase& database,
                                                const Projection& projection) {
  ProjectionReader reader;
  COUPLET_ASSIGN(const TableEntry* const entry, database.entry(projection.table));
  reader.table_ = &entry->table;
  COUPLET_TRY(check_privilege(entry->table.info().may_select, "read", entry->table));
  COUPLET_CHECK(projection.id.size() == projection.id_types.size());
  COUPLET_ASSIGN(reader.id_, MemoryDatabase::positions(entry->table, projection.id));
  reader.id_types_ = projection.id_types;
  for (std::size_t i = 0; i < reader.id_.size(); ++i) {
    COUPLET_TRY(check_type(entry->table, reader.id_[i], projection.id_types[i]));
  }
  for (const ColumnPath& path : projection.columns) {
    COUPLET_ASSIGN(Path resolved, reader.resolve(database, path));
    reader.paths_.push_back(std::move(resolved));
  }
  for (const Condition& condition : projection.scope) {
    const auto* equals = std::get_if<EqualsAny>(&condition);
    if (equals == nullptr) {
      return fail(ErrorKind::kUnsupported, "a memory source has no conditions in SQL");
    }
    COUPLET_ASSIGN(Scope scope, reader.resolve(*equals));
    reader.scopes_.push_back(std::move(scope));
  }
  return reader;
}

Result<ProjectionReader::Path> ProjectionReader::resolve(const MemoryDatabase& database,
                                                         const ColumnPath& path) const {
  Path resolved{{}, table_, 0};
  for (const Join& join : path.joins) {
    COUPLET_CHECK(join.columns.size() == join.target_columns.size());
    Step step;
    COUPLET_ASSIGN(step.columns, MemoryDatabase::positions(*resolved.table, join.columns));
    COUPLET_ASSIGN(const TableEntry* const target, database.entry(join.table));
    COUPLET_TRY(check_privilege(target->table.info().may_select, "read", target->table));
    COUPLET_ASSIGN(step.target_columns,
                   MemoryDatabase::positions(target->table, join.target_columns));
    step.target = &target->table;
    resolved.table = step.target;
    resolved.steps.push_back(std::move(step));
  }
  COUPLET_ASSIGN(resolved.column, MemoryDatabase::position(*resolved.table, path.column));
  COUPLET_TRY(check_type(*resolved.table, resolved.column, path.type));
  return resolved;
}

Result<ProjectionReader::Scope> ProjectionReader::resolve(const EqualsAny& condition) const {
  Scope scope;
  COUPLET_ASSIGN(scope.column, MemoryDatabase::position(*table_, condition.column));
  COUPLET_TRY(check_type(*table_, scope.column, condition.type));
  scope.as = table_->comparison(scope.column);
  for (const std::optional<std::string>& value : condition.values) {
    if (value) {
      std::string canonical;
      append_canonical(scope.as, condition.type, Value(*value), canonical);
      scope.values.insert(std::move(canonical));
    } else {
      scope.null = true;
    }
  }
  return scope;
}

bool ProjectionReader::append_key(const StoredRow& row, std::string& out) const {
  std::vector<Value> cells;
  for (const std::size_t column : id_) {
    cells.push_back(value_of(row.cells[column]));
  }
  return couplet::append_key(id_types_, cells, out);
}

Value ProjectionReader::cell(const StoredRow& row, std::size_t column) const {
  const Path& path = paths_[column];
  const MemoryTable* table = table_;
  const StoredRow* at = &row;
  for (const Step& step : path.steps) {
    const std::optional<std::string> key =
        step.target->lookup_key(step.target_columns, *table, at->cells, step.columns);
    if (!key) {
      return Value::null();
    }
    const std::set<RowPlace>& places = step.target->matches(step.target_columns, *key);
    if (places.empty()) {
      return Value::null();
    }
    table = step.target;
    at = table->at(*places.begin());
  }
  return value_of(at->cells[path.column]);
}

std::optional<std::size_t> ProjectionReader::own_position(std::size_t column) const {
  return paths_[column].steps.empty() ? std::optional(paths_[column].column) : std::nullopt;
}

const Type& ProjectionReader::type(std::size_t column) const {
  return paths_[column].table->type(paths_[column].column);
}

bool ProjectionReader::in_scope(const StoredRow& row) const {
  return std::all_of(scopes_.begin(), scopes_.end(), [&](const Scope& scope) {
    const Cell& cell = row.cells[scope.column];
    if (!cell) {
      return scope.null;
    }
    std::string canonical;
    append_canonical(scope.as, table_->type(scope.column), Value(*cell), canonical);
    return scope.values.contains(canonical);
  });
}

void ProjectionReader::append(const StoredRow& row, std::uint32_t ordinal, RowBatch& out) const {
  out.begin_row(row.version, ordinal, in_scope(row));
  for (const std::size_t column : id_) {
    out.push(value_of(row.cells[column]));
  }
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    out.push(cell(row, i));
  }
}

}  // namespace couplet::memory
