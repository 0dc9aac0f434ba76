#include "engine/app/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "engine/app/help.h"
#include "engine/app/verb_table.h"
#include "engine/definition/suggestion.h"

namespace couplet {
namespace {

tl::unexpected<Error> refuse(std::string message, std::string hint) {
  return fail(
      Error{ErrorKind::kInvalidArgument, std::move(message), std::move(hint), {}, "usage", {}});
}

std::string first_word(std::string_view name) {
  return std::string(name.substr(0, name.find(' ')));
}

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

bool asks_for_help(const std::string& word) { return word == "-h" || word == "--help"; }

// "--quiet" of "-q,--quiet".
std::string long_name(std::string_view names) {
  const std::size_t comma = names.find(',');
  return std::string(comma == std::string_view::npos ? names : names.substr(comma + 1));
}

std::vector<std::string> options_of(const VerbSpec& verb) {
  std::vector<std::string> names = {"--help"};
  for (const FlagSpec& flag : verb.flags) {
    names.push_back(long_name(flag.names));
  }
  for (const OptionSpec& option : valued_options(verb)) {
    names.push_back(long_name(option.names));
  }
  for (const FlagSpec& flag : common_flags()) {
    names.push_back(long_name(flag.names));
  }
  return names;
}

struct Named {
  const VerbSpec* verb = nullptr;
  std::size_t words = 0;  // that name it
};

// The second words of verbs that have two: `state` -> verify, backup, ….
std::vector<std::string> second_words(const std::string& first) {
  std::vector<std::string> words;
  const auto add = [&](std::string_view name) {
    if (name.starts_with(first + " ")) {
      words.emplace_back(name.substr(first.size() + 1));
    }
  };
  for (const VerbSpec& verb : verbs()) {
    add(verb.name);
  }
  for (const std::string_view later : later_verbs()) {
    add(later);
  }
  return words;
}

tl::unexpected<Error> unknown_verb(const std::string& word) {
  std::vector<std::string> known = {"help"};
  for (const VerbSpec& verb : verbs()) {
    known.push_back(first_word(verb.name));
  }
  for (const std::string_view later : later_verbs()) {
    known.push_back(first_word(later));
  }
  std::string hint = did_you_mean(word, known);
  return refuse("there is no verb \"" + word + "\"",
                hint.empty() ? "`couplet --help` lists the verbs" : std::move(hint));
}

Result<Named> find_verb(std::span<const std::string> words) {
  const std::string& first = words.front();
  const std::vector<std::string> seconds = second_words(first);
  std::string name = first;
  if (!seconds.empty()) {
    if (words.size() < 2 || is_option(words[1])) {
      std::string listed;
      for (const std::string& second : seconds) {
        listed += (listed.empty() ? "" : ", ") + second;
      }
      return refuse("`couplet " + first + "` wants one more word", "one of: " + listed);
    }
    name += " " + words[1];
  }
  for (const VerbSpec& verb : verbs()) {
    if (verb.name == name) {
      return Named{&verb, seconds.empty() ? 1U : 2U};
    }
  }
  for (const std::string_view later : later_verbs()) {
    if (later == name) {
      return fail(ErrorKind::kUnsupported, "not supported yet: couplet " + name,
                  "`couplet --help` lists the verbs of this version");
    }
  }
  if (seconds.empty()) {
    return unknown_verb(first);
  }
  std::string hint = did_you_mean(words[1], seconds);
  return refuse("there is no verb \"" + name + "\"",
                hint.empty() ? "`couplet --help` lists the verbs" : std::move(hint));
}

tl::unexpected<Error> unknown_option(const VerbSpec& verb, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::string hint = did_you_mean(name, options_of(verb));
  for (const VerbSpec& other : verbs()) {
    const auto options = options_of(other);
    if (hint.empty() && std::find(options.begin(), options.end(), name) != options.end()) {
      hint = name + " is an option of `couplet " + std::string(other.name) + "`";
    }
  }
  return refuse("`couplet " + std::string(verb.name) + "` has no option \"" + name + "\"",
                hint.empty() ? "`couplet " + std::string(verb.name) + " --help` lists them"
                             : std::move(hint));
}

tl::unexpected<Error> surplus_word(const VerbSpec& verb, const std::string& word) {
  const std::string call = "`couplet " + std::string(verb.name);
  const bool file = verb.takes_config && (word.ends_with(".yaml") || word.ends_with(".yml"));
  const std::string hint = file ? "another definition is given as `-c " + word + "`"
                           : verb.words_most == 1 ? "run it once for each"
                                                  : call + " --help` tells what it takes";
  if (verb.words_most == 0) {
    return refuse(call + "` takes no \"" + word + "\"", hint);
  }
  return refuse(call + "` takes " + std::string(verb.words) + " and no \"" + word + "\" besides",
                hint);
}

// The words beside options: as many as the verb takes.
Result<void> check_words(const VerbSpec& verb, const std::vector<std::string>& words) {
  if (words.size() > verb.words_most) {
    return surplus_word(verb, words[verb.words_most]);
  }
  if (words.size() < verb.words_least) {
    return refuse("`couplet " + std::string(verb.name) + "` wants " + std::string(verb.words),
                  "`couplet " + std::string(verb.name) + " --help` tells what it takes");
  }
  return {};
}

tl::unexpected<Error> refuse_without_value(const VerbSpec& verb, const OptionSpec& option) {
  return refuse("option " + long_name(option.names) + " wants a value: " + long_name(option.names) +
                    " " + std::string(option.value),
                "`couplet " + std::string(verb.name) + " --help` tells how it is used");
}

// What CLI11 says of a known option that it cannot take: in its words, with our way out.
tl::unexpected<Error> misused_option(const VerbSpec& verb, const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::string help = "`couplet " + std::string(verb.name) + " --help` tells how it is used";
  for (const OptionSpec& option : valued_options(verb)) {
    const std::string name = long_name(option.names);
    if (text.starts_with(name + ":")) {
      const bool missing =
          text.find("missing") != std::string::npos || text.find("required") != std::string::npos;
      return missing && text.find("received") == std::string::npos
                 ? refuse_without_value(verb, option)
                 : refuse("option " + name + " is given more than once", help);
    }
  }
  return refuse(text, help);
}

}  // namespace

bool asks_for_json(std::span<const std::string> words) {
  return std::find(words.begin(), words.end(), "--json") != words.end();
}

Result<std::variant<Invocation, HelpRequest>> parse_command_line(
    std::span<const std::string> words) {
  if (words.empty()) {
    return HelpRequest{help_text(), false};
  }
  if (words.front() == "help" || asks_for_help(words.front())) {
    if (words.size() == 1 || is_option(words[1])) {
      return HelpRequest{help_text()};
    }
    COUPLET_ASSIGN(const Named named, find_verb(words.subspan(1)));
    return HelpRequest{help_text(*named.verb)};
  }
  if (words.front() == "--version") {
    return parse_command_line(std::vector<std::string>{"version"});
  }
  if (is_option(words.front())) {
    return refuse("option \"" + words.front() + "\" stands before the verb",
                  "options stand anywhere after the verb: couplet VERB " + words.front());
  }
  COUPLET_ASSIGN(const Named named, find_verb(words));
  const VerbSpec& verb = *named.verb;

  Invocation invocation;
  invocation.verb = &verb;
  bool help = false;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("-h,--help", help);
  for (const OptionSpec& option : valued_options(verb)) {
    app.add_option(std::string(option.names), invocation.*option.member);
  }
  for (const FlagSpec& flag : verb.flags) {
    app.add_flag(std::string(flag.names), invocation.*flag.member);
  }
  for (const FlagSpec& flag : common_flags()) {
    app.add_flag(std::string(flag.names), invocation.*flag.member);
  }
  std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(named.words),
                                words.end());
  std::reverse(rest.begin(), rest.end());  // As CLI11 takes them.
  try {
    app.parse(rest);
  } catch (const CLI::ParseError& error) {
    return misused_option(verb, error);
  }
  std::vector<std::string> others = app.remaining();
  if (help) {
    return HelpRequest{help_text(verb)};
  }
  const auto unknown = std::find_if(others.begin(), others.end(), is_option);
  if (unknown != others.end() && *unknown != "--") {
    return unknown_option(verb, *unknown);
  }
  others.erase(std::remove(others.begin(), others.end(), "--"), others.end());
  for (const OptionSpec& option : valued_options(verb)) {
    if ((invocation.*option.member).empty() && app.count(long_name(option.names)) > 0) {
      return refuse_without_value(verb, option);
    }
  }
  COUPLET_TRY(check_words(verb, others));
  invocation.words = std::move(others);
  return invocation;
}

}  // namespace couplet
