#include "engine/sync/joint_changes.h"

namespace couplet {

void JointChanges::add(std::span<const StateBatch::Change> changes) {
  std::map<std::pair<Family, std::string>, std::optional<std::string>> own;
  for (const StateBatch::Change& change : changes) {
    own[{change.family, change.key}] = change.value;
  }
  for (auto& [key, value] : own) {
    const auto [known, is_new] = changes_.try_emplace(key, value);
    if (!is_new && value) {
      known->second = std::move(value);
    }
  }
}

void JointChanges::put_into(StateBatch& batch) const {
  for (const auto& [key, value] : changes_) {
    value ? batch.put(key.first, key.second, *value) : batch.erase(key.first, key.second);
  }
}

}  // namespace couplet
