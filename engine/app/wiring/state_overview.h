#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/definition/definition.h"
#include "engine/live/progress.h"
#include "engine/model/result.h"
#include "engine/model/strong_int.h"
#include "engine/ports/state_store.h"

namespace couplet {

// What can be told from a state alone, without the databases that it belongs to.
struct StateOverview {
  struct Worklist {
    std::uint64_t objects = 0;
    std::optional<Timestamp> since;  // of the oldest
  };
  struct Mapping {
    std::uint64_t links = 0;
    Worklist deferred;
    Worklist held;
    Worklist parked;
    std::uint64_t conflicts = 0;
    bool missed = false;                     // events of it went by: a reconcile is due
    std::optional<nlohmann::json> last_run;  // {"started","finished","summary"}
  };
  std::uint16_t format = 0;  // 0: the state was never used
  std::uint64_t links = 0;   // of all pairs of entities, those of former definitions too
  std::uint64_t bytes = 0;
  std::uint64_t intents = 0;                      // write transactions that a crash cut off
  std::map<std::string, Mapping> mappings;        // those of the definition, by name
  std::map<std::string, StreamProgress> sources;  // those that were followed, by name
  // That the last run failed: {"at","verb","code","message","hint"} (last_failure.h).
  std::optional<nlohmann::json> failure;
};

// The state in `folder`, for reading; a null pointer if there is none.
Result<std::unique_ptr<StateStore>> open_state_to_read(const std::filesystem::path& folder);

// Walks the state once. Errors: kStateForeign for a format that this version does not know,
// kStateCorrupt.
Result<StateOverview> overview_of(const StateStore& store, const Definition& definition);

// Sentences about links that the definition has no use for, of two entities of which one has a
// mapping that has no links yet: links do not follow an entity that is called otherwise in the
// file.
Result<std::vector<std::string>> links_left_behind(const StateStore& store,
                                                   const Definition& definition);

}  // namespace couplet
