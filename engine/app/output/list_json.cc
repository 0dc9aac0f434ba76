#include "engine/app/output/list_json.h"

#include "engine/app/exit_code.h"
#include "engine/app/output/json_parts.h"
#include "engine/app/output/list_text.h"
#include "engine/app/output/printable.h"
#include "engine/app/output/settlement_output.h"
#include "engine/definition/secret.h"
#include "engine/model/literal.h"

namespace couplet {
namespace {

Json time_json(const std::optional<Timestamp>& time) {
  return time ? Json(format_timestamp(*time)) : Json(nullptr);
}

Json changed_json(const std::optional<bool>& changed) {
  return changed ? Json(*changed) : Json(nullptr);
}

Json link_object(const LinkItem& link) {
  return {{"left", link.left},
          {"right", link.right},
          {"by", name_of(link.by)},
          {"linked_at", format_timestamp(link.linked_at)},
          {"synced_at", time_json(link.synced_at)},
          {"incarnation", link.incarnation}};
}

}  // namespace

std::string link_json(const LinkItem& link) { return dump(link_object(link)); }

std::string removed_json(const LinkRemoval::Removed& removed) {
  return dump({{"left", removed.left},
               {"right", removed.right},
               {"linked", removed.linked},
               {"kept_apart", removed.kept_apart}});
}

std::string links_json(const ObjectLinks& links, const std::vector<std::string>& explained) {
  Json ends = Json::array();
  for (const std::string& end : explained) {
    ends.push_back(Json::parse(end));
  }
  Json all = Json::array();
  for (const ObjectLinks::One& one : links.links) {
    Json attributes = Json::array();
    for (const ObjectLinks::Attribute& attribute : one.attributes) {
      attributes.push_back({{"left", attribute.left},
                            {"right", attribute.right},
                            {"base", attribute.known},
                            {"left_changed", changed_json(attribute.left_changed)},
                            {"right_changed", changed_json(attribute.right_changed)}});
    }
    Json json = link_object(one.link);
    json["mappings"] = one.mappings;
    json["left_exists"] = one.exists[0];
    json["right_exists"] = one.exists[1];
    json["attributes"] = std::move(attributes);
    all.push_back(std::move(json));
  }
  return dump({{"object", links.object},
               {"exists", links.exists},
               {"links", std::move(all)},
               {"more", links.more},
               {"kept_apart", links.kept_apart},
               {"gone", links.gone},
               {"ends", std::move(ends)}});
}

std::string import_json(const LinkImport::Report& report) {
  Json errors = Json::array();
  for (const LinkImport::Refusal& refusal : report.refusals) {
    errors.push_back({{"line", refusal.line},
                      {"code", code_of(refusal.error)},
                      {"message", mask(printable(refusal.error.message))}});
  }
  return dump({{"imported", report.imported},
               {"unchanged", report.unchanged},
               {"refused", report.refused},
               {"errors", std::move(errors)}});
}

std::string parked_json(const ParkedItem& item, std::string_view mapping, bool detail) {
  Json json = {{"id", item.id},
               {"mapping", mapping},
               {"object", item.object},
               {"counterpart", item.counterpart.empty() ? Json(nullptr) : Json(item.counterpart)},
               {"situation", name_of(item.parked.situation)},
               {"kind", parked_kind(item.parked)},
               {"refused", item.parked.attributes},
               {"reason", item.parked.reason},
               {"attempts", item.parked.attempts},
               {"first_at", format_timestamp(item.parked.first_at)},
               {"last_at", format_timestamp(item.parked.last_at)}};
  if (detail) {
    json["detail"] = item.parked.detail;
  }
  return dump(json);
}

std::string held_json(const HeldItem& item, std::string_view mapping) {
  return dump({{"id", item.id},
               {"mapping", mapping},
               {"object", item.object},
               {"situation", name_of(item.held.situation)},
               {"reason", item.held.reason},
               {"since", format_timestamp(item.held.since)}});
}

std::string conflict_json(const ConflictItem& item, std::string_view mapping) {
  const Conflict& conflict = item.conflict;
  const auto end = [&](Side side) {
    const std::size_t i = index_of(side);
    Json value = Json::parse(conflict.values[i], nullptr, false);
    return Json{{"object", conflict.objects[i]},
                {"value", value.is_discarded() ? Json(conflict.values[i]) : std::move(value)},
                {"time", time_json(conflict.times[i])}};
  };
  return dump(
      {{"id", item.id},
       {"mapping", mapping},
       {"situation", conflict.situation ? Json(name_of(*conflict.situation)) : Json(nullptr)},
       {"attribute", conflict.attribute},
       {"left", end(Side::kLeft)},
       {"right", end(Side::kRight)},
       {"rule", conflict.rule},
       {"winner", conflict.winner ? Json(name_of(*conflict.winner)) : Json(nullptr)},
       {"at", format_timestamp(conflict.at)},
       {"held", item.held},
       {"settled", settlement_json(conflict, item.held)}});
}

std::string listed_json(const Listed& listed) {
  const Json summary = {{"items", listed.items},
                        {"next", listed.next ? Json(*listed.next) : Json(nullptr)}};
  return dump({{"summary", summary}});
}

}  // namespace couplet
