#include "connectors/postgres/streamed_relations.h"

#include <algorithm>

#include "connectors/postgres/column_text.h"
#include "engine/model/canonical.h"
#include "engine/model/packed_cells.h"

namespace couplet::postgres {
namespace {

// Types whose ids are the same keys, so that a column may be widened under way.
std::optional<TypeKind> integer_of(Oid type) {
  switch (type) {
    case oid::kInt2:
      return TypeKind::kInt16;
    case oid::kInt4:
      return TypeKind::kInt32;
    case oid::kInt8:
      return TypeKind::kInt64;
    default:
      return std::nullopt;
  }
}

bool is_integer(TypeKind kind) {
  return kind == TypeKind::kInt16 || kind == TypeKind::kInt32 || kind == TypeKind::kInt64;
}

bool is_text(TypeKind kind) { return kind == TypeKind::kText || kind == TypeKind::kVarchar; }

// Whether the type's text is its binary form as well.
bool is_its_text(const Type& type) {
  return is_character(type.kind) || type.kind == TypeKind::kEnum;
}

}  // namespace

bool StreamedRelation::read_key(pgoutput::Tuple tuple, std::string& out) const {
  if (id.empty() || tuple.size() != columns.size()) {
    return false;
  }
  const std::size_t begin = out.size();
  for (std::size_t i = 0; i < id.size(); ++i) {
    const pgoutput::Cell& cell = tuple[id[i]];
    const std::span<const Type> type(&id_types[i], 1);
    const bool readable = cell.value.has_bytes() && (!cell.is_text || is_its_text(id_types[i])) &&
                          is_value_of(id_types[i], cell.value);
    // A key is its components one after the other.
    if (!readable || !append_key(type, {&cell.value, 1}, out)) {
      out.resize(begin);
      return false;
    }
  }
  return true;
}

std::string StreamedRelation::read_row(pgoutput::Tuple tuple) const {
  std::string cells;
  for (std::size_t i = 0; i < row.size() && tuple.size() == columns.size(); ++i) {
    const pgoutput::Cell& cell = tuple[row[i]];
    if (cell.value.has_bytes() && cell.is_text && !is_its_text(row_types[i])) {
      return {};
    }
    append_cell(cells, cell.value);
  }
  return cells;
}

std::optional<std::size_t> RelationReader::asked_for(const TableName& name) const {
  const auto found = std::find_if(tables_.begin(), tables_.end(),
                                  [&](const StreamedTable& one) { return one.table == name; });
  return found == tables_.end() ? std::nullopt
                                : std::optional(static_cast<std::size_t>(found - tables_.begin()));
}

Result<std::shared_ptr<const StreamedRelation>> RelationReader::read(
    const pgoutput::Relation& message) const {
  auto relation = std::make_shared<StreamedRelation>();
  relation->name = {std::string(message.schema), std::string(message.table)};
  relation->identity = message.identity;
  for (const pgoutput::Column& column : message.columns) {
    relation->columns.push_back(
        {column.identity, std::string(column.name), column.type, column.modifier});
  }
  relation->table = asked_for(relation->name);
  if (!relation->table) {
    COUPLET_ASSIGN(const std::vector<TableName> ancestors, catalog_.ancestors(message.relation));
    for (const TableName& ancestor : ancestors) {
      relation->table = relation->table ? relation->table : asked_for(ancestor);
    }
  }
  if (relation->table) {
    COUPLET_TRY(find_id(*relation));
    COUPLET_TRY(find_row(*relation));
  }
  return std::shared_ptr<const StreamedRelation>(std::move(relation));
}

Result<void> RelationReader::find_id(StreamedRelation& relation) const {
  const StreamedTable& asked = tables_[*relation.table];
  relation.id_in_identity = true;
  for (std::size_t i = 0; i < asked.id.size(); ++i) {
    const auto found = std::find_if(relation.columns.begin(), relation.columns.end(),
                                    [&](const auto& column) { return column.name == asked.id[i]; });
    std::optional<Type> type;
    if (found != relation.columns.end()) {
      COUPLET_ASSIGN(type, type_as_sent(asked.id_types[i], found->type));
    }
    if (!type) {
      relation.id.clear();
      relation.id_types.clear();
      relation.id_in_identity = false;
      return {};
    }
    relation.id.push_back(static_cast<std::size_t>(found - relation.columns.begin()));
    relation.id_types.push_back(std::move(*type));
    relation.id_in_identity = relation.id_in_identity && found->identity;
  }
  return {};
}

Result<void> RelationReader::find_row(StreamedRelation& relation) const {
  const StreamedTable& asked = tables_[*relation.table];
  for (std::size_t i = 0; i < asked.columns.size(); ++i) {
    const Type& type = asked.column_types[i];
    const auto found =
        std::find_if(relation.columns.begin(), relation.columns.end(),
                     [&](const auto& column) { return column.name == asked.columns[i]; });
    bool readable = found != relation.columns.end() && !holds_text(type);
    if (readable && found->type != type.source_type) {
      COUPLET_ASSIGN(const Oid base, catalog_.base_type(found->type));
      readable = base == type.source_type;
    }
    if (!readable) {
      relation.row.clear();
      relation.row_types.clear();
      return {};
    }
    relation.row.push_back(static_cast<std::size_t>(found - relation.columns.begin()));
    relation.row_types.push_back(type);
  }
  return {};
}

Result<std::optional<Type>> RelationReader::type_as_sent(const Type& asked, Oid sent) const {
  if (sent == asked.source_type) {
    return std::optional(asked);
  }
  COUPLET_ASSIGN(const Oid base, catalog_.base_type(sent));
  if (base == asked.source_type) {
    return std::optional(asked);
  }
  Type type = asked;
  type.source_type = base;
  if (const std::optional<TypeKind> integer = integer_of(base); integer && is_integer(asked.kind)) {
    type.kind = *integer;
    return std::optional(type);
  }
  if (is_text(asked.kind) && (base == oid::kText || base == oid::kVarchar)) {
    type.kind = base == oid::kText ? TypeKind::kText : TypeKind::kVarchar;
    type.length = -1;
    return std::optional(type);
  }
  return std::optional<Type>();
}

std::vector<std::size_t> RelationReader::told(const StreamedRelation* before,
                                              const StreamedRelation& now) {
  std::vector<std::size_t> tables;
  if (before != nullptr && before->same_shape(now)) {
    return tables;
  }
  if (now.table) {
    tables.push_back(*now.table);
  }
  if (before != nullptr && before->table && before->table != now.table) {
    tables.push_back(*before->table);
  }
  return tables;
}

}  // namespace couplet::postgres
