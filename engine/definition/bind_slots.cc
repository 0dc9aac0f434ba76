// Pairs of entities, the slots that mappings over one pair share, and how each mapping uses them.
#include <algorithm>
#include <utility>

#include "engine/definition/binding.h"

namespace couplet {

namespace {

ConflictPolicy turned_policy(ConflictPolicy policy) {
  switch (policy) {
    case ConflictPolicy::kLeftWins:
      return ConflictPolicy::kRightWins;
    case ConflictPolicy::kRightWins:
      return ConflictPolicy::kLeftWins;
    default:
      return policy;
  }
}

std::size_t find_or_add_pair(Binding& binding, const MappingDefinition& mapping) {
  const auto& entities = mapping.entities;
  auto& pairs = binding.bound.pairs;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i].entities == entities ||
        (pairs[i].entities[0] == entities[1] && pairs[i].entities[1] == entities[0])) {
      return i;
    }
  }
  Pair pair;
  pair.entities = entities;
  pair.name = binding.definition.entities[entities[0]].name + "|" +
              binding.definition.entities[entities[1]].name;
  pairs.push_back(std::move(pair));
  return pairs.size() - 1;
}

// The attributes of one mapping, in the orientation of its pair.
class SlotBinder {
 public:
  SlotBinder(Binding& binding, std::size_t mapping)
      : binding_(binding),
        given_(binding.definition.mappings[mapping]),
        origins_(binding.mappings[mapping]),
        bound_(binding.bound.mappings[mapping]),
        pair_(binding.bound.pairs[bound_.pair]),
        turned_(origins_.turned) {}

  void bind() {
    for (const AttributeDefinition& attribute : given_.keys) {
      add(attribute, bound_.keys, origins_.keys);
    }
    for (const AttributeDefinition& attribute : given_.attributes) {
      add(attribute, bound_.attributes, origins_.attributes);
    }
  }

 private:
  [[nodiscard]] const std::optional<Text>& path(const AttributeDefinition& attribute,
                                                Side side) const {
    return attribute.path[index_of(turned_ ? other(side) : side)];
  }

  void add(const AttributeDefinition& attribute, std::vector<SlotUse>& uses,
           std::vector<UseOrigin>& origins) {
    Slot slot;
    bool whole = true;
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const auto& text = path(attribute, side);
      if (!text) {
        whole = whole && attribute.constant.has_value();
        continue;
      }
      auto endpoint =
          bind_path(binding_, pair_.entities[index_of(side)], *text, attribute.link_mapping);
      whole = whole && endpoint.has_value();
      if (endpoint) {
        (side == Side::kLeft ? slot.left : slot.right) = std::move(*endpoint);
      }
    }
    whole = whole && (attribute.link       ? bind_link(attribute, slot)
                      : attribute.constant ? bind_constant(attribute, slot)
                                           : bind_values(attribute, slot));
    if (!whole) {
      return;
    }
    slot.name = name_of_slot(attribute, slot);
    SlotUse use;
    use.slot = find_or_add(std::move(slot));
    use.identity = attribute.identity;
    use.writes = written_sides(attribute.direction);
    if (turned_) {
      std::swap(use.writes[0], use.writes[1]);
    }
    use.policy = attribute.policy;
    use.conflict = turned_ ? turned_policy(attribute.conflict) : attribute.conflict;
    const Side tie = given_.tie.value_or(source_side(attribute.direction));
    use.tie = turned_ ? other(tie) : tie;
    uses.push_back(use);
    origins.push_back({&attribute, turned_});
  }

  // The slot's ends must be what the link's mapping relates.
  bool bind_link(const AttributeDefinition& attribute, Slot& slot) {
    if (!attribute.link_mapping || !binding_.mappings[*attribute.link_mapping].usable) {
      return false;  // Reported elsewhere.
    }
    const std::size_t link = binding_.bound.mappings[*attribute.link_mapping].pair;
    const auto& related = binding_.bound.pairs[link].entities;
    slot.link = link;
    slot.link_flipped = slot.left.entity == related[1] && slot.right.entity == related[0];
    if (slot.link_flipped || (slot.left.entity == related[0] && slot.right.entity == related[1])) {
      return true;
    }
    const auto describe = [&](const Endpoint& end) {
      return end.text + " is " + binding_.bound.entities[end.entity].name;
    };
    binding_.error(attribute.link->place, "wrong_link",
                   "link: mapping " + attribute.link->value + " relates " +
                       binding_.bound.entities[related[0]].name + " and " +
                       binding_.bound.entities[related[1]].name + ", but " + describe(slot.left) +
                       " and " + describe(slot.right));
    return false;
  }

  bool bind_constant(const AttributeDefinition& attribute, Slot& slot) {
    const Endpoint& written = slot.left.kind == Endpoint::Kind::kNone ? slot.right : slot.left;
    const Type& type = written.columns.front().type;
    auto bytes = bind_literal(binding_, *attribute.constant, type, "const");
    if (bytes && !*bytes && !written.nullable) {
      binding_.error(attribute.constant->place, "wrong_value",
                     "const: " + written.text + " may not be null");
      return false;
    }
    if (!bytes) {
      return false;
    }
    slot.constant = std::move(*bytes);
    slot.comparison = *comparison_between(type, type);
    return true;
  }

  bool bind_values(const AttributeDefinition& attribute, Slot& slot) {
    const Type& left = slot.left.columns.front().type;
    const Type& right = slot.right.columns.front().type;
    for (const ValueLine& line : attribute.values) {
      auto first = bind_literal(binding_, turned_ ? line.right : line.left, left, "values");
      auto second = bind_literal(binding_, turned_ ? line.left : line.right, right, "values");
      if (first && second) {
        slot.values.push_back({std::move(*first), std::move(*second)});
      }
    }
    if (slot.values.size() != attribute.values.size()) {
      return false;
    }
    if (slot.values.empty()) {
      const auto comparison = comparison_between(left, right);
      if (!comparison) {
        binding_.error(attribute.place, "wrong_type",
                       slot.left.text + " and " + slot.right.text +
                           " cannot be compared: " + left.name + " against " + right.name,
                       why_incomparable(left, right));
        return false;
      }
      slot.comparison = *comparison;
    }
    return true;
  }

  // What is not told by the types' names: two of one name may have other parts.
  static std::string why_incomparable(const Type& left, const Type& right) {
    return left.kind == right.kind
               ? conversion_between(left, right).reason
               : "map columns of like types, or say with `values` what is the same on both sides";
  }

  static std::string quoted_literal(const std::optional<std::string>& value) {
    return value ? "'" + *value + "'" : "null";
  }

  std::string name_of_slot(const AttributeDefinition& attribute, const Slot& slot) const {
    std::string name = slot.left.text + "=" + slot.right.text;
    if (slot.link) {
      // The first mapping over the link's pair names it, so that all names of it are one.
      name += ">" +
              binding_.definition.mappings[binding_.bound.pairs[*slot.link].mappings.front()].name;
    }
    if (attribute.constant) {
      name += "#" + quoted_literal(attribute.constant->value);
    }
    if (!attribute.values.empty()) {
      std::vector<std::string> lines;
      for (const ValueLine& line : attribute.values) {
        const auto& left = turned_ ? line.right : line.left;
        const auto& right = turned_ ? line.left : line.right;
        lines.push_back(quoted_literal(left.value) + ":" + quoted_literal(right.value));
      }
      std::sort(lines.begin(), lines.end());
      name += "~";
      for (const std::string& line : lines) {
        name += line;
      }
    }
    return name;
  }

  // Slots of one name are one: the name holds the paths, the link, the values and the const.
  std::size_t find_or_add(Slot slot) {
    for (std::size_t i = 0; i < pair_.slots.size(); ++i) {
      if (pair_.slots[i].name == slot.name) {
        return i;
      }
    }
    pair_.slots.push_back(std::move(slot));
    return pair_.slots.size() - 1;
  }

  Binding& binding_;
  const MappingDefinition& given_;
  MappingBinding& origins_;
  BoundMapping& bound_;
  Pair& pair_;
  bool turned_;
};

// What a create writes because the written side's conditions say so.
void add_create_values(Binding& binding, std::size_t mapping) {
  BoundMapping& bound = binding.bound.mappings[mapping];
  const Pair& pair = binding.bound.pairs[bound.pair];
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (!bound.create[index_of(side)]) {
      continue;
    }
    std::vector<std::string> mapped;
    binding.for_each_use(mapping, [&](const SlotUse& use, const UseOrigin&) {
      if (use.writes[index_of(side)]) {
        for (const ColumnPath& column : pair.slots[use.slot].end(side).columns) {
          mapped.push_back(column.column);
        }
      }
    });
    const TableInfo& table = *binding.entities[pair.entities[index_of(side)]].table;
    for (const Condition& condition : bound.scope[index_of(side)]) {
      const auto* equals = std::get_if<EqualsAny>(&condition);
      if (equals == nullptr || equals->values.size() != 1 ||
          std::find(mapped.begin(), mapped.end(), equals->column) != mapped.end() ||
          table.column(equals->column)->generated) {
        continue;
      }
      mapped.push_back(equals->column);
      bound.create_values[index_of(side)].push_back(
          {equals->column, equals->type, equals->values.front()});
    }
  }
}

}  // namespace

void bind_pairs(Binding& binding) {
  for (std::size_t i = 0; i < binding.definition.mappings.size(); ++i) {
    const MappingDefinition& given = binding.definition.mappings[i];
    MappingBinding& mapping = binding.mappings[i];
    BoundMapping bound;
    bound.name = given.name;
    bound.pair = find_or_add_pair(binding, given);
    Pair& pair = binding.bound.pairs[bound.pair];
    pair.mappings.push_back(i);
    mapping.usable =
        binding.entities[given.entities[0]].usable && binding.entities[given.entities[1]].usable;
    mapping.turned = pair.entities != given.entities;

    const auto side_of = [&](Side side) { return mapping.turned ? other(side) : side; };
    const auto writes = written_sides(given.direction);
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const std::size_t to = index_of(side_of(side));
      const std::size_t from = index_of(side);
      bound.writes[to] = writes[from];
      bound.create[to] = given.create[from] && writes[from];
      if (mapping.usable) {
        bound.scope[to] = binding.bound.entities[given.entities[from]].scope;
        if (given.where[from]) {
          for (Condition& condition :
               bind_where(binding, given.entities[from], *given.where[from])) {
            bound.scope[to].push_back(std::move(condition));
          }
        }
      }
    }
    bound.conflict = mapping.turned ? turned_policy(given.conflict) : given.conflict;
    bound.delete_policy = given.delete_policy;
    bound.limits = given.limits;
    bound.actions = given.actions;

    std::optional<Side> many;
    if (given.many_to_one) {
      many = bound.writes[index_of(Side::kLeft)] ? Side::kRight : Side::kLeft;
    }
    if (pair.mappings.size() == 1) {
      pair.many = many;
    } else if (pair.many != many) {
      const MappingDefinition& first = binding.definition.mappings[pair.mappings.front()];
      binding.error(given.many_to_one ? given.cardinality_place : given.place, "contradiction",
                    "mappings " + first.name + " and " + given.name +
                        " are over one pair of entities, whose links they share, but differ in "
                        "cardinality");
    }
    binding.bound.mappings.push_back(std::move(bound));
  }
}

void bind_slots(Binding& binding) {
  for (std::size_t i = 0; i < binding.mappings.size(); ++i) {
    if (binding.mappings[i].usable) {
      SlotBinder(binding, i).bind();
      add_create_values(binding, i);
    }
  }
}

}  // namespace couplet
