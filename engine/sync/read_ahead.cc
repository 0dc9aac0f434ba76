#include "engine/sync/read_ahead.h"

#include <algorithm>

#include "engine/ports/tuning.h"
#include "engine/sync/nominated_keys.h"

namespace couplet {
namespace {

bool same_table(const BoundEntity& a, std::size_t source, const TableName& table) {
  return a.source == source && a.table.name == table;
}

// What the mapping writes to a row changes that row alone: no path leads from another to it, no
// foreign key that could cascade.
bool rows_stand_alone(const MappingPlan& plan) {
  const BoundEntity& left = *plan.side(Side::kLeft).entity;
  const BoundEntity& right = *plan.side(Side::kRight).entity;
  if (plan.entities->many || same_table(left, right.source, right.table.name)) {
    return false;
  }
  return std::none_of(plan.sides.begin(), plan.sides.end(), [&](const SidePlan& own) {
    const auto leads_to_one = [&](const auto& step) {
      return same_table(left, own.entity->source, step.table) ||
             same_table(right, own.entity->source, step.table);
    };
    const auto& keys = own.entity->table.foreign_keys;
    const auto& columns = own.projection.columns;
    return std::any_of(keys.begin(), keys.end(), leads_to_one) ||
           std::any_of(columns.begin(), columns.end(), [&](const ColumnPath& path) {
             return std::any_of(path.joins.begin(), path.joins.end(), leads_to_one);
           });
  });
}

}  // namespace

ReadAhead::ReadAhead(const MappingPlan& plan, const State& state,
                     const std::vector<Source*>& sources, const DoAll& do_all,
                     std::span<const Nominee> nominees) {
  if (nominees.empty() || !rows_stand_alone(plan)) {
    return;
  }
  std::array<std::vector<ObjectKey>, 2> wanted;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const NominatedKeys nominated = nominated_keys(nominees, side);
    const auto links = state.links(plan.pair, side, nominated.keys);
    if (!links) {
      return;
    }
    for (std::size_t i = 0; i < nominated.keys.size(); ++i) {
      if (!(*links)[i]) {
        wanted[index_of(side)].push_back(nominated.keys[i]);
      } else if (!nominated.unlinked[i]) {
        wanted[0].push_back((*links)[i]->left);
        wanted[1].push_back((*links)[i]->right);
      }
    }
  }
  const auto read = [&](Side side) {
    std::vector<ObjectKey>& keys = wanted[index_of(side)];
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    keys.resize(std::min(keys.size(), tuning::kBatchRows));
    const SidePlan& own = plan.side(side);
    Rows& held = sides_[index_of(side)];
    if (keys.empty() || !sources[own.entity->source]->fetch(own.projection, keys, held.rows)) {
      return;
    }
    for (std::size_t row = 0; row < held.rows.rows(); ++row) {
      held.places.emplace(keys[held.rows.ordinal(row)], row);
    }
  };
  const std::array<std::function<void()>, 2> both{[&] { read(Side::kLeft); },
                                                  [&] { read(Side::kRight); }};
  if (plan.side(Side::kLeft).entity->source == plan.side(Side::kRight).entity->source) {
    one_after_the_other(both);
  } else {
    do_all(both);
  }
}

bool ReadAhead::append(Side side, const ObjectKey& key, RowBatch& out) const {
  const Rows& held = sides_[index_of(side)];
  const auto place = held.places.find(key);
  if (place == held.places.end()) {
    return false;
  }
  out.append(held.rows, place->second);
  return true;
}

void ReadAhead::forget_written(const TaskBatch& batch) {
  for (const Task& task : batch.tasks) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      auto& places = sides_[index_of(side)].places;
      const auto& written = task.written[index_of(side)];
      if (!written || places.empty()) {
        continue;
      }
      places.erase(written->key);
      if (const View* before = task.views[index_of(side)]; before != nullptr) {
        places.erase(before->key);
      }
    }
  }
}

}  // namespace couplet
