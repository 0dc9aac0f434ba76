#include "connectors/memory/batch_writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "connectors/memory/displacement.h"
#include "connectors/memory/memory_transaction.h"
#include "connectors/memory/projection_reader.h"

namespace couplet::memory {
namespace {

Cell cell_of(Value value) {
  COUPLET_CHECK(!value.is_absent());
  return value.is_null() ? Cell() : Cell(std::string(value.bytes()));
}

// One group: one statement, or two where rows are moved out of the way first.
class GroupWriter {
 public:
  static Result<GroupOutcome> run(MemoryDatabase& database, MemoryTransaction& transaction,
                                  const WriteGroup& group) {
    COUPLET_ASSIGN(TableEntry* const entry, database.entry(group.table));
    GroupWriter writer(transaction, group, *entry);
    COUPLET_TRY(writer.resolve());
    switch (group.operation) {
      case WriteGroup::Operation::kCreate:
        COUPLET_TRY(writer.create());
        break;
      case WriteGroup::Operation::kUpdate:
        COUPLET_TRY(writer.update());
        break;
      case WriteGroup::Operation::kDelete:
        COUPLET_TRY(writer.erase());
        break;
    }
    COUPLET_TRY(transaction.end_statement());
    return std::move(writer.outcome_);
  }

 private:
  GroupWriter(MemoryTransaction& transaction, const WriteGroup& group, TableEntry& entry)
      : transaction_(transaction), group_(group), entry_(entry), table_(entry.table) {
    outcome_.written.reset(group.id.size() + group.returning.size());
  }

  Result<void> resolve() {
    COUPLET_CHECK(group_.columns.size() == group_.column_types.size());
    COUPLET_CHECK(group_.returning.size() == group_.returning_types.size());
    COUPLET_CHECK(group_.rows.width() == group_.id.size() + group_.columns.size());
    COUPLET_ASSIGN(id_, MemoryDatabase::positions(table_, group_.id));
    COUPLET_ASSIGN(columns_, MemoryDatabase::positions(table_, group_.columns));
    COUPLET_ASSIGN(returning_, MemoryDatabase::positions(table_, group_.returning));
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      COUPLET_TRY(MemoryDatabase::check_writable(table_, columns_[i]));
      if (table_.type(columns_[i]).kind != group_.column_types[i].kind) {
        return fail(Error{ErrorKind::kSchema,
                          "column \"" + group_.columns[i] + "\" of relation \"" +
                              to_string(table_.info().name) + "\" is no longer " +
                              name_of(group_.column_types[i].kind),
                          {},
                          {},
                          "42804",
                          {}});
      }
    }
    return {};
  }

  Result<void> create() {
    COUPLET_TRY(check_privilege(table_.info().may_insert, "insert into", table_));
    std::vector<std::size_t> named;
    for (const std::size_t index : group_.unless_exists) {
      named.push_back(columns_.at(index));
    }
    for (std::size_t row = 0; row < group_.rows.rows(); ++row) {
      std::vector<Value> given(table_.width());
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        given[columns_[i]] = group_.rows.at(row, id_.size() + i);
        COUPLET_CHECK(!given[columns_[i]].is_absent());
      }
      for (std::size_t i = 0; i < id_.size(); ++i) {
        const Value chosen = group_.rows.at(row, i);
        if (!chosen.is_absent()) {
          given[id_[i]] = chosen;
        }
      }
      if (!named.empty() && exists(named, given)) {
        continue;
      }
      COUPLET_ASSIGN(const std::optional<RowPlace> place, transaction_.insert_row(entry_, given));
      if (place) {
        report(row, *table_.at(*place));
      }
    }
    return {};
  }

  [[nodiscard]] bool exists(const std::vector<std::size_t>& named,
                            const std::vector<Value>& given) const {
    Tuple probe(table_.width());
    for (const std::size_t column : named) {
      probe[column] = cell_of(given[column]);
    }
    const std::optional<std::string> key = table_.lookup_key(probe, named);
    return key && !table_.matches(named, *key).empty();
  }

  // The rows that are as the caller saw them; nullopt: refused. Found before anything is written,
  // since ids may change while we write.
  [[nodiscard]] std::vector<std::optional<RowPlace>> expected() const {
    std::vector<std::optional<RowPlace>> places(group_.rows.rows());
    for (std::size_t row = 0; row < places.size(); ++row) {
      Tuple probe(table_.width());
      for (std::size_t i = 0; i < id_.size(); ++i) {
        probe[id_[i]] = cell_of(group_.rows.at(row, i));
      }
      const std::optional<std::string> key = table_.lookup_key(probe, id_);
      if (!key) {
        continue;
      }
      for (const RowPlace place : table_.matches(id_, *key)) {
        if (table_.at(place)->version == group_.rows.version(row)) {
          places[row] = place;
        }
      }
    }
    return places;
  }

  Result<void> update() {
    COUPLET_TRY(check_privilege(table_.info().may_update, "update", table_));
    for (const std::size_t column : columns_) {
      if (table_.info().columns[column].identity_always) {
        return fail(Error{
            ErrorKind::kSchema,
            "column \"" + table_.info().columns[column].name + "\" can only be updated to DEFAULT",
            {},
            {},
            "428C9",
            {}});
      }
    }
    const std::vector<std::optional<RowPlace>> places = expected();
    COUPLET_TRY(displace(places));
    for (std::size_t row = 0; row < places.size(); ++row) {
      if (!places[row]) {
        continue;
      }
      std::vector<std::pair<std::size_t, Cell>> changes;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        changes.emplace_back(columns_[i], cell_of(group_.rows.at(row, id_.size() + i)));
      }
      COUPLET_ASSIGN(const bool written, transaction_.update_row(entry_, *places[row], changes));
      if (written) {
        report(row, *table_.at(*places[row]));
      }
    }
    return {};
  }

  Result<void> displace(const std::vector<std::optional<RowPlace>>& places) {
    if (group_.displaced_rows.empty()) {
      return {};
    }
    for (const std::uint32_t row : group_.displaced_rows) {
      if (!places.at(row)) {
        continue;
      }
      std::vector<std::pair<std::size_t, Cell>> changes;
      for (const std::size_t index : group_.displaced_columns) {
        COUPLET_ASSIGN(Cell cell, displaced_value(table_, columns_.at(index)));
        changes.emplace_back(columns_.at(index), std::move(cell));
      }
      COUPLET_TRY(transaction_.update_row(entry_, *places[row], changes));
    }
    return transaction_.end_statement();
  }

  Result<void> erase() {
    COUPLET_TRY(check_privilege(table_.info().may_delete, "delete from", table_));
    const std::vector<std::optional<RowPlace>> places = expected();
    for (std::size_t row = 0; row < places.size(); ++row) {
      if (!places[row] || table_.at(*places[row]) == nullptr) {
        continue;
      }
      const StoredRow before = *table_.at(*places[row]);
      COUPLET_ASSIGN(const bool written, transaction_.delete_row(entry_, *places[row]));
      if (written) {
        report(row, before);
      }
    }
    return {};
  }

  void report(std::size_t row, const StoredRow& stored) {
    outcome_.written.begin_row(stored.version, static_cast<std::uint32_t>(row));
    for (const std::size_t column : id_) {
      outcome_.written.push(value_of(stored.cells[column]));
    }
    for (const std::size_t column : returning_) {
      outcome_.written.push(value_of(stored.cells[column]));
    }
  }

  MemoryTransaction& transaction_;
  const WriteGroup& group_;
  TableEntry& entry_;
  const MemoryTable& table_;
  std::vector<std::size_t> id_;
  std::vector<std::size_t> columns_;
  std::vector<std::size_t> returning_;
  GroupOutcome outcome_;
};

tl::unexpected<Error> unknown_commit() {
  return fail(Error{ErrorKind::kCommitUnknown,
                    "the connection was lost before the reply to a commit came",
                    {},
                    {},
                    "08007",
                    {}});
}

}  // namespace

Result<WriteOutcome> run_batch(MemoryDatabase& database, const WriteBatch& batch,
                               const std::optional<std::string>& mark) {
  const MemoryDatabase::Lock held = database.lock();
  MemoryTransaction transaction(database);
  WriteOutcome outcome;
  for (const WriteGroup& group : batch.groups) {
    COUPLET_ASSIGN(GroupOutcome written, GroupWriter::run(database, transaction, group));
    outcome.groups.push_back(std::move(written));
  }
  COUPLET_TRY(database.faults().enter(SourceCall::kCommit));
  const MemoryFaults::LostCommit lost = database.faults().commit_lost();
  if (lost == MemoryFaults::LostCommit::kBefore) {
    return unknown_commit();
  }
  if (transaction.wrote() && mark) {
    database.advance_mark(*mark, batch.number);
  }
  transaction.commit(mark);
  if (lost == MemoryFaults::LostCommit::kAfter) {
    return unknown_commit();
  }
  return outcome;
}

}  // namespace couplet::memory
