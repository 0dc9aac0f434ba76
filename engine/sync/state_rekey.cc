// State::rekey: objects have other ids.
#include "engine/sync/state.h"

namespace couplet {
namespace {

std::vector<ObjectKey> keys_before(std::span<const Rekeyed> rekeyed) {
  std::vector<ObjectKey> keys;
  keys.reserve(rekeyed.size());
  for (const Rekeyed& one : rekeyed) {
    keys.push_back(one.before);
  }
  return keys;
}

}  // namespace

Result<void> State::rekey(StateBatch& batch, std::size_t entity, std::span<const Rekeyed> rekeyed,
                          std::size_t except) const {
  for (std::size_t pair = 0; pair < definition_.pairs.size(); ++pair) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (definition_.pairs[pair].entities[index_of(side)] != entity) {
        continue;
      }
      if (pair != except) {
        COUPLET_TRY(rekey_links(batch, pair, side, rekeyed));
        COUPLET_TRY(rekey_entries(batch, pair, side, rekeyed));
      }
      COUPLET_TRY(rekey_separations(batch, pair, side, rekeyed));
    }
  }
  return {};
}

Result<void> State::rekey_links(StateBatch& batch, std::size_t pair, Side side,
                                std::span<const Rekeyed> rekeyed) const {
  const std::vector<ObjectKey> before = keys_before(rekeyed);
  const std::optional<Side> many = definition_.pairs[pair].many;
  if (!many) {
    COUPLET_ASSIGN(auto found, links(pair, side, before));
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i]) {
        erase(batch, pair, *found[i]);
        found[i]->end(side) = rekeyed[i].after;
        put(batch, pair, *found[i]);
      }
    }
    return {};
  }
  if (side == *many) {
    COUPLET_ASSIGN(const auto found, contributions(pair, before));
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i]) {
        erase(batch, pair, before[i], found[i]->target);
        put(batch, pair, rekeyed[i].after, *found[i]);
      }
    }
    return {};
  }
  COUPLET_ASSIGN(const auto found, targets(pair, before));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) {
      continue;
    }
    erase_target(batch, pair, before[i]);
    put(batch, pair, rekeyed[i].after, *found[i]);
    COUPLET_ASSIGN(const auto everyone, contributors(pair, before[i]));
    COUPLET_ASSIGN(auto records, contributions(pair, everyone));
    for (std::size_t each = 0; each < everyone.size(); ++each) {
      if (records[each]) {
        erase(batch, pair, everyone[each], before[i]);
        records[each]->target = rekeyed[i].after;
        put(batch, pair, everyone[each], *records[each]);
      }
    }
  }
  return {};
}

// What stands beside the links: tombstones of survivors, and worklists.
Result<void> State::rekey_entries(StateBatch& batch, std::size_t pair, Side side,
                                  std::span<const Rekeyed> rekeyed) const {
  COUPLET_ASSIGN(const auto tombstones, this->tombstones(pair, side, keys_before(rekeyed)));
  for (std::size_t i = 0; i < rekeyed.size(); ++i) {
    if (tombstones[i]) {
      erase_tombstone(batch, pair, side, rekeyed[i].before);
      put_tombstone(batch, pair, side, rekeyed[i].after, *tombstones[i]);
    }
  }
  for (const std::size_t mapping : definition_.pairs[pair].mappings) {
    std::vector<Subject> subjects;
    for (const Rekeyed& one : rekeyed) {
      subjects.push_back({mapping, side, one.before});
    }
    COUPLET_ASSIGN(const auto entries, standing(subjects));
    for (std::size_t i = 0; i < rekeyed.size(); ++i) {
      replace_standing(batch, subjects[i], entries[i], {});
      replace_standing(batch, {mapping, side, rekeyed[i].after}, {}, entries[i]);
    }
  }
  return {};
}

}  // namespace couplet
