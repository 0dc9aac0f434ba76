#include "engine/app/verb_table.h"

#include <array>

#include "engine/app/verbs/verbs.h"

namespace couplet {
namespace {

constexpr std::array<FlagSpec, 2> kCommon = {
    FlagSpec{"--json", &Invocation::json, "Print JSON for programs, nothing else, to stdout."},
    FlagSpec{"-q,--quiet", &Invocation::quiet, "Print the summary alone."}};

constexpr std::array<std::string_view, 9> kLater = {
    "replay",       "conflicts resolve", "held approve",  "held reject", "intent",
    "state backup", "state restore",     "state compact", "schedule"};

}  // namespace

std::span<const VerbSpec> verbs() {
  static const std::vector<VerbSpec> kTable = {
      run_verb(),          reconcile_verb(),      plan_verb(),           sync_verb(),
      explain_verb(),      status_verb(),         validate_verb(),       init_verb(),
      doctor_verb(),       setup_verb(),          teardown_verb(),       links_list_verb(),
      links_show_verb(),   links_add_verb(),      links_remove_verb(),   links_export_verb(),
      links_import_verb(), conflicts_list_verb(), conflicts_show_verb(), parked_list_verb(),
      parked_show_verb(),  parked_retry_verb(),   parked_discard_verb(), held_list_verb(),
      state_verify_verb(), schema_verb(),         completion_verb(),     version_verb(),
  };
  return kTable;
}

std::span<const FlagSpec> common_flags() { return kCommon; }

std::vector<OptionSpec> valued_options(const VerbSpec& verb) {
  std::vector<OptionSpec> options;
  if (verb.takes_config) {
    options.push_back(
        {"-c,--config", "FILE", &Invocation::config, "The definition; couplet.yaml if not given."});
  }
  options.insert(options.end(), verb.options.begin(), verb.options.end());
  return options;
}

std::span<const std::string_view> later_verbs() { return kLater; }

}  // namespace couplet
