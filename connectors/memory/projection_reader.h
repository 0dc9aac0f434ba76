#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "connectors/memory/memory_database.h"
#include "engine/model/object_key.h"
#include "engine/model/row_batch.h"
#include "engine/ports/source.h"

namespace couplet::memory {

// A projection resolved against the tables as they are: reads rows as it asks. Lives as long as the
// lock under which it was made is held. A row whose id has a null in it is no object.
class ProjectionReader {
 public:
  // Errors: kSchema for a table or column that is not there or has become of another type,
  // kPrivilege, kUnsupported for a condition in SQL.
  static Result<ProjectionReader> make(const MemoryDatabase& database,
                                       const Projection& projection);

  [[nodiscard]] const MemoryTable& table() const { return *table_; }
  [[nodiscard]] const std::vector<std::size_t>& id() const { return id_; }
  [[nodiscard]] std::size_t columns() const { return paths_.size(); }

  // False, and nothing appended, if the row is no object.
  bool append_key(const StoredRow& row, std::string& out) const;
  // Through its references; null where one of them is null or dangling. Borrowed from the table.
  [[nodiscard]] Value cell(const StoredRow& row, std::size_t column) const;
  // The column's place in the projection's own table; nullopt if it is reached through references.
  [[nodiscard]] std::optional<std::size_t> own_position(std::size_t column) const;
  [[nodiscard]] const Type& type(std::size_t column) const;
  [[nodiscard]] bool in_scope(const StoredRow& row) const;
  void append(const StoredRow& row, std::uint32_t ordinal, RowBatch& out) const;

 private:
  struct Step {
    std::vector<std::size_t> columns;
    const MemoryTable* target;
    std::vector<std::size_t> target_columns;
  };
  struct Path {
    std::vector<Step> steps;
    const MemoryTable* table;
    std::size_t column;
  };
  struct Scope {
    std::size_t column;
    bool null = false;
    std::unordered_set<std::string> values;  // Canonical.
    Comparison as;
  };

  Result<Path> resolve(const MemoryDatabase& database, const ColumnPath& path) const;
  Result<Scope> resolve(const EqualsAny& condition) const;

  const MemoryTable* table_ = nullptr;
  std::vector<std::size_t> id_;
  std::vector<Type> id_types_;
  std::vector<Path> paths_;
  std::vector<Scope> scopes_;
};

// Errors: kPrivilege, 42501.
Result<void> check_privilege(bool may, const char* what, const MemoryTable& table);

}  // namespace couplet::memory
