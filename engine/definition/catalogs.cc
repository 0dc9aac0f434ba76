#include "engine/definition/catalogs.h"

namespace couplet {

TableName Catalogs::asked(std::size_t source, const TableName& name) const {
  const auto& schema = definition_.sources[source].postgres.schema;
  return {name.schema.empty() && schema ? *schema : name.schema, name.table};
}

bool Catalogs::known(std::size_t source, const TableName& name) const {
  const Key key{source, asked(source, name)};
  return asked_.contains(key) || tables_.contains(key);
}

const TableInfo* Catalogs::find(std::size_t source, const TableName& name) const {
  Key key{source, asked(source, name)};
  if (const auto was = asked_.find(key); was != asked_.end()) {
    if (!was->second) {
      return nullptr;
    }
    key.second = *was->second;
  }
  const auto table = tables_.find(key);
  return table == tables_.end() ? nullptr : &table->second;
}

void Catalogs::describe(std::size_t source, std::span<const TableName> names,
                        std::vector<TableInfo> answer) {
  std::size_t next = 0;
  for (const TableName& name : names) {
    const bool there = next < answer.size() && answer[next].name.table == name.table &&
                       (name.schema.empty() || answer[next].name.schema == name.schema);
    if (!there) {
      asked_[{source, name}] = std::nullopt;
      continue;
    }
    TableInfo& table = answer[next++];
    asked_[{source, name}] = table.name;
    const Key key{source, table.name};
    tables_.try_emplace(key, std::move(table));
  }
}

void Catalogs::name_tables(std::size_t source, std::vector<TableName> names) {
  names_[source] = std::move(names);
}

const std::vector<TableName>* Catalogs::names(std::size_t source) const {
  const auto found = names_.find(source);
  return found == names_.end() ? nullptr : &found->second;
}

}  // namespace couplet
