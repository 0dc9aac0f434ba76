#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace couplet {

// What a command line asks for.
struct Invocation {
  const struct VerbSpec* verb = nullptr;
  std::filesystem::path config = "couplet.yaml";
  std::vector<std::string> mappings;
  bool json = false;
  bool quiet = false;
  bool dry_run = false;
  bool exit_code = false;
  bool rebuild_state = false;
  bool check = false;
  bool no_secrets = false;
};

enum class Verb { kReconcile, kPlan, kStatus, kValidate, kStateVerify, kVersion };

struct FlagSpec {
  std::string_view names;  // as CLI11 takes them: "-q,--quiet"
  bool Invocation::*member = nullptr;
  std::string_view doc;
};

struct ExampleSpec {
  std::string_view command;
  std::string_view does;
};

// The one table of what the command line takes. Parser, help and suggestions are made from it.
struct VerbSpec {
  Verb verb;
  std::string_view name;     // "state verify"
  std::string_view summary;  // a phrase for the list of verbs
  std::string_view doc;      // paragraphs
  bool takes_config = true;
  bool takes_mappings = false;
  std::vector<FlagSpec> flags;  // beside --json and --quiet
  std::array<ExampleSpec, 2> examples;
};
std::span<const VerbSpec> verbs();
std::span<const FlagSpec> common_flags();

// Verbs of a later version: refused as such, and known to suggestions.
std::span<const std::string_view> later_verbs();

// The text of `couplet --help`, and of `couplet VERB --help`.
std::string help_text();
std::string help_text(const VerbSpec& verb);

}  // namespace couplet
