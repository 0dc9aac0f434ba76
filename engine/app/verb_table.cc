#include "engine/app/verb_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace couplet {
namespace {

constexpr FlagSpec kDryRun = {"--dry-run", &Invocation::dry_run,
                              "Show what would be done and change nothing; the same as `plan`."};
constexpr FlagSpec kNoSecrets = {
    "--no-secrets", &Invocation::no_secrets,
    "Leave references to secrets alone: for a check before deployment."};
constexpr FlagSpec kRebuildState = {
    "--rebuild-state", &Invocation::rebuild_state,
    "Go on although the state was lost: create what has no counterpart."};
constexpr FlagSpec kCheck = {"--check", &Invocation::check, "Exit 4 if unhealthy."};

const std::vector<VerbSpec>& table() {
  static const std::vector<VerbSpec> kTable = {
      {Verb::kReconcile,
       "reconcile",
       "compare both sides whole and repair, to convergence",
       "Compares every object of the mappings (all, if none is named), writes what differs to the\n"
       "side that may be written, and goes round until nothing is left to do. INT or TERM "
       "finishes\n"
       "the batch at hand, prints the summary and exits 1; a second one ends at once.",
       true,
       true,
       {kDryRun,
        {"--exit-code", &Invocation::exit_code,
         "Exit 4 if an object is held or parked; with --dry-run, if anything is to do."},
        kRebuildState},
       {{{"couplet reconcile", "bring everything in ./couplet.yaml into step"},
         {"couplet reconcile provider customer --json", "two mappings, for a program"}}}},
      {Verb::kPlan,
       "plan",
       "show what reconcile would do, changing nothing",
       "Decides as `reconcile` does, on what is there now, and prints old and new values of what "
       "it\n"
       "would update. Neither databases nor state are changed; the state is read if there is one.",
       true,
       true,
       {{"--exit-code", &Invocation::exit_code, "Exit 4 if there is anything to do."}},
       {{{"couplet plan", "what is there to do?"},
         {"couplet plan -q --exit-code", "a summary alone; 4 if something is to be done"}}}},
      {Verb::kStatus,
       "status",
       "tell how things stand, from the state alone",
       "Reads the state, no database: links and worklists of each mapping, the last reconcile, "
       "and\n"
       "what is wrong, worst first.",
       true,
       false,
       {kCheck},
       {{{"couplet status", "how do things stand?"},
         {"couplet status --check -q", "for a monitor: exit 4 and the problems if unhealthy"}}}},
      {Verb::kValidate,
       "validate",
       "check couplet.yaml, offline",
       "Reads the file and reports every error in it at once. No database is asked: what the file\n"
       "says of tables and columns is checked by `plan`.",
       true,
       false,
       {kNoSecrets},
       {{{"couplet validate", "check ./couplet.yaml"},
         {"couplet validate -c deploy/couplet.yaml --no-secrets --json",
          "in a pipeline that has no secrets"}}}},
      {Verb::kStateVerify,
       "state verify",
       "read the whole state back against its checksums",
       "Reads every record of the state and reports what is damaged. May run beside another "
       "couplet;\n"
       "changes nothing. Exits 3 if there is damage.",
       true,
       false,
       {},
       {{{"couplet state verify", "is the state whole?"},
         {"couplet state verify --json -c /etc/couplet.yaml", "the same, for a program"}}}},
      {Verb::kVersion,
       "version",
       "print the version",
       "Prints the version, the commit it was built from and the format of the state it writes.",
       false,
       false,
       {},
       {{{"couplet version", "for people"}, {"couplet version --json", "for programs"}}}},
  };
  return kTable;
}

constexpr std::array<FlagSpec, 2> kCommon = {
    FlagSpec{"--json", &Invocation::json, "Print JSON for programs, nothing else, to stdout."},
    FlagSpec{"-q,--quiet", &Invocation::quiet, "Print the summary alone."}};

constexpr std::array<std::string_view, 19> kLater = {
    "run",           "sync",     "replay",   "explain",      "links",
    "conflicts",     "parked",   "held",     "intent",       "init",
    "doctor",        "setup",    "teardown", "state backup", "state restore",
    "state compact", "schedule", "schema",   "completion"};

std::string flag_line(std::string_view names, std::string_view doc) {
  std::string shown(names);
  if (const std::size_t comma = shown.find(','); comma != std::string::npos) {
    shown.replace(comma, 1, ", ");
  } else {
    shown = "    " + shown;
  }
  return fmt::format("  {:<22}{}\n", shown, doc);
}

}  // namespace

std::span<const VerbSpec> verbs() { return table(); }
std::span<const FlagSpec> common_flags() { return kCommon; }
std::span<const std::string_view> later_verbs() { return kLater; }

std::string help_text() {
  std::string text =
      "Keeps objects in two databases in step, in both directions.\n"
      "\n"
      "usage: couplet VERB [-c couplet.yaml] [--json] [-q] ...\n"
      "\n"
      "verbs:\n";
  for (const VerbSpec& verb : verbs()) {
    text += fmt::format("  {:<14}{}\n", verb.name, verb.summary);
  }
  text +=
      "\n"
      "Options stand anywhere after the verb; `couplet VERB --help` tells them.\n"
      "Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 usage or "
      "configuration,\n"
      "3 environment (database, disk, state), 4 a finding, only with --exit-code or --check.\n"
      "\n"
      "examples:\n"
      "  couplet validate     is the file right?\n"
      "  couplet plan         what would be done?\n";
  return text;
}

std::string help_text(const VerbSpec& verb) {
  std::string text =
      fmt::format("couplet {}: {}\n\nusage: couplet {}{} [options]\n\n{}\n\noptions:\n", verb.name,
                  verb.summary, verb.name, verb.takes_mappings ? " [MAPPING...]" : "", verb.doc);
  if (verb.takes_config) {
    text += flag_line("-c,--config FILE", "The definition; couplet.yaml if not given.");
  }
  for (const FlagSpec& flag : verb.flags) {
    text += flag_line(flag.names, flag.doc);
  }
  for (const FlagSpec& flag : common_flags()) {
    text += flag_line(flag.names, flag.doc);
  }
  text += flag_line("-h,--help", "Print this.");
  text += "\nexamples:\n";
  std::size_t width = 0;
  for (const ExampleSpec& example : verb.examples) {
    width = std::max(width, example.command.size());
  }
  for (const ExampleSpec& example : verb.examples) {
    text += fmt::format("  {:<{}}   {}\n", example.command, width, example.does);
  }
  return text;
}

}  // namespace couplet
