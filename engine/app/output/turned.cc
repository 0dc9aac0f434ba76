#include "engine/app/output/turned.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/sync/merge.h"

namespace couplet {
namespace {

std::string turned_rule(std::string rule) {
  return rule == because::kLeftWins    ? because::kRightWins
         : rule == because::kRightWins ? because::kLeftWins
                                       : std::move(rule);
}

std::optional<Side> turned_side(const std::optional<Side>& side) {
  return side ? std::optional(other(*side)) : std::nullopt;
}

// "phone=number", as the file has the two; "name" where they are one. A slot's own name says more:
// its link, its values.
std::string shown_attribute(const std::string& name, const Pair& pair, bool turned) {
  const auto slot = std::find_if(pair.slots.begin(), pair.slots.end(),
                                 [&](const Slot& candidate) { return candidate.name == name; });
  if (slot == pair.slots.end()) {
    return name;  // Of a former definition.
  }
  const std::string& left = slot->end(turned ? Side::kRight : Side::kLeft).text;
  const std::string& right = slot->end(turned ? Side::kLeft : Side::kRight).text;
  return left == right || right.empty() ? left : left.empty() ? right : left + "=" + right;
}

Conflict turned(Conflict conflict) {
  std::swap(conflict.objects[0], conflict.objects[1]);
  std::swap(conflict.values[0], conflict.values[1]);
  std::swap(conflict.times[0], conflict.times[1]);
  conflict.rule = turned_rule(std::move(conflict.rule));
  conflict.winner = turned_side(conflict.winner);
  if (conflict.settled) {
    conflict.settled->by = turned_rule(std::move(conflict.settled->by));
  }
  return conflict;
}

void turn(Explanation::Part& part) {
  std::swap(part.writes[0], part.writes[1]);
  for (Explanation::Attribute& attribute : part.attributes) {
    std::swap(attribute.left, attribute.right);
    std::swap(attribute.left_value, attribute.right_value);
    std::swap(attribute.left_changed, attribute.right_changed);
    attribute.winner = turned_side(attribute.winner);
    attribute.rule = turned_rule(std::move(attribute.rule));
  }
}

template <typename Ends>
Ends turned_ends(Ends ends, const std::optional<std::size_t>& mapping,
                 const std::vector<MappingShown>& mappings) {
  if (mapping && mappings[*mapping].turned) {
    std::swap(ends.left, ends.right);
  }
  return ends;
}

}  // namespace

std::vector<MappingShown> mappings_shown(const Definition& definition,
                                         const BoundDefinition& bound) {
  std::vector<MappingShown> shown;
  for (std::size_t i = 0; i < bound.mappings.size(); ++i) {
    const BoundMapping& mapping = bound.mappings[i];
    shown.push_back({mapping.name,
                     definition.mappings[i].entities[0] != bound.pairs[mapping.pair].entities[0]});
  }
  return shown;
}

Conflict as_shown(Conflict conflict, const MappingShown& mapping, const Pair& pair) {
  conflict.attribute = shown_attribute(conflict.attribute, pair, mapping.turned);
  return mapping.turned ? turned(std::move(conflict)) : conflict;
}

Explanation as_shown(Explanation explanation, const std::vector<MappingShown>& mappings,
                     const BoundDefinition& bound) {
  for (Explanation::Part& part : explanation.parts) {
    const MappingShown& mapping = mappings[part.mapping];
    if (mapping.turned) {
      turn(part);
    }
    for (Conflict& conflict : part.conflicts) {
      conflict =
          as_shown(std::move(conflict), mapping, bound.pairs[bound.mappings[part.mapping].pair]);
    }
  }
  return explanation;
}

LinkItem as_shown(LinkItem link, const std::optional<std::size_t>& mapping,
                  const std::vector<MappingShown>& mappings) {
  return turned_ends(std::move(link), mapping, mappings);
}

LinkRemoval::Removed as_shown(LinkRemoval::Removed removed,
                              const std::optional<std::size_t>& mapping,
                              const std::vector<MappingShown>& mappings) {
  return turned_ends(std::move(removed), mapping, mappings);
}

}  // namespace couplet
