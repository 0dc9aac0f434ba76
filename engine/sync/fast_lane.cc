#include "engine/sync/fast_lane.h"

#include <algorithm>
#include <string_view>

namespace couplet {
namespace {

// Nothing that a mapping does with the slot leaves a value at an end that the base does not tell of
// while the version of that row moves on.
bool base_follows(const SlotUse& use) {
  return use.policy == Policy::kEnforce && use.conflict != ConflictPolicy::kHold &&
         !use.carried_back[0] && !use.carried_back[1];
}

// In its own row, and compared in its own terms: no link that moves elsewhere changes it.
bool stands_alone(const Slot& slot, Side side) {
  const Endpoint& end = slot.end(side);
  return (!slot.link || slot.canonical == side) && !slot.constant &&
         end.kind != Endpoint::Kind::kSelf &&
         std::all_of(end.columns.begin(), end.columns.end(),
                     [](const ColumnPath& column) { return column.joins.empty(); });
}

// What another row may hold, so that who holds what has to be known before it is written.
bool is_unique(const BoundEntity& entity, const std::string& column) {
  const auto has = [&](const std::vector<std::string>& columns) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  };
  const auto& keys = entity.table.unique_keys;
  return has(entity.id) || std::any_of(keys.begin(), keys.end(),
                                       [&](const UniqueKey& key) { return has(key.columns); });
}

}  // namespace

bool may_skip_rows(const BoundDefinition& definition, const MappingPlan& plan, Side side) {
  const BoundEntity& own = *plan.side(side).entity;
  const BoundEntity& opposite = *plan.side(other(side)).entity;
  if (plan.entities->many || !plan.bound->writes[index_of(side)] || own.table.user_triggers ||
      own.updated_at || !plan.side(side).projection.scope.empty() ||
      (own.source == opposite.source && own.table.name == opposite.table.name)) {
    return false;
  }
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    if (!stands_alone(plan.slot(use), side)) {
      return false;
    }
  }
  return std::all_of(
      plan.entities->mappings.begin(), plan.entities->mappings.end(), [&](std::size_t index) {
        const BoundMapping& mapping = definition.mappings[index];
        return std::all_of(mapping.keys.begin(), mapping.keys.end(), base_follows) &&
               std::all_of(mapping.attributes.begin(), mapping.attributes.end(), base_follows);
      });
}

FastLane::FastLane(const DecisionContext& context) : context_(context) {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    skippable_[index_of(side)] = may_skip_rows(context.definition, context.plan, side);
  }
}

bool FastLane::knows(const Agreement& agreement, Side end) const {
  if (agreement.ends[index_of(end)].version == RowVersion{}) {
    return false;
  }
  return std::all_of(context_.plan.uses.begin(), context_.plan.uses.end(), [&](const SlotUse* use) {
    return use->slot < agreement.base.size() && agreement.base[use->slot].known;
  });
}

void FastLane::add_ends(std::span<const Link* const> links, Side end, TaskBatch& batch,
                        std::vector<const View*>& views) const {
  const MappingPlan& plan = context_.plan;
  const Projection& projection = plan.side(end).projection;
  const Digest null = context_.state.digester().of_null();
  RowBatch& rows = batch.rows.emplace_back(projection.width());
  std::vector<View>& made = batch.views.emplace_back(links.size());
  std::string arena;
  std::vector<Value> id;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const EndState& known = links[i]->agreement.ends[index_of(end)];
    View& view = made[i];
    view.side = end;
    view.key = links[i]->end(end);
    view.present = true;
    view.in_scope = true;
    view.version = known.version;
    view.rows = &rows;
    view.row = i;
    arena.clear();
    id.clear();
    const auto decoded = decode_key(projection.id_types, view.key.bytes, arena, id);
    COUPLET_CHECK(decoded.has_value());
    rows.begin_row(known.version, static_cast<std::uint32_t>(i));
    for (const Value& cell : id) {
      rows.push(cell);
    }
    for (std::size_t column = 0; column < projection.columns.size(); ++column) {
      rows.push_absent();
    }
    view.slots.resize(plan.uses.size());
    for (std::size_t use = 0; use < plan.uses.size(); ++use) {
      SlotState& state = view.slots[use].state;
      state.digest = links[i]->agreement.base[plan.uses[use]->slot].digests[index_of(end)];
      state.kind = state.digest == null ? SlotState::Kind::kNull : SlotState::Kind::kValue;
    }
    views.push_back(&view);
  }
}

bool FastLane::decide(Task& task, Side end) const {
  couplet::decide(context_, task);
  task.decided = true;
  return is_plain_update(task, end);
}

// Only what has changed at the other end is written, and nothing that another row could hold.
bool FastLane::is_plain_update(const Task& task, Side end) const {
  if (task.act != Task::Act::kMerge || task.situation != Situation::kSourceChanged || task.links ||
      !task.waits.empty()) {
    return false;
  }
  const MappingPlan& plan = context_.plan;
  bool writes = false;
  for (std::size_t use = 0; use < task.merges.size(); ++use) {
    const Merge& merge = task.merges[use];
    const std::string_view because = merge.because;
    if (merge.rule != nullptr) {
      return false;
    }
    if (merge.outcome == Merge::Outcome::kNone) {
      if (because != because::kEqual && because != because::kUnchanged) {
        return false;
      }
      continue;
    }
    if (merge.outcome != Merge::Outcome::kWrite || merge.to != end ||
        because != because::kChanged) {
      return false;
    }
    writes = true;
    const auto& columns = plan.slot(use).end(end).columns;
    if (std::any_of(columns.begin(), columns.end(), [&](const ColumnPath& column) {
          return is_unique(*plan.side(end).entity, column.column);
        })) {
      return false;
    }
  }
  return writes;
}

}  // namespace couplet
