// Attributes that two-way mappings would carry round a ring of entities for ever, losses where one
// mapping carries back what another wrote, and changes that another mapping carries back.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine/definition/binding.h"

namespace couplet {

namespace {

using Attribute = std::pair<std::size_t, std::string>;  // entity and column

// Attributes kept equal in both directions, as an undirected graph that is free of rings.
class Equalities {
 public:
  // The way from one attribute to the other; empty if there is none.
  [[nodiscard]] std::vector<Attribute> way(const Attribute& from, const Attribute& to) const {
    std::map<Attribute, Attribute> came_from{{from, from}};
    std::vector<Attribute> front{from};
    while (!front.empty() && !came_from.contains(to)) {
      std::vector<Attribute> next;
      for (const Attribute& at : front) {
        const auto neighbours = edges_.find(at);
        if (neighbours == edges_.end()) {
          continue;
        }
        for (const Attribute& neighbour : neighbours->second) {
          if (came_from.try_emplace(neighbour, at).second) {
            next.push_back(neighbour);
          }
        }
      }
      front = std::move(next);
    }
    std::vector<Attribute> out;
    if (came_from.contains(to)) {
      for (Attribute at = to; at != from; at = came_from.at(at)) {
        out.push_back(at);
      }
      out.push_back(from);
    }
    return out;
  }
  void join(const Attribute& a, const Attribute& b) {
    edges_[a].push_back(b);
    edges_[b].push_back(a);
  }

 private:
  std::map<Attribute, std::vector<Attribute>> edges_;
};

struct TwoWaySlot {
  const UseOrigin* origin = nullptr;  // of its last use
  std::array<bool, 2> writes = {false, false};
};

void refuse_ring(Binding& binding, const UseOrigin& origin, const std::vector<Attribute>& way) {
  std::set<std::size_t> entities;
  std::string names;
  for (const Attribute& at : way) {
    entities.insert(at.first);
    names += binding.bound.entities[at.first].name + "." + at.second + ", ";
  }
  if (entities.size() < 3) {
    return;
  }
  binding.error(origin.attribute->place, "ring",
                "two-way mappings carry one attribute round: " + names +
                    "and back to the first; "
                    "they would never come to rest",
                "narrow the direction of one of them");
}

// The columns that a path runs through or ends in, each with its table.
std::vector<std::pair<TableName, std::string>> columns_read(const Endpoint& end,
                                                            const TableName& root) {
  std::vector<std::pair<TableName, std::string>> out;
  for (const ColumnPath& path : end.columns) {
    const TableName* table = &root;
    for (const Join& join : path.joins) {
      for (const std::string& column : join.columns) {
        out.emplace_back(*table, column);
      }
      table = &join.table;
    }
    out.emplace_back(*table, path.column);
  }
  return out;
}

bool runs_through(const Endpoint& end, const TableName& root, const TableName& table) {
  if (root == table) {
    return true;
  }
  return std::any_of(end.columns.begin(), end.columns.end(), [&](const ColumnPath& path) {
    return std::any_of(path.joins.begin(), path.joins.end(),
                       [&](const Join& join) { return join.table == table; });
  });
}

class CarriedBack {
 public:
  explicit CarriedBack(Binding& binding) : binding_(binding) {}

  // Whether what `mapping` writes to `target` through `slot` is read there by a mapping that writes
  // where the slot reads.
  bool is_carried(std::size_t mapping, const Slot& slot, Side target) {
    const Endpoint& written = slot.end(target);
    const Endpoint& read = slot.end(other(target));
    const BoundEntity& to = entity(mapping, target);
    const BoundEntity& from = entity(mapping, other(target));
    for (std::size_t i = 0; i < binding_.bound.mappings.size(); ++i) {
      for (const Side side : {Side::kLeft, Side::kRight}) {
        const BoundEntity& back_to = entity(i, side);
        const BoundEntity& back_from = entity(i, other(side));
        if (binding_.bound.mappings[i].writes[index_of(side)] && back_to.source == from.source &&
            back_from.source == to.source &&
            runs_through(read, from.table.name, back_to.table.name) &&
            reads(i, side, back_from.table.name, written, to.table.name)) {
          return true;
        }
      }
    }
    return false;
  }

 private:
  [[nodiscard]] const BoundEntity& entity(std::size_t mapping, Side side) const {
    const Pair& pair = binding_.bound.pairs[binding_.bound.mappings[mapping].pair];
    return binding_.bound.entities[pair.entities[index_of(side)]];
  }

  // Whether the mapping, writing to `side`, reads a column that `written` holds.
  bool reads(std::size_t mapping, Side side, const TableName& root, const Endpoint& written,
             const TableName& table) {
    const Pair& pair = binding_.bound.pairs[binding_.bound.mappings[mapping].pair];
    bool found = false;
    binding_.for_each_use(mapping, [&](const SlotUse& use, const UseOrigin&) {
      if (!use.writes[index_of(side)]) {
        return;
      }
      for (const auto& [read_table, column] :
           columns_read(pair.slots[use.slot].end(other(side)), root)) {
        found = found || (read_table == table &&
                          std::any_of(written.columns.begin(), written.columns.end(),
                                      [&, &name = column](const ColumnPath& path) {
                                        return path.joins.empty() && path.column == name;
                                      }));
      }
    });
    return found;
  }

  Binding& binding_;
};

// The column that a plain attribute is, however it is reached.
struct ColumnAt {
  std::size_t source = 0;
  TableName table;
  std::string column;
  bool operator==(const ColumnAt&) const = default;
};

// One plain attribute of one mapping in one direction.
struct Carried {
  std::size_t mapping = 0;
  std::size_t pair = 0;
  std::size_t slot = 0;
  Side to_side = Side::kRight;
  const UseOrigin* origin = nullptr;
  ColumnAt from;
  ColumnAt to;
};

std::vector<Carried> all_carried(Binding& binding) {
  std::vector<Carried> out;
  for (std::size_t i = 0; i < binding.bound.mappings.size(); ++i) {
    const std::size_t pair_index = binding.bound.mappings[i].pair;
    const Pair& pair = binding.bound.pairs[pair_index];
    const auto column_at = [&](const Slot& slot, Side side) {
      const BoundEntity& entity = binding.bound.entities[pair.entities[index_of(side)]];
      const ColumnPath& path = slot.end(side).columns.front();
      return ColumnAt{entity.source,
                      path.joins.empty() ? entity.table.name : path.joins.back().table,
                      path.column};
    };
    binding.for_each_use(i, [&](const SlotUse& use, const UseOrigin& origin) {
      const Slot& slot = pair.slots[use.slot];
      if (slot.link || slot.constant || !slot.values.empty()) {
        return;
      }
      for (const Side side : {Side::kLeft, Side::kRight}) {
        if (use.writes[index_of(side)]) {
          out.push_back({i, pair_index, use.slot, side, &origin, column_at(slot, other(side)),
                         column_at(slot, side)});
        }
      }
    });
  }
  return out;
}

// What one mapping writes and another reads by a path and writes back is two-way where they meet,
// though each is one-way: what is lost on the way there would be lost at home.
void refuse_losses_where_mappings_meet(Binding& binding) {
  const std::vector<Carried> all = all_carried(binding);
  for (const Carried& there : all) {
    for (const Carried& back : all) {
      const bool same_slot = there.pair == back.pair && there.slot == back.slot;
      if (same_slot || there.from != back.to || there.to != back.from) {
        continue;
      }
      const Slot& slot = binding.bound.pairs[there.pair].slots[there.slot];
      const Conversion conversion =
          conversion_between(slot.end(other(there.to_side)).columns.front().type,
                             slot.end(there.to_side).columns.front().type);
      if (conversion.loss == Conversion::Loss::kSilent) {
        binding.error(there.origin->attribute->place, "lossy",
                      slot.left.text + " and " + slot.right.text + ": " + conversion.reason +
                          "; mapping " + binding.bound.mappings[back.mapping].name +
                          " would carry what is lost here back",
                      "make the types alike");
        break;
      }
    }
  }
}

}  // namespace

void check_rounds(Binding& binding) {
  Equalities equalities;
  for (const Pair& pair : binding.bound.pairs) {
    std::vector<TwoWaySlot> slots(pair.slots.size());
    for (const std::size_t mapping : pair.mappings) {
      binding.for_each_use(mapping, [&](const SlotUse& use, const UseOrigin& origin) {
        slots[use.slot].origin = &origin;
        slots[use.slot].writes[0] = slots[use.slot].writes[0] || use.writes[0];
        slots[use.slot].writes[1] = slots[use.slot].writes[1] || use.writes[1];
      });
    }
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Slot& slot = pair.slots[i];
      if (!slots[i].writes[0] || !slots[i].writes[1] ||
          slot.left.columns.size() != slot.right.columns.size()) {
        continue;
      }
      for (std::size_t c = 0; c < slot.left.columns.size(); ++c) {
        const ColumnPath& left = slot.left.columns[c];
        const ColumnPath& right = slot.right.columns[c];
        if (!left.joins.empty() || !right.joins.empty()) {
          continue;
        }
        const Attribute a{pair.entities[0], left.column};
        const Attribute b{pair.entities[1], right.column};
        const std::vector<Attribute> way = equalities.way(a, b);
        if (way.empty()) {
          equalities.join(a, b);
        } else {
          refuse_ring(binding, *slots[i].origin, way);
        }
      }
    }
  }
  refuse_losses_where_mappings_meet(binding);
}

void mark_carried_back(Binding& binding) {
  CarriedBack carried(binding);
  for (std::size_t i = 0; i < binding.bound.mappings.size(); ++i) {
    const Pair& pair = binding.bound.pairs[binding.bound.mappings[i].pair];
    binding.for_each_use(i, [&](SlotUse& use, const UseOrigin&) {
      for (const Side side : {Side::kLeft, Side::kRight}) {
        use.carried_back[index_of(side)] =
            use.writes[index_of(side)] && carried.is_carried(i, pair.slots[use.slot], side);
      }
    });
  }
}

}  // namespace couplet
