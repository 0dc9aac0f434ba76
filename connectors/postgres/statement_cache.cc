#include "connectors/postgres/statement_cache.h"

namespace couplet::postgres {

StatementCache::Entry& StatementCache::at(const std::string& sql, const std::vector<Oid>& types,
                                          std::vector<std::string>& displaced) {
  std::string key = sql;
  for (const Oid type : types) {
    key += '\0';
    key += std::to_string(type);
  }
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    slots_.splice(slots_.begin(), slots_, found->second);
    return slots_.front().entry;
  }
  if (slots_.size() >= kCapacity) {
    if (slots_.back().entry.prepared) {
      displaced.push_back(slots_.back().entry.name);
    }
    by_key_.erase(slots_.back().key);
    slots_.pop_back();
  }
  slots_.push_front({key, {"couplet_" + std::to_string(++names_), false}});
  by_key_[std::move(key)] = slots_.begin();
  return slots_.front().entry;
}

void StatementCache::forget(const std::string& name) {
  for (Slot& slot : slots_) {
    if (slot.entry.name == name) {
      // A new name: the old one may exist in the session all the same.
      slot.entry = {"couplet_" + std::to_string(++names_), false};
      return;
    }
  }
}

void StatementCache::clear() {
  by_key_.clear();
  slots_.clear();
}

}  // namespace couplet::postgres
