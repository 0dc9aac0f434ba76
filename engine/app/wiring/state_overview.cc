#include "engine/app/wiring/state_overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "engine/app/wiring/last_failure.h"
#include "engine/sync/byte_codec.h"
#include "engine/sync/records.h"
#include "engine/sync/state.h"
#include "storage/rocksdb/rocksdb_state_store.h"

namespace couplet {
namespace {

// Keys as docs/state-format.md has them.
constexpr char kWaitingObject = 'o';
constexpr std::uint16_t kHeldIndex = 0x8000;

std::uint16_t u16_of(std::string_view bytes) { return ByteReader(bytes).u16(); }

// Calls `visit(key, value)` for every record of the family whose key begins with `prefix`.
Result<void> walk(const StateStore& store, Family family, const std::string& prefix,
                  const std::function<Result<void>(std::string_view, std::string_view)>& visit) {
  const auto cursor = store.cursor(family);
  for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    COUPLET_TRY(visit(cursor->key(), cursor->value()));
  }
  return cursor->status();
}

// Names that the state has given ids to.
Result<std::map<std::string, std::uint16_t>> ids_of(const StateStore& store, const char* prefix) {
  std::map<std::string, std::uint16_t> ids;
  COUPLET_TRY(walk(store, Family::kMeta, prefix,
                   [&](std::string_view key, std::string_view value) -> Result<void> {
                     ids[std::string(key.substr(std::string_view(prefix).size()))] = u16_of(value);
                     return {};
                   }));
  return ids;
}

void add(StateOverview::Worklist& list, Timestamp since) {
  ++list.objects;
  list.since = list.since ? std::min(*list.since, since) : since;
}

StateOverview::Mapping* mapping_at(StateOverview& overview,
                                   const std::map<std::string, std::uint16_t>& ids,
                                   std::string_view key) {
  const std::uint16_t id = u16_of(key);
  for (const auto& [name, known] : ids) {
    if (known == id) {
      const auto found = overview.mappings.find(name);
      return found == overview.mappings.end() ? nullptr : &found->second;
    }
  }
  return nullptr;  // Of a mapping that the definition no longer has.
}

Result<void> read_worklists(const StateStore& store,
                            const std::map<std::string, std::uint16_t>& ids,
                            StateOverview& overview) {
  COUPLET_TRY(walk(store, Family::kWaiting, std::string(1, kWaitingObject),
                   [&](std::string_view key, std::string_view value) -> Result<void> {
                     COUPLET_ASSIGN(const Waiting waiting, decode_waiting(value));
                     if (auto* mapping = mapping_at(overview, ids, key.substr(1))) {
                       add(mapping->deferred, waiting.since);
                     }
                     return {};
                   }));
  COUPLET_TRY(walk(store, Family::kHeld, {},
                   [&](std::string_view key, std::string_view value) -> Result<void> {
                     if ((u16_of(key) & kHeldIndex) != 0) {
                       return {};
                     }
                     COUPLET_ASSIGN(const Held held, decode_held(value));
                     if (auto* mapping = mapping_at(overview, ids, key)) {
                       add(mapping->held, held.since);
                     }
                     return {};
                   }));
  COUPLET_TRY(walk(store, Family::kParked, {},
                   [&](std::string_view key, std::string_view value) -> Result<void> {
                     COUPLET_ASSIGN(const Parked parked, decode_parked(value));
                     if (auto* mapping = mapping_at(overview, ids, key)) {
                       add(mapping->parked, parked.first_at);
                     }
                     return {};
                   }));
  return walk(store, Family::kConflicts, {},
              [&](std::string_view key, std::string_view) -> Result<void> {
                if (auto* mapping = mapping_at(overview, ids, key)) {
                  ++mapping->conflicts;
                }
                return {};
              });
}

// Links are kept per pair of entities, in the orientation of the mapping that came first.
Result<void> read_links(const StateStore& store, const Definition& definition,
                        StateOverview& overview) {
  std::map<std::uint16_t, std::uint64_t> links;
  COUPLET_TRY(
      walk(store, Family::kLinks, {}, [&](std::string_view key, std::string_view) -> Result<void> {
        ++links[u16_of(key)];
        ++overview.links;
        return {};
      }));
  COUPLET_ASSIGN(const auto pairs, ids_of(store, meta_key::kPair));
  for (const MappingDefinition& mapping : definition.mappings) {
    const std::string& left = definition.entities[mapping.entities[0]].name;
    const std::string& right = definition.entities[mapping.entities[1]].name;
    for (const std::string& name :
         {fmt::format("{}|{}", left, right), fmt::format("{}|{}", right, left)}) {
      if (const auto pair = pairs.find(name); pair != pairs.end()) {
        overview.mappings[mapping.name].links = links[pair->second];
      }
    }
  }
  return {};
}

Result<void> read_last_runs(const StateStore& store,
                            const std::map<std::string, std::uint16_t>& ids,
                            StateOverview& overview) {
  for (auto& [name, mapping] : overview.mappings) {
    const auto id = ids.find(name);
    if (id == ids.end()) {
      continue;
    }
    std::string key = meta_key::kLastRun;
    ByteWriter(key).u16(id->second);
    COUPLET_ASSIGN(const auto text, store.get(Family::kMeta, key));
    if (!text) {
      continue;
    }
    auto json = nlohmann::json::parse(*text, nullptr, false);
    if (!json.is_object() || !json.contains("finished") || !json.contains("summary") ||
        !json["summary"].is_object()) {
      return fail(ErrorKind::kStateCorrupt,
                  "the state's record of the last reconcile of mapping '" + name + "' is damaged",
                  "run `couplet reconcile`, which writes it anew");
    }
    mapping.last_run = std::move(json);
  }
  return {};
}

// How far the sources were followed, and of which mappings events went by.
Result<void> read_progress(const StateStore& store, const Definition& definition,
                           const std::map<std::string, std::uint16_t>& ids,
                           StateOverview& overview) {
  for (const SourceDefinition& source : definition.sources) {
    COUPLET_ASSIGN(const StreamProgress progress, progress_of(store, source.name));
    if (progress.due != kNeverFollowed) {
      overview.sources[source.name] = progress;
    }
  }
  for (auto& [name, mapping] : overview.mappings) {
    if (const auto id = ids.find(name); id != ids.end()) {
      COUPLET_ASSIGN(mapping.missed, is_missed(store, id->second));
    }
  }
  return {};
}

Result<void> read_failure(const StateStore& store, StateOverview& overview) {
  COUPLET_ASSIGN(const auto text, store.get(Family::kMeta, kLastFailureKey));
  if (!text) {
    return {};
  }
  auto json = nlohmann::json::parse(*text, nullptr, false);
  for (const char* field : {"at", "verb", "code", "message", "hint"}) {
    if (!json.is_object() || !json.contains(field) || !json[field].is_string()) {
      return fail(ErrorKind::kStateCorrupt, "the state's record of the last failure is damaged",
                  "run `couplet reconcile`, which writes it anew");
    }
  }
  overview.failure = std::move(json);
  return {};
}

}  // namespace

namespace {

Result<bool> has_links(const StateStore& store, std::uint16_t pair) {
  std::string prefix;
  ByteWriter(prefix).u16(pair);
  const auto cursor = store.cursor(Family::kLinks);
  cursor->seek(prefix);
  const bool found = cursor->valid() && cursor->key().starts_with(prefix);
  COUPLET_TRY(cursor->status());
  return found;
}

}  // namespace

Result<std::vector<std::string>> links_left_behind(const StateStore& store,
                                                   const Definition& definition) {
  COUPLET_ASSIGN(auto pairs, ids_of(store, meta_key::kPair));
  std::set<std::pair<std::string, std::string>> without;  // mapped, and not a link of them
  for (const MappingDefinition& mapping : definition.mappings) {
    const std::string& left = definition.entities[mapping.entities[0]].name;
    const std::string& right = definition.entities[mapping.entities[1]].name;
    bool linked = false;
    for (const std::string& name :
         {fmt::format("{}|{}", left, right), fmt::format("{}|{}", right, left)}) {
      if (const auto pair = pairs.find(name); pair != pairs.end()) {
        COUPLET_ASSIGN(const bool found, has_links(store, pair->second));
        linked = linked || found;
        pairs.erase(pair);
      }
    }
    if (!linked) {
      without.emplace(left, right);
    }
  }
  std::vector<std::string> sentences;
  for (const auto& [name, id] : pairs) {  // Those that no mapping relates.
    COUPLET_ASSIGN(const bool found, has_links(store, id));
    const std::string former_left = name.substr(0, name.find('|'));
    const std::string former_right = name.substr(std::min(name.find('|') + 1, name.size()));
    for (const auto& [left, right] : without) {
      const bool shared = left == former_left || left == former_right || right == former_left ||
                          right == former_right;
      if (found && shared) {
        sentences.push_back(fmt::format(
            "the state holds links of {} and {}, which no mapping relates any more, and none of {} "
            "and {}: links do not follow an entity that is called otherwise in the file. If it is "
            "the same table, call it as before; or take its links along: `couplet links export` "
            "with the file as it was, then `couplet links import` with the names changed",
            former_left, former_right, left, right));
      }
    }
  }
  return sentences;
}

Result<std::unique_ptr<StateStore>> open_state_to_read(const std::filesystem::path& folder) {
  RocksdbStateStore::Settings settings;
  settings.read_only = true;
  auto store = RocksdbStateStore::open(folder, settings);
  if (store) {
    return std::move(*store);
  }
  if (store.error().kind == ErrorKind::kNotFound) {
    return std::unique_ptr<StateStore>();
  }
  return fail(std::move(store.error()));
}

Result<StateOverview> overview_of(const StateStore& store, const Definition& definition) {
  StateOverview overview;
  for (const MappingDefinition& mapping : definition.mappings) {
    overview.mappings[mapping.name] = {};
  }
  overview.bytes = store.bytes();
  COUPLET_ASSIGN(const bool made, has_state_of(store, definition.name));
  if (!made) {
    return overview;
  }
  overview.format = State::kFormatVersion;
  COUPLET_ASSIGN(const auto ids, ids_of(store, meta_key::kMapping));
  COUPLET_TRY(read_worklists(store, ids, overview));
  COUPLET_TRY(read_links(store, definition, overview));
  COUPLET_TRY(read_last_runs(store, ids, overview));
  COUPLET_TRY(read_progress(store, definition, ids, overview));
  COUPLET_TRY(read_failure(store, overview));
  COUPLET_TRY(
      walk(store, Family::kIntents, {}, [&](std::string_view, std::string_view) -> Result<void> {
        ++overview.intents;
        return {};
      }));
  return overview;
}

}  // namespace couplet
