#include "engine/ports/state_store.h"

namespace couplet {

// These names are part of the format (docs/state-format.md): RocksDB keeps a column family by each.
const char* name_of(Family family) {
  switch (family) {
    case Family::kMeta:
      return "meta";
    case Family::kLinks:
      return "links";
    case Family::kLinksRight:
      return "links_right";
    case Family::kPositions:
      return "positions";
    case Family::kDirty:
      return "dirty";
    case Family::kWaiting:
      return "waiting";
    case Family::kAssemblies:
      return "assemblies";
    case Family::kParked:
      return "parked";
    case Family::kHeld:
      return "held";
    case Family::kConflicts:
      return "conflicts";
    case Family::kTombstones:
      return "tombstones";
    case Family::kIntents:
      return "intents";
    case Family::kTopics:
      return "topics";
  }
  check_failed("a family without a name", __FILE__, __LINE__);
}

}  // namespace couplet
