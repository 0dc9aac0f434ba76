#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/model/object_key.h"
#include "engine/model/position.h"
#include "engine/model/result.h"
#include "engine/model/situation.h"
#include "engine/ports/source.h"
#include "engine/ports/state_store.h"

namespace couplet {

// Which events bring a row that may be older than what was concluded from a look, a base or that it
// is not there: those of an object that was read, up to where its source's stream was by then
// (DESIGN section 5.1). Up to where that is for any object at all stands in the state, for the next
// process: nowhere, as long as something was read and not placed.
class ReadHorizon {
 public:
  // Errors: those of the store.
  static Result<ReadHorizon> open(StateStore& store, const std::vector<std::string>& sources);

  // Before objects are read and what comes of it is recorded: from here on the state does not
  // know how far. Not synced: what is recorded becomes durable behind it.
  Result<void> begin_reading();
  // That object has been looked for, as one of the pair.
  void note(std::size_t pair, Side side, const ObjectKey& key);
  // Any may have been.
  void note_all();

  // Asks the source where it is, if something was read since the last time. Errors as of Source.
  Result<void> place(std::size_t source, Source& asked);
  // True if the state does not know how far the source was read, and the source can tell.
  [[nodiscard]] bool is_unsaved(std::size_t source) const {
    return !sources_[source].known && sources_[source].tells;
  }
  // What is placed, for the state: with what rests on it, or later.
  void put(StateBatch& batch);
  // True if an event of that object, of that source at this place, may be older than what was read
  // of it. After place().
  [[nodiscard]] bool covers(std::size_t source, std::size_t pair, Side side, const ObjectKey& key,
                            const Position& event) const;
  // No event before this place will be asked about. monostate: it is not known where that is.
  void pass(std::size_t source, const Position& event);

 private:
  struct Name {
    std::size_t pair = 0;
    Side side = Side::kLeft;
    ObjectKey key;
    bool operator==(const Name&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Name& name) const {
      return std::hash<ObjectKey>{}(name.key) * 31 + 2 * name.pair + index_of(name.side);
    }
  };
  // Of one source, since each has places of its own.
  struct PerSource {
    std::string key;     // in the state
    bool known = false;  // the state tells how far
    bool tells = true;   // as far as we know, the source has places
    Position furthest;   // of all that is placed
    bool all_unplaced = true;
    std::vector<Name> unplaced;
    Position everything;  // up to where any object may have been read
    std::unordered_map<Name, Position, Hash> places;
    std::deque<std::pair<Position, std::vector<Name>>> in_order;
  };
  explicit ReadHorizon(StateStore& store) : store_(&store) {}

  StateStore* store_;
  std::vector<PerSource> sources_;
};

}  // namespace couplet
