#include "engine/definition/bind.h"

#include <map>
#include <utility>

#include "engine/definition/binding.h"
#include "engine/definition/catalogs.h"
#include "engine/definition/fingerprint.h"
#include "engine/definition/followed.h"

namespace couplet {

class Binder::Impl {
 public:
  explicit Impl(const Definition& definition) : definition_(definition), catalogs_(definition) {}

  [[nodiscard]] std::vector<TablesNeeded> needed() const {
    Binding binding(definition_, catalogs_);
    gather_needed(binding);
    std::map<std::size_t, std::vector<TableName>> by_source;
    for (const auto& [source, table] : binding.needed) {
      by_source[source].push_back(table);
    }
    std::vector<TablesNeeded> out;
    for (auto& [source, tables] : by_source) {
      out.push_back({source, std::move(tables)});
    }
    return out;
  }

  [[nodiscard]] std::vector<std::size_t> missing() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < definition_.sources.size(); ++i) {
      for (const EntityDefinition& entity : definition_.entities) {
        if (entity.source == i && catalogs_.names(i) == nullptr &&
            catalogs_.known(i, entity.table) && catalogs_.find(i, entity.table) == nullptr) {
          out.push_back(i);
          break;
        }
      }
    }
    return out;
  }

  [[nodiscard]] BindResult bind() const {
    Binding binding(definition_, catalogs_);
    bind_entities(binding);
    bind_pairs(binding);
    bind_slots(binding);
    check_slots(binding);
    check_mappings(binding);
    check_rounds(binding);
    mark_carried_back(binding);
    order_mappings(binding);
    check_rights(binding);
    for (std::size_t i = 0; i < definition_.mappings.size(); ++i) {
      const MappingDefinition& given = definition_.mappings[i];
      const BoundMapping& made = binding.bound.mappings[i];
      if (!binding.mappings[i].usable || given.keys.size() + given.attributes.size() !=
                                             made.keys.size() + made.attributes.size()) {
        binding.result.unbound.push_back(given.name);
      }
    }
    if (!binding.result.diagnostics.has_errors()) {
      BoundDefinition& bound = binding.bound;
      bound.name = definition_.name;
      bound.clock_skew_us = definition_.clock_skew_us;
      for (const SourceDefinition& source : definition_.sources) {
        bound.sources.push_back(source.name);
        bound.streams.push_back(source.stream());
      }
      bound.fingerprint = fingerprint_of(bound);
      add_passed_tables(bound, catalogs_);  // No decision depends on them.
      binding.result.definition = std::move(bound);
    }
    return std::move(binding.result);
  }

  Catalogs& catalogs() { return catalogs_; }

 private:
  const Definition& definition_;
  Catalogs catalogs_;
};

Binder::Binder(const Definition& definition) : impl_(std::make_unique<Impl>(definition)) {}
Binder::~Binder() = default;

std::vector<TablesNeeded> Binder::needed() const { return impl_->needed(); }

void Binder::describe(std::size_t source, std::span<const TableName> asked,
                      std::vector<TableInfo> answer) {
  impl_->catalogs().describe(source, asked, std::move(answer));
}

void Binder::name_tables(std::size_t source, std::vector<TableName> names) {
  impl_->catalogs().name_tables(source, std::move(names));
}

std::vector<std::size_t> Binder::missing() const { return impl_->missing(); }

BindResult Binder::bind() const { return impl_->bind(); }

Result<BindResult> bind(const Definition& definition, const DescribeTables& describe,
                        const ListTables& tables) {
  Binder binder(definition);
  for (auto needed = binder.needed(); !needed.empty(); needed = binder.needed()) {
    for (const TablesNeeded& batch : needed) {
      COUPLET_ASSIGN(auto answer, describe(batch.source, batch.tables));
      binder.describe(batch.source, batch.tables, std::move(answer));
    }
  }
  for (const std::size_t source : binder.missing()) {
    COUPLET_ASSIGN(auto names, tables(source));
    binder.name_tables(source, std::move(names));
  }
  return binder.bind();
}

}  // namespace couplet
