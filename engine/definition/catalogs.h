#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/definition/definition.h"
#include "engine/ports/catalog.h"

namespace couplet {

// What the sources have said of their tables so far. Pointers into it stay valid.
class Catalogs {
 public:
  explicit Catalogs(const Definition& definition) : definition_(definition) {}

  // The name with the schema that the source's options give, where it has none itself.
  [[nodiscard]] TableName asked(std::size_t source, const TableName& name) const;
  // Whether the source was asked about the table.
  [[nodiscard]] bool known(std::size_t source, const TableName& name) const;
  // nullptr if it does not exist or is not known.
  [[nodiscard]] const TableInfo* find(std::size_t source, const TableName& name) const;

  // `answer` as Source::describe gives it: in the order of `names`, missing ones left out, empty
  // schemas filled in.
  void describe(std::size_t source, std::span<const TableName> names,
                std::vector<TableInfo> answer);
  void name_tables(std::size_t source, std::vector<TableName> names);
  // nullptr if the source was not asked.
  [[nodiscard]] const std::vector<TableName>* names(std::size_t source) const;

 private:
  using Key = std::pair<std::size_t, TableName>;

  const Definition& definition_;
  std::map<Key, TableInfo> tables_;                // by the full name
  std::map<Key, std::optional<TableName>> asked_;  // by the name asked; nullopt: missing
  std::map<std::size_t, std::vector<TableName>> names_;
};

}  // namespace couplet
