#include "engine/sync/read_horizon.h"

#include "engine/sync/byte_codec.h"

namespace couplet {
namespace {

// More objects than these are not remembered one by one.
constexpr std::size_t kNamesMost = 100'000;

}  // namespace

Result<ReadHorizon> ReadHorizon::open(StateStore& store, const std::vector<std::string>& sources) {
  ReadHorizon horizon(store);
  for (const std::string& source : sources) {
    PerSource& one = horizon.sources_.emplace_back();
    one.key = "r" + source;
    COUPLET_ASSIGN(const auto bytes, store.get(Family::kPositions, one.key));
    if (bytes) {
      ByteReader in(*bytes);
      one.furthest = one.everything = read_position(in);
      one.known = in.complete() && is_known_position(one.everything);
      one.all_unplaced = !one.known;
    }
  }
  return horizon;
}

Result<void> ReadHorizon::begin_reading() {
  StateBatch changes;
  for (PerSource& source : sources_) {
    if (source.known) {
      changes.erase(Family::kPositions, source.key);
      source.known = false;
    }
  }
  return changes.empty() ? Result<void>{} : store_->commit(changes, Durability::kLater);
}

void ReadHorizon::note(std::size_t pair, Side side, const ObjectKey& key) {
  for (PerSource& source : sources_) {
    if (!source.all_unplaced) {
      source.unplaced.push_back({pair, side, key});
      source.all_unplaced = source.unplaced.size() + source.places.size() > kNamesMost;
    }
  }
}

void ReadHorizon::note_all() {
  for (PerSource& source : sources_) {
    source.all_unplaced = true;
  }
}

Result<void> ReadHorizon::place(std::size_t source, Source& asked) {
  PerSource& own = sources_[source];
  if (own.unplaced.empty() && !own.all_unplaced) {
    return {};
  }
  COUPLET_ASSIGN(own.furthest, asked.position());
  own.tells = is_known_position(own.furthest);
  if (own.all_unplaced) {
    own.everything = own.furthest;
    own.places.clear();
    own.in_order.clear();
    own.unplaced.clear();
    own.all_unplaced = !own.tells;
    return {};
  }
  for (const Name& name : own.unplaced) {
    own.places[name] = own.furthest;
  }
  own.in_order.emplace_back(own.furthest, std::exchange(own.unplaced, {}));
  return {};
}

void ReadHorizon::put(StateBatch& batch) {
  for (PerSource& source : sources_) {
    if (!source.known && source.unplaced.empty() && !source.all_unplaced) {
      std::string bytes;
      ByteWriter out(bytes);
      put_position(out, source.furthest);
      batch.put(Family::kPositions, source.key, std::move(bytes));
      source.known = true;
    }
  }
}

bool ReadHorizon::covers(std::size_t source, std::size_t pair, Side side, const ObjectKey& key,
                         const Position& event) const {
  const PerSource& own = sources_[source];
  if (own.all_unplaced || reaches(own.everything, event)) {
    return true;
  }
  if (own.places.empty()) {
    return false;
  }
  const auto found = own.places.find({pair, side, key});
  return found != own.places.end() && reaches(found->second, event);
}

void ReadHorizon::pass(std::size_t source, const Position& event) {
  PerSource& own = sources_[source];
  while (is_known_position(event) && !own.in_order.empty() &&
         !reaches(own.in_order.front().first, event)) {
    const auto& [place, names] = own.in_order.front();
    for (const Name& name : names) {
      const auto found = own.places.find(name);
      if (found != own.places.end() && found->second == place) {
        own.places.erase(found);
      }
    }
    own.in_order.pop_front();
  }
}

}  // namespace couplet
