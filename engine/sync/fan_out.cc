#include "engine/sync/fan_out.h"

#include <algorithm>
#include <numeric>

#include "engine/model/object_key.h"
#include "engine/model/planted_bug.h"

namespace couplet {
namespace {

bool same_columns(const std::vector<ColumnPath>& a, const std::vector<ColumnPath>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const ColumnPath& one, const ColumnPath& other_one) {
                      return one.column == other_one.column && one.joins == other_one.joins;
                    });
}

// Several attributes of a mapping read through one reference: that is one way.
void add_once(std::vector<FanOut::Way>& ways, FanOut::Way way) {
  const bool known = std::any_of(ways.begin(), ways.end(), [&](const FanOut::Way& other_way) {
    return other_way.mapping == way.mapping && other_way.side == way.side &&
           other_way.equals == way.equals &&
           same_columns(other_way.projection.columns, way.projection.columns);
  });
  if (!known) {
    ways.push_back(std::move(way));
  }
}

FanOut::Way way_of(const MappingPlan& plan, Side side, const std::vector<ColumnPath>& columns,
                   const std::vector<std::string>& equals) {
  const Projection& own = plan.side(side).projection;
  FanOut::Way way;
  way.mapping = plan.mapping;
  way.side = side;
  way.projection.table = own.table;
  way.projection.id = own.id;
  way.projection.id_types = own.id_types;
  way.projection.columns = columns;
  way.equals = columns.empty() ? std::vector<std::string>{} : equals;
  return way;
}

}  // namespace

FanOut::FanOut(const BoundDefinition& definition, const std::vector<MappingPlan>& plans,
               std::vector<Source*> sources)
    : definition_(definition), sources_(std::move(sources)), through_(definition.entities.size()) {
  for (const MappingPlan& plan : plans) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      add_paths(plan, side);
      add_references(plan, side);
    }
  }
}

void FanOut::add_paths(const MappingPlan& plan, Side side) {
  const std::size_t source = plan.side(side).entity->source;
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    for (const PathStep& step : plan.slot(use).end(side).steps) {
      for (std::size_t entity = 0; entity < definition_.entities.size(); ++entity) {
        if (definition_.entities[entity].source == source &&
            definition_.entities[entity].table.name == step.table) {
          add_once(through_[entity], way_of(plan, side, step.columns, step.target_columns));
        }
      }
    }
  }
}

void FanOut::add_references(const MappingPlan& plan, Side side) {
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    const Slot& slot = plan.slot(use);
    const Endpoint& end = slot.end(side);
    if (slot.link && end.kind == Endpoint::Kind::kReference) {
      const Side refers_to = slot.link_flipped ? other(side) : side;
      add_once(referring_[{*slot.link, refers_to}],
               way_of(plan, side, end.columns, definition_.entities[end.entity].id));
    }
  }
}

const std::vector<FanOut::Way>& FanOut::through(std::size_t entity) const {
  return through_[entity];
}

const std::vector<FanOut::Way>& FanOut::referring(std::size_t pair, Side side) const {
  static const std::vector<Way> kNone;
  const auto found = referring_.find({pair, side});
  return found == referring_.end() ? kNone : found->second;
}

// What the readers' columns hold if they refer to these objects: parts of their ids, or columns
// that are read for it.
Result<ValueTable> FanOut::values_of(const Way& way, const BoundEntity& entity,
                                     std::span<const ObjectKey> keys) const {
  ValueTable wanted;
  std::vector<std::size_t> parts;
  for (const std::string& column : way.equals) {
    const auto part = std::find(entity.id.begin(), entity.id.end(), column);
    if (part != entity.id.end()) {
      parts.push_back(static_cast<std::size_t>(part - entity.id.begin()));
      wanted.types.push_back(entity.id_types[parts.back()]);
    }
  }
  if (parts.size() == way.equals.size()) {
    wanted.rows.reset(parts.size());
    std::string arena;
    std::vector<Value> cells;
    for (const ObjectKey& key : keys) {
      COUPLET_TRY(decode_key(entity.id_types, key.bytes, arena, cells));
      wanted.rows.begin_row();
      for (const std::size_t part : parts) {
        wanted.rows.push(cells[part]);
      }
    }
    return wanted;
  }
  Projection projection;
  projection.table = entity.table.name;
  projection.id = entity.id;
  projection.id_types = entity.id_types;
  wanted.types.clear();
  for (const std::string& column : way.equals) {
    const ColumnInfo* info = entity.table.column(column);
    if (info == nullptr || !info->type) {
      return fail(ErrorKind::kSchema, "column " + column + " of " + entity.name +
                                          ", which references lead to, is gone");
    }
    projection.columns.push_back({{}, column, *info->type});
    wanted.types.push_back(*info->type);
  }
  RowBatch rows;
  COUPLET_TRY(sources_[entity.source]->fetch(projection, keys, rows));
  wanted.rows.reset(way.equals.size());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    wanted.rows.begin_row();
    for (std::size_t i = 0; i < way.equals.size(); ++i) {
      const Value value = rows.at(row, entity.id.size() + i);
      if (!value.has_bytes()) {
        wanted.rows.drop_last();  // Nobody can refer to it.
        break;
      }
      wanted.rows.push(value);
    }
  }
  return wanted;
}

Result<std::optional<std::vector<ObjectKey>>> FanOut::walk(const Way& way, std::size_t entity,
                                                           std::span<const ObjectKey> keys,
                                                           std::size_t most) const {
  if (way.equals.empty()) {
    return std::nullopt;
  }
  if (planted("readers_sleep")) {
    return std::vector<ObjectKey>{};
  }
  const BoundEntity& from = definition_.entities[entity];
  COUPLET_ASSIGN(ValueTable wanted, values_of(way, from, keys));
  std::vector<ObjectKey> readers;
  if (wanted.rows.empty()) {
    return readers;
  }
  wanted.answers_most = most + 1;
  std::vector<std::size_t> by(way.projection.columns.size());
  std::iota(by.begin(), by.end(), 0);
  RowBatch rows;
  COUPLET_TRY(sources_[from.source]->find(way.projection, by, wanted, rows));
  if (rows.rows() > most) {
    return std::nullopt;
  }
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    readers.push_back(key_of_row(rows, row, way.projection.id_types));
  }
  std::sort(readers.begin(), readers.end());
  readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
  return readers;
}

}  // namespace couplet
