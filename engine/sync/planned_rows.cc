#include "engine/sync/planned_rows.h"

namespace couplet {

void PlannedRows::add(const SidePlan& side, const RowWrite& write) {
  Columns& columns = rows_[{side.entity->source, side.projection.table}][write.key];
  for (const RowWrite::Cell& cell : write.cells) {
    columns[cell.column] = cell.value;
  }
}

bool PlannedRows::make(std::size_t mapping, Digest identity, ObjectKey& key) {
  const auto [planned, made] = targets_.emplace(std::pair{mapping, identity.value}, key);
  key = planned->second;
  return made;
}

void PlannedRows::apply(const SidePlan& side, RowBatch& rows) const {
  const auto table = rows_.find({side.entity->source, side.projection.table});
  if (table == rows_.end()) {
    return;
  }
  RowBatch patched(rows.width());
  const std::size_t ids = side.projection.id.size();
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const auto planned = table->second.find(key_of_row(rows, row, side.projection.id_types));
    if (planned == table->second.end()) {
      patched.append(rows, row);
      continue;
    }
    patched.begin_row(rows.version(row), rows.ordinal(row), rows.in_scope(row));
    for (std::size_t column = 0; column < rows.width(); ++column) {
      Value value = rows.at(row, column);
      if (column >= ids && side.projection.columns[column - ids].joins.empty()) {
        const auto written = planned->second.find(side.projection.columns[column - ids].column);
        if (written != planned->second.end()) {
          value = written->second ? Value(std::string_view(*written->second)) : Value::null();
        }
      }
      patched.push(value);
    }
  }
  rows = std::move(patched);
}

}  // namespace couplet
