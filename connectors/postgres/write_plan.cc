#include "connectors/postgres/write_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "connectors/postgres/array_parameter.h"
#include "connectors/postgres/update_plan.h"
#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

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
  add_versions(relation, group, {}, command.parameters);
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
                    std::uint32_t ordinal, RowVersion version, RowBatch& written) {
  written.begin_row(version, ordinal);
  for (std::size_t column = 0; column < width; ++column) {
    written.push(answer.at(row, from + column));
  }
}

bool has_types(const Answer& answer, std::size_t from, const WriteGroup& shape) {
  return answer.has_types(from, shape.id_types) &&
         answer.has_types(from + shape.id.size(), shape.returning_types);
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
                  RowVersion version, RowBatch& written) {
  const std::size_t width = shape.id.size() + shape.returning.size();
  if (command.answer == Command::Answer::kByRow) {
    if (answer.columns() != width + 1 || !has_types(answer, 1, shape)) {
      return false;
    }
    for (std::size_t row = 0; row < answer.rows(); ++row) {
      const auto ordinal = wire::read<std::int64_t>(answer.bytes(row, 0).data());
      append_written(answer, row, 1, width, row_of(command, static_cast<std::size_t>(ordinal - 1)),
                     version, written);
    }
    return true;
  }
  if (command.answer == Command::Answer::kByIdOrOrder) {
    if (answer.columns() != width || answer.rows() > command.keys.size() ||
        !has_types(answer, 0, shape)) {
      return false;
    }
    const bool all = answer.rows() == command.keys.size();
    const std::vector<std::size_t> ordinals =
        all ? std::vector<std::size_t>() : ordinals_by_id(command, shape, answer);
    for (std::size_t row = 0; row < answer.rows(); ++row) {
      append_written(answer, row, 0, width, row_of(command, all ? row : ordinals[row]), version,
                     written);
    }
    return true;
  }
  if (answer.columns() != width + 1 || !has_types(answer, 1, shape)) {
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
    append_written(answer, row, 1, width, row_of(command, passed[inserted++]), version, written);
  }
  return true;
}

}  // namespace couplet::postgres
