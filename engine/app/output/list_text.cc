#include "engine/app/output/list_text.h"

#include <fmt/format.h>

#include "engine/app/exit_code.h"
#include "engine/app/output/operation_text.h"
#include "engine/app/output/printable.h"
#include "engine/app/output/settlement_output.h"
#include "engine/model/literal.h"

namespace couplet {
namespace {

std::string head(std::string_view id, std::string_view mapping, std::size_t width,
                 std::string_view object) {
  return fmt::format("{}  {:<{}}  {}", id, mapping, width, printable(object));
}

std::string time_text(const std::optional<Timestamp>& time) {
  return time ? format_timestamp(*time) : "unknown";
}

std::string_view changed_text(const std::optional<bool>& changed) {
  return !changed ? "-" : *changed ? "changed" : "as agreed";
}

std::string verdict(const ConflictItem& item) {
  const Conflict& conflict = item.conflict;
  return fmt::format("{}: {}", conflict.rule,
                     item.held                              ? "held"
                     : conflict.winner && !conflict.settled ? name_of(*conflict.winner)
                                                            : settlement_text(conflict));
}

}  // namespace

std::string link_line(const LinkItem& link) {
  return fmt::format("{} = {}  {} {}", printable(link.left), printable(link.right),
                     name_of(link.by), format_timestamp(link.linked_at));
}

std::string removed_line(const LinkRemoval::Removed& removed) {
  return fmt::format("/ {} = {}  {}{}", printable(removed.left), printable(removed.right),
                     removed.linked ? "" : "not linked; ",
                     removed.kept_apart ? "kept apart" : "an end is gone");
}

std::string links_text(const ObjectLinks& links) {
  std::string text =
      fmt::format("{}: {}", printable(links.object), links.exists ? "exists" : "does not exist");
  for (const ObjectLinks::One& one : links.links) {
    text += fmt::format("\n{}\n  of {}; incarnation {}; last in step {}", link_line(one.link),
                        fmt::join(one.mappings, ", "), one.link.incarnation,
                        one.link.synced_at ? format_timestamp(*one.link.synced_at) : "never");
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (!one.exists[index_of(side)]) {
        text += fmt::format("\n  the {} does not exist", name_of(side));
      }
    }
    for (const ObjectLinks::Attribute& attribute : one.attributes) {
      text += fmt::format("\n  {} = {}: ", attribute.left, attribute.right);
      text += attribute.known
                  ? fmt::format("left {}, right {}", changed_text(attribute.left_changed),
                                changed_text(attribute.right_changed))
                  : "nothing agreed yet";
    }
  }
  if (links.more) {
    text += fmt::format("\nonly the first {} links are shown", links.links.size());
  }
  for (const std::string& other : links.kept_apart) {
    text += "\nkept apart from " + printable(other);
  }
  for (const std::string& other : links.gone) {
    text += "\nits counterpart " + printable(other) + " is gone";
  }
  if (links.links.empty() && links.kept_apart.empty() && links.gone.empty()) {
    text += "\nno link";
  }
  return text;
}

std::string parked_line(const ParkedItem& item, std::string_view mapping, std::size_t width) {
  return fmt::format("{}{}  {}, {}: {}", head(item.id, mapping, width, item.object),
                     item.counterpart.empty() ? "" : " → " + printable(item.counterpart),
                     name_of(item.parked.situation), parked_kind(item.parked),
                     printable(parked_reason(item.parked.attributes, item.parked.reason)));
}

std::string held_line(const HeldItem& item, std::string_view mapping, std::size_t width) {
  return fmt::format("{}  {}: {}", head(item.id, mapping, width, item.object),
                     name_of(item.held.situation), printable(item.held.reason));
}

std::string conflict_line(const ConflictItem& item, std::string_view mapping, std::size_t width) {
  const Conflict& conflict = item.conflict;
  return fmt::format("{} {} / {} {}  {}: {}", head(item.id, mapping, width, conflict.objects[0]),
                     printable(conflict.values[0]), printable(conflict.objects[1]),
                     printable(conflict.values[1]), printable(conflict.attribute), verdict(item));
}

std::string parked_text(const ParkedItem& item, std::string_view mapping) {
  return fmt::format(
      "{}\n  mapping: {}\n  object: {}\n  counterpart: {}\n  situation: {}\n  kind: {}\n"
      "  refused: {}\n  reason: {}\n  detail: {}\n  attempts: {}\n  first: {}\n  last: {}",
      item.id, mapping, printable(item.object),
      item.counterpart.empty() ? "-" : printable(item.counterpart), name_of(item.parked.situation),
      parked_kind(item.parked),
      item.parked.attributes.empty()
          ? "-"
          : printable(fmt::format("{}", fmt::join(item.parked.attributes, ", "))),
      printable(item.parked.reason),
      item.parked.detail.empty() ? "-" : printable(item.parked.detail), item.parked.attempts,
      format_timestamp(item.parked.first_at), format_timestamp(item.parked.last_at));
}

std::string conflict_text(const ConflictItem& item, std::string_view mapping) {
  const Conflict& conflict = item.conflict;
  std::string text = fmt::format("{}\n  mapping: {}\n  situation: {}\n  attribute: {}", item.id,
                                 mapping, conflict.situation ? name_of(*conflict.situation) : "-",
                                 printable(conflict.attribute));
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const std::size_t i = index_of(side);
    text += fmt::format("\n  {}: {} {}, changed {}", name_of(side), printable(conflict.objects[i]),
                        printable(conflict.values[i]), time_text(conflict.times[i]));
  }
  return text + fmt::format("\n  {}\n  at: {}", verdict(item), format_timestamp(conflict.at));
}

std::string parked_kind(const Parked& parked) {
  return code_of(Error{parked.kind, {}, {}, {}, parked.code, {}});
}

std::string listed_line(const Listed& listed, std::string_view one, std::string_view many) {
  std::string text = fmt::format("{} {}", listed.items, listed.items == 1 ? one : many);
  return text + (listed.next ? "; more with --after " + *listed.next : ".");
}

}  // namespace couplet
