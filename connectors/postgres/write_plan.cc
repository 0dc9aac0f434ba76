#include "connectors/postgres/write_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "connectors/postgres/array_parameter.h"
#include "connectors/postgres/displacement.h"
#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

void add_array(Parameters& parameters, const Type& type, std::string array) {
  parameters.add(array_type(type), std::move(array));
}

void add_versions(Parameters& parameters, const Relation& relation, const WriteGroup& group,
                  const std::vector<bool>& unknown) {
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

// Free values of one column, one per displaced row.
Result<RowBatch> free_values(const std::string& source_name, const Relation& relation,
                             const WriteGroup& group, const MovedColumn& moved, const Ask& ask) {
  const Type& type = group.column_types[moved.column];
  const std::size_t count = group.displaced_rows.size();
  const std::optional<std::string> sql = free_values_text(relation, moved, type, count);
  RowBatch values(1);
  if (sql) {
    COUPLET_ASSIGN(const Answer answer, ask(*sql));
    for (std::size_t row = 0; row < answer.rows(); ++row) {
      values.begin_row();
      values.push(answer.at(row, 0));
    }
  }
  if (values.rows() < count) {
    return fail(ErrorKind::kRowFault,
                fmt::format("source {}: values of {}.{} change places, and the column has no free "
                            "value to hold one meanwhile",
                            source_name, to_string(group.table), moved.name));
  }
  return values;
}

// Moves the displaced rows; afterwards `keys` holds the ids that they are then found by.
Result<void> plan_move(const std::string& source_name, const Relation& relation,
                       const WriteGroup& group, const Ask& ask, std::vector<Command>& out,
                       std::vector<RowBatch>& keys, std::optional<Command>& check) {
  if (!relation.has_xmin) {
    return fail(ErrorKind::kRowFault,
                fmt::format("source {}: values of {} change places, which a view or foreign table "
                            "cannot do in one transaction",
                            source_name, to_string(group.table)));
  }
  const std::vector<MovedColumn> moved = columns_to_move(relation, group);
  Command move;
  move.sql = move_text(relation, group, moved);
  Command checked;
  checked.sql = moved_check_text(relation, group, moved);
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    add_array(move.parameters, group.id_types[i],
              array_of_column(group.id_types[i], group.rows, i, group.displaced_rows));
  }
  ArrayParameter versions(oid::kXid);
  for (const std::uint32_t row : group.displaced_rows) {
    push_xid(versions, group.rows.version(row));
  }
  move.parameters.add(oid::kXidArray, versions.take());

  Parameters marks;
  for (const MovedColumn& column : moved) {
    const Type& type = group.column_types[column.column];
    if (column.to_null) {
      ArrayParameter wanted(oid::kBool);
      for (const std::uint32_t row : group.displaced_rows) {
        const bool null = group.rows.at(row, group.id.size() + column.column).is_null();
        wanted.push(Value(null ? std::string_view("\0", 1) : std::string_view("\1", 1)));
      }
      marks.add(oid::kBoolArray, wanted.take());
      continue;
    }
    COUPLET_ASSIGN(const RowBatch values, free_values(source_name, relation, group, column, ask));
    const std::string array = array_of_column(type, values, 0);
    add_array(move.parameters, type, array);
    add_array(marks, type, array);
    if (column.id_index) {
      RowBatch replaced(1);
      std::size_t next = 0;
      for (std::size_t row = 0; row < group.rows.rows(); ++row) {
        replaced.begin_row();
        const bool displaced =
            next < group.displaced_rows.size() && group.displaced_rows[next] == row;
        replaced.push(displaced ? values.at(next, 0) : group.rows.at(row, *column.id_index));
        next += displaced ? 1 : 0;
      }
      keys[*column.id_index] = std::move(replaced);
    }
  }
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    add_array(checked.parameters, group.id_types[i],
              array_of_column(group.id_types[i], keys[i], 0, group.displaced_rows));
  }
  for (std::size_t i = 0; i < marks.types.size(); ++i) {
    checked.parameters.add(marks.types[i], marks.values[i]);
  }
  out.push_back(std::move(move));
  if (relation.info.user_triggers) {  // Nothing else can skip a row.
    check = std::move(checked);
  }
  return {};
}

Result<void> plan_update(const std::string& source_name, const Relation& relation,
                         const WriteGroup& unsorted, std::size_t index, const Ask& ask,
                         std::vector<Command>& out) {
  WriteGroup sorted;
  const bool displaced_sorted =
      std::is_sorted(unsorted.displaced_rows.begin(), unsorted.displaced_rows.end());
  if (!displaced_sorted) {
    sorted = unsorted;
    std::sort(sorted.displaced_rows.begin(), sorted.displaced_rows.end());
  }
  const WriteGroup& group = displaced_sorted ? unsorted : sorted;

  Command command;
  command.answer = Command::Answer::kByRow;
  command.group = index;
  command.sql = update_text(relation, group);
  std::optional<Command> check;
  std::vector<bool> moved;
  if (group.displaced_rows.empty()) {
    for (std::size_t i = 0; i < group.id.size(); ++i) {
      add_array(command.parameters, group.id_types[i],
                array_of_column(group.id_types[i], group.rows, i));
    }
  } else {
    std::vector<RowBatch> keys;
    for (std::size_t i = 0; i < group.id.size(); ++i) {
      keys.emplace_back(1);
      for (std::size_t row = 0; row < group.rows.rows(); ++row) {
        keys.back().begin_row();
        keys.back().push(group.rows.at(row, i));
      }
    }
    COUPLET_TRY(plan_move(source_name, relation, group, ask, out, keys, check));
    for (std::size_t i = 0; i < group.id.size(); ++i) {
      add_array(command.parameters, group.id_types[i],
                array_of_column(group.id_types[i], keys[i], 0));
    }
    moved.resize(group.rows.rows(), false);
    for (const std::uint32_t row : group.displaced_rows) {
      moved[row] = true;
    }
  }
  for (std::size_t i = 0; i < group.columns.size(); ++i) {
    add_array(command.parameters, group.column_types[i],
              array_of_column(group.column_types[i], group.rows, group.id.size() + i));
  }
  add_versions(command.parameters, relation, group, moved);
  out.push_back(std::move(command));
  if (check) {
    out.push_back(std::move(*check));
  }
  return {};
}

void plan_delete(const Relation& relation, const WriteGroup& group, std::size_t index,
                 std::vector<Command>& out) {
  Command command;
  command.answer = Command::Answer::kByRow;
  command.group = index;
  command.sql = delete_text(relation, group);
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    add_array(command.parameters, group.id_types[i],
              array_of_column(group.id_types[i], group.rows, i));
  }
  add_versions(command.parameters, relation, group, {});
  out.push_back(std::move(command));
}

// The id of a row to create, from its id cells or the written columns; empty if it is not known.
ObjectKey key_to_be(const WriteGroup& group, std::size_t row) {
  std::vector<Value> cells;
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    Value cell = group.rows.at(row, i);
    const auto written = std::find(group.columns.begin(), group.columns.end(), group.id[i]);
    if (written != group.columns.end()) {
      cell = group.rows.at(
          row, group.id.size() + static_cast<std::size_t>(written - group.columns.begin()));
    }
    cells.push_back(cell);
  }
  ObjectKey key;
  append_key(group.id_types, cells, key.bytes);
  return key;
}

void plan_create(const Relation& relation, const WriteGroup& group, std::size_t index,
                 std::vector<Command>& out) {
  // Rows by which of their id cells are given: nearly always one way for all.
  std::map<std::vector<bool>, std::vector<std::uint32_t>> ways;
  for (std::size_t row = 0; row < group.rows.rows(); ++row) {
    std::vector<bool> given;
    for (std::size_t i = 0; i < group.id.size(); ++i) {
      given.push_back(group.rows.at(row, i).has_bytes() && !id_is_written(group, i));
    }
    ways[given].push_back(static_cast<std::uint32_t>(row));
  }
  for (auto& [given, rows] : ways) {
    const CreateText text = create_text(relation, group, given);
    Command command;
    command.group = index;
    command.sql = text.sql;
    for (std::size_t i = 0; i < group.id.size(); ++i) {
      if (given[i]) {
        add_array(command.parameters, group.id_types[i],
                  array_of_column(group.id_types[i], group.rows, i, rows));
      }
    }
    for (std::size_t i = 0; i < group.columns.size(); ++i) {
      add_array(command.parameters, group.column_types[i],
                array_of_column(group.column_types[i], group.rows, group.id.size() + i, rows));
    }
    if (command.parameters.types.empty()) {
      ArrayParameter counting(oid::kInt8);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        push_int8(counting, 0);
      }
      command.parameters.add(oid::kInt8Array, counting.take());
    }
    if (text.form == CreateForm::kByIdOrOrder) {
      command.answer = Command::Answer::kByIdOrOrder;
      for (const std::uint32_t row : rows) {
        command.keys.push_back(key_to_be(group, row));
      }
    } else {
      command.answer = Command::Answer::kByOrder;
    }
    command.rows = std::move(rows);
    out.push_back(std::move(command));
  }
}

std::uint32_t row_of(const Command& command, std::size_t ordinal) {
  return command.rows.empty() ? static_cast<std::uint32_t>(ordinal) : command.rows[ordinal];
}

void append_written(const Answer& answer, std::size_t row, std::size_t from, std::size_t width,
                    std::uint32_t ordinal, RowBatch& written) {
  written.begin_row({}, ordinal);
  for (std::size_t column = 0; column < width; ++column) {
    written.push(answer.at(row, from + column));
  }
}

// The ordinal of each row that was inserted, when some of those sent were refused. A row whose id a
// trigger changed is taken for the first one not accounted for.
std::vector<std::size_t> ordinals_by_id(const Command& command, const WriteGroup& shape,
                                        const Answer& answer) {
  std::unordered_map<ObjectKey, std::size_t> by_key;
  for (std::size_t i = 0; i < command.keys.size(); ++i) {
    by_key.emplace(command.keys[i], i);
  }
  std::vector<std::size_t> ordinals(answer.rows(), command.keys.size());
  std::vector<bool> taken(command.keys.size(), false);
  std::vector<Value> cells(shape.id.size());
  for (std::size_t row = 0; row < answer.rows(); ++row) {
    for (std::size_t i = 0; i < shape.id.size(); ++i) {
      cells[i] = answer.at(row, i);
    }
    ObjectKey key;
    append_key(shape.id_types, cells, key.bytes);
    const auto found = by_key.find(key);
    if (found != by_key.end() && !taken[found->second]) {
      ordinals[row] = found->second;
      taken[found->second] = true;
    }
  }
  std::size_t next = 0;
  for (std::size_t& ordinal : ordinals) {
    while (ordinal == command.keys.size() && next < taken.size()) {
      if (!taken[next]) {
        ordinal = next;
        taken[next] = true;
      }
      ++next;
    }
  }
  return ordinals;
}

}  // namespace

Result<void> plan_group(const std::string& source_name, const Relation& relation,
                        const WriteGroup& group, std::size_t index, const Ask& ask,
                        std::vector<Command>& out) {
  COUPLET_CHECK(group.rows.width() == group.id.size() + group.columns.size());
  if (group.rows.empty()) {
    return {};
  }
  switch (group.operation) {
    case WriteGroup::Operation::kCreate:
      plan_create(relation, group, index, out);
      return {};
    case WriteGroup::Operation::kDelete:
      plan_delete(relation, group, index, out);
      return {};
    case WriteGroup::Operation::kUpdate:
      COUPLET_CHECK(!group.columns.empty());
      return plan_update(source_name, relation, group, index, ask, out);
  }
  return {};
}

bool take_written(const Command& command, const WriteGroup& shape, const Answer& answer,
                  RowBatch& written) {
  const std::size_t width = shape.id.size() + shape.returning.size();
  if (command.answer == Command::Answer::kByRow) {
    if (answer.columns() != width + 1) {
      return false;
    }
    for (std::size_t row = 0; row < answer.rows(); ++row) {
      const auto ordinal = wire::read<std::int64_t>(answer.bytes(row, 0).data());
      append_written(answer, row, 1, width, static_cast<std::uint32_t>(ordinal - 1), written);
    }
    return true;
  }
  if (command.answer == Command::Answer::kByIdOrOrder) {
    if (answer.columns() != width || answer.rows() > command.keys.size()) {
      return false;
    }
    const bool all = answer.rows() == command.keys.size();
    const std::vector<std::size_t> ordinals =
        all ? std::vector<std::size_t>() : ordinals_by_id(command, shape, answer);
    for (std::size_t row = 0; row < answer.rows(); ++row) {
      append_written(answer, row, 0, width, row_of(command, all ? row : ordinals[row]), written);
    }
    return true;
  }
  if (answer.columns() != width + 1) {
    return false;
  }
  std::vector<std::size_t> passed;
  std::size_t inserted = 0;
  for (std::size_t row = 0; row < answer.rows(); ++row) {
    if (const Value ordinal = answer.at(row, 0); ordinal.has_bytes()) {
      passed.push_back(
          static_cast<std::size_t>(wire::read<std::int64_t>(ordinal.bytes().data()) - 1));
      continue;
    }
    if (inserted >= passed.size()) {
      return false;
    }
    append_written(answer, row, 1, width, row_of(command, passed[inserted++]), written);
  }
  return true;
}

}  // namespace couplet::postgres
