#include "engine/app/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/app/verb_table.h"

namespace couplet {
namespace {

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

std::string help_text() {
  std::string text =
      "Keeps objects in two databases in step, in both directions.\n"
      "\n"
      "usage: couplet VERB [-c couplet.yaml] [--json] [-q] ...\n"
      "\n"
      "verbs:\n";
  for (const VerbSpec& verb : verbs()) {
    text += fmt::format("  {:<16}{}\n", verb.name, verb.summary);
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
  std::string text = fmt::format(
      "couplet {}: {}\n\nusage: couplet {}{}{} [options]\n\n{}\n\noptions:\n", verb.name,
      verb.summary, verb.name, verb.words.empty() ? "" : " ", verb.words, verb.doc);
  for (const OptionSpec& option : valued_options(verb)) {
    text += flag_line(fmt::format("{} {}", option.names, option.value), option.doc);
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
