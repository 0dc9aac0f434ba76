#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/definition/followed.h"
#include "engine/ports/change_stream.h"
#include "engine/sync/fast_way.h"
#include "engine/sync/object_sync.h"

namespace couplet {

// Up to where a source's transactions are not what they seem.
struct Horizon {
  Position received;  // they may come for the second time
  // Ours may be those of a process that did not live to follow what they wake. Not known: all may.
  Position opened_at;
};

// Objects of an entity whose row their last event has brought. Borrowed from the transactions.
class Images {
 public:
  void put(const ChangeEvent& event, const ChangeTransaction& transaction);
  // Its last event is no longer one that brings its row. False: it was not there.
  bool drop(const ObjectKey& key);
  // In the order of their keys.
  [[nodiscard]] std::vector<FastLane::Event> events() const;

 private:
  std::unordered_map<std::string_view, std::size_t> places_;
  std::vector<FastLane::Event> events_;  // without a key: dropped
};

// What a batch of transactions comes to.
struct Routed {
  ObjectSync::Told told;
  std::map<std::size_t, Images> images;  // by entity: may take the fast lane; not among `told`
  // Objects whose id is another, in order; each of its own transaction's first telling.
  struct Renamed {
    std::size_t entity = 0;
    ObjectKey before;
    ObjectKey after;
  };
  std::vector<Renamed> renamed;
  std::set<std::size_t> altered;    // entities whose table is another than it was
  std::set<std::size_t> unnamed;    // entities of which nobody can say which objects changed
  std::set<std::size_t> truncated;  // entities whose table was emptied, which is no evidence
  std::vector<std::uint64_t> transactions;  // those that reads have to see
};

// Which objects an event is about. Pure: no I/O, nothing kept.
class Router {
 public:
  explicit Router(const BoundDefinition& definition);

  // What to ask of a source, in the order of ChangeEvent::table. Empty: nothing is followed there.
  [[nodiscard]] std::vector<StreamedTable> tables(std::size_t source) const;
  // Whose events bring rows; nullopt: not those of this entity.
  [[nodiscard]] const std::optional<FastWay>& way(std::size_t entity) const {
    return ways_[entity];
  }
  // Adds what the transaction, or a part of it, tells. One that we have written ourselves is
  // skipped: what it wakes was followed when it was written. Not so where triggers of users may
  // have changed more than we wrote, or where nobody may have followed it. `whole`: all of it up to
  // its end was received by now. Else its rows are looked up: it may have changed one twice, and
  // what it told first was never there for anybody else.
  void route(std::size_t source, const ChangeTransaction& transaction, bool whole,
             const Horizon& horizon, Routed& routed) const;

 private:
  struct PerSource {
    std::vector<Followed> tables;
    bool triggers = false;  // of users, on a table that we write
  };
  static void look_at_images(std::size_t entity, Routed& routed);
  struct Telling {
    const ChangeTransaction& transaction;
    bool again = false;  // it may have been told before
    bool rows = false;   // those that it brings may take the fast lane
  };
  void add(const Telling& telling, const ChangeEvent& event, std::size_t entity,
           Routed& routed) const;

  std::vector<PerSource> sources_;
  std::vector<std::optional<FastWay>> ways_;  // by entity
};

}  // namespace couplet
