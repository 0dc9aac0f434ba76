// State: separations, which keep apart two objects whose link was removed by hand. They stand
// beside the tombstones, once from each end, so that both can be asked by one range read.
#include "engine/sync/byte_codec.h"
#include "engine/sync/state.h"

namespace couplet {
namespace {

// In the place of a tombstone's side, which is 0 or 1.
constexpr std::uint8_t kFromLeft = 2;
constexpr std::uint8_t kFromRight = 3;

std::string prefix_of(std::uint16_t pair, Side side) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u16(pair);
  out.u8(side == Side::kLeft ? kFromLeft : kFromRight);
  return bytes;
}

}  // namespace

Result<bool> State::any_separations(std::size_t pair) const {
  const std::string prefix = prefix_of(pair_ids_[pair], Side::kLeft);
  const auto cursor = store_.cursor(Family::kTombstones);
  cursor->seek(prefix);
  COUPLET_TRY(cursor->status());
  return cursor->valid() && cursor->key().starts_with(prefix);
}

Result<std::vector<std::vector<State::Apart>>> State::separations(
    std::size_t pair, Side side, std::span<const ObjectKey> keys) const {
  std::vector<std::vector<Apart>> found(keys.size());
  COUPLET_ASSIGN(const bool any, any_separations(pair));
  if (!any) {  // As nearly always.
    return found;
  }
  const std::string pair_prefix = prefix_of(pair_ids_[pair], side);
  const auto cursor = store_.cursor(Family::kTombstones);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string prefix = pair_prefix + keys[i].bytes;
    for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix);
         cursor->next()) {
      COUPLET_ASSIGN(Separation separation, decode_separation(cursor->value()));
      found[i].push_back(
          {{std::string(cursor->key().substr(prefix.size()))}, std::move(separation)});
    }
    COUPLET_TRY(cursor->status());
  }
  return found;
}

void State::put_separation(StateBatch& batch, std::size_t pair, const ObjectKey& left,
                           const ObjectKey& right, const Separation& separation) const {
  const std::string bytes = encode(separation);
  batch.put(Family::kTombstones, prefix_of(pair_ids_[pair], Side::kLeft) + left.bytes + right.bytes,
            bytes);
  batch.put(Family::kTombstones,
            prefix_of(pair_ids_[pair], Side::kRight) + right.bytes + left.bytes, bytes);
}

void State::erase_separation(StateBatch& batch, std::size_t pair, const ObjectKey& left,
                             const ObjectKey& right) const {
  batch.erase(Family::kTombstones,
              prefix_of(pair_ids_[pair], Side::kLeft) + left.bytes + right.bytes);
  batch.erase(Family::kTombstones,
              prefix_of(pair_ids_[pair], Side::kRight) + right.bytes + left.bytes);
}

Result<void> State::rekey_separations(StateBatch& batch, std::size_t pair, Side side,
                                      std::span<const Rekeyed> rekeyed) const {
  std::vector<ObjectKey> keys;
  for (const Rekeyed& one : rekeyed) {
    keys.push_back(one.before);
  }
  COUPLET_ASSIGN(const auto found, separations(pair, side, keys));
  const bool left = side == Side::kLeft;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& [before, after] = rekeyed[i];
    for (const Apart& apart : found[i]) {
      erase_separation(batch, pair, left ? before : apart.other, left ? apart.other : before);
      put_separation(batch, pair, left ? after : apart.other, left ? apart.other : after,
                     apart.separation);
    }
  }
  return {};
}

}  // namespace couplet
