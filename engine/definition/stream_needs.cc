#include "engine/definition/stream_needs.h"

#include <algorithm>
#include <optional>

namespace couplet {
namespace {

std::optional<bool> stream_option(const SourceDefinition& source) {
  return source.type == SourceType::kPostgres ? source.postgres.stream : source.sqlite.stream;
}

}  // namespace

StreamNeeds stream_needs(const Definition& definition, std::size_t source, const Access& access) {
  const SourceDefinition& given = definition.sources[source];
  const std::string name = replication_name(definition.name, given.name);
  StreamNeeds needs;
  needs.slot = given.postgres.slot.value_or(name);
  needs.publication = given.postgres.publication.value_or(name);
  needs.shared_publication = given.postgres.publication.has_value();
  needs.mark_prefix = name + "_";
  const std::optional<bool> stream = stream_option(given);
  if (!stream.value_or(true)) {
    return needs;
  }
  const bool read = std::any_of(access.begin(), access.end(), [&](const auto& table) {
    return table.first.first == source && table.second.streamed;
  });
  for (const auto& [table, how] : access) {
    if (table.first == source && (read ? how.streamed : stream.has_value())) {
      needs.tables.push_back({table.second, how.id});
    }
  }
  return needs;
}

}  // namespace couplet
