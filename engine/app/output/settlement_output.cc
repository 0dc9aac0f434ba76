#include "engine/app/output/settlement_output.h"

#include <fmt/format.h>

#include <string_view>

#include "engine/model/literal.h"
#include "engine/sync/merge.h"
#include "engine/sync/settlement.h"

namespace couplet {
namespace {

// What somebody did, where no rule decided; empty: a rule did.
std::string_view deed(std::string_view by) {
  return by == because::kEqual           ? "both sides were made equal"
         : by == because::kChanged       ? "one side was set back"
         : by == because::kUnchanged     ? "both sides were set back"
         : by == settled_by::kSuperseded ? "a side was changed again, see the later conflict"
         : by == settled_by::kGone       ? "an object, its link or the attribute is gone"
                                         : "";
}

}  // namespace

std::string settlement_text(const Conflict& conflict) {
  if (!conflict.settled) {
    return "held no more";
  }
  const auto& [by, at] = *conflict.settled;
  const std::string_view done = deed(by);
  const std::string winner = conflict.winner ? name_of(*conflict.winner) : "";
  return fmt::format("settled {}{}{}{}", format_timestamp(at),
                     done.empty() ? " by " + by : fmt::format(": {}", done),
                     winner.empty() ? ""
                     : done.empty() ? ": "
                                    : ", ",
                     winner.empty() || done.empty() ? winner : winner + " counts");
}

Json settlement_json(const Conflict& conflict, bool held) {
  if (held || (conflict.winner && !conflict.settled)) {
    return nullptr;
  }
  return conflict.settled
             ? Json{{"by", conflict.settled->by}, {"at", format_timestamp(conflict.settled->at)}}
             : Json{{"by", nullptr}, {"at", nullptr}};
}

}  // namespace couplet
