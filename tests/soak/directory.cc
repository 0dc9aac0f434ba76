#include "tests/soak/directory.h"

#include <algorithm>

namespace couplet::soak {

void Directory::add(std::size_t user, Table table, const std::string& key) {
  const std::lock_guard lock(mutex_);
  keys_[user].of[table].push_back(key);
}

std::optional<std::string> Directory::any(std::size_t user, Table table, std::uint64_t chance,
                                          bool hot) const {
  const std::lock_guard lock(mutex_);
  const auto& keys = keys_[user].of[table];
  if (keys.empty()) {
    return std::nullopt;
  }
  return keys[chance % (hot ? std::min(kHotKeys, keys.size()) : keys.size())];
}

std::optional<std::string> Directory::lonely(std::size_t user, std::uint64_t chance) const {
  const std::lock_guard lock(mutex_);
  const auto& keys = keys_[user].lonely;
  return keys.empty() ? std::nullopt : std::optional(keys[chance % keys.size()]);
}

void Directory::add_lonely(std::size_t user, const std::string& key) {
  const std::lock_guard lock(mutex_);
  keys_[user].lonely.push_back(key);
}

void Directory::ask_twin(std::size_t user, std::size_t of_side, const std::string& number) {
  const std::lock_guard lock(mutex_);
  twins_[user][of_side].push_back(number);
}

std::optional<std::string> Directory::take_twin(std::size_t user, std::size_t side) {
  const std::lock_guard lock(mutex_);
  auto& asked = twins_[user][side];
  if (asked.empty()) {
    return std::nullopt;
  }
  std::string number = std::move(asked.back());
  asked.pop_back();
  return number;
}

}  // namespace couplet::soak
