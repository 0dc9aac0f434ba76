#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/definition/access.h"
#include "engine/definition/bound.h"
#include "engine/definition/definition.h"
#include "engine/definition/diagnostic.h"
#include "engine/model/result.h"
#include "engine/ports/catalog.h"
#include "engine/ports/source.h"

// Definition + catalogs -> BoundDefinition. Every name is resolved and every check of DESIGN
// section 3 made; what is found points at its place in the file.
namespace couplet {

// Tables of one source that binding wants described. An empty schema stands for the source's own.
struct TablesNeeded {
  std::size_t source = 0;  // index into Definition::sources
  std::vector<TableName> tables;
};

// An SQL condition of the file: only its source can say whether it is one
// (Source::check_condition); a failure is reported with Diagnostics::error(place, …).
struct SqlCheck {
  std::size_t source = 0;
  TableName table;
  SqlCondition condition;
  Place place;
};

struct BindResult {
  std::optional<BoundDefinition> definition;  // there if there is no error
  // What the definition does with each table; of one with errors, as far as it could be bound.
  Access access = {};
  std::vector<std::string> unbound = {};  // mappings of which something could not be bound
  Diagnostics diagnostics;
  std::vector<SqlCheck> sql_checks;
};

// Binds step by step, since which tables are needed shows only when those on the way are known:
//   Binder binder(definition);
//   while (auto needed = binder.needed(); !needed.empty())
//     for (const auto& [source, tables] : needed)
//       binder.describe(source, tables, <answer of Source::describe(tables)>);
//   BindResult result = binder.bind();
// The definition outlives the binder.
class Binder {
 public:
  explicit Binder(const Definition& definition);
  ~Binder();
  Binder(const Binder&) = delete;
  Binder& operator=(const Binder&) = delete;

  // What to describe next, sources that need nothing left out; empty: all is known.
  [[nodiscard]] std::vector<TablesNeeded> needed() const;
  // The answer for one entry of needed(): as Source::describe gives it, those that do not exist
  // left out. After it they are not asked for again.
  void describe(std::size_t source, std::span<const TableName> asked,
                std::vector<TableInfo> answer);
  // All tables of a source, for suggestions where one does not exist. Optional: missing() says for
  // which sources it would help.
  void name_tables(std::size_t source, std::vector<TableName> names);
  [[nodiscard]] std::vector<std::size_t> missing() const;

  [[nodiscard]] BindResult bind() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The whole of it, asking as it needs. `describe` and `tables` are those of the definition's
// sources, by index. Errors: what they return; findings about the file are in the result.
using DescribeTables = std::function<Result<std::vector<TableInfo>>(
    std::size_t source, std::span<const TableName> names)>;
using ListTables = std::function<Result<std::vector<TableName>>(std::size_t source)>;
Result<BindResult> bind(const Definition& definition, const DescribeTables& describe,
                        const ListTables& tables);

}  // namespace couplet
