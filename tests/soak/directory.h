#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/soak/deployment.h"

namespace couplet::soak {

// Of each table, of each user: so many are written again and again.
inline constexpr std::size_t kHotKeys = 5;

// What users know of what is there: the keys of each table, by the user who has to do with them,
// and what one side has asked the other to make as well.
class Directory {
 public:
  explicit Directory(std::size_t users) : keys_(users), twins_(users) {}

  void add(std::size_t user, Table table, const std::string& key);
  // Any of them, or nothing. Few are hot: those that came first.
  std::optional<std::string> any(std::size_t user, Table table, std::uint64_t chance,
                                 bool hot) const;
  // An account that no order refers to, and none ever will.
  std::optional<std::string> lonely(std::size_t user, std::uint64_t chance) const;
  void add_lonely(std::size_t user, const std::string& key);

  // That the users of both sides make an order of this number, at about the same time.
  void ask_twin(std::size_t user, std::size_t of_side, const std::string& number);
  std::optional<std::string> take_twin(std::size_t user, std::size_t side);

 private:
  struct Keys {
    std::array<std::vector<std::string>, kTables> of;
    std::vector<std::string> lonely;
  };
  mutable std::mutex mutex_;
  std::vector<Keys> keys_;
  std::vector<std::array<std::vector<std::string>, 2>> twins_;
};

}  // namespace couplet::soak
