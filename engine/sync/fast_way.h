#pragma once

#include <optional>
#include <vector>

#include "engine/sync/mapping_plan.h"

namespace couplet {

// Whose changes may take the fast lane (engine/sync/fast_lane.h), as far as the definition says so:
// objects of an entity that one mapping alone has to do with, one to one, each of whose values
// stands in the row itself, so that nothing but a row's own event changes what is carried.
struct FastWay {
  std::size_t mapping = 0;
  Side from = Side::kLeft;  // the side that has changed; the other is written
  bool creates = false;     // those without a link too
  // Columns of the projection of `from`, all its own: whose values an event has to bring.
  std::vector<std::string> columns;
  std::vector<Type> column_types;
};

// By entity. `plans` are of the definition.
std::vector<std::optional<FastWay>> fast_ways(const BoundDefinition& definition,
                                              const std::vector<MappingPlan>& plans);

}  // namespace couplet
