// What is wrong with the file or with what it names: all of it at once, with its place and a way
// out, before anything is written.
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class WrongInputTest : public CliTest {
 protected:
  // What `plan` says of a file that is wrong; `reconcile` must say the same and write nothing.
  std::string refusal() {
    const Ended plan = couplet({"plan"});
    const Ended reconcile = couplet({"reconcile"});
    EXPECT_EQ(plan.exit_code, 2) << plan.out << plan.err;
    EXPECT_EQ(reconcile.exit_code, 2);
    EXPECT_EQ(reconcile.err, plan.err);
    EXPECT_EQ(plan.out + reconcile.out, "");
    EXPECT_FALSE(std::filesystem::exists(state()));
    return plan.err;
  }
};

TEST_F(WrongInputTest, AllErrorsOfTheFileComeAtOnce) {
  write_text(
      "version: 1\n"
      "name: cli\n"
      "state: state\n"
      "sources:\n"
      "  left: { type: postgres, url: { env: COUPLET_TEST_NOT_SET } }\n"
      "  right: { type: postgres, ulr: postgresql://me:geheim@db/x }\n"
      "mappings:\n"
      "  person: { left: left.people, right: wrong.persons, direction: sideways, keys: [name] }\n");
  const std::string said = refusal();
  EXPECT_THAT(said, HasSubstr("couplet.yaml:5:"));
  EXPECT_THAT(said, HasSubstr("COUPLET_TEST_NOT_SET"));
  EXPECT_THAT(said, HasSubstr("did you mean \"url\"?"));
  EXPECT_THAT(said, HasSubstr("couplet.yaml:8:"));
  EXPECT_THAT(said, Not(HasSubstr("geheim")));

  const Ended validate = couplet({"validate", "--json"});
  EXPECT_EQ(validate.exit_code, 2);
  const nlohmann::json json = nlohmann::json::parse(validate.out);
  EXPECT_EQ(json["valid"], false);
  EXPECT_GE(json["errors"].size(), 4U);
  EXPECT_EQ(json["errors"][0]["line"], 5);
  EXPECT_THAT(validate.out, Not(HasSubstr("geheim")));

  const Ended without_secrets = couplet({"validate", "--json", "--no-secrets"});
  EXPECT_THAT(without_secrets.out, Not(HasSubstr("COUPLET_TEST_NOT_SET")));

  const Ended told = couplet({"reconcile", "--json"});
  EXPECT_EQ(error_of(told.out)["code"], "invalid_definition");
}

TEST_F(WrongInputTest, AFileThatIsNotThere) {
  const Ended ended = run({{COUPLET_PROGRAM, "plan", "-c", "/nowhere/couplet.yaml"}});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("there is no file /nowhere/couplet.yaml"));
  EXPECT_THAT(ended.err, HasSubstr("`couplet init` writes a first one"));
}

TEST_F(WrongInputTest, AVariableThatIsSetIsUsed) {
  write_text(
      "version: 1\nname: cli\nstate: state\nsources:\n"
      "  left: { type: postgres, url: { env: COUPLET_TEST_LEFT } }\n"
      "  right: { type: postgres, url: { file: right.url } }\nmappings:" +
      std::string(kPeople));
  EXPECT_EQ(couplet({"plan"}).exit_code, 2);
  environment_["COUPLET_TEST_LEFT"] = left_.url(kRole);
  const Ended missing = couplet({"plan"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("right.url"));
  const Ended written = run({{"/bin/sh", "-c",
                              "printf '%s\\n' '" + right_.url(kRole) + "' > '" +
                                  (folder_.path() / "right.url").string() + "'"}});
  ASSERT_EQ(written.exit_code, 0);
  EXPECT_EQ(couplet({"plan"}).exit_code, 0);
}

TEST_F(WrongInputTest, ATableAColumnAndAReferenceThatDoNotExist) {
  write_file(R"(
  one: { left: left.peple, right: right.persons, direction: left_to_right, keys: [name] }
  two: { left: left.people, right: right.persons, direction: left_to_right, keys: [name],
         attributes: [ { left: agge, right: years }, { left: boss.name, right: years } ] }
)");
  const std::string said = refusal();
  EXPECT_THAT(said, HasSubstr("couplet.yaml:8:"));
  EXPECT_THAT(said, HasSubstr("did you mean \"people\"?"));
  EXPECT_THAT(said, HasSubstr("couplet.yaml:10:"));
  EXPECT_THAT(said, HasSubstr("did you mean \"age\"?"));
  EXPECT_THAT(said, HasSubstr("boss"));
}

// Who asks about an object, or syncs one, does not ask about the file.
TEST_F(WrongInputTest, WarningsAreShownByTheVerbsThatAskAboutTheFile) {
  left_.exec("alter table people add code varchar(9)");
  right_.exec("alter table persons add code varchar(5)");
  add_people(1);
  write_file(R"(
  m: { left: left.people, right: right.persons, direction: left_to_right, keys: [name],
       attributes: [code] }
)");
  const std::string warning = "such objects are parked";
  for (const char* verb : {"plan", "reconcile"}) {
    EXPECT_THAT(couplet({verb}).err, HasSubstr(warning)) << verb;
  }
  EXPECT_THAT(couplet({"doctor"}).out, HasSubstr(warning));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"sync", "left.people/1"},
                                                {"explain", "left.people/1"},
                                                {"links", "show", "left.people/1"},
                                                {"links", "list"},
                                                {"conflicts", "list"},
                                                {"held", "list"},
                                                {"parked", "retry"},
                                                {"status"}}) {
    const Ended ended = couplet(words);
    EXPECT_EQ(ended.exit_code, 0) << words[0] << ended.err;
    EXPECT_THAT(ended.err, Not(HasSubstr("warning"))) << words[0];
  }
}

TEST_F(WrongInputTest, ErrorsComeBeforeWarningsAndAreCountedLast) {
  left_.exec("alter table people add code varchar(9)");
  right_.exec("alter table persons add code varchar(5)");
  write_file(R"(
  m: { left: left.people, right: right.persons, direction: left_to_right, keys: [name],
       attributes: [code, { left: nobody, right: years }] }
)");
  const Ended ended = couplet({"plan"});
  EXPECT_EQ(ended.exit_code, 2);
  const std::size_t error = ended.err.find(": error: ");
  const std::size_t warning = ended.err.find(": warning: ");
  ASSERT_NE(warning, std::string::npos) << ended.err;
  EXPECT_LT(error, warning);
  EXPECT_THAT(ended.err, EndsWith("is not valid: 1 error, 1 warning\n"));
  // What is asked to be quiet tells errors alone.
  const Ended quiet = couplet({"plan", "-q"});
  EXPECT_THAT(quiet.err, Not(HasSubstr("warning")));
  EXPECT_THAT(quiet.err, EndsWith("is not valid: 1 error\n"));
}

TEST_F(WrongInputTest, ASchemaThatTheRoleMayNotLookIntoIsToldWithItsGrant) {
  right_.exec("drop role if exists cli_stranger");
  right_.exec("create role cli_stranger login");
  right_.exec("grant select, insert, update on persons to cli_stranger");
  right_.exec("revoke usage on schema public from public");
  write_file(kPeople, left_.url(kRole), right_.url("cli_stranger"));
  for (const char* verb : {"plan", "reconcile"}) {
    const Ended ended = couplet({verb});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err, HasSubstr("our role may not look into schema public"));
    EXPECT_THAT(ended.err, HasSubstr("GRANT USAGE ON SCHEMA \"public\" TO \"cli_stranger\""));
  }
  right_.exec("grant usage on schema public to public");
  right_.exec("drop owned by cli_stranger; drop role cli_stranger");
}

TEST_F(WrongInputTest, ATableWithoutAPrimaryKey) {
  right_.exec("create table heap (name text not null)");
  write_file(
      "\n  m: { left: left.people, right: right.heap, direction: left_to_right, keys: [name] }\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("heap"), HasSubstr("key")));
}

TEST_F(WrongInputTest, TwoWayTypesThatLoseSomething) {
  left_.exec("alter table people add price numeric(10, 4)");
  right_.exec("alter table persons add price numeric(10, 2)");
  write_file(
      "\n  m: { left: left.people, right: right.persons, direction: both, keys: [name],"
      " attributes: [price] }\n");
  EXPECT_THAT(refusal(), HasSubstr("price"));
}

TEST_F(WrongInputTest, ARequiredColumnThatNobodyProvides) {
  right_.exec("alter table persons add born date not null");
  EXPECT_THAT(refusal(), HasSubstr("born"));
}

TEST_F(WrongInputTest, AConditionThatIsNoSql) {
  write_file(R"(
  m: { left: left.people, right: right.persons, direction: left_to_right, keys: [name],
       where: { left: { sql: "agee > 3" } } }
)");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("couplet.yaml:9:"), HasSubstr("agee")));
}

TEST_F(WrongInputTest, APermissionThatIsMissing) {
  right_.exec("drop role if exists cli_reader");
  right_.exec("create role cli_reader login; grant usage on schema public to cli_reader");
  right_.exec("grant select on persons to cli_reader");
  write_file(kPeople, left_.url(kRole), right_.url("cli_reader"));
  add_people(1);
  const Ended ended = couplet({"reconcile"});
  EXPECT_NE(ended.exit_code, 0) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("persons"));
  EXPECT_THAT(ended.err, testing::ContainsRegex("(insert|INSERT|permission|may not)"));
  EXPECT_TRUE(right_.query("select 1 from persons").empty());
  right_.exec("drop owned by cli_reader; drop role cli_reader");
}

}  // namespace
}  // namespace couplet::test
