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
#include "engine/ports/source.h"
#include "engine/ports/state_store.h"

namespace couplet {

// Which events bring a row that may be older than what a base was taken from: those of a link whose
// ends were read, up to where their source's stream was by then (DESIGN section 5.1). Up to where
// that is for any link at all stands in the state, for the next process: nowhere, as long as
// something was read and not placed.
class ReadHorizon {
 public:
  // Errors: those of the store.
  static Result<ReadHorizon> open(StateStore& store, const std::vector<std::string>& sources);

  // Before ends of links are read and what they hold is recorded: from here on the state does not
  // know how far. Not synced: what is recorded becomes durable behind it.
  Result<void> begin_reading();
  // Both ends of the link with that left key have been read.
  void note(std::size_t pair, const ObjectKey& left);
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
  // True if an event of that source at this place, of an end of that link, may be older than what
  // was read of it. After place().
  [[nodiscard]] bool covers(std::size_t source, std::size_t pair, const ObjectKey& left,
                            const Position& event) const;
  // No event before this place will be asked about. monostate: it is not known where that is.
  void pass(std::size_t source, const Position& event);

 private:
  using Name = std::pair<std::size_t, ObjectKey>;  // pair, left key
  struct Hash {
    std::size_t operator()(const Name& name) const {
      return std::hash<ObjectKey>{}(name.second) * 31 + name.first;
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
    Position everything;  // up to where any link may have been read
    std::unordered_map<Name, Position, Hash> places;
    std::deque<std::pair<Position, std::vector<Name>>> in_order;
  };
  explicit ReadHorizon(StateStore& store) : store_(&store) {}

  StateStore* store_;
  std::vector<PerSource> sources_;
};

}  // namespace couplet
