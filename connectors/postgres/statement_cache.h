#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "connectors/postgres/parameters.h"

namespace couplet::postgres {

// Which statements one session has prepared, by their text and parameter types, least recently used
// last. Capped, since a mapping can write any set of its columns.
class StatementCache {
 public:
  static constexpr std::size_t kCapacity = 64;

  struct Entry {
    std::string name;
    bool prepared = false;  // False: to be prepared under that name before it is used.
  };

  // The entry of a statement, made if there is none. When that displaces another, its name is
  // appended to `displaced`: to be deallocated in the session.
  Entry& at(const std::string& sql, const std::vector<Oid>& types,
            std::vector<std::string>& displaced);
  // The statement is not there after all, or its plan has gone stale.
  void forget(const std::string& name);
  void clear();

 private:
  struct Slot {
    std::string key;
    Entry entry;
  };
  std::list<Slot> slots_;
  std::unordered_map<std::string, std::list<Slot>::iterator> by_key_;
  std::uint64_t names_ = 0;
};

}  // namespace couplet::postgres
