#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/sync/row_writes.h"

namespace couplet {

// What a dry run would have written into rows that exist: later decisions of the same plan read
// rows as if it had. Values behind paths stay as they are, which is why a plan with operations
// never says that it converges.
class PlannedRows {
 public:
  void add(const SidePlan& side, const RowWrite& write);
  // The key of a many-to-one target that the plan makes, by the identity that its contributors
  // want: the first batch to want it makes it under `key`, the others link to it: false, and `key`
  // is that of the first.
  bool make(std::size_t mapping, Digest identity, ObjectKey& key);
  // Puts planned values over the own columns of rows of that side's projection.
  void apply(const SidePlan& side, RowBatch& rows) const;

 private:
  using Columns = std::map<std::string, std::optional<std::string>>;
  std::map<std::pair<std::size_t, TableName>, std::map<ObjectKey, Columns>> rows_;
  std::map<std::pair<std::size_t, std::uint64_t>, ObjectKey> targets_;  // by mapping and identity
};

}  // namespace couplet
