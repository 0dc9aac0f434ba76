#include "engine/app/output/explanation_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/app/output/json_parts.h"
#include "engine/app/output/operation_text.h"
#include "engine/app/output/printable.h"
#include "engine/app/output/settlement_output.h"
#include "engine/model/literal.h"
#include "engine/sync/merge.h"

namespace couplet {
namespace {

using Part = Explanation::Part;
using Attribute = Explanation::Attribute;

const char* direction_of(const Part& part) {
  const bool to_left = part.writes[index_of(Side::kLeft)];
  const bool to_right = part.writes[index_of(Side::kRight)];
  return to_left && to_right ? "both" : to_left ? "right_to_left" : "left_to_right";
}

std::optional<std::string> winner_of(const std::optional<Side>& winner) {
  return winner ? std::optional<std::string>(name_of(*winner)) : std::nullopt;
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json time_or_null(const std::optional<Timestamp>& time) {
  return time ? Json(format_timestamp(*time)) : Json(nullptr);
}

Json attribute_json(const Attribute& attribute) {
  Json json;
  json["left"] = attribute.left;
  json["right"] = attribute.right;
  if (attribute.left_value) {
    json["left_value"] = Json(*attribute.left_value);
  }
  if (attribute.right_value) {
    json["right_value"] = Json(*attribute.right_value);
  }
  json["left_changed"] = attribute.left_changed;
  json["right_changed"] = attribute.right_changed;
  json["winner"] = or_null(winner_of(attribute.winner));
  json["rule"] = name_or_null(attribute.rule);
  if (!attribute.elected.empty()) {
    json["elected"] = attribute.elected;
  }
  return json;
}

std::string dumped(const std::optional<nlohmann::json>& value) {
  return value ? value->dump() : std::string();
}

// Whether it waits for a decision still: the log keeps what was settled since, too.
bool is_undecided(const Part& part, const Conflict& conflict) {
  return conflict.undecided() &&
         std::any_of(part.attributes.begin(), part.attributes.end(),
                     [&](const Attribute& attribute) {
                       return attribute.rule == because::kHold &&
                              dumped(attribute.left_value) == conflict.values[0] &&
                              dumped(attribute.right_value) == conflict.values[1];
                     });
}

Json conflict_json(const Part& part, const Conflict& conflict) {
  const auto end = [&](Side side) {
    const std::size_t index = index_of(side);
    auto value = Json::parse(conflict.values[index], nullptr, false);
    return Json{{"object", conflict.objects[index]},
                {"value", value.is_discarded() ? Json(nullptr) : std::move(value)},
                {"time", time_or_null(conflict.times[index])}};
  };
  return {{"attribute", conflict.attribute},
          {"left", end(Side::kLeft)},
          {"right", end(Side::kRight)},
          {"rule", conflict.rule},
          {"winner", or_null(winner_of(conflict.winner))},
          {"at", format_timestamp(conflict.at)},
          {"held", is_undecided(part, conflict)},
          {"settled", settlement_json(conflict, is_undecided(part, conflict))}};
}

Json part_json(const Part& part, const std::string& mapping) {
  Json json;
  json["mapping"] = mapping;
  json["direction"] = direction_of(part);
  json["situation"] = name_of(part.situation);
  json["operation"] = part.operation ? Json(name_of(*part.operation)) : Json(nullptr);
  json["reason"] = name_or_null(part.reason);
  json["counterpart"] = name_or_null(part.counterpart);
  if (!part.contributors.empty()) {
    json["contributors"] = part.contributors;
  }
  json["link"] = nullptr;
  if (part.link) {
    json["link"] = {{"by", name_of(part.link->by)},
                    {"identity", Json(part.link->identity)},
                    {"linked_at", format_timestamp(part.link->linked_at)},
                    {"synced_at", time_or_null(part.link->synced_at)},
                    {"incarnation", part.link->incarnation}};
  }
  json["tombstone"] = nullptr;
  if (part.tombstone) {
    json["tombstone"] = {{"gone", name_or_null(part.tombstone->object)},
                         {"at", format_timestamp(part.tombstone->at)}};
  }
  Json& attributes = json["attributes"] = Json::array();
  for (const Attribute& attribute : part.attributes) {
    attributes.push_back(attribute_json(attribute));
  }
  json["waits_for"] = part.waits_for;
  json["held"] = nullptr;
  if (part.held) {
    json["held"] = {{"situation", name_of(part.held->situation)},
                    {"reason", part.held->reason},
                    {"since", format_timestamp(part.held->since)}};
  }
  json["parked"] = nullptr;
  if (part.parked) {
    json["parked"] = {{"situation", name_of(part.parked->situation)},
                      {"refused", part.parked->attributes},
                      {"reason", part.parked->reason},
                      {"detail", name_or_null(part.parked->detail)},
                      {"attempts", part.parked->attempts},
                      {"first_at", format_timestamp(part.parked->first_at)},
                      {"last_at", format_timestamp(part.parked->last_at)}};
  }
  Json& conflicts = json["conflicts"] = Json::array();
  for (const Conflict& conflict : part.conflicts) {
    conflicts.push_back(conflict_json(part, conflict));
  }
  return json;
}

std::string value_text(const std::optional<nlohmann::json>& value) {
  return value ? value->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) : "-";
}

std::string attribute_text(const Attribute& attribute) {
  const bool left_changed = attribute.left_changed;
  const bool right_changed = attribute.right_changed;
  std::string text =
      fmt::format("    {} = {}  |  {} = {}", attribute.left, value_text(attribute.left_value),
                  attribute.right, value_text(attribute.right_value));
  std::string why;
  const auto add = [&](const std::string& more) { why += (why.empty() ? "  " : ", ") + more; };
  if (left_changed || right_changed) {
    add(left_changed && right_changed ? "both changed"
        : left_changed                ? "left changed"
                                      : "right changed");
  }
  if (const auto winner = winner_of(attribute.winner)) {
    add(*winner + " counts");
  }
  if (!attribute.rule.empty()) {
    add(attribute.rule);
  }
  if (!attribute.elected.empty()) {
    add("from " + attribute.elected);
  }
  return text + why;
}

void add_link_lines(const Part& part, std::vector<std::string>& lines) {
  if (!part.counterpart.empty()) {
    lines.push_back("    counterpart: " + part.counterpart);
  }
  for (const std::string& contributor : part.contributors) {
    lines.push_back("    contributor: " + contributor);
  }
  if (part.link) {
    lines.push_back(fmt::format("    linked: {} at {}, {}incarnation {}, identity key {}",
                                name_of(part.link->by), format_timestamp(part.link->linked_at),
                                part.link->synced_at
                                    ? "in step at " + format_timestamp(*part.link->synced_at) + ", "
                                    : std::string(),
                                part.link->incarnation, value_text(part.link->identity)));
  }
  if (part.tombstone) {
    lines.push_back(
        fmt::format("    severed: {} was gone at {}",
                    part.tombstone->object.empty() ? "its counterpart" : part.tombstone->object,
                    format_timestamp(part.tombstone->at)));
  }
}

void add_worklist_lines(const Part& part, std::vector<std::string>& lines) {
  for (const std::string& link : part.waits_for) {
    lines.push_back("    waits for: " + link);
  }
  if (part.held) {
    lines.push_back(fmt::format("    held since {}: {}{}", format_timestamp(part.held->since),
                                name_of(part.held->situation),
                                part.held->reason.empty() ? "" : ", " + part.held->reason));
  }
  if (part.parked) {
    lines.push_back(fmt::format("    parked since {}, tried {} time{}: {}: {}",
                                format_timestamp(part.parked->first_at), part.parked->attempts,
                                part.parked->attempts == 1 ? "" : "s",
                                name_of(part.parked->situation),
                                parked_reason(part.parked->attributes, part.parked->reason)));
    if (!part.parked->detail.empty()) {
      lines.push_back("      " + part.parked->detail);
    }
  }
  for (const Conflict& conflict : part.conflicts) {
    lines.push_back(fmt::format("    conflict at {}: {}, {}, {}", format_timestamp(conflict.at),
                                conflict.attribute, conflict.rule,
                                is_undecided(part, conflict) ? std::string("undecided")
                                : conflict.winner && !conflict.settled
                                    ? std::string(name_of(*conflict.winner)) + " won; lost: " +
                                          conflict.values[index_of(other(*conflict.winner))]
                                    : settlement_text(conflict)));
  }
}

}  // namespace

std::string explanation_json(const Explanation& explanation,
                             const std::vector<std::string>& mappings) {
  Json json;
  json["object"] = explanation.object;
  json["exists"] = explanation.exists;
  Json& parts = json["mappings"] = Json::array();
  for (const Part& part : explanation.parts) {
    parts.push_back(part_json(part, mappings[part.mapping]));
  }
  return dump(json);
}

std::string explanation_text(const Explanation& explanation,
                             const std::vector<std::string>& mappings) {
  std::vector<std::string> lines{explanation.object + (explanation.exists ? "" : "  (gone)")};
  if (explanation.parts.empty()) {
    lines.emplace_back("  no mapping relates it");
  }
  for (const Part& part : explanation.parts) {
    lines.push_back(fmt::format("  {}  {}  {} → {}{}", mappings[part.mapping], direction_of(part),
                                name_of(part.situation),
                                part.operation ? name_of(*part.operation) : "nothing to do",
                                part.reason.empty() ? "" : ": " + part.reason));
    add_link_lines(part, lines);
    for (const Attribute& attribute : part.attributes) {
      lines.push_back(attribute_text(attribute));
    }
    add_worklist_lines(part, lines);
  }
  std::string text;
  for (const std::string& line : lines) {
    text += (text.empty() ? "" : "\n") + printable(line);
  }
  return text;
}

}  // namespace couplet
