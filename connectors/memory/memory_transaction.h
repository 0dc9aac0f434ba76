#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/memory/commit_log.h"
#include "connectors/memory/memory_table.h"
#include "connectors/memory/table_rules.h"
#include "engine/model/result.h"
#include "engine/model/strong_int.h"

namespace couplet::memory {

class MemoryDatabase;

// Column -> literal (engine/model/literal.h); nullopt: null.
using Cells = std::map<std::string, std::optional<std::string>>;

// A table with all that belongs to it. `transaction` and its callers find it by name.
struct TableEntry {
  MemoryTable table;
  TableRules rules;
};

// One serial transaction over a MemoryDatabase whose lock the maker holds. Rows written have one
// version, which no other transaction has. After an error nothing but rollback is allowed; what is
// destroyed without commit is rolled back.
//
// Order of what happens to a row, as in PostgreSQL: default, type's length and scale, BEFORE hooks,
// generated columns, not-null, checks, unique keys (at once; deferrable ones at the end of the
// statement); then, at the end of the statement, foreign keys and AFTER hooks.
// Errors: kRowFault with SQLSTATE and constraint; kSchema (42P01, 42703, 428C9).
class MemoryTransaction {
 public:
  explicit MemoryTransaction(MemoryDatabase& database) : database_(database) {}
  ~MemoryTransaction();
  MemoryTransaction(const MemoryTransaction&) = delete;
  MemoryTransaction& operator=(const MemoryTransaction&) = delete;

  // --- As a user: each call is a statement of its own. `where` is met where all are equal, null
  // equal to null; empty: every row. Update and erase give the number of rows written.
  Result<void> insert(std::string_view table, const Cells& row);
  Result<std::size_t> update(std::string_view table, const Cells& where, const Cells& set);
  Result<std::size_t> erase(std::string_view table, const Cells& where);

  // --- Row by row, for statements put together by MemorySource: any number of these, then
  // end_statement. nullopt and false: a BEFORE hook skipped the row.
  // `given` has a cell for each column; absent is "take the default".
  Result<std::optional<RowPlace>> insert_row(TableEntry& entry, const std::vector<Value>& given);
  Result<bool> update_row(TableEntry& entry, RowPlace place,
                          const std::vector<std::pair<std::size_t, Cell>>& changes);
  Result<bool> delete_row(TableEntry& entry, RowPlace place);
  Result<void> end_statement();

  // The version of what this transaction writes.
  RowVersion version();
  [[nodiscard]] bool wrote() const { return !undo_.empty(); }
  // `mark`: that it was written under.
  void commit(const std::optional<std::string>& mark = std::nullopt);
  void rollback();
  // Commits as far as streams are told; gives back the rows, which nobody sees until they are put
  // there, and leaves the database as it was. `id`: of the transaction.
  struct HiddenRow {
    MemoryTable* table;
    RowPlace place;
    std::optional<StoredRow> row;  // nullopt: deleted
  };
  std::vector<HiddenRow> commit_hidden(std::uint64_t& id);
  // Removes all rows; to streams that is one event, no delete of a row.
  Result<void> truncate(std::string_view table);

 private:
  struct Undo {
    MemoryTable* table;
    RowPlace place;
    std::optional<StoredRow> before;
  };
  struct Written {
    TableEntry* entry;
    RowEvent event;
    RowPlace place;
    Tuple before;  // Empty on insert.
    Tuple after;   // Empty on delete.
  };

  Result<bool> run_before_hooks(const TableEntry& entry, RowEvent event, Tuple* before,
                                Tuple* after);
  static Result<void> finish_row(const TableEntry& entry, Tuple& row);
  static Result<void> check_unique(const TableEntry& entry, const Tuple& row,
                                   std::optional<RowPlace> itself, bool deferrable);
  Result<void> check_parents(const Written& written);
  Result<void> check_children(const Written& written);
  void store(TableEntry& entry, RowPlace place, std::optional<StoredRow> row);
  Result<std::vector<RowPlace>> select(const TableEntry& entry, const Cells& where) const;

  MemoryDatabase& database_;
  std::optional<RowVersion> version_;
  std::vector<Undo> undo_;
  std::vector<Written> statement_;
  std::vector<LoggedChange> logged_;  // where the database keeps its changes
  int depth_ = 0;                     // Of statements that AFTER hooks run.
};

// The error of one row's own fault.
Error row_fault(const char* code, std::string constraint, std::string message,
                std::string detail = {});

}  // namespace couplet::memory
