// Entities against their tables: id, change time, references, conditions.
#include <algorithm>
#include <utility>

#include "engine/definition/binding.h"
#include "engine/definition/suggestion.h"
#include "engine/model/literal.h"

namespace couplet {

namespace {

// How a source's own tables are called in the file: those of its schema without it.
std::vector<std::string> suggestions_for_table(const Binding& binding, std::size_t source,
                                               bool listed) {
  std::vector<std::string> names;
  if (const auto* tables = binding.catalogs.names(source)) {
    for (const TableName& table : *tables) {
      names.push_back(table.table);
      names.push_back(to_string(table));
    }
  }
  if (!listed) {
    for (const EntityDefinition& entity : binding.definition.entities) {
      if (entity.source == source && entity.listed) {
        names.push_back(entity.name.substr(entity.name.find('.') + 1));
      }
    }
  }
  return names;
}

// In which schema a table was looked for, and what is there instead: it may be another database.
std::string where_looked(const Binding& binding, const EntityDefinition& entity) {
  constexpr std::size_t kTablesTold = 5;
  const SourceDefinition& source = binding.definition.sources[entity.source];
  std::string hint;
  if (source.type == SourceType::kPostgres) {
    const std::string schema =
        entity.table.schema.empty() ? source.postgres.schema.value_or("") : entity.table.schema;
    hint = "it was looked for in " +
           (schema.empty() ? "the first schema of the search path" : "schema " + schema) + "; ";
  }
  const auto* tables = binding.catalogs.names(entity.source);
  if (tables == nullptr || tables->empty()) {
    hint += "our role sees no table of " + source.name;
  } else {
    hint += source.name + " has ";
    for (std::size_t i = 0; i < std::min(tables->size(), kTablesTold); ++i) {
      hint += (i == 0 ? "" : ", ") + to_string((*tables)[i]);
    }
    hint += tables->size() > kTablesTold ? ", …" : "";
  }
  return entity.listed ? hint
                       : hint + "; where it is called otherwise there, give " + entity.name +
                             " an entry under entities, with its table";
}

const TableInfo* find_table(Binding& binding, const EntityDefinition& entity) {
  const TableInfo* table = binding.catalogs.find(entity.source, entity.table);
  if (table == nullptr) {
    const std::string name = to_string(entity.table);
    std::string hint =
        did_you_mean(name, suggestions_for_table(binding, entity.source, entity.listed));
    if (hint.empty()) {
      hint = where_looked(binding, entity);
    }
    binding.error(entity.table_place, "unknown_table",
                  entity.name + ": source " + binding.definition.sources[entity.source].name +
                      " has no table \"" + name + "\"",
                  hint);
    return nullptr;
  }
  if (table->kind == TableInfo::Kind::kOther) {
    binding.error(entity.table_place, "unknown_table",
                  entity.name + ": " + to_string(table->name) + " is neither a table nor a view");
    return nullptr;
  }
  return table;
}

// One that no mapping relates needs no id; where it has one, its objects can be named.
void bind_id_if_any(const EntityDefinition& entity, const TableInfo& table, BoundEntity& bound) {
  std::vector<std::string> names = table.primary_key;
  if (!entity.id.empty()) {
    names.clear();
    for (const Text& column : entity.id) {
      names.push_back(column.value);
    }
  }
  for (const std::string& name : names) {
    const ColumnInfo* column = table.column(name);
    if (column == nullptr || !column->type || column->type->kind == TypeKind::kJson ||
        column->type->kind == TypeKind::kJsonb || !column->may_select) {
      bound.id.clear();
      bound.id_types.clear();
      return;
    }
    bound.id.push_back(name);
    bound.id_types.push_back(*column->type);
  }
}

bool bind_id(Binding& binding, const EntityDefinition& entity, const TableInfo& table,
             BoundEntity& bound) {
  const Place place = entity.id.empty() ? entity.table_place : entity.id.front().place;
  if (entity.id.empty()) {
    bound.id = table.primary_key;
    if (bound.id.empty()) {
      const bool view = table.kind == TableInfo::Kind::kView;
      binding.error(place, "no_id",
                    entity.name + ": " + (view ? "the view " : "table ") + to_string(table.name) +
                        " has no primary key",
                    "id: [ column ] under entities says what tells its rows apart");
      return false;
    }
  }
  bool fits = true;
  for (const Text& column : entity.id) {
    if (table.column(column.value) == nullptr) {
      binding.error(column.place, "unknown_column",
                    entity.name + " has no column \"" + column.value + "\"",
                    did_you_mean(column.value, column_names(table)));
      fits = false;
    }
    bound.id.push_back(column.value);
  }
  for (std::size_t i = 0; fits && i < bound.id.size(); ++i) {
    const ColumnInfo& column = *table.column(bound.id[i]);
    const Place at = entity.id.empty() ? place : entity.id[i].place;
    const std::string name = "column " + entity.name + "." + column.name;
    if (!column.type) {
      binding.error(at, "unsupported_type",
                    name + " has the type " + column.type_name + ", which is not supported yet");
      fits = false;
    } else if (!can_be_id(*column.type)) {
      binding.error(at, "wrong_type", name + " is " + column.type->name + " and cannot be an id");
      fits = false;
    } else if (column.nullable && table.kind != TableInfo::Kind::kView) {
      binding.error(at, "wrong_type", name + " may be null and cannot be an id",
                    "ALTER TABLE " + to_string(table.name) + " ALTER COLUMN " + column.name +
                        " SET NOT NULL");
      fits = false;
    } else {
      bound.id_types.push_back(*column.type);
    }
  }
  const auto covers = [&](const UniqueKey& key) {
    return std::all_of(key.columns.begin(), key.columns.end(), [&](const std::string& column) {
      return std::find(bound.id.begin(), bound.id.end(), column) != bound.id.end();
    });
  };
  if (fits && !entity.id.empty() && table.kind != TableInfo::Kind::kView &&
      std::none_of(table.unique_keys.begin(), table.unique_keys.end(), covers)) {
    binding.warning(
        place, "id_not_unique",
        entity.name + ": no unique key of " + to_string(table.name) + " says that its id is unique",
        "two rows with one id would be taken for one object");
  }
  return fits;
}

void bind_updated_at(Binding& binding, const EntityDefinition& entity, const TableInfo& table,
                     BoundEntity& bound) {
  if (!entity.updated_at || !entity.updated_at->known) {
    return;
  }
  const std::string& name = entity.updated_at->value;
  const Place place = entity.updated_at->place;
  const ColumnInfo* column = table.column(name);
  if (column == nullptr) {
    binding.error(place, "unknown_column", entity.name + " has no column \"" + name + "\"",
                  did_you_mean(name, column_names(table)));
    return;
  }
  const bool time = column->type && (column->type->kind == TypeKind::kTimestamp ||
                                     column->type->kind == TypeKind::kTimestampTz);
  if (!time) {
    binding.error(place, "wrong_type",
                  "updated_at: column " + entity.name + "." + name + " has the type " +
                      column->type_name + ", a change time is a timestamp");
    return;
  }
  bound.updated_at = name;
  bound.updated_at_type = *column->type;
  bound.updated_at_writable =
      !column->generated && !column->identity_always && table.kind != TableInfo::Kind::kView;
}

std::vector<std::string> values_of(const std::vector<Text>& texts) {
  std::vector<std::string> values;
  for (const Text& text : texts) {
    values.push_back(text.value);
  }
  return values;
}

bool same_columns(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

bool any_nullable(const TableInfo& table, const std::vector<std::string>& columns) {
  return std::any_of(columns.begin(), columns.end(), [&](const std::string& name) {
    const ColumnInfo* column = table.column(name);
    return column == nullptr || column->nullable;
  });
}

Reference from_foreign_key(std::string name, const TableInfo& table, const ForeignKey& key) {
  return {std::move(name), key.columns, key.table, key.target_columns,
          any_nullable(table, key.columns)};
}

// A line of `references`.
class NamedReference {
 public:
  NamedReference(Binding& binding, std::size_t source, const TableInfo& table,
                 const EntityDefinition& entity, const ReferenceDefinition& line, bool report)
      : binding_(binding),
        source_(source),
        table_(table),
        entity_(entity),
        line_(line),
        report_(report),
        columns_(values_of(line.columns)) {}

  std::optional<Reference> bind() {
    for (const Text& column : line_.columns) {
      if (!column.known) {
        return std::nullopt;
      }
      if (table_.column(column.value) == nullptr) {
        refuse(column.place, "unknown_column",
               entity_.name + " has no column \"" + column.value + "\"",
               did_you_mean(column.value, column_names(table_)));
        return std::nullopt;
      }
    }
    return line_.entity ? to_entity() : by_foreign_key();
  }

 private:
  void refuse(Place place, std::string code, std::string message, std::string hint = {}) {
    if (report_) {
      binding_.error(place, std::move(code), std::move(message), std::move(hint));
    }
  }

  std::optional<Reference> by_foreign_key() {
    const ForeignKey* found = nullptr;
    for (const ForeignKey& key : table_.foreign_keys) {
      if (!same_columns(key.columns, columns_)) {
        continue;
      }
      if (found != nullptr && found->table != key.table) {
        refuse(line_.name.place, "ambiguous_reference",
               "reference " + line_.name.value + " of " + entity_.name +
                   ": its columns have foreign keys to " + to_string(found->table) + " and " +
                   to_string(key.table),
               "say which: { columns: [ … ], entity: … }");
        return std::nullopt;
      }
      found = &key;
    }
    if (found == nullptr) {
      refuse(line_.columns.front().place, "no_foreign_key",
             "reference " + line_.name.value + " of " + entity_.name +
                 ": there is no foreign key on " + joined(columns_),
             "say what it refers to: { columns: [ " + joined(columns_) + " ], entity: … }");
      return std::nullopt;
    }
    return from_foreign_key(line_.name.value, table_, *found);
  }

  std::optional<Reference> to_entity() {
    const auto& entities = binding_.definition.entities;
    const auto target = std::find_if(
        entities.begin(), entities.end(),
        [&](const EntityDefinition& entity) { return entity.name == line_.entity->value; });
    if (target == entities.end()) {
      return std::nullopt;  // Reported when the file was read, or not known.
    }
    if (!binding_.catalogs.known(source_, target->table)) {
      binding_.needed.insert({source_, binding_.catalogs.asked(source_, target->table)});
      return std::nullopt;
    }
    const TableInfo* table = binding_.catalogs.find(source_, target->table);
    if (table == nullptr) {
      return std::nullopt;  // Reported with that entity.
    }
    for (const ForeignKey& key : table_.foreign_keys) {
      if (key.table == table->name && same_columns(key.columns, columns_)) {
        return from_foreign_key(line_.name.value, table_, key);
      }
    }
    const std::vector<std::string> id =
        target->id.empty() ? table->primary_key : values_of(target->id);
    if (id.size() != columns_.size()) {
      refuse(line_.columns.front().place, "wrong_reference",
             "reference " + line_.name.value + " of " + entity_.name + " has " +
                 std::to_string(columns_.size()) + " columns, the id of " + target->name + " has " +
                 std::to_string(id.size()));
      return std::nullopt;
    }
    return Reference{line_.name.value, columns_, table->name, id, true};
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
      out += (out.empty() ? "" : ", ") + name;
    }
    return out;
  }

  Binding& binding_;
  std::size_t source_;
  const TableInfo& table_;
  const EntityDefinition& entity_;
  const ReferenceDefinition& line_;
  bool report_;
  std::vector<std::string> columns_;
};

}  // namespace

std::vector<std::string> column_names(const TableInfo& table) {
  std::vector<std::string> names;
  for (const ColumnInfo& column : table.columns) {
    names.push_back(column.name);
  }
  return names;
}

std::optional<std::size_t> entity_over(const Binding& binding, std::size_t source,
                                       const TableName& table) {
  for (std::size_t i = 0; i < binding.definition.entities.size(); ++i) {
    const EntityDefinition& entity = binding.definition.entities[i];
    const TableInfo* info =
        entity.source == source ? binding.catalogs.find(source, entity.table) : nullptr;
    if (info != nullptr && info->name == table) {
      return i;
    }
  }
  return std::nullopt;
}

std::vector<Reference> references_of(Binding& binding, std::size_t source, const TableInfo& table,
                                     const EntityDefinition* entity, bool report) {
  std::vector<Reference> references;
  if (entity != nullptr) {
    for (const ReferenceDefinition& line : entity->references) {
      if (auto reference = NamedReference(binding, source, table, *entity, line, report).bind()) {
        references.push_back(std::move(*reference));
      }
    }
  }
  const std::size_t named = references.size();
  for (const ForeignKey& key : table.foreign_keys) {
    if (key.columns.size() != 1) {
      continue;
    }
    std::string name = key.columns.front();
    if (name.size() > 3 && name.ends_with("_id")) {
      name.resize(name.size() - 3);
    }
    const auto taken =
        std::find_if(references.begin(), references.end(),
                     [&](const Reference& reference) { return reference.name == name; });
    if (taken == references.end()) {
      references.push_back(from_foreign_key(name, table, key));
    } else if (static_cast<std::size_t>(taken - references.begin()) >= named &&
               (taken->table != key.table || taken->columns != key.columns)) {
      taken->ambiguous = true;
    }
  }
  return references;
}

std::optional<std::optional<std::string>> bind_literal(Binding& binding, const LiteralText& literal,
                                                       const Type& type,
                                                       const std::string& option) {
  if (!literal.value) {
    return std::optional<std::string>();
  }
  std::string bytes;
  if (!literal.known) {
    return std::optional<std::string>(bytes);
  }
  if (const auto parsed = parse_literal(type, *literal.value, bytes); !parsed) {
    binding.error(
        literal.place, "wrong_value",
        option + ": " +
            (literal.referenced ? "the text referred to does not fit the type " + type.name
                                : parsed.error().message),
        literal.referenced ? std::string() : parsed.error().hint);
    return std::nullopt;
  }
  return std::optional<std::string>(std::move(bytes));
}

std::vector<Condition> bind_where(Binding& binding, std::size_t entity,
                                  const WhereDefinition& where) {
  const TableInfo& table = *binding.entities[entity].table;
  const EntityDefinition& given = binding.definition.entities[entity];
  std::vector<Condition> conditions;
  if (where.sql) {
    conditions.emplace_back(SqlCondition{where.sql->value});
    binding.result.sql_checks.push_back(
        {given.source, table.name, SqlCondition{where.sql->value}, where.sql->place});
  }
  for (const WhereDefinition::Line& line : where.lines) {
    const std::string& name = line.attribute.value;
    const ColumnInfo* column = table.column(name);
    if (column == nullptr) {
      std::string hint = did_you_mean(name, column_names(table));
      for (const Reference& reference :
           references_of(binding, given.source, table, &given, false)) {
        if (reference.name == name && reference.columns.size() == 1) {
          hint = "a condition is on a column: " + reference.columns.front();
        }
      }
      if (hint.empty() && name.find('.') != std::string::npos) {
        hint = "a condition is on a column of the table itself, not on a path";
      }
      binding.error(line.attribute.place, "unknown_column",
                    "where: " + given.name + " has no column \"" + name + "\"", hint);
      continue;
    }
    if (!column->type) {
      binding.error(line.attribute.place, "unsupported_type",
                    "where: column " + given.name + "." + name + " has the type " +
                        column->type_name + ", which is not supported yet");
      continue;
    }
    EqualsAny condition{name, *column->type, {}};
    for (const LiteralText& value : line.values) {
      if (auto bytes = bind_literal(binding, value, *column->type, "where." + name)) {
        condition.values.push_back(std::move(*bytes));
      }
    }
    conditions.emplace_back(std::move(condition));
  }
  return conditions;
}

void bind_entities(Binding& binding) {
  for (const MappingDefinition& mapping : binding.definition.mappings) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      EntityBinding& entity = binding.entities[mapping.entities[index_of(side)]];
      entity.mapped = true;
      entity.used = true;
      entity.written = entity.written || written_sides(mapping.direction)[index_of(side)];
    }
  }
  for (std::size_t i = 0; i < binding.definition.entities.size(); ++i) {
    const EntityDefinition& given = binding.definition.entities[i];
    EntityBinding& entity = binding.entities[i];
    BoundEntity bound;
    bound.name = given.name;
    bound.source = given.source;
    entity.table = find_table(binding, given);
    if (entity.table != nullptr) {
      bound.table = *entity.table;
      if (entity.mapped) {
        entity.usable = bind_id(binding, given, *entity.table, bound);
      } else {
        entity.usable = true;
        bind_id_if_any(given, *entity.table, bound);
      }
      bind_updated_at(binding, given, *entity.table, bound);
      references_of(binding, given.source, *entity.table, &given, true);
      if (entity.written && entity.table->kind == TableInfo::Kind::kView) {
        binding.error(given.table_place, "read_only",
                      given.name + ": " + to_string(entity.table->name) +
                          " is a view; a view can only be read");
        entity.usable = false;
      }
      if (given.where) {
        bound.scope = bind_where(binding, i, *given.where);
      }
    }
    binding.bound.entities.push_back(std::move(bound));
  }
  for (std::size_t i = 0; i < binding.entities.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const TableInfo* table = binding.entities[i].table;
      if (table == nullptr || table != binding.entities[j].table ||
          !(binding.entities[i].written || binding.entities[j].written)) {
        continue;
      }
      binding.error(binding.definition.entities[i].place, "two_entities",
                    binding.definition.entities[j].name + " and " +
                        binding.definition.entities[i].name + " are both over table " +
                        to_string(table->name),
                    "two entities may share a table only where both are only read");
    }
  }
}

}  // namespace couplet
