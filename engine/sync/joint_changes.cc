#include "engine/sync/joint_changes.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace couplet {
namespace {

void put(const StateBatch::Change& change, StateBatch& batch) {
  change.value ? batch.put(change.family, change.key, *change.value)
               : batch.erase(change.family, change.key);
}

}  // namespace

void JointChanges::add(std::span<const StateBatch::Change> changes) {
  std::vector<const StateBatch::Change*> own;
  own.reserve(changes.size());
  for (const StateBatch::Change& change : changes) {
    own.push_back(&change);
  }
  const auto key_of = [](const auto* change) { return std::tie(change->family, change->key); };
  std::stable_sort(own.begin(), own.end(),
                   [&](const auto* a, const auto* b) { return key_of(a) < key_of(b); });
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (i + 1 == own.size() || key_of(own[i]) != key_of(own[i + 1])) {  // Its last word.
      put(*own[i], own[i]->value ? put_ : erased_);
    }
  }
}

void JointChanges::put_into(StateBatch& batch) const {
  for (const StateBatch* part : {&erased_, &put_}) {
    for (const StateBatch::Change& change : part->changes()) {
      put(change, batch);
    }
  }
}

}  // namespace couplet
