// State::rekey: an object has another id.
#include "engine/sync/state.h"

namespace couplet {

Result<void> State::rekey(StateBatch& batch, std::size_t entity, const ObjectKey& before,
                          const ObjectKey& after, std::size_t except) const {
  for (std::size_t pair = 0; pair < definition_.pairs.size(); ++pair) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (definition_.pairs[pair].entities[index_of(side)] != entity) {
        continue;
      }
      if (pair != except) {
        COUPLET_TRY(rekey_pair(batch, pair, side, before, after));
      }
      COUPLET_TRY(rekey_separations(batch, pair, side, before, after));
    }
  }
  return {};
}

Result<void> State::rekey_pair(StateBatch& batch, std::size_t pair, Side side,
                               const ObjectKey& before, const ObjectKey& after) const {
  const std::optional<Side> many = definition_.pairs[pair].many;
  if (!many) {
    COUPLET_ASSIGN(auto found, links(pair, side, {&before, 1}));
    if (found[0]) {
      erase(batch, pair, *found[0]);
      found[0]->end(side) = after;
      put(batch, pair, *found[0]);
    }
  } else if (side == *many) {
    COUPLET_ASSIGN(const auto found, contributions(pair, {&before, 1}));
    if (found[0]) {
      erase(batch, pair, before, found[0]->target);
      put(batch, pair, after, *found[0]);
    }
  } else {
    COUPLET_ASSIGN(const auto found, targets(pair, {&before, 1}));
    if (found[0]) {
      erase_target(batch, pair, before);
      put(batch, pair, after, *found[0]);
      COUPLET_ASSIGN(const auto everyone, contributors(pair, before));
      COUPLET_ASSIGN(auto records, contributions(pair, everyone));
      for (std::size_t i = 0; i < everyone.size(); ++i) {
        if (records[i]) {
          erase(batch, pair, everyone[i], before);
          records[i]->target = after;
          put(batch, pair, everyone[i], *records[i]);
        }
      }
    }
  }
  COUPLET_ASSIGN(const auto tombstone, tombstones(pair, side, {&before, 1}));
  if (tombstone[0]) {
    erase_tombstone(batch, pair, side, before);
    put_tombstone(batch, pair, side, after, *tombstone[0]);
  }
  for (const std::size_t mapping : definition_.pairs[pair].mappings) {
    const Subject old_subject{mapping, side, before};
    COUPLET_ASSIGN(const auto entries, standing({&old_subject, 1}));
    replace_standing(batch, old_subject, entries[0], {});
    replace_standing(batch, {mapping, side, after}, {}, entries[0]);
  }
  return {};
}

}  // namespace couplet
