#include "engine/sync/refusal.h"

#include <algorithm>

#include "engine/model/canonical.h"
#include "engine/model/literal.h"

namespace couplet {
namespace {

// The columns that a constraint is about; a column is about itself.
std::vector<std::string> columns_of(const TableInfo& table, const std::string& constraint) {
  for (const UniqueKey& key : table.unique_keys) {
    if (key.name == constraint) {
      return key.columns;
    }
  }
  for (const ForeignKey& key : table.foreign_keys) {
    if (key.constraint == constraint) {
      return key.columns;
    }
  }
  return {constraint};
}

bool among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<std::string> refused_attributes(const MappingPlan& plan, const Task& task) {
  std::vector<std::string> refused;
  const std::string& constraint = task.fault.constraint;
  if (constraint.empty() || !task.fault_side) {
    return refused;
  }
  const std::vector<std::string> columns =
      columns_of(plan.side(*task.fault_side).entity->table, constraint);
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    const Endpoint& end = plan.slot(use).end(*task.fault_side);
    const bool hit =
        end.text == constraint ||
        std::any_of(end.columns.begin(), end.columns.end(), [&](const ColumnPath& column) {
          return column.joins.empty() && among(columns, column.column);
        });
    if (hit && !end.text.empty() && !among(refused, end.text)) {
      refused.push_back(end.text);
    }
  }
  return refused;
}

std::string overfull_column(std::span<const WriteGroup> groups, const Error& error) {
  if (error.code != "22001" && error.code != "22003") {
    return {};
  }
  std::string ignored;
  for (const WriteGroup& group : groups) {
    for (std::size_t row = 0; row < group.rows.rows(); ++row) {
      for (std::size_t i = 0; i < group.columns.size(); ++i) {
        const Type& type = group.column_types[i];
        const Value value = group.rows.at(row, group.id.size() + i);
        // What the type's own text is too long for is no literal of the type.
        if (value.has_bytes() && is_value_of(type, value) &&
            !parse_literal(type, format_literal(type, value), ignored)) {
          return group.columns[i];
        }
      }
    }
  }
  return {};
}

}  // namespace couplet
