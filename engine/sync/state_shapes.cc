// Bases that were taken under another shape than today's: other slots, other columns.
#include <algorithm>

#include "engine/sync/byte_codec.h"
#include "engine/sync/state.h"

namespace couplet {

// A base is read by the shape that its record names, which says what columns it was taken from. So
// today's shape is durable before anything is written under it, and a crash between the two leaves
// no base that is taken for another column's.
Result<void> State::load_shapes(StateBatch& batch) {
  for (std::size_t pair = 0; pair < definition_.pairs.size(); ++pair) {
    const Shape today = shape_of(definition_.pairs[pair]);
    const std::string prefix = meta_key::kShape + u16_key(pair_ids_[pair]);
    std::optional<std::uint16_t> found;
    std::optional<std::uint16_t> last;
    const auto cursor = store_.cursor(Family::kMeta);
    for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix);
         cursor->next()) {
      const std::uint16_t number = ByteReader(cursor->key().substr(prefix.size())).u16();
      last = std::max(last.value_or(0), number);
      Shape older = parse_shape(cursor->value());
      if (complete(older, today)) {
        batch.put(Family::kMeta, std::string(cursor->key()), shape_text(older));
      }
      if (is_same(older, today)) {
        found = number;
      } else {
        older_shapes_[{pair, number}] = places_in(older, today);
      }
    }
    COUPLET_TRY(cursor->status());
    COUPLET_TRY(find_renewed(pair, batch, found ? std::nullopt : last));
    if (!found) {
      found = last ? static_cast<std::uint16_t>(*last + 1) : std::uint16_t{0};
      batch.put(Family::kMeta, prefix + u16_key(*found), shape_text(today));
    }
    shapes_.push_back(*found);
  }
  return {};
}

// `before`: the shape that was the last until now. What is found stands in the state until
// everything has been looked at.
Result<void> State::find_renewed(std::size_t pair, StateBatch& batch,
                                 std::optional<std::uint16_t> before) {
  const std::string key = meta_key::kRenewed + u16_key(pair_ids_[pair]);
  COUPLET_ASSIGN(const auto known, store_.get(Family::kMeta, key));
  if (known) {
    before = ByteReader(*known).u16();
  }
  if (!before || !older_shapes_.contains({pair, *before})) {
    return {};
  }
  COUPLET_ASSIGN(
      const auto text,
      store_.get(Family::kMeta, meta_key::kShape + u16_key(pair_ids_[pair]) + u16_key(*before)));
  const Shape older = parse_shape(text.value_or(std::string()));
  const std::vector<SlotPlace>& places = older_shapes_.at({pair, *before});
  bool any = false;
  for (std::size_t slot = 0; slot < places.size(); ++slot) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (!places[slot].renewed[index_of(side)]) {
        continue;
      }
      any = true;
      renewed_.push_back(
          {pair, slot, side,
           first_renewed(
               definition_.pairs[pair].slots[slot].end(side),
               older[static_cast<std::size_t>(places[slot].place)].columns[index_of(side)])});
    }
  }
  if (any && !known) {
    batch.put(Family::kMeta, key, u16_key(*before));
  }
  return {};
}

void State::adapt(std::size_t pair, std::uint16_t shape, Base& base) const {
  const std::size_t slots = definition_.pairs[pair].slots.size();
  if (shape != shapes_[pair]) {
    Base adapted(slots);
    if (const auto older = older_shapes_.find({pair, shape}); older != older_shapes_.end()) {
      for (std::size_t i = 0; i < slots; ++i) {
        const SlotPlace& place = older->second[i];
        if (place.place < 0 || static_cast<std::size_t>(place.place) >= base.size()) {
          continue;
        }
        adapted[i] = base[static_cast<std::size_t>(place.place)];
        if (adapted[i].known && (place.renewed[0] || place.renewed[1])) {
          adapted[i].known = false;
          adapted[i].renewed = place.renewed;
        }
      }
    }
    base = std::move(adapted);
  }
  base.resize(slots);
}

}  // namespace couplet
