#include "engine/app/completion.h"

#include <fmt/format.h>

#include <vector>

#include "engine/app/verb_table.h"
#include "engine/definition/suggestion.h"

namespace couplet {
namespace {

// Names of the mappings in the file $1, without reading YAML as a whole: the keys one level below
// `mappings:`.
constexpr const char* kMappings =
    R"(awk '/^[^ #]/ { on = /^mappings:/; next }
       on && match($0, /^ +[A-Za-z][A-Za-z0-9_-]*:/) {
         key = substr($0, 1, RLENGTH - 1); depth = match(key, /[^ ]/)
         if (!first) first = depth
         if (depth == first) print substr(key, depth)
       }')";

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(by, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string joined(const std::vector<std::string>& words, const char* by = " ") {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : by) + word;
  }
  return text;
}

// "bash|zsh|fish" tells its values; "FILE" and "ID..." do not.
std::vector<std::string> alternatives(std::string_view usage) {
  return usage.find('|') != std::string_view::npos && usage.find(' ') == std::string_view::npos
             ? split(usage, '|')
             : std::vector<std::string>();
}

struct Option {
  std::vector<std::string> names;  // "-c", "--config"
  bool wants_value = false;
  std::vector<std::string> values;  // empty: a file, or nobody knows
  bool is_file = false;
  std::string doc;
};

struct Verb {
  std::string first;
  std::string second;  // empty for a verb of one word
  std::string summary;
  std::vector<Option> options;
  std::vector<std::string> words;  // that may follow
  bool mappings = false;           // names of mappings may

  [[nodiscard]] std::string name() const { return second.empty() ? first : first + " " + second; }
};

std::vector<Verb> all_verbs() {
  std::vector<Verb> all;
  for (const VerbSpec& spec : verbs()) {
    Verb verb;
    const std::vector<std::string> words = split(spec.name, ' ');
    verb.first = words[0];
    verb.second = words.size() > 1 ? words[1] : "";
    verb.summary = spec.summary;
    for (const OptionSpec& option : valued_options(spec)) {
      verb.options.push_back({split(option.names, ','), true, alternatives(option.value),
                              option.value == "FILE", std::string(option.doc)});
    }
    for (const auto& flags : {std::span<const FlagSpec>(spec.flags), common_flags()}) {
      for (const FlagSpec& flag : flags) {
        verb.options.push_back({split(flag.names, ','), false, {}, false, std::string(flag.doc)});
      }
    }
    verb.options.push_back({{"-h", "--help"}, false, {}, false, "Print its help."});
    verb.words = alternatives(spec.words);
    verb.mappings = spec.words.starts_with("[MAPPING");
    all.push_back(std::move(verb));
  }
  return all;
}

// The first words, each once, with what they say of themselves.
std::vector<std::pair<std::string, std::string>> first_words(const std::vector<Verb>& all) {
  std::vector<std::pair<std::string, std::string>> words;
  for (const Verb& verb : all) {
    if (words.empty() || words.back().first != verb.first) {
      words.emplace_back(verb.first, verb.second.empty() ? verb.summary : verb.summary + ", …");
    }
  }
  return words;
}

std::vector<std::string> second_words(const std::vector<Verb>& all, const std::string& first) {
  std::vector<std::string> words;
  for (const Verb& verb : all) {
    if (verb.first == first && !verb.second.empty()) {
      words.push_back(verb.second);
    }
  }
  return words;
}

std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out + "'";
}

// What bash and zsh have in common: which verb it is, and what may follow. `$verb` and `$before`
// (the word before the one at hand) are set; sets `offered` to words, or `kind` to files, mappings
// or nothing.
std::string cases(const std::vector<Verb>& all) {
  std::string text = "  case \"$verb:$before\" in\n";
  for (const Verb& verb : all) {
    for (const Option& option : verb.options) {
      if (!option.wants_value) {
        continue;
      }
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) {
        patterns.push_back(fmt::format("\"{}:{}\"", verb.name(), name));
      }
      text += fmt::format("    {}) kind={} offered='{}' ;;\n", joined(patterns, " | "),
                          option.is_file ? "files" : "values", joined(option.values));
    }
  }
  text += "  esac\n  [ -n \"$kind\" ] || case $verb in\n";
  for (const Verb& verb : all) {
    std::vector<std::string> options;
    for (const Option& option : verb.options) {
      options.insert(options.end(), option.names.begin(), option.names.end());
    }
    text +=
        fmt::format("    {}) kind={} options='{}' offered='{}' ;;\n", single_quoted(verb.name()),
                    verb.mappings ? "mappings" : "words", joined(options), joined(verb.words));
  }
  return text + "  esac\n";
}

std::string group_cases(const std::vector<Verb>& all) {
  std::string text;
  for (const auto& [first, summary] : first_words(all)) {
    if (const auto seconds = second_words(all, first); !seconds.empty()) {
      text += fmt::format("    {}) seconds='{}' ;;\n", first, joined(seconds));
    }
  }
  return "  case $verb in\n" + text + "  esac\n";
}

std::string words_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<std::string> words;
  for (const auto& [word, summary] : pairs) {
    words.push_back(word);
  }
  return joined(words);
}

std::string bash_script(const std::vector<Verb>& all) {
  return "# bash completion of couplet: source <(couplet completion bash)\n"
         "_couplet() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local verb=${COMP_WORDS[1]} file=couplet.yaml seconds= kind= options= offered= i\n"
         "  # bash takes --config=FILE for three words.\n"
         "  if [ \"$word\" = = ]; then word=\n"
         "  elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W '" +
         words_of(first_words(all)) +
         " help' -- \"$word\")\n"
         "    return\n"
         "  fi\n" +
         group_cases(all) +
         "  if [ -n \"$seconds\" ]; then\n"
         "    if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
         "      mapfile -t COMPREPLY < <(compgen -W \"$seconds\" -- \"$word\")\n"
         "      return\n"
         "    fi\n"
         "    verb=\"$verb ${COMP_WORDS[2]}\"\n"
         "  fi\n"
         "  for ((i = 2; i < COMP_CWORD; i++)); do\n"
         "    case ${COMP_WORDS[i]} in\n"
         "      -c | --config) file=${COMP_WORDS[i+1]} ;;\n"
         "    esac\n"
         "    [ \"$file\" != = ] || file=${COMP_WORDS[i+2]}\n"
         "  done\n" +
         cases(all) +
         "  case $word in -*) offered=$options kind=words ;; esac\n"
         "  case $kind in\n"
         "    files)\n"
         "      compopt -o filenames 2>/dev/null\n"
         "      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
         "      return ;;\n"
         "    mappings)\n"
         "      offered=$(" +
         std::string(kMappings) +
         " \"$file\" 2>/dev/null) ;;\n"
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$word\")\n"
         "}\n"
         "complete -F _couplet couplet\n";
}

std::string zsh_script(const std::vector<Verb>& all) {
  std::string described;
  for (const auto& [word, summary] : first_words(all)) {
    described += fmt::format("      {}\n", single_quoted(fmt::format("{}:{}", word, summary)));
  }
  return "#compdef couplet\n"
         "# zsh completion of couplet: couplet completion zsh > a folder of $fpath/_couplet\n"
         "_couplet() {\n"
         "  local before=${words[CURRENT-1]} verb=${words[2]} file=couplet.yaml seconds= kind=\n"
         "  local options= offered= i\n"
         "  local -a known\n"
         "  if ((CURRENT == 2)); then\n"
         "    known=(\n" +
         described +
         "    )\n"
         "    _describe -t verbs verb known\n"
         "    return\n"
         "  fi\n" +
         group_cases(all) +
         "  if [[ -n $seconds ]]; then\n"
         "    if ((CURRENT == 3)); then\n"
         "      compadd -- ${=seconds}\n"
         "      return\n"
         "    fi\n"
         "    verb=\"$verb ${words[3]}\"\n"
         "  fi\n"
         "  for ((i = 3; i < CURRENT; i++)); do\n"
         "    case ${words[i]} in\n"
         "      -c | --config) file=${words[i+1]} ;;\n"
         "      --config=*) file=${words[i]#*=} ;;\n"
         "    esac\n"
         "  done\n"
         "  if [[ $PREFIX == --*=* ]]; then\n"
         "    before=${PREFIX%%=*}\n"
         "    compset -P '*='\n"
         "  fi\n" +
         cases(all) +
         "  case $PREFIX in -*) offered=$options kind=words ;; esac\n"
         "  case $kind in\n"
         "    files) _files ;;\n"
         "    mappings) compadd -- $(" +
         std::string(kMappings) +
         " \"$file\" 2>/dev/null) ;;\n"
         "    *) compadd -- ${=offered} ;;\n"
         "  esac\n"
         "}\n"
         "if [[ $funcstack[1] == _couplet ]]; then _couplet \"$@\"; else compdef _couplet couplet; "
         "fi\n";
}

std::string fish_names(const Option& option) {
  std::string text;
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return text;
}

std::string fish_script(const std::vector<Verb>& all) {
  std::string text =
      "# fish completion of couplet: couplet completion fish | source\n"
      "function __couplet_verb\n"
      "    set -l words (commandline -opc)\n"
      "    set -l last (math (count $argv) + 1)\n"
      "    test (count $words) -ge $last; and test \"$words[2..$last]\" = \"$argv\"\n"
      "end\n"
      "function __couplet_first\n"
      "    test (count (commandline -opc)) -eq 1\n"
      "end\n"
      "function __couplet_second\n"
      "    test (count (commandline -opc)) -eq 2; and __couplet_verb $argv\n"
      "end\n"
      "function __couplet_mappings\n"
      "    set -l file couplet.yaml\n"
      "    set -l words (commandline -opc)\n"
      "    for i in (seq 2 (count $words))\n"
      "        switch $words[$i]\n"
      "            case -c --config\n"
      "                set file $words[(math $i + 1)]\n"
      "            case '--config=*'\n"
      "                set file (string replace -- --config= '' $words[$i])\n"
      "        end\n"
      "    end\n"
      "    " +
      std::string(kMappings) +
      " \"$file\" 2>/dev/null\n"
      "end\n"
      "complete -c couplet -f\n";
  for (const auto& [word, summary] : first_words(all)) {
    text += fmt::format("complete -c couplet -n __couplet_first -a {} -d {}\n", word,
                        single_quoted(summary));
  }
  for (const Verb& verb : all) {
    const std::string condition = single_quoted("__couplet_verb " + verb.name());
    if (!verb.second.empty()) {
      text += fmt::format("complete -c couplet -n '__couplet_second {}' -a {} -d {}\n", verb.first,
                          verb.second, single_quoted(verb.summary));
    }
    for (const Option& option : verb.options) {
      text += fmt::format("complete -c couplet -n {}{}{}{} -d {}\n", condition, fish_names(option),
                          option.is_file       ? " -r -F"
                          : option.wants_value ? " -x"
                                               : "",
                          option.values.empty() ? "" : " -a '" + joined(option.values) + "'",
                          single_quoted(option.doc));
    }
    if (verb.mappings) {
      text += fmt::format("complete -c couplet -n {} -a '(__couplet_mappings)'\n", condition);
    } else if (!verb.words.empty()) {
      text += fmt::format("complete -c couplet -n {} -a '{}'\n", condition, joined(verb.words));
    }
  }
  return text;
}

}  // namespace

Result<std::string> completion_script(const std::string& shell) {
  const std::vector<Verb> all = all_verbs();
  if (shell == "bash") {
    return bash_script(all);
  }
  if (shell == "zsh") {
    return zsh_script(all);
  }
  if (shell == "fish") {
    return fish_script(all);
  }
  const std::string hint = did_you_mean(shell, {"bash", "zsh", "fish"});
  return fail(Error{ErrorKind::kInvalidArgument,
                    "there is no completion for \"" + shell + "\"",
                    hint.empty() ? "one of: bash, zsh, fish" : hint,
                    {},
                    "usage",
                    {}});
}

}  // namespace couplet
