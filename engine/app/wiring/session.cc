#include "engine/app/wiring/session.h"

#include <algorithm>

#include "engine/app/wiring/definition_file.h"
#include "engine/app/wiring/sources.h"
#include "engine/definition/suggestion.h"
#include "engine/sync/compared.h"
#include "engine/sync/syncer.h"
#include "storage/memory/memory_state_store.h"
#include "storage/rocksdb/rocksdb_state_store.h"

namespace couplet {
namespace {

Result<void> check_names(const Definition& definition, const std::vector<std::string>& mappings) {
  std::vector<std::string> known;
  for (const MappingDefinition& mapping : definition.mappings) {
    known.push_back(mapping.name);
  }
  for (const std::string& name : mappings) {
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      continue;
    }
    std::string hint = did_you_mean(name, known);
    if (hint.empty()) {
      for (const std::string& other : known) {
        hint += (hint.empty() ? "mappings: " : ", ") + other;
      }
    }
    return fail(Error{ErrorKind::kInvalidArgument,
                      "there is no mapping \"" + name + "\"",
                      std::move(hint),
                      {},
                      "unknown_mapping",
                      {}});
  }
  return {};
}

Result<void> open_stores(const SessionSettings& settings, Session& session) {
  RocksdbStateStore::Settings how;
  how.create = !settings.dry_run && !settings.needs_state;
  how.read_only = settings.dry_run;
  auto disk = RocksdbStateStore::open(session.definition.state, how);
  if (disk) {
    session.disk = std::move(*disk);
  } else if (disk.error().kind == ErrorKind::kNotFound && settings.needs_state) {
    return fail(ErrorKind::kNotFound, std::move(disk.error().message),
                "`couplet reconcile` makes one");
  } else if (!settings.dry_run || disk.error().kind != ErrorKind::kNotFound) {
    return fail(std::move(disk.error()));
  }
  if (settings.dry_run) {
    session.overlay = session.disk ? std::make_unique<MemoryStateStore>(*session.disk)
                                   : std::make_unique<MemoryStateStore>();
  }
  return {};
}

}  // namespace

std::vector<Source*> Session::source_pointers() const {
  std::vector<Source*> pointers;
  for (const auto& source : sources) {
    pointers.push_back(source.get());
  }
  return pointers;
}

Result<std::unique_ptr<Session>> open_session(const SessionSettings& settings, Console& console,
                                              Random& random) {
  auto session = std::make_unique<Session>();
  COUPLET_ASSIGN(session->definition,
                 load_definition_file(settings.config, settings.warnings, console));
  COUPLET_TRY(check_names(session->definition, settings.mappings));

  session->sources = make_sources(session->definition);
  COUPLET_ASSIGN(const auto identities, identify(session->sources));
  COUPLET_ASSIGN(BindResult bound, bind_to_sources(session->definition, session->sources));
  COUPLET_TRY(print_findings(bound.diagnostics, settings.config, settings.warnings, console));
  session->bound = std::move(*bound.definition);
  if (settings.check) {
    COUPLET_TRY(settings.check(session->bound));
  }

  COUPLET_TRY(open_stores(settings, *session));
  StateStore& store = settings.dry_run ? *session->overlay : *session->disk;
  COUPLET_ASSIGN(session->state, State::open(store, session->bound, identities, random));
  StateBatch changes;
  if (!settings.dry_run && !settings.goes_on) {
    COUPLET_TRY(forget_all_compared(changes, *session->state));
  }
  if (!changes.empty()) {
    COUPLET_TRY(store.commit(changes, Durability::kLater));
  }
  return session;
}

Result<void> finish_interrupted(Session& session, Clock& clock, Observer& observer) {
  COUPLET_ASSIGN(const auto intents, session.state->intents());
  if (intents.empty()) {
    return {};
  }
  Syncer syncer(session.bound, *session.state, session.source_pointers(), clock, observer, {});
  return syncer.recover();
}

}  // namespace couplet
