// What our role may not do and has to, table by table: a mapping of many columns lacks one thing.
#include <set>
#include <utility>

#include "engine/definition/binding.h"
#include "engine/definition/grants.h"

namespace couplet {
namespace {

// Where the file speaks of a table: as an entity, else on the paths of the first mapping there.
Place place_in_file(const Binding& binding, std::size_t source, const TableName& table) {
  for (std::size_t i = 0; i < binding.entities.size(); ++i) {
    const TableInfo* info = binding.entities[i].table;
    if (info != nullptr && binding.definition.entities[i].source == source && info->name == table) {
      return binding.definition.entities[i].table_place;
    }
  }
  for (const MappingDefinition& mapping : binding.definition.mappings) {
    for (const std::size_t entity : mapping.entities) {
      if (binding.definition.entities[entity].source == source) {
        return mapping.place;
      }
    }
  }
  return {};
}

}  // namespace

void check_rights(Binding& binding) {
  // Of mappings that are nothing yet there is nothing to tell.
  BoundDefinition known = binding.bound;
  for (std::size_t i = known.mappings.size(); i-- > 0;) {
    if (!binding.mappings[i].usable) {
      known.mappings.erase(known.mappings.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  binding.result.access = access_of(known);
  std::erase_if(binding.result.access, [&](const auto& entry) {
    return binding.catalogs.find(entry.first.first, entry.first.second) == nullptr;
  });
  std::set<std::pair<std::size_t, std::string>> schemas;
  for (const auto& [name, access] : binding.result.access) {
    const TableInfo* const table = binding.catalogs.find(name.first, name.second);
    const Place place = place_in_file(binding, name.first, name.second);
    const auto report = [&](const MissingRight& missing) {
      if (missing.needed) {
        binding.error(place, "privilege", missing.message, missing.grant);
      } else {
        binding.warning(place, "privilege", missing.message, missing.grant);
      }
    };
    if (!table->may_use_schema && schemas.emplace(name.first, table->name.schema).second) {
      report(missing_schema(table->name.schema, table->role));
    }
    for (const MissingRight& missing : missing_rights(*table, access)) {
      report(missing);
    }
  }
}

}  // namespace couplet
