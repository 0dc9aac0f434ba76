#include "engine/sync/object_name.h"

#include "engine/model/literal.h"

namespace couplet {

std::string object_name(const MappingPlan& plan, Side side, const ObjectKey& key) {
  const BoundEntity& entity = *plan.side(side).entity;
  return entity.name + "/" + format_key(entity.id_types, key);
}

namespace {
nlohmann::json cells_json(const std::vector<Type>& types, const std::vector<Value>& cells) {
  if (cells.size() == 1) {
    return to_json(types[0], cells[0]);
  }
  nlohmann::json parts = nlohmann::json::array();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    parts.push_back(to_json(types[i], cells[i]));
  }
  return cells.empty() ? nlohmann::json() : parts;
}
}  // namespace

nlohmann::json value_json(const MappingPlan& plan, const View& view, std::size_t use) {
  const SlotColumns& columns = plan.side(view.side).slots[use];
  std::vector<Value> cells;
  for (const std::size_t column : columns.columns) {
    cells.push_back(view.cell(column));
  }
  return cells_json(columns.types, cells);
}

nlohmann::json sent_json(const ViewBuilder& builder, const MappingPlan& plan, const View& view,
                         std::size_t use) {
  std::string arena;
  std::vector<Value> cells;
  COUPLET_CHECK(builder.send(view, use, arena, cells).has_value());
  return cells_json(plan.side(other(view.side)).slots[use].types, cells);
}

}  // namespace couplet
