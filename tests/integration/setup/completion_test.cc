// `couplet completion`: the shells themselves are asked for completions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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
  // The line that a zsh on a terminal of its own has made of this one after a tab.
  [[nodiscard]] std::string zsh(const std::string& line) const {
    std::ofstream(path("ask.zsh")) << R"(
zmodload zsh/zpty
TERM=dumb zpty z zsh -f -i
zpty -w z 'unsetopt zle_bracketed_paste beep; PS1="@""@ "; autoload -U compinit; compinit -u -d ./dump; source ./zsh; bindkey "^X" what; what() { print -r -- "<""<<$BUFFER>>"">" }; zle -N what'
zpty -r -m z out '*@@ *'
zpty -w -n z "$1"$'\t\x18'
zpty -r -m z out '*<<<*>>>*'
print -r -- "$out"
zpty -d z
)";
    const Words shown = lines("zsh", "source ./ask.zsh '" + line + "'");
    for (const std::string& one : shown) {
      const std::size_t begin = one.find("<<<");
      if (begin != std::string::npos) {
        return one.substr(begin + 3, one.rfind(">>>") - begin - 3);
      }
    }
    return "";
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

TEST_F(CompletionTest, ZshCompletesVerbsOptionsMappingsAndFiles) {
  EXPECT_EQ(zsh("couplet reco"), "couplet reconcile ");
  EXPECT_EQ(zsh("couplet state ve"), "couplet state verify ");
  EXPECT_EQ(zsh("couplet plan --exi"), "couplet plan --exit-code ");
  EXPECT_EQ(zsh("couplet plan cu"), "couplet plan customer ");
  EXPECT_EQ(zsh("couplet plan -c couplet.ya"), "couplet plan -c couplet.yaml ");
  EXPECT_EQ(zsh("couplet completion f"), "couplet completion fish ");
}

TEST_F(CompletionTest, AnotherShellIsRefusedWithTheNearest) {
  const Ended ended = run({{COUPLET_PROGRAM, "completion", "fisch"}});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("did you mean \"fish\"?"));
  EXPECT_EQ(run({{COUPLET_PROGRAM, "completion"}}).exit_code, 2);
}

}  // namespace
}  // namespace couplet::test
