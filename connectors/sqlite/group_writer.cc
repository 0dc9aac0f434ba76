#include "connectors/sqlite/group_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "connectors/sqlite/cell.h"
#include "connectors/sqlite/displacement.h"
#include "connectors/sqlite/row_functions.h"
#include "connectors/sqlite/write_text.h"

namespace couplet::sqlite {
namespace {

class GroupWriter {
 public:
  GroupWriter(Database& database, const Relation& relation, const WriteGroup& group)
      : database_(database), relation_(relation), group_(group) {
    outcome_.written.reset(group.id.size() + group.returning.size());
  }

  Result<GroupOutcome> run() {
    COUPLET_TRY(check_columns());
    switch (group_.operation) {
      case WriteGroup::Operation::kCreate:
        COUPLET_TRY(create());
        break;
      case WriteGroup::Operation::kUpdate:
        COUPLET_TRY(update());
        break;
      case WriteGroup::Operation::kDelete:
        COUPLET_TRY(erase());
        return std::move(outcome_);
    }
    if (relation_.info.user_triggers) {
      COUPLET_TRY(read_again());
    }
    return std::move(outcome_);
  }

 private:
  [[nodiscard]] const std::string& table() const { return group_.table.table; }

  tl::unexpected<Error> changed(const std::string& why) const {
    return fail(ErrorKind::kSchema, fmt::format("source {}: {}", database_.source_name(), why));
  }

  Result<void> check_columns() const {
    for (std::size_t i = 0; i < group_.columns.size(); ++i) {
      const ColumnInfo* column = relation_.info.column(group_.columns[i]);
      if (column == nullptr) {
        return changed(fmt::format("table {} has no column {}", table(), group_.columns[i]));
      }
      if (column->generated) {
        return changed(fmt::format("column {}.{} is generated", table(), column->name));
      }
    }
    return {};
  }

  Result<StoredValue> stored(const std::string& column, const Type& type, Value value) const {
    auto made = encode(type, column, relation_.numeric.contains(column), value);
    if (!made) {
      made.error().message =
          fmt::format("source {}: {}", database_.source_name(), made.error().message);
    }
    return made;
  }

  Result<void> add_columns(std::size_t row, std::vector<StoredValue>& values) const {
    for (std::size_t i = 0; i < group_.columns.size(); ++i) {
      COUPLET_ASSIGN(StoredValue value, stored(group_.columns[i], group_.column_types[i],
                                               group_.rows.at(row, group_.id.size() + i)));
      values.push_back(std::move(value));
    }
    return {};
  }

  void add_id(std::size_t row, std::vector<StoredValue>& values) const {
    for (std::size_t i = 0; i < group_.id.size(); ++i) {
      values.push_back(encode_question(group_.id_types[i], group_.rows.at(row, i)));
    }
  }

  void add_version(std::size_t row, std::vector<StoredValue>& values) const {
    values.push_back(StoredValue::of(static_cast<std::int64_t>(group_.rows.version(row).value)));
  }

  // Runs the statement for one row and takes what it answers, if it wrote.
  Result<bool> run_row(Statement& statement, std::size_t row,
                       const std::vector<StoredValue>& values) {
    statement.reset();
    for (std::size_t i = 0; i < values.size(); ++i) {
      statement.bind(static_cast<int>(i) + 1, values[i]);
    }
    COUPLET_ASSIGN(const bool wrote, statement.step());
    if (wrote) {
      take(statement, 0, row);
      COUPLET_TRY(statement.run());
    } else {
      statement.reset();
    }
    return wrote;
  }

  void take(const Statement& statement, int first, std::size_t row) {
    outcome_.written.begin_row(version_of(statement.integer(first)),
                               static_cast<std::uint32_t>(row));
    int column = first;
    for (const Type& type : group_.id_types) {
      statement.push(++column, type, outcome_.written);
    }
    for (const Type& type : group_.returning_types) {
      statement.push(++column, type, outcome_.written);
    }
  }

  Result<void> create() {
    std::map<std::vector<bool>, Statement> statements;
    for (std::size_t row = 0; row < group_.rows.rows(); ++row) {
      std::vector<bool> given(group_.id.size());
      std::vector<StoredValue> values;
      for (std::size_t i = 0; i < group_.id.size(); ++i) {
        const Value cell = group_.rows.at(row, i);
        given[i] = !cell.is_absent() && std::find(group_.columns.begin(), group_.columns.end(),
                                                  group_.id[i]) == group_.columns.end();
        if (given[i]) {
          COUPLET_ASSIGN(StoredValue value, stored(group_.id[i], group_.id_types[i], cell));
          values.push_back(std::move(value));
        }
      }
      COUPLET_TRY(add_columns(row, values));
      for (const std::size_t index : group_.unless_exists) {
        values.push_back(encode_question(group_.column_types[index],
                                         group_.rows.at(row, group_.id.size() + index)));
      }
      auto found = statements.find(given);
      if (found == statements.end()) {
        COUPLET_ASSIGN(Statement made, database_.prepare(create_text(relation_, group_, given)));
        found = statements.emplace(given, std::move(made)).first;
      }
      COUPLET_TRY(run_row(found->second, row, values));
    }
    return {};
  }

  Result<void> update() {
    COUPLET_CHECK(!group_.columns.empty());
    COUPLET_TRY(displace());
    COUPLET_ASSIGN(Statement by_version, database_.prepare(update_text(relation_, group_, true)));
    std::optional<Statement> of_moved;
    if (!group_.displaced_rows.empty()) {
      COUPLET_ASSIGN(of_moved, database_.prepare(update_text(relation_, group_, false)));
    }
    for (std::size_t row = 0; row < group_.rows.rows(); ++row) {
      std::vector<StoredValue> values;
      COUPLET_TRY(add_columns(row, values));
      if (const auto moved = moved_ids_.find(row); moved != moved_ids_.end()) {
        values.insert(values.end(), moved->second.begin(), moved->second.end());
        COUPLET_TRY(run_row(*of_moved, row, values));
      } else {
        add_id(row, values);
        add_version(row, values);
        COUPLET_TRY(run_row(by_version, row, values));
      }
    }
    return {};
  }

  // Moves the displaced rows that are as expected out of the way. A row that is not stays, and then
  // is refused like any other.
  Result<void> displace() {
    if (group_.displaced_rows.empty()) {
      return {};
    }
    COUPLET_ASSIGN(Statement move, database_.prepare(move_text(relation_, group_)));
    for (const std::uint32_t row : group_.displaced_rows) {
      std::vector<StoredValue> values;
      std::vector<StoredValue> id;
      add_id(row, id);
      const std::vector<StoredValue> now = id;
      for (const std::size_t column : group_.displaced_columns) {
        const std::string& name = group_.columns[column];
        COUPLET_ASSIGN(StoredValue value,
                       displaced_value(database_, relation_, name, group_.column_types[column]));
        const auto place = std::find(group_.id.begin(), group_.id.end(), name);
        if (place != group_.id.end()) {
          id[static_cast<std::size_t>(place - group_.id.begin())] = value;
        }
        values.push_back(std::move(value));
      }
      values.insert(values.end(), now.begin(), now.end());
      add_version(row, values);
      move.reset();
      for (std::size_t i = 0; i < values.size(); ++i) {
        move.bind(static_cast<int>(i) + 1, values[i]);
      }
      COUPLET_ASSIGN(const bool moved, move.step());
      move.reset();
      if (moved) {
        moved_ids_.emplace(row, std::move(id));
      }
    }
    return {};
  }

  Result<void> erase() {
    COUPLET_ASSIGN(Statement statement, database_.prepare(delete_text(relation_, group_)));
    for (std::size_t row = 0; row < group_.rows.rows(); ++row) {
      std::vector<StoredValue> values;
      add_id(row, values);
      add_version(row, values);
      COUPLET_TRY(run_row(statement, row, values));
    }
    return {};
  }

  // What triggers that ran after the rows were written have made of them.
  Result<void> read_again() {
    const RowBatch before = std::move(outcome_.written);
    outcome_.written = RowBatch(group_.id.size() + group_.returning.size());
    AskedRows asked(group_.id.size());
    for (std::size_t row = 0; row < before.rows(); ++row) {
      for (std::size_t i = 0; i < group_.id.size(); ++i) {
        asked.push(encode_question(group_.id_types[i], before.at(row, i)));
      }
    }
    if (before.empty()) {
      return {};
    }
    COUPLET_TRY(database_.offer_asked_rows(asked.width()));
    COUPLET_ASSIGN(Statement statement, database_.prepare(read_text(relation_, group_)));
    statement.bind(1, asked);
    while (true) {
      COUPLET_ASSIGN(const bool more, statement.step());
      if (!more) {
        return {};
      }
      take(statement, 1, before.ordinal(static_cast<std::size_t>(statement.integer(0))));
    }
  }

  Database& database_;
  const Relation& relation_;
  const WriteGroup& group_;
  // Where the rows that were moved are found now.
  std::map<std::size_t, std::vector<StoredValue>> moved_ids_;
  GroupOutcome outcome_;
};

}  // namespace

Result<GroupOutcome> write_group(Database& database, const Relation& relation,
                                 const WriteGroup& group) {
  return GroupWriter(database, relation, group).run();
}

}  // namespace couplet::sqlite
