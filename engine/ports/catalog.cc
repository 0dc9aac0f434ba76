#include "engine/ports/catalog.h"

#include <algorithm>

namespace couplet {

std::string to_string(const TableName& name) {
  if (name.schema.empty()) {
    return name.table;
  }
  std::string text;
  text.reserve(name.schema.size() + 1 + name.table.size());
  text += name.schema;
  text += '.';
  text += name.table;
  return text;
}

const ColumnInfo* TableInfo::column(std::string_view column_name) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const ColumnInfo& candidate) {
    return candidate.name == column_name;
  });
  return found == columns.end() ? nullptr : &*found;
}

TableInfo with_every_right(TableInfo table) {
  table.may_use_schema = true;
  table.may_select = table.may_insert = table.may_update = table.may_delete = true;
  for (ColumnInfo& column : table.columns) {
    column.may_select = column.may_insert = column.may_update = true;
  }
  for (SequenceInfo& sequence : table.sequences) {
    sequence.may_use = true;
  }
  return table;
}

}  // namespace couplet
