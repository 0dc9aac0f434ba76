#include "engine/live/router.h"

#include "engine/live/progress.h"
#include "engine/sync/planted_bug.h"

namespace couplet {

Router::Router(const BoundDefinition& definition) {
  for (std::size_t source = 0; source < definition.sources.size(); ++source) {
    sources_.push_back({followed_tables(definition, source), false});
  }
  for (const BoundMapping& mapping : definition.mappings) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const BoundEntity& entity =
          definition.entities[definition.pairs[mapping.pair].entities[index_of(side)]];
      if (mapping.writes[index_of(side)] && entity.table.user_triggers) {
        sources_[entity.source].triggers = true;
      }
    }
  }
}

std::vector<StreamedTable> Router::tables(std::size_t source) const {
  std::vector<StreamedTable> tables;
  for (const Followed& followed : sources_[source].tables) {
    tables.push_back(followed.table);
  }
  return tables;
}

void Router::route(std::size_t source, const ChangeTransaction& transaction, const Horizon& horizon,
                   Routed& routed) const {
  const PerSource& known = sources_[source];
  // Where a part ends is told with the last one only.
  const bool looked_on = transaction.ended &&
                         !std::holds_alternative<std::monostate>(horizon.opened_at) &&
                         !reaches(horizon.opened_at, transaction.end);
  const bool ours = transaction.ours ? !planted("echo_is_a_write") : planted("write_is_an_echo");
  if (ours && (looked_on || planted("echo_of_the_dead")) &&
      (!known.triggers || planted("triggers_are_echo"))) {
    return;
  }
  const bool again = !transaction.ended || reaches(horizon.received, transaction.end);
  if (planted("skip_by_lsn") && transaction.ended && again) {
    return;
  }
  for (const ChangeEvent& event : transaction.events) {
    for (const std::size_t entity : known.tables.at(event.table).entities) {
      add(event, entity, again, routed);
    }
  }
  if (!transaction.events.empty() &&
      (routed.transactions.empty() || routed.transactions.back() != transaction.transaction)) {
    routed.transactions.push_back(transaction.transaction);
  }
}

void Router::add(const ChangeEvent& event, std::size_t entity, bool again, Routed& routed) {
  using Kind = ChangeEvent::Kind;
  if (event.kind == Kind::kTable) {
    routed.altered.insert(entity);
    return;
  }
  if (event.kind == Kind::kTruncate) {
    routed.truncated.insert(entity);
    return;
  }
  if (event.kind == Kind::kUnnamed) {
    routed.unnamed.insert(entity);
    return;
  }
  const auto touch = [&](const ObjectKey& key) {
    const Syncer::Changed object{entity, key};
    routed.told.changed.insert(object);
    if (again && !planted("again_is_the_first_time")) {
      routed.told.again.insert(object);
    }
    return object;
  };
  const Syncer::Changed object = touch(event.key);
  if (event.kind == Kind::kDelete) {
    routed.told.deleted.insert(object);
    return;
  }
  if (!planted("evidence_outlives_the_row")) {
    routed.told.deleted.erase(object);
  }
  if (event.before) {
    if (!planted("old_id_is_not_told")) {
      touch(*event.before);
    }
    if (!again) {
      routed.renamed.push_back({entity, *event.before, event.key});
    }
  }
}

}  // namespace couplet
