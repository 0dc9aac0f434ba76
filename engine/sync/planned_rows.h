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
  // Puts planned values over the own columns of rows of that side's projection.
  void apply(const SidePlan& side, RowBatch& rows) const;

 private:
  using Columns = std::map<std::string, std::optional<std::string>>;
  std::map<std::pair<std::size_t, TableName>, std::map<ObjectKey, Columns>> rows_;
};

}  // namespace couplet
