#include "engine/definition/stream_needs.h"

#include "engine/definition/followed.h"

namespace couplet {

StreamNeeds stream_names(const std::string& deployment, const SourceDefinition& source) {
  const std::string name = replication_name(deployment, source.name);
  StreamNeeds needs;
  needs.slot = source.postgres.slot.value_or(name);
  needs.publication = source.postgres.publication.value_or(name);
  needs.shared_publication = source.postgres.publication.has_value();
  needs.mark_prefix = name + "_";
  return needs;
}

StreamNeeds stream_needs(const Definition& definition, const BoundDefinition& bound,
                         std::size_t source) {
  StreamNeeds needs = stream_names(definition.name, definition.sources[source]);
  for (const Followed& followed : followed_tables(bound, source)) {
    needs.tables.push_back({followed.table.table, followed.table.id});
  }
  return needs;
}

}  // namespace couplet
