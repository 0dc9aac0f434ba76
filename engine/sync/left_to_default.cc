#include "engine/sync/left_to_default.h"

#include <algorithm>
#include <set>
#include <string>

namespace couplet {

namespace {

// Where it has none, a value that is no null was put there by somebody.
bool has_default(const TableInfo& table, const std::string& column) {
  return std::any_of(table.columns.begin(), table.columns.end(), [&](const ColumnInfo& info) {
    return info.name == column && info.has_default;
  });
}

}  // namespace

bool may_be_left_to_default(const MappingPlan& plan, std::size_t slot, Side made) {
  const Endpoint& end = plan.entities->slots[slot].end(made);
  const std::vector<std::string>& id = plan.side(made).entity->id;
  return end.writable && !end.columns.empty() &&
         std::all_of(end.columns.begin(), end.columns.end(), [&](const ColumnPath& column) {
           return has_default(plan.side(made).entity->table, column.column) &&
                  std::find(id.begin(), id.end(), column.column) == id.end();
         });
}

void leave_to_default(const MappingPlan& plan, Side made, std::span<const std::size_t> said,
                      Base& base) {
  std::set<std::string> written;
  for (const std::size_t use : said) {
    for (const ColumnPath& column : plan.slot(use).end(made).columns) {
      written.insert(column.column);
    }
  }
  for (const BoundMapping::Written& fixed : plan.bound->create_values[index_of(made)]) {
    written.insert(fixed.column);
  }
  if (const auto& updated_at = plan.side(made).entity->updated_at) {
    written.insert(*updated_at);  // It tells when the row was made.
  }
  for (std::size_t slot = 0; slot < base.size(); ++slot) {
    const auto& columns = plan.entities->slots[slot].end(made).columns;
    if (may_be_left_to_default(plan, slot, made) &&
        std::none_of(columns.begin(), columns.end(),
                     [&](const ColumnPath& column) { return written.contains(column.column); })) {
      base[slot] = BaseSlot{false, {}, made};
    }
  }
}

void forget_defaults(Side newcomer, Base& base) {
  for (BaseSlot& slot : base) {
    if (slot.left_to_default == newcomer) {
      slot.left_to_default.reset();
    }
  }
}

}  // namespace couplet
