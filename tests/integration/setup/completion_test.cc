// `couplet completion`: the shells themselves are asked for completions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "engine/app/verb_table.h"
#include "tests/integration/cli/program.h"
#include "tests/support/temporary_folder.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

using Words = std::vector<std::string>;

class CompletionTest : public testing::Test {
 protected:
  CompletionTest() {
    for (const char* shell : {"bash", "zsh", "fish"}) {
      const Ended ended = run({{COUPLET_PROGRAM, "completion", shell}});
      EXPECT_EQ(ended.exit_code, 0) << ended.err;
      std::ofstream(path(shell)) << ended.out;
    }
    std::ofstream(path("couplet.yaml")) << "version: 1\nmappings:\n  customer:\n    left: a.b\n"
                                           "  order: { left: a.c }\nlog: { level: info }\n";
    std::ofstream(path("other file.yaml")) << "mappings:\n    region:\n        left: a.b\n";
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  [[nodiscard]] Words lines(const std::string& shell, const std::string& script) const {
    const Ended ended = run({{"/usr/bin/env", "-C", folder_.path().string(), shell, "-c", script},
                             {{"HOME", folder_.path().string()}, {"TERM", "dumb"}}});
    EXPECT_EQ(ended.err, "") << script;
    Words found;
    std::istringstream out(ended.out);
    for (std::string line; std::getline(out, line);) {
      found.push_back(line.substr(0, line.find('\t')));  // fish describes behind a tab.
    }
    return found;
  }

  // What bash offers for the last of these words.
  [[nodiscard]] Words bash(const Words& words) const {
    std::string script = "source ./bash; COMP_WORDS=(";
    for (const std::string& word : words) {
      script += " '" + word + "'";
    }
    return lines("bash", script + "); COMP_CWORD=" + std::to_string(words.size() - 1) +
                             "; _couplet; for c in \"${COMPREPLY[@]}\"; do echo \"$c\"; done");
  }
  [[nodiscard]] Words fish(const std::string& line) const {
    return lines("fish", "source ./fish; complete -C '" + line + "'");
  }
  // The line after a tab, as a zsh on a terminal shows it.
  [[nodiscard]] std::string zsh(const std::string& line) const {
    const Words found = lines("zsh",
        "zmodload zsh/zpty; zpty z zsh -f -i; "
        "zpty -w z 'PS1=; PROMPT=; unsetopt beep; autoload -U compinit; compinit -u -d ./dump; "
        "source ./zsh; setopt no_list_beep; print read''y'; "
        "zpty -r z out '*ready*'; "
        "zpty -w -n z $'" + line + "\\t\\C-e\\x01\\C-k'; " + "zpty -w -n z $'print \\n'; "
        "zpty -r -t z out2; zpty -d z");
    std::string all;
    for (const std::string& one : found) {
      all += one + "\n";
    }
    return all;
  }

  TemporaryFolder folder_;
};

TEST_F(CompletionTest, BashCompletesEveryVerb) {
  const Words offered = bash({"couplet", ""});
  for (const VerbSpec& verb : verbs()) {
    const std::string name(verb.name);
    const std::size_t blank = name.find(' ');
    EXPECT_THAT(offered, Contains(name.substr(0, blank)));
    if (blank != std::string::npos) {
      EXPECT_THAT(bash({"couplet", name.substr(0, blank), ""}), Contains(name.substr(blank + 1)));
    }
  }
  EXPECT_THAT(bash({"couplet", "reco"}), ElementsAre("reconcile"));
}

TEST_F(CompletionTest, BashCompletesTheOptionsOfAVerbAndNoOthers) {
  for (const VerbSpec& verb : verbs()) {
    Words words = {"couplet"};
    std::istringstream names{std::string(verb.name)};
    for (std::string word; names >> word;) {
      words.push_back(word);
    }
    words.emplace_back("--");
    const Words offered = bash(words);
    EXPECT_THAT(offered, IsSupersetOf({"--json", "--quiet", "--help"})) << verb.name;
    EXPECT_EQ(std::count(offered.begin(), offered.end(), "--config"), verb.takes_config ? 1 : 0);
    for (const FlagSpec& flag : verb.flags) {
      const std::string all(flag.names);
      EXPECT_THAT(offered, Contains(all.substr(all.find("--")))) << verb.name;
    }
  }
  EXPECT_THAT(bash({"couplet", "plan", "--exi"}), ElementsAre("--exit-code"));
  EXPECT_THAT(bash({"couplet", "status", "--"}), Not(Contains("--dry-run")));
}

TEST_F(CompletionTest, BashCompletesMappingsOfTheFileAtHand) {
  EXPECT_THAT(bash({"couplet", "plan", ""}), ElementsAre("customer", "order"));
  EXPECT_THAT(bash({"couplet", "reconcile", "--json", "cu"}), ElementsAre("customer"));
  EXPECT_THAT(bash({"couplet", "plan", "-c", "other file.yaml", ""}), ElementsAre("region"));
  EXPECT_THAT(bash({"couplet", "plan", "--config", "=", "other file.yaml", ""}),
              ElementsAre("region"));
  EXPECT_THAT(bash({"couplet", "plan", "-c", "nowhere.yaml", ""}), ElementsAre());
}

TEST_F(CompletionTest, BashCompletesFilesAndChoices) {
  EXPECT_THAT(bash({"couplet", "plan", "-c", "other"}), ElementsAre("other file.yaml"));
  EXPECT_THAT(bash({"couplet", "plan", "--config", "=", "other"}), ElementsAre("other file.yaml"));
  EXPECT_THAT(bash({"couplet", "init", "-o", "couplet.y"}), ElementsAre("couplet.yaml"));
  EXPECT_THAT(bash({"couplet", "completion", ""}), ElementsAre("bash", "zsh", "fish"));
}

TEST_F(CompletionTest, FishCompletesVerbsOptionsMappingsAndFiles) {
  EXPECT_THAT(fish("couplet reco"), ElementsAre("reconcile"));
  EXPECT_THAT(fish("couplet state "), Contains("verify"));
  EXPECT_THAT(fish("couplet plan --exi"), ElementsAre("--exit-code"));
  EXPECT_THAT(fish("couplet status --"), Not(Contains("--dry-run")));
  EXPECT_THAT(fish("couplet plan "), ElementsAre("customer", "order"));
  EXPECT_THAT(fish("couplet plan -c \"other file.yaml\" "), ElementsAre("region"));
  EXPECT_THAT(fish("couplet plan -c couplet."), Contains("couplet.yaml"));
  EXPECT_THAT(fish("couplet completion "), testing::UnorderedElementsAre("bash", "zsh", "fish"));
}

TEST_F(CompletionTest, AnotherShellIsRefusedWithTheNearest) {
  const Ended ended = run({{COUPLET_PROGRAM, "completion", "fsh"}});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("did you mean \"fish\"?"));
  EXPECT_EQ(run({{COUPLET_PROGRAM, "completion"}}).exit_code, 2);
}

}  // namespace
}  // namespace couplet::test
