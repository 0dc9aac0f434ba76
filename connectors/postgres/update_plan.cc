#include "connectors/postgres/update_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/postgres/array_parameter.h"
#include "connectors/postgres/displacement.h"
#include "connectors/postgres/exchange_order.h"
#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

void add_ids(const WriteGroup& group, std::span<const std::uint32_t> rows, Parameters& parameters) {
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    add_array(parameters, group.id_types[i],
              array_of_column(group.id_types[i], group.rows, i, rows));
  }
}

// A group whose values change places, on its way to commands.
class Exchange {
 public:
  Exchange(const std::string& source_name, const Relation& relation, const WriteGroup& group,
           std::size_t index, const Ask& ask)
      : source_name_(source_name),
        relation_(relation),
        group_(group),
        index_(index),
        ask_(ask),
        moved_(columns_to_move(relation, group)) {
    std::sort(group_.displaced_rows.begin(), group_.displaced_rows.end());
  }

  Result<void> plan(std::vector<Command>& out) {
    if (!relation_.has_xmin) {
      return refused("which a view or foreign table cannot do in one transaction");
    }
    COUPLET_TRY(find_free_values());
    if (!enough_for(group_.displaced_rows.size())) {
      COUPLET_TRY(move_as_few_as_possible());
    }
    out.push_back(move());
    out.push_back(update());
    if (relation_.info.user_triggers) {  // Nothing else can skip a row.
      out.push_back(check());
    }
    return {};
  }

 private:
  tl::unexpected<Error> refused(const char* why) const {
    return fail(ErrorKind::kRowFault, fmt::format("source {}: values of {} change places, {}",
                                                  source_name_, to_string(group_.table), why));
  }

  Result<void> find_free_values() {
    for (const MovedColumn& column : moved_) {
      RowBatch values(1);
      const Type& type = group_.column_types[column.column];
      const std::optional<std::string> sql =
          column.to_null ? std::nullopt
                         : free_values_text(relation_, column, type, group_.displaced_rows.size());
      if (sql) {
        COUPLET_ASSIGN(const Answer answer, ask_(*sql, {}));
        for (std::size_t row = 0; row < answer.rows(); ++row) {
          values.begin_row();
          values.push(answer.at(row, 0));
        }
      }
      free_.push_back(std::move(values));
    }
    return {};
  }

  [[nodiscard]] bool enough_for(std::size_t count) const {
    for (std::size_t i = 0; i < moved_.size(); ++i) {
      if (!moved_[i].to_null && free_[i].rows() < count) {
        return false;
      }
    }
    return true;
  }

  // Puts the rows into an order in which one row of each circle, moved away, is enough. It rests on
  // the update going through its rows in order, which the pinned nested loop does; a clash would
  // fail the batch, no more.
  Result<void> move_as_few_as_possible() {
    constexpr const char* kNoFreeValue = "and a column has no free value to hold one meanwhile";
    if (moved_.size() != 1) {
      return refused(kNoFreeValue);
    }
    Parameters parameters;
    add_ids(group_, group_.displaced_rows, parameters);
    COUPLET_ASSIGN(const Answer answer,
                   ask_(held_values_text(relation_, group_, moved_[0]), parameters));
    std::vector<std::string> held;
    std::vector<std::string> wanted;
    for (std::size_t i = 0; i < group_.displaced_rows.size(); ++i) {
      // One byte ahead of each value: those of rows that are gone or hold null meet none of them.
      held.push_back("-" + std::to_string(i));
      const Value cell =
          group_.rows.at(group_.displaced_rows[i], group_.id.size() + moved_[0].column);
      wanted.push_back(cell.is_null() ? "" : "=" + std::string(cell.bytes()));
    }
    for (std::size_t row = 0; row < answer.rows(); ++row) {
      if (const Value value = answer.at(row, 1); value.has_bytes()) {
        const auto ordinal = wire::read<std::int64_t>(answer.bytes(row, 0).data());
        held[static_cast<std::size_t>(ordinal - 1)] = "=" + std::string(value.bytes());
      }
    }
    const ExchangeOrder order = exchange_order(held, wanted);
    if (order.aside.empty() || !enough_for(order.aside.size())) {
      return refused(kNoFreeValue);
    }
    reorder(order);
    return {};
  }

  void reorder(const ExchangeOrder& exchange) {
    for (const std::uint32_t displaced : exchange.order) {
      original_.push_back(group_.displaced_rows[displaced]);
    }
    std::vector<std::uint32_t> aside;
    for (std::uint32_t place = 0; place < exchange.order.size(); ++place) {
      if (std::binary_search(exchange.aside.begin(), exchange.aside.end(), exchange.order[place])) {
        aside.push_back(place);
      }
    }
    for (std::uint32_t row = 0; row < group_.rows.rows(); ++row) {
      if (!std::binary_search(group_.displaced_rows.begin(), group_.displaced_rows.end(), row)) {
        original_.push_back(row);
      }
    }
    RowBatch rows(group_.rows.width());
    for (const std::uint32_t row : original_) {
      rows.append(group_.rows, row);
    }
    group_.rows = std::move(rows);
    group_.displaced_rows = std::move(aside);
  }

  // The first of the free values, one for each displaced row.
  [[nodiscard]] std::string free_array(std::size_t column) const {
    std::vector<std::uint32_t> first(group_.displaced_rows.size());
    for (std::uint32_t i = 0; i < first.size(); ++i) {
      first[i] = i;
    }
    return array_of_column(type_of(column), free_[column], 0, first);
  }
  [[nodiscard]] const Type& type_of(std::size_t moved) const {
    return group_.column_types[moved_[moved].column];
  }

  [[nodiscard]] Command move() const {
    Command command;
    command.sql = move_text(relation_, group_, moved_);
    add_ids(group_, group_.displaced_rows, command.parameters);
    ArrayParameter versions(oid::kXid);
    for (const std::uint32_t row : group_.displaced_rows) {
      push_xid(versions, group_.rows.version(row));
    }
    command.parameters.add(oid::kXidArray, versions.take());
    for (std::size_t i = 0; i < moved_.size(); ++i) {
      if (!moved_[i].to_null) {
        add_array(command.parameters, type_of(i), free_array(i));
      }
    }
    return command;
  }

  // An id column after the move: a row that was moved in it is found by its free value.
  [[nodiscard]] RowBatch id_after_move(std::size_t id_index) const {
    const RowBatch* free = nullptr;
    for (std::size_t i = 0; i < moved_.size(); ++i) {
      if (moved_[i].id_index == id_index) {
        free = &free_[i];
      }
    }
    RowBatch values(1);
    std::size_t next = 0;
    for (std::size_t row = 0; row < group_.rows.rows(); ++row) {
      const bool displaced =
          next < group_.displaced_rows.size() && group_.displaced_rows[next] == row;
      values.begin_row();
      values.push(displaced && free != nullptr ? free->at(next, 0) : group_.rows.at(row, id_index));
      next += displaced ? 1 : 0;
    }
    return values;
  }

  [[nodiscard]] Command update() const {
    Command command;
    command.answer = Command::Answer::kByRow;
    command.group = index_;
    command.rows = original_;
    command.sql = update_text(relation_, group_);
    for (std::size_t i = 0; i < group_.id.size(); ++i) {
      add_array(command.parameters, group_.id_types[i],
                array_of_column(group_.id_types[i], id_after_move(i), 0));
    }
    for (std::size_t i = 0; i < group_.columns.size(); ++i) {
      add_array(command.parameters, group_.column_types[i],
                array_of_column(group_.column_types[i], group_.rows, group_.id.size() + i));
    }
    std::vector<bool> moved(group_.rows.rows(), false);
    for (const std::uint32_t row : group_.displaced_rows) {
      moved[row] = true;
    }
    add_versions(relation_, group_, moved, command.parameters);
    return command;
  }

  [[nodiscard]] Command check() const {
    Command command;
    command.sql = moved_check_text(relation_, group_, moved_);
    for (std::size_t i = 0; i < group_.id.size(); ++i) {
      add_array(command.parameters, group_.id_types[i],
                array_of_column(group_.id_types[i], id_after_move(i), 0, group_.displaced_rows));
    }
    for (std::size_t i = 0; i < moved_.size(); ++i) {
      if (!moved_[i].to_null) {
        add_array(command.parameters, type_of(i), free_array(i));
        continue;
      }
      ArrayParameter wanted(oid::kBool);
      for (const std::uint32_t row : group_.displaced_rows) {
        const bool null = group_.rows.at(row, group_.id.size() + moved_[i].column).is_null();
        wanted.push(Value(null ? std::string_view("\0", 1) : std::string_view("\1", 1)));
      }
      command.parameters.add(oid::kBoolArray, wanted.take());
    }
    return command;
  }

  const std::string& source_name_;
  const Relation& relation_;
  WriteGroup group_;  // A copy: its rows may have to change places too.
  std::size_t index_;
  const Ask& ask_;
  std::vector<MovedColumn> moved_;
  std::vector<RowBatch> free_;           // One per moved column; empty for those moved to null.
  std::vector<std::uint32_t> original_;  // Of each row, where it stood; empty: where it stands.
};

}  // namespace

void add_versions(const Relation& relation, const WriteGroup& group,
                  const std::vector<bool>& unknown, Parameters& parameters) {
  ArrayParameter array(relation.has_xmin ? oid::kXid : oid::kInt8);
  for (std::size_t row = 0; row < group.rows.rows(); ++row) {
    if (!unknown.empty() && unknown[row]) {
      array.push_null();
    } else if (relation.has_xmin) {
      push_xid(array, group.rows.version(row));
    } else {
      push_int8(array, static_cast<std::int64_t>(group.rows.version(row).value));
    }
  }
  parameters.add(relation.has_xmin ? oid::kXidArray : oid::kInt8Array, array.take());
}

Result<void> plan_update(const std::string& source_name, const Relation& relation,
                         const WriteGroup& group, std::size_t index, const Ask& ask,
                         std::vector<Command>& out) {
  if (!group.displaced_rows.empty()) {
    return Exchange(source_name, relation, group, index, ask).plan(out);
  }
  Command command;
  command.answer = Command::Answer::kByRow;
  command.group = index;
  command.sql = update_text(relation, group);
  for (std::size_t i = 0; i < group.rows.width(); ++i) {
    const Type& type =
        i < group.id.size() ? group.id_types[i] : group.column_types[i - group.id.size()];
    add_array(command.parameters, type, array_of_column(type, group.rows, i));
  }
  add_versions(relation, group, {}, command.parameters);
  out.push_back(std::move(command));
  return {};
}

}  // namespace couplet::postgres
