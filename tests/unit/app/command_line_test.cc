#include "engine/app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

#include "engine/app/exit_code.h"
#include "engine/app/help.h"
#include "engine/app/verb_table.h"

namespace couplet {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

Invocation parsed(const Words& words) {
  auto result = parse_command_line(words);
  EXPECT_TRUE(result) << result.error().message;
  return result && std::holds_alternative<Invocation>(*result) ? std::get<Invocation>(*result)
                                                               : Invocation{};
}

Error refused(const Words& words) {
  auto result = parse_command_line(words);
  EXPECT_FALSE(result) << "taken";
  return result ? Error{} : result.error();
}

std::string helped(const Words& words) {
  auto result = parse_command_line(words);
  EXPECT_TRUE(result && std::holds_alternative<HelpRequest>(*result));
  return result && std::holds_alternative<HelpRequest>(*result)
             ? std::get<HelpRequest>(*result).text
             : std::string();
}

TEST(CommandLineTest, OptionsStandAnywhereAfterTheVerb) {
  for (const Words& words : {Words{"reconcile", "-c", "a.yaml", "--json", "one", "two"},
                             Words{"reconcile", "one", "--json", "two", "--config=a.yaml"},
                             Words{"reconcile", "one", "two", "--config", "a.yaml", "--json"}}) {
    const Invocation invocation = parsed(words);
    ASSERT_NE(invocation.verb, nullptr);
    EXPECT_EQ(invocation.verb->name, "reconcile");
    EXPECT_EQ(invocation.config, "a.yaml");
    EXPECT_TRUE(invocation.json);
    EXPECT_FALSE(invocation.quiet);
    EXPECT_THAT(invocation.words, ElementsAre("one", "two"));
  }
}

TEST(CommandLineTest, TheDefinitionIsCouplet_yamlByDefault) {
  EXPECT_EQ(parsed({"plan"}).config, "couplet.yaml");
}

TEST(CommandLineTest, EachFlagIsItsOwn) {
  EXPECT_TRUE(parsed({"reconcile", "--dry-run"}).dry_run);
  EXPECT_TRUE(parsed({"reconcile", "--exit-code"}).exit_code);
  EXPECT_TRUE(parsed({"reconcile", "--rebuild-state"}).rebuild_state);
  EXPECT_TRUE(parsed({"plan", "--exit-code"}).exit_code);
  EXPECT_TRUE(parsed({"status", "--check"}).check);
  EXPECT_TRUE(parsed({"validate", "--no-secrets"}).no_secrets);
  EXPECT_TRUE(parsed({"status", "-q"}).quiet);
  EXPECT_TRUE(parsed({"status", "--quiet"}).quiet);
}

TEST(CommandLineTest, AVerbOfTwoWords) {
  const Invocation invocation = parsed({"state", "verify", "-q"});
  ASSERT_NE(invocation.verb, nullptr);
  EXPECT_EQ(invocation.verb->name, "state verify");
  EXPECT_EQ(refused({"state"}).message, "`couplet state` wants one more word");
  EXPECT_EQ(refused({"state", "--json"}).hint, "one of: verify, backup, restore, compact");
  EXPECT_EQ(refused({"state", "verfy"}).hint, "did you mean \"verify\"?");
}

TEST(CommandLineTest, AMisspeltVerbSuggestsTheRightOne) {
  const Error error = refused({"reconcil"});
  EXPECT_EQ(error.message, "there is no verb \"reconcil\"");
  EXPECT_EQ(error.hint, "did you mean \"reconcile\"?");
  EXPECT_EQ(exit_code_of(error.kind), ExitCode::kUsage);
  EXPECT_EQ(code_of(error), "usage");
  EXPECT_EQ(refused({"stauts"}).hint, "did you mean \"status\"?");
  EXPECT_EQ(refused({"frobnicate"}).hint, "`couplet --help` lists the verbs");
}

TEST(CommandLineTest, AMisspeltOptionSuggestsTheRightOne) {
  const Error error = refused({"plan", "--jsn"});
  EXPECT_EQ(error.message, "`couplet plan` has no option \"--jsn\"");
  EXPECT_EQ(error.hint, "did you mean \"--json\"?");
  EXPECT_EQ(exit_code_of(error.kind), ExitCode::kUsage);
  EXPECT_EQ(refused({"plan", "--confg=x.yaml"}).hint, "did you mean \"--config\"?");
  EXPECT_EQ(refused({"plan", "--confg", "x.yaml"}).hint, "did you mean \"--config\"?");
  EXPECT_EQ(refused({"reconcile", "--dryrun"}).hint, "did you mean \"--dry-run\"?");
  EXPECT_EQ(refused({"status", "-x"}).hint, "`couplet status --help` lists them");
}

TEST(CommandLineTest, AnOptionOfAnotherVerbIsToldAsThat) {
  EXPECT_EQ(refused({"status", "--dry-run"}).hint, "--dry-run is an option of `couplet reconcile`");
}

TEST(CommandLineTest, AnOptionBeforeTheVerbIsToldWhereItStands) {
  EXPECT_EQ(refused({"--json", "plan"}).hint,
            "options stand anywhere after the verb: couplet VERB --json");
}

TEST(CommandLineTest, AnOptionThatIsMisusedIsSaidInASentence) {
  EXPECT_EQ(refused({"plan", "-c"}).message, "option --config wants a value: --config FILE");
  EXPECT_EQ(refused({"plan", "-c", "a", "-c", "b"}).message,
            "option --config is given more than once");
  EXPECT_EQ(refused({"plan", "--config="}).message, "option --config wants a value: --config FILE");
  EXPECT_EQ(refused({"plan", "--json=perhaps"}).kind, ErrorKind::kInvalidArgument);
}

TEST(CommandLineTest, AWordTooManyIsRefused) {
  EXPECT_EQ(refused({"status", "provider"}).message, "`couplet status` takes no \"provider\"");
  EXPECT_EQ(refused({"validate", "other.yaml"}).hint,
            "another definition is given as `-c other.yaml`");
  const Error two = refused({"explain", "shop.customers/1", "shop.customers/2"});
  EXPECT_EQ(two.message, "`couplet explain` takes OBJECT and no \"shop.customers/2\" besides");
  EXPECT_EQ(two.hint, "run it once for each");
  EXPECT_THAT(parsed({"plan", "--", "provider"}).words, ElementsAre("provider"));
}

TEST(CommandLineTest, VerbsOfALaterVersionAreKnownAndRefused) {
  for (const std::string_view later : later_verbs()) {
    const std::size_t blank = later.find(' ');
    Words words = {std::string(later.substr(0, blank))};
    if (blank != std::string_view::npos) {
      words.emplace_back(later.substr(blank + 1));
    }
    words.emplace_back("--json");
    const Error error = refused(words);
    EXPECT_EQ(error.message, "not supported yet: couplet " + std::string(later));
    EXPECT_EQ(exit_code_of(error.kind), ExitCode::kUsage);
    EXPECT_EQ(code_of(error), "not_supported");
  }
  EXPECT_EQ(refused({"snyc"}).hint, "did you mean \"sync\"?");
}

TEST(CommandLineTest, NoVerbIsAnsweredWithHelpButIsAnError) {
  const auto result = parse_command_line({});
  ASSERT_TRUE(result);
  ASSERT_TRUE(std::holds_alternative<HelpRequest>(*result));
  EXPECT_FALSE(std::get<HelpRequest>(*result).asked);
  EXPECT_EQ(std::get<HelpRequest>(*result).text, help_text());
}

TEST(CommandLineTest, HelpIsThereForEachVerbWithTwoExamples) {
  EXPECT_EQ(helped({"--help"}), help_text());
  EXPECT_EQ(helped({"-h"}), help_text());
  EXPECT_EQ(helped({"help"}), help_text());
  for (const VerbSpec& verb : verbs()) {
    const std::string name(verb.name);
    EXPECT_THAT(help_text(), HasSubstr("  " + name + " "));
    Words words;
    for (std::size_t start = 0, end = 0; end != std::string::npos; start = end + 1) {
      end = name.find(' ', start);
      words.push_back(name.substr(start, end == std::string::npos ? end : end - start));
    }
    Words by_option = words;
    by_option.emplace_back("--help");
    const std::string text = helped(by_option);
    words.insert(words.begin(), "help");
    EXPECT_EQ(helped(words), text);
    for (const ExampleSpec& example : verb.examples) {
      EXPECT_TRUE(example.command.starts_with("couplet " + name)) << example.command;
      EXPECT_THAT(text, HasSubstr(std::string("\n  ") + std::string(example.command) + "  "));
    }
    for (const FlagSpec& flag : verb.flags) {
      EXPECT_FALSE(flag.doc.empty());
      EXPECT_THAT(text, HasSubstr(std::string(flag.names)));
    }
  }
}

TEST(CommandLineTest, HelpFitsATerminal) {
  for (const VerbSpec& verb : verbs()) {
    const std::string text = help_text() + help_text(verb);
    std::size_t start = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', start)) {
      EXPECT_LE(end - start, 100U) << text.substr(start, end - start);
      start = end + 1;
    }
    EXPECT_THAT(text, EndsWith("\n"));
    EXPECT_THAT(text, Not(HasSubstr(" \n")));
  }
}

TEST(CommandLineTest, JsonIsSeenEvenWhereTheRestIsWrong) {
  EXPECT_TRUE(asks_for_json(Words{"reconcil", "--json"}));
  EXPECT_FALSE(asks_for_json(Words{"reconcile"}));
}

}  // namespace
}  // namespace couplet
