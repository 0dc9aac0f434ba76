#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/definition/bind.h"
#include "engine/definition/catalogs.h"

// Internal to binding: what its passes share. Each pass is a file: entities, paths, slots, checks
// of mappings, what carries changes back, order.
namespace couplet {

// A name for columns that refer to rows of another table.
struct Reference {
  std::string name;
  std::vector<std::string> columns;
  TableName table;
  std::vector<std::string> target_columns;
  bool nullable = true;    // a row may lack what it refers to
  bool ambiguous = false;  // several foreign keys would have this name
};

struct EntityBinding {
  const TableInfo* table = nullptr;
  bool usable = false;  // its table is there and it has an id
  bool mapped = false;  // a mapping relates it
  bool used = false;    // mapped, or a path or a reference leads through it
  bool written = false;
};

// How a use of a slot came about, for diagnostics.
struct UseOrigin {
  const AttributeDefinition* attribute = nullptr;
  bool turned = false;  // the mapping's left is the pair's right

  // The place of the path on the pair's `side`; of the attribute where it has none.
  [[nodiscard]] Place place(Side side) const {
    const auto& path = attribute->path[index_of(turned ? other(side) : side)];
    return path ? path->place : attribute->place;
  }
};

struct MappingBinding {
  bool usable = false;  // both entities are
  bool turned = false;
  std::vector<UseOrigin> keys;  // parallel to those of the bound mapping
  std::vector<UseOrigin> attributes;
};

class Binding {
 public:
  Binding(const Definition& definition_in, const Catalogs& catalogs_in)
      : definition(definition_in),
        catalogs(catalogs_in),
        entities(definition_in.entities.size()),
        mappings(definition_in.mappings.size()),
        result{std::nullopt, {}, {}, Diagnostics(definition_in.text), {}} {}

  const Definition& definition;
  const Catalogs& catalogs;
  std::vector<EntityBinding> entities;   // parallel to those of definition and bound
  std::vector<MappingBinding> mappings;  // the same
  BoundDefinition bound;
  BindResult result;
  // Tables that paths lead to and that are not known yet.
  std::set<std::pair<std::size_t, TableName>> needed;

  void error(Place place, std::string code, std::string message, std::string hint = {}) {
    result.diagnostics.error(place, std::move(code), std::move(message), std::move(hint));
  }
  void warning(Place place, std::string code, std::string message, std::string hint = {}) {
    result.diagnostics.warning(place, std::move(code), std::move(message), std::move(hint));
  }
  // Calls visit(use, origin, bound mapping) for every use of a slot.
  template <typename Visit>
  void for_each_use(std::size_t mapping, Visit visit) {
    BoundMapping& to = bound.mappings[mapping];
    for (std::size_t i = 0; i < to.keys.size(); ++i) {
      visit(to.keys[i], mappings[mapping].keys[i]);
    }
    for (std::size_t i = 0; i < to.attributes.size(); ++i) {
      visit(to.attributes[i], mappings[mapping].attributes[i]);
    }
  }
};

// Notes the tables of all entities and paths that are not described yet in Binding::needed.
void gather_needed(Binding& binding);

// The references of a table, those that the entity's entry names first. Problems are reported if
// `report`; a reference with one is left out. `entity`: whose entry to look at.
std::vector<Reference> references_of(Binding& binding, std::size_t source, const TableInfo& table,
                                     const EntityDefinition* entity, bool report);
// The first entity over a table; nullopt if none is.
std::optional<std::size_t> entity_over(const Binding& binding, std::size_t source,
                                       const TableName& table);
// The entity's conditions in terms of columns; reports what does not fit.
std::vector<Condition> bind_where(Binding& binding, std::size_t entity,
                                  const WhereDefinition& where);
// Bytes of a literal in a type; reports what is none. Outer nullopt: reported.
std::optional<std::optional<std::string>> bind_literal(Binding& binding, const LiteralText& literal,
                                                       const Type& type, const std::string& option);
std::vector<std::string> column_names(const TableInfo& table);

// What a path of an entity leads to. `link`: the mapping that the attribute's link names; its
// entities are preferred where several are over one table. nullopt: reported, or a table on the
// way is not known yet and noted in Binding::needed.
std::optional<Endpoint> bind_path(Binding& binding, std::size_t entity, const Text& path,
                                  std::optional<std::size_t> link);

// The passes, in this order. A pass works on what the earlier ones found usable.
void bind_entities(Binding& binding);
void bind_pairs(Binding& binding);
void bind_slots(Binding& binding);
void check_slots(Binding& binding);
void check_mappings(Binding& binding);
void check_rounds(Binding& binding);
void mark_carried_back(Binding& binding);
void order_mappings(Binding& binding);
void check_rights(Binding& binding);

}  // namespace couplet
