#include "connectors/memory/commit_log.h"

#include <algorithm>

namespace couplet::memory {

void CommitLog::make_slot(const std::string& deployment) { slots_[deployment] = {end_, nullptr}; }

void CommitLog::drop_slot(const std::string& deployment) { slots_.erase(deployment); }

std::optional<Lsn> CommitLog::acknowledged(const std::string& deployment) const {
  const auto slot = slots_.find(deployment);
  return slot == slots_.end() ? std::nullopt : std::optional(slot->second.acknowledged);
}

void CommitLog::acknowledge(const std::string& deployment, Lsn position) {
  const auto found = slots_.find(deployment);
  if (found == slots_.end()) {
    return;
  }
  found->second.acknowledged = std::max(found->second.acknowledged, position);
  const auto first = std::min_element(slots_.begin(), slots_.end(), [](auto& a, auto& b) {
    return a.second.acknowledged < b.second.acknowledged;
  });
  while (!kept_.empty() && kept_.front().end <= first->second.acknowledged) {
    kept_.pop_front();
  }
}

bool CommitLog::hold(const std::string& deployment, const void* stream) {
  Slot& slot = slots_.at(deployment);
  if (slot.stream != nullptr) {
    return false;
  }
  slot.stream = stream;
  return true;
}

void CommitLog::release(const void* stream) {
  for (auto& [deployment, slot] : slots_) {
    if (slot.stream == stream) {
      slot.stream = nullptr;
    }
  }
}

bool CommitLog::holds(const std::string& deployment, const void* stream) const {
  const auto slot = slots_.find(deployment);
  return slot != slots_.end() && slot->second.stream == stream;
}

void CommitLog::tell(const TableName& table, bool told) {
  ++terms_;
  if (told) {
    untold_.erase(table);
  } else {
    untold_.insert(table);
  }
}

std::uint64_t CommitLog::append(LoggedTransaction transaction) {
  std::erase_if(transaction.changes,
                [&](const LoggedChange& change) { return untold_.contains(change.table); });
  ++end_.value;
  transaction.id = ++last_id_;
  transaction.end = end_;
  if (keeps()) {
    kept_.push_back(std::move(transaction));
  }
  return last_id_;
}

const LoggedTransaction* CommitLog::after(Lsn position) const {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& transaction) {
    return transaction.end > position;
  });
  return found == kept_.end() ? nullptr : &*found;
}

}  // namespace couplet::memory
