#include <algorithm>
#include <tuple>

#include "tests/simulation/laws.h"

// The laws of many to one: where each contributor stands, and whose values count.
namespace couplet::simulation {
namespace {

using memory::Cells;

}  // namespace

// Link integrity: who has an identity key contributes to one row, which has the same.
void RestLaws::check_targets(const Mapping& mapping) {
  const std::size_t many = table(mapping, Side::kLeft);
  const std::map<Row, Row>& links = links_.at(mapping.name);
  std::set<Row> targets;
  for (const auto& [tag, row] : rows_[many]) {
    const Row own{many, tag};
    const auto key = key_of(mapping, Side::kLeft, own);
    const auto link = links.find(own);
    if (link != links.end() && link->second.second.empty()) {
      if (!excused(mapping).contains(own)) {
        violated("link integrity", name(own) + " is linked to a row of " + mapping.right +
                                       " that is gone (" + mapping.name + ")");
      }
      continue;
    }
    if (link != links.end()) {
      targets.insert(link->second);
    }
    if (!key || excused(mapping).contains(own)) {
      continue;
    }
    if (link == links.end()) {
      violated("convergence", name(own) + " contributes to no row of " + mapping.right + " (" +
                                  mapping.name + ")");
      continue;
    }
    if (!excused(mapping).contains(link->second) && !may_be_called_otherwise(mapping, own) &&
        key_of(mapping, Side::kRight, link->second) != key) {
      violated("link integrity", name(own) + " contributes to " + name(link->second) +
                                     ", which has another identity key (" + mapping.name + ")");
    }
  }
  for (const Row& target : targets) {
    for (const Field& field : mapping.fields) {
      if (!field.identity && !excused_anywhere(target)) {
        check_target(field.right, target);
      }
    }
  }
}

// Whether the target of a contributor may have another identity key than it. What a user renamed is
// carried by the mapping that reads it through a path; where several mappings contribute to it, the
// first of all contributors says what it is called, also when it is made again (links are
// authoritative: DESIGN section 2), or if nobody has seen that one go. One that a user has renamed
// may be newer than all of them, and get back the name of another of them (5.5); and where both
// were renamed, or the log says so, a rule has decided.
bool RestLaws::may_be_called_otherwise(const Mapping& mapping, const Row& own) const {
  const Row& target = links_.at(mapping.name).at(own);
  if (chronicle_.rekeyed_any(target.first) && (reads_paths() || contested(mapping, target))) {
    return true;
  }
  if (chronicle_.renamed_and_deleted_any(target.first) || unseen_.contains(target)) {
    return true;
  }
  const auto name_held = key_of(mapping, Side::kRight, target);
  const auto& links = links_.at(mapping.name);
  const bool said_by_another = std::any_of(links.begin(), links.end(), [&](const auto& link) {
    return link.second == target && key_of(mapping, Side::kLeft, link.first) == name_held;
  });
  return chronicle_.rekeyed(target.first, target.second) &&
         (mapping.conflict == "last_write_wins" || said_by_another ||
          chronicle_.rekeyed(own.first, own.second) ||
          std::any_of(mapping.fields.begin(), mapping.fields.end(), [&](const Field& field) {
            bool known = true;
            const auto said = value(field, Side::kLeft, own, known);
            const auto held = value(field, Side::kRight, target, known);
            return field.identity && known && chronicle_.contested(said, held);
          }));
}

// Whether others contribute to it under another mapping.
bool RestLaws::contested(const Mapping& mapping, const Row& target) const {
  return std::any_of(shape_.mappings.begin(), shape_.mappings.end(), [&](const Mapping& rival) {
    const auto& links = links_.at(rival.name);
    return rival.name != mapping.name && rival.right == mapping.right &&
           std::any_of(links.begin(), links.end(),
                       [&](const auto& link) { return link.second == target; });
  });
}

// Section 5.5: values before nulls, known times before unknown, newest first, then the mapping
// listed first, then the smallest id.
void RestLaws::check_target(const std::string& column, const Row& target) {
  using Rank = std::tuple<bool, std::string, int, std::int64_t>;
  std::map<Rank, std::optional<std::string>> voices;
  std::set<std::optional<std::string>> candidates;
  bool certain = true;
  bool anybody = false;
  int order = 0;
  for (const Mapping& mapping : shape_.mappings) {
    --order;
    if (table(mapping, Side::kRight) != target.first) {
      continue;
    }
    for (const Field& field : mapping.fields) {
      if (field.right != column) {
        continue;
      }
      if (field.policy != "enforce") {
        return;
      }
      for (const auto& [own, linked] : links_.at(mapping.name)) {
        if (linked != target) {
          continue;
        }
        // Who has lost its identity key, or waits, stays a contributor; who is held on the way to
        // another target has no say.
        certain = certain && !excused(mapping).contains(own);
        anybody = anybody || !excused(mapping).contains(own);
        const Cells& at = cells(own);
        // Times are texts of one form and zone: the later one is the greater.
        const std::string time =
            shape_.tables[own.first].has_time ? at.at("touched").value_or("") : "";
        const auto& value = at.at(field.left);
        candidates.insert(value);
        voices[{value.has_value(), time, order, -std::stoll(at.at("id").value_or("0"))}] = value;
      }
    }
  }
  if (!anybody || unseen_.contains(target)) {
    return;  // What is there stays.
  }
  const auto& held = cells(target).at(column);
  const std::optional<std::string>& best = voices.rbegin()->second;
  if (certain ? held == best : candidates.contains(held)) {
    return;
  }
  // A null never overwrites at first contact, and what lost to a newer target is on record.
  const auto excuses = [&](const std::optional<std::string>& value) {
    return (!value && held) || chronicle_.contested(value, held);
  };
  if (certain ? excuses(best) : std::any_of(candidates.begin(), candidates.end(), excuses)) {
    return;
  }
  violated("order independence", column + " of " + name(target) + " is " + shown(held) +
                                     ", but the first of its contributors says " + shown(best));
}

}  // namespace couplet::simulation
