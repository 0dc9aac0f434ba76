#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/admin/page.h"
#include "engine/app/verb.h"
#include "engine/app/wiring/session.h"
#include "engine/sync/records.h"

namespace couplet {

// What the options of a list come to: which of its items, and how many.
struct ListOptions {
  Page page;
  AgeBounds age;
  std::optional<std::size_t> mapping;
  std::optional<Situation> situation;
  std::optional<LinkedBy> by;
};

// `situations`: those that items of the list can be in; empty: any. Errors: kInvalidArgument,
// saying which option wants what.
Result<ListOptions> list_options(const Invocation& invocation, const BoundDefinition& definition,
                                 Timestamp now, std::span<const Situation> situations = {});

// --mapping; --situation; --older-than and --newer-than; --limit and --after.
OptionSpec mapping_option();
OptionSpec situation_option(std::string_view help = "In this situation only: duplicate, ...");
std::vector<OptionSpec> list_option_specs();

// The state to read, beside whoever works on it; it must be there.
Result<std::unique_ptr<Session>> open_to_read(const Invocation& invocation, Console& console);
// The state to change, which nobody else may have open. `needs_state`: it is not made.
Result<std::unique_ptr<Session>> open_to_change(const Invocation& invocation, bool needs_state,
                                                Console& console);

// Of the longest name of a mapping, where lines are wide enough to be set in columns.
std::size_t mapping_width(const BoundDefinition& definition, const Console& console);

}  // namespace couplet
