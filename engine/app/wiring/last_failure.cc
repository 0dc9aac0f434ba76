#include "engine/app/wiring/last_failure.h"

#include <nlohmann/json.hpp>

#include "engine/app/output/printable.h"
#include "engine/app/wiring/definition_file.h"
#include "engine/definition/load.h"
#include "engine/definition/secret.h"
#include "engine/model/literal.h"
#include "storage/rocksdb/rocksdb_state_store.h"

namespace couplet {

void remember_failure(const Invocation& invocation, const Error& error, Clock& clock) {
  if (error.kind == ErrorKind::kInvalidArgument && error.code != kInvalidDefinition) {
    return;  // What was typed was off, nothing ran.
  }
  LoadOptions options;
  options.resolve_secrets = false;
  const LoadResult loaded = load_definition(invocation.config, options);
  if (!loaded.definition) {
    return;  // It does not even say where the state is.
  }
  RocksdbStateStore::Settings how;
  how.create = false;
  const auto store = RocksdbStateStore::open(loaded.definition->state, how);
  if (!store) {
    return;  // There is none, or it is what failed.
  }
  const nlohmann::json failure = {{"at", format_timestamp(clock.now())},
                                  {"verb", std::string(invocation.verb->name)},
                                  {"code", code_of(error)},
                                  {"message", mask(printable(error.message))},
                                  {"hint", mask(printable(error.hint))}};
  StateBatch changes;
  changes.put(Family::kMeta, kLastFailureKey,
              failure.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  // If that fails too, the run's own error is the one to tell.
  static_cast<void>((*store)->commit(changes, Durability::kSynced));
}

Result<void> forget_failure(StateStore& store) {
  COUPLET_ASSIGN(const auto failure, store.get(Family::kMeta, kLastFailureKey));
  if (!failure) {
    return {};
  }
  StateBatch changes;
  changes.erase(Family::kMeta, kLastFailureKey);
  return store.commit(changes, Durability::kSynced);
}

}  // namespace couplet
