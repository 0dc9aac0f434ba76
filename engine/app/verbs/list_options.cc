#include "engine/app/verbs/list_options.h"

#include <algorithm>

#include "engine/app/system_clock.h"
#include "engine/definition/quantity.h"
#include "engine/definition/suggestion.h"

namespace couplet {
namespace {

constexpr std::size_t kColumnsForColumns = 60;

tl::unexpected<Error> refuse(const char* option, const std::string& value,
                             const std::string& wanted) {
  return fail(Error{ErrorKind::kInvalidArgument,
                    std::string(option) + " \"" + value + "\" is not what it takes",
                    wanted,
                    {},
                    "usage",
                    {}});
}

Result<std::optional<Timestamp>> time_ago(const char* option, const std::string& value,
                                          Timestamp now) {
  if (value.empty()) {
    return std::nullopt;
  }
  const auto duration = parse_duration_us(value);
  if (!duration) {
    return refuse(option, value, "an age is written 90s, 15m, 6h, 2d");
  }
  return Timestamp{now.value - *duration};
}

std::optional<std::size_t> mapping_named(const BoundDefinition& definition,
                                         const std::string& name) {
  for (std::size_t i = 0; i < definition.mappings.size(); ++i) {
    if (definition.mappings[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

Result<std::unique_ptr<Session>> open(const Invocation& invocation, bool dry_run, bool needs_state,
                                      Console& console) {
  SystemRandom random;
  SessionSettings settings;
  settings.config = invocation.config;
  if (!invocation.mapping.empty()) {
    settings.mappings.push_back(invocation.mapping);
  }
  settings.dry_run = dry_run;
  settings.warnings = false;  // The file is not what is asked for.
  settings.needs_state = needs_state;
  return open_session(settings, console, random);
}

}  // namespace

namespace {

std::string one_of(std::string_view word, const std::vector<std::string>& words) {
  std::string hint = did_you_mean(word, words);
  hint += (hint.empty() ? "one of " : " It takes one of ") + words.front();
  for (std::size_t i = 1; i < words.size(); ++i) {
    hint += ", " + words[i];
  }
  return hint;
}

Result<Situation> situation_of(const std::string& value, std::span<const Situation> possible) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kSituations; ++i) {
    const auto one = static_cast<Situation>(i);
    if (possible.empty() || std::find(possible.begin(), possible.end(), one) != possible.end()) {
      names.emplace_back(name_of(one));
    }
  }
  const auto situation = situation_named(value);
  if (situation && std::find(names.begin(), names.end(), value) != names.end()) {
    return *situation;
  }
  if (situation) {
    return fail(Error{ErrorKind::kInvalidArgument,
                      "--situation \"" + value + "\": nothing in this list is ever in it",
                      one_of("", names),
                      {},
                      "usage",
                      {}});
  }
  return refuse("--situation", value, one_of(value, names));
}

}  // namespace

Result<ListOptions> list_options(const Invocation& invocation, const BoundDefinition& definition,
                                 Timestamp now, std::span<const Situation> situations) {
  ListOptions options;
  options.mapping = mapping_named(definition, invocation.mapping);
  COUPLET_ASSIGN(options.age.before, time_ago("--older-than", invocation.older_than, now));
  COUPLET_ASSIGN(options.age.since, time_ago("--newer-than", invocation.newer_than, now));
  if (!invocation.limit.empty()) {
    const auto limit = parse_count(invocation.limit);
    if (!limit || *limit == 0) {
      return refuse("--limit", invocation.limit, "a whole number from 1");
    }
    options.page.limit = *limit;
  }
  if (!invocation.after.empty()) {
    options.page.after = invocation.after;
  }
  if (!invocation.situation.empty()) {
    COUPLET_ASSIGN(options.situation, situation_of(invocation.situation, situations));
  }
  if (!invocation.by.empty()) {
    options.by = linked_by_named(invocation.by);
    if (!options.by) {
      return refuse("--by", invocation.by,
                    one_of(invocation.by, {"matched", "created", "manual", "succeeded"}));
    }
  }
  return options;
}

OptionSpec mapping_option() {
  return {"--mapping", "MAPPING", &Invocation::mapping, "Under this mapping only."};
}

OptionSpec situation_option(std::string_view help) {
  return {"--situation", "NAME", &Invocation::situation, help};
}

std::vector<OptionSpec> list_option_specs() {
  return {
      mapping_option(),
      {"--older-than", "AGE", &Invocation::older_than, "From longer ago than this: 15m, 2d."},
      {"--newer-than", "AGE", &Invocation::newer_than, "From no longer ago than this."},
      {"--limit", "N", &Invocation::limit, "At most so many; the last line tells how to go on."},
      {"--after", "TOKEN", &Invocation::after, "Go on where the page before ended."}};
}

Result<std::unique_ptr<Session>> open_to_read(const Invocation& invocation, Console& console) {
  return open(invocation, true, true, console);
}

Result<std::unique_ptr<Session>> open_to_change(const Invocation& invocation, bool needs_state,
                                                Console& console) {
  return open(invocation, false, needs_state, console);
}

std::size_t mapping_width(const BoundDefinition& definition, const Console& console) {
  std::size_t width = 0;
  if (console.width() >= kColumnsForColumns) {
    for (const BoundMapping& mapping : definition.mappings) {
      width = std::max(width, mapping.name.size());
    }
  }
  return width;
}

}  // namespace couplet
