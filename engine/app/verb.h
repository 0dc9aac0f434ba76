#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/app/exit_code.h"
#include "engine/app/output/console.h"
#include "engine/model/result.h"

namespace couplet {

// What a command line asks for.
struct Invocation {
  const struct VerbSpec* verb = nullptr;
  std::string config = "couplet.yaml";
  std::vector<std::string> words;  // that are no options: mappings, objects, ids
  bool json = false;
  bool quiet = false;
  bool dry_run = false;
  bool exit_code = false;
  bool rebuild_state = false;
  bool check = false;
  bool no_secrets = false;
  std::string left;
  std::string right;
  std::string output;
  bool skip_refused = false;
  std::string mapping;
  std::string situation;
  std::string by;
  std::string older_than;
  std::string newer_than;
  std::string limit;
  std::string after;
};

struct FlagSpec {
  std::string_view names;  // as CLI11 takes them: "-q,--quiet"
  bool Invocation::*member = nullptr;
  std::string_view doc;
};

// An option with a value, which is never empty; the member stays empty where it is not given.
struct OptionSpec {
  std::string_view names;
  std::string_view value;  // what it wants: "FILE"
  std::string Invocation::*member = nullptr;
  std::string_view doc;
};

struct ExampleSpec {
  std::string_view command;
  std::string_view does;
};

// What the command line takes for one verb, and what carries it out. Parser, help, suggestions and
// completion are made from it.
struct VerbSpec {
  std::string_view name;     // "state verify"
  std::string_view summary;  // a phrase for the list of verbs
  std::string_view doc;      // paragraphs
  // Prints the verb's data; an error is printed by who called it.
  Result<ExitCode> (*run)(const Invocation&, Console&) = nullptr;
  bool takes_config = true;
  // Words beside options, as usage shows them ("[MAPPING...]"), and how many there may be.
  std::string_view words;
  std::size_t words_least = 0;
  std::size_t words_most = 0;
  std::vector<FlagSpec> flags;      // beside --json and --quiet
  std::vector<OptionSpec> options;  // beside --config
  std::array<ExampleSpec, 2> examples;
};

inline constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);

}  // namespace couplet
