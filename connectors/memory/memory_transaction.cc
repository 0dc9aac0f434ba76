#include "connectors/memory/memory_transaction.h"

#include <algorithm>
#include <span>
#include <utility>

#include "connectors/memory/column_fit.h"
#include "connectors/memory/memory_database.h"
#include "engine/model/literal.h"

namespace couplet::memory {
namespace {

// PostgreSQL stops such a chain by the depth of its stack.
constexpr int kTriggerDepthMax = 32;

std::string names(std::span<const std::string> columns) {
  std::string text;
  for (const std::string& column : columns) {
    text += (text.empty() ? "" : ", ") + column;
  }
  return text;
}

// As the server quotes a key: it holds values, and so belongs into `detail` alone.
std::string key_text(const MemoryTable& table, const Tuple& row,
                     std::span<const std::string> columns) {
  std::string text;
  for (const std::string& column : columns) {
    const std::size_t position = *table.position(column);
    text += text.empty() ? "" : ", ";
    text += row[position] ? format_literal(table.type(position), Value(*row[position])) : "null";
  }
  return "Key (" + names(columns) + ")=(" + text + ")";
}

Result<Cell> parsed(const MemoryTable& table, std::size_t column,
                    const std::optional<std::string>& literal) {
  if (!literal) {
    return Cell();
  }
  std::string bytes;
  COUPLET_TRY(parse_literal(without_limits(table.type(column)), *literal, bytes));
  return Cell(std::move(bytes));
}

}  // namespace

Error row_fault(const char* code, std::string constraint, std::string message, std::string detail) {
  return Error{ErrorKind::kRowFault, std::move(message), {}, std::move(detail), code,
               std::move(constraint)};
}

MemoryTransaction::~MemoryTransaction() { rollback(); }

RowVersion MemoryTransaction::version() {
  if (!version_) {
    version_ = database_.next_version();
  }
  return *version_;
}

void MemoryTransaction::commit(const std::optional<std::string>& mark) {
  COUPLET_CHECK(statement_.empty());
  if (wrote()) {
    database_.log().append(
        {0, mark.value_or(""), database_.now(), std::move(logged_), version(), {}});
  }
  logged_.clear();
  undo_.clear();
  version_.reset();
}

std::vector<MemoryTransaction::HiddenRow> MemoryTransaction::commit_hidden(std::uint64_t& id) {
  COUPLET_CHECK(statement_.empty() && wrote());
  id = database_.log().append({0, {}, database_.now(), std::move(logged_), version(), {}});
  std::vector<HiddenRow> rows;
  for (const Undo& undo : undo_) {
    const bool listed = std::any_of(rows.begin(), rows.end(), [&](const HiddenRow& row) {
      return row.table == undo.table && row.place == undo.place;
    });
    if (listed) {
      continue;
    }
    const StoredRow* now = undo.table->at(undo.place);
    rows.push_back({undo.table, undo.place, now ? std::optional(*now) : std::nullopt});
  }
  rollback();
  return rows;
}

Result<void> MemoryTransaction::truncate(std::string_view table) {
  COUPLET_ASSIGN(TableEntry* const entry, database_.entry(table));
  std::vector<RowPlace> places;
  for (const auto& [place, row] : entry->table.rows()) {
    places.push_back(place);
  }
  version();
  for (const RowPlace place : places) {
    store(*entry, place, std::nullopt);
  }
  if (database_.log().keeps()) {
    logged_.push_back({entry->table.info().name, ChangeEvent::Kind::kTruncate, {}, {}});
  }
  return {};
}

void MemoryTransaction::rollback() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
    if (undo->before) {
      undo->table->put(undo->place, std::move(*undo->before));
    } else {
      undo->table->remove(undo->place);
    }
  }
  undo_.clear();
  statement_.clear();
  logged_.clear();
  version_.reset();
}

void MemoryTransaction::store(TableEntry& entry, RowPlace place, std::optional<StoredRow> row) {
  COUPLET_CHECK(!database_.holds(entry.table, place));
  const StoredRow* before = entry.table.at(place);
  undo_.push_back({&entry.table, place, before ? std::optional(*before) : std::nullopt});
  if (row) {
    entry.table.put(place, std::move(*row));
  } else {
    entry.table.remove(place);
  }
}

// --- Rows

Result<bool> MemoryTransaction::run_before_hooks(const TableEntry& entry, RowEvent event,
                                                 Tuple* before, Tuple* after) {
  std::optional<RowAccess> old_row;
  std::optional<RowAccess> new_row;
  if (before != nullptr) {
    old_row.emplace(entry.table, *before);
  }
  if (after != nullptr) {
    new_row.emplace(entry.table, *after);
  }
  for (const BeforeHook& hook : entry.rules.before) {
    COUPLET_ASSIGN(const bool kept,
                   hook(event, old_row ? &*old_row : nullptr, new_row ? &*new_row : nullptr));
    if (!kept) {
      return false;
    }
  }
  return true;
}

// What a row goes through between its BEFORE hooks and the table.
Result<void> MemoryTransaction::finish_row(const TableEntry& entry, Tuple& row) {
  const MemoryTable& table = entry.table;
  for (const auto& [column, generate] : entry.rules.generated) {
    const RowAccess access(table, row);
    COUPLET_ASSIGN(row[column], parsed(table, column, generate(access)));
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    const ColumnInfo& column = table.info().columns[i];
    if (row[i]) {
      COUPLET_TRY(fit_column(table.type(i), column.name, *row[i]));
    } else if (!column.nullable) {
      return fail(row_fault("23502", column.name,
                            "null value in column \"" + column.name + "\" of relation \"" +
                                table.info().name.table + "\" violates not-null constraint"));
    }
  }
  const RowAccess access(table, row);
  for (const CheckConstraint& check : entry.rules.checks) {
    if (!check.holds(access)) {
      return fail(row_fault("23514", check.name,
                            "new row for relation \"" + table.info().name.table +
                                "\" violates check constraint \"" + check.name + "\""));
    }
  }
  return {};
}

Result<void> MemoryTransaction::check_unique(const TableEntry& entry, const Tuple& row,
                                             std::optional<RowPlace> itself, bool deferrable) {
  for (const UniqueKey& unique : entry.table.info().unique_keys) {
    if (unique.deferrable != deferrable) {
      continue;
    }
    COUPLET_ASSIGN(const std::vector<std::size_t> columns,
                   MemoryDatabase::positions(entry.table, unique.columns));
    const std::optional<std::string> key = entry.table.lookup_key(row, columns);
    if (!key) {
      continue;
    }
    for (const RowPlace place : entry.table.matches(columns, *key)) {
      if (place != itself) {
        return fail(
            row_fault("23505", unique.name,
                      "duplicate key value violates unique constraint \"" + unique.name + "\"",
                      key_text(entry.table, row, unique.columns) + " already exists."));
      }
    }
  }
  return {};
}

Result<std::optional<RowPlace>> MemoryTransaction::insert_row(TableEntry& entry,
                                                              const std::vector<Value>& given) {
  const MemoryTable& table = entry.table;
  COUPLET_CHECK(given.size() == table.width());
  Tuple row(table.width());
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i].is_absent()) {
      COUPLET_ASSIGN(row[i], database_.default_of(entry, i));
    } else if (given[i].has_bytes()) {
      row[i] = std::string(given[i].bytes());
    }
    if (row[i]) {
      COUPLET_TRY(fit_column(table.type(i), table.info().columns[i].name, *row[i]));
    }
  }
  COUPLET_ASSIGN(const bool kept, run_before_hooks(entry, RowEvent::kInsert, nullptr, &row));
  if (!kept) {
    return std::nullopt;
  }
  COUPLET_TRY(finish_row(entry, row));
  COUPLET_TRY(check_unique(entry, row, std::nullopt, false));
  const RowPlace place = entry.table.insert({row, version()});
  undo_.push_back({&entry.table, place, std::nullopt});
  statement_.push_back({&entry, RowEvent::kInsert, place, {}, std::move(row)});
  return place;
}

Result<bool> MemoryTransaction::update_row(
    TableEntry& entry, RowPlace place, const std::vector<std::pair<std::size_t, Cell>>& changes) {
  const MemoryTable& table = entry.table;
  const StoredRow* stored = table.at(place);
  COUPLET_CHECK(stored != nullptr);
  Tuple before = stored->cells;
  Tuple after = before;
  for (const auto& [column, cell] : changes) {
    after[column] = cell;
    if (after[column]) {
      COUPLET_TRY(
          fit_column(table.type(column), table.info().columns[column].name, *after[column]));
    }
  }
  COUPLET_ASSIGN(const bool kept, run_before_hooks(entry, RowEvent::kUpdate, &before, &after));
  if (!kept) {
    return false;
  }
  COUPLET_TRY(finish_row(entry, after));
  COUPLET_TRY(check_unique(entry, after, place, false));
  store(entry, place, StoredRow{after, version()});
  statement_.push_back({&entry, RowEvent::kUpdate, place, std::move(before), std::move(after)});
  return true;
}

Result<bool> MemoryTransaction::delete_row(TableEntry& entry, RowPlace place) {
  const StoredRow* stored = entry.table.at(place);
  COUPLET_CHECK(stored != nullptr);
  Tuple before = stored->cells;
  COUPLET_ASSIGN(const bool kept, run_before_hooks(entry, RowEvent::kDelete, &before, nullptr));
  if (!kept) {
    return false;
  }
  version();
  store(entry, place, std::nullopt);
  statement_.push_back({&entry, RowEvent::kDelete, place, std::move(before), {}});
  return true;
}

// --- The end of a statement

Result<void> MemoryTransaction::check_parents(const Written& written) {
  const StoredRow* now = written.entry->table.at(written.place);
  if (now == nullptr) {
    return {};  // Deleted later in the statement.
  }
  for (const ForeignKey& key : written.entry->table.info().foreign_keys) {
    COUPLET_ASSIGN(const bool holds, database_.reference_holds(*written.entry, key, now->cells));
    if (!holds) {
      return fail(row_fault("23503", key.constraint,
                            "insert or update on table \"" +
                                written.entry->table.info().name.table +
                                "\" violates foreign key constraint \"" + key.constraint + "\"",
                            key_text(written.entry->table, now->cells, key.columns) +
                                " is not present in table \"" + key.table.table + "\"."));
    }
  }
  return {};
}

Result<void> MemoryTransaction::check_children(const Written& written) {
  for (const auto& [child, key] : database_.references_to(written.entry->table.info().name)) {
    COUPLET_ASSIGN(const bool orphans,
                   database_.leaves_orphans(*child, *key, *written.entry, written.before));
    if (orphans) {
      return fail(row_fault(
          "23503", key->constraint,
          "update or delete on table \"" + written.entry->table.info().name.table +
              "\" violates foreign key constraint \"" + key->constraint + "\" on table \"" +
              child->table.info().name.table + "\"",
          key_text(written.entry->table, written.before, key->target_columns) +
              " is still referenced from table \"" + child->table.info().name.table + "\"."));
    }
  }
  return {};
}

Result<void> MemoryTransaction::end_statement() {
  std::vector<Written> statement = std::exchange(statement_, {});
  for (const Written& written : statement) {
    if (const StoredRow* now = written.entry->table.at(written.place)) {
      COUPLET_TRY(check_unique(*written.entry, now->cells, written.place, true));
    }
  }
  for (const Written& written : statement) {
    if (written.event != RowEvent::kInsert) {
      COUPLET_TRY(check_children(written));
    }
    COUPLET_TRY(check_parents(written));
  }
  for (const Written& written : statement) {
    if (database_.log().keeps()) {
      const ChangeEvent::Kind kind = written.event == RowEvent::kInsert ? ChangeEvent::Kind::kInsert
                                     : written.event == RowEvent::kUpdate
                                         ? ChangeEvent::Kind::kUpdate
                                         : ChangeEvent::Kind::kDelete;
      logged_.push_back({written.entry->table.info().name, kind, written.before, written.after});
    }
  }
  for (Written& written : statement) {
    for (const AfterHook& hook : written.entry->rules.after) {
      if (depth_ == kTriggerDepthMax) {
        return fail(row_fault("54001", {}, "stack depth limit exceeded"));
      }
      const RowAccess before(written.entry->table, written.before);
      const RowAccess after(written.entry->table, written.after);
      ++depth_;
      auto done = hook(*this, written.event, written.event == RowEvent::kInsert ? nullptr : &before,
                       written.event == RowEvent::kDelete ? nullptr : &after);
      --depth_;
      COUPLET_TRY(std::move(done));
    }
  }
  return {};
}

// --- As a user

Result<std::vector<RowPlace>> MemoryTransaction::select(const TableEntry& entry,
                                                        const Cells& where) const {
  const MemoryTable& table = entry.table;
  std::vector<std::pair<std::size_t, Cell>> wanted;
  for (const auto& [column, literal] : where) {
    COUPLET_ASSIGN(const std::size_t position, MemoryDatabase::position(table, column));
    COUPLET_ASSIGN(Cell cell, parsed(table, position, literal));
    wanted.emplace_back(position, std::move(cell));
  }
  std::vector<RowPlace> places;
  for (const auto& [place, row] : table.rows()) {
    const bool met =
        std::all_of(wanted.begin(), wanted.end(), [&, &cells = row.cells](const auto& w) {
          return same_value(table.comparison(w.first), table.type(w.first),
                            value_of(cells[w.first]), table.type(w.first), value_of(w.second));
        });
    if (met) {
      places.push_back(place);
    }
  }
  return places;
}

Result<void> MemoryTransaction::insert(std::string_view table, const Cells& row) {
  COUPLET_ASSIGN(TableEntry* const entry, database_.entry(table));
  std::vector<Cell> cells(entry->table.width());
  std::vector<Value> given(entry->table.width());
  for (const auto& [column, literal] : row) {
    COUPLET_ASSIGN(const std::size_t position, MemoryDatabase::position(entry->table, column));
    COUPLET_TRY(MemoryDatabase::check_writable(entry->table, position));
    COUPLET_ASSIGN(cells[position], parsed(entry->table, position, literal));
    given[position] = value_of(cells[position]);
  }
  COUPLET_TRY(insert_row(*entry, given));
  return end_statement();
}

Result<std::size_t> MemoryTransaction::update(std::string_view table, const Cells& where,
                                              const Cells& set) {
  COUPLET_ASSIGN(TableEntry* const entry, database_.entry(table));
  std::vector<std::pair<std::size_t, Cell>> changes;
  for (const auto& [column, literal] : set) {
    COUPLET_ASSIGN(const std::size_t position, MemoryDatabase::position(entry->table, column));
    COUPLET_TRY(MemoryDatabase::check_writable(entry->table, position));
    COUPLET_ASSIGN(Cell cell, parsed(entry->table, position, literal));
    changes.emplace_back(position, std::move(cell));
  }
  COUPLET_ASSIGN(const std::vector<RowPlace> places, select(*entry, where));
  std::size_t rows = 0;
  for (const RowPlace place : places) {
    COUPLET_ASSIGN(const bool written, update_row(*entry, place, changes));
    rows += written ? 1 : 0;
  }
  COUPLET_TRY(end_statement());
  return rows;
}

Result<std::size_t> MemoryTransaction::erase(std::string_view table, const Cells& where) {
  COUPLET_ASSIGN(TableEntry* const entry, database_.entry(table));
  COUPLET_ASSIGN(const std::vector<RowPlace> places, select(*entry, where));
  std::size_t rows = 0;
  for (const RowPlace place : places) {
    COUPLET_ASSIGN(const bool written, delete_row(*entry, place));
    rows += written ? 1 : 0;
  }
  COUPLET_TRY(end_statement());
  return rows;
}

}  // namespace couplet::memory
