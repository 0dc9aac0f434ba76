// What the caller of the program learns, and what a person then reads.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "storage/rocksdb/rocksdb_state_store.h"
#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ExitCodeTest : public CliTest {};

TEST_F(ExitCodeTest, AReconcileThatWentThroughIs0AndASecondOneDoesNothing) {
  add_people(3);
  right_.exec("insert into persons (name, years) values ('p1', null), ('q', 7)");
  const Ended first = couplet({"reconcile", "--json"});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(summary_of(first.out)["create"], 3);
  EXPECT_EQ(left_.query("select name, age from people order by name"),
            right_.query("select name, years from persons order by name"));

  const Ended second = couplet({"reconcile", "--json"});
  EXPECT_EQ(second.exit_code, 0) << second.err;
  ASSERT_EQ(lines_of(second.out).size(), 1U) << second.out;
  EXPECT_EQ(summary_of(second.out)["converged"], true);
}

TEST_F(ExitCodeTest, AnObjectThatParksIsAFindingOnlyWhenAskedFor) {
  right_.exec("alter table persons add check (years < 100)");
  left_.exec("insert into people (name, age) values ('ok', 5), ('old', 123456)");
  const Ended plain = couplet({"reconcile"});
  EXPECT_EQ(plain.exit_code, 0) << plain.err;
  EXPECT_THAT(plain.out, HasSubstr("! person  left.people/2  absent, parked: "));
  EXPECT_THAT(plain.out, HasSubstr("persons_years_check"));
  EXPECT_THAT(plain.out, HasSubstr("1 parked."));
  EXPECT_THAT(plain.out + plain.err, Not(HasSubstr("123456"))) << "a row's value in the output";
  EXPECT_EQ(couplet({"reconcile", "--exit-code"}).exit_code, 4);
  EXPECT_EQ(couplet({"status"}).exit_code, 0);

  const Ended status = couplet({"status", "--check", "--json"});
  EXPECT_EQ(status.exit_code, 4);
  const nlohmann::json json = nlohmann::json::parse(status.out);
  EXPECT_EQ(json["healthy"], false);
  EXPECT_EQ(json["problems"][0]["code"], "parked");
  EXPECT_EQ(json["mappings"]["person"]["parked"], 1);
  EXPECT_EQ(json["mappings"]["person"]["links"], 1);

  right_.exec("alter table persons drop constraint persons_years_check");
  EXPECT_EQ(couplet({"reconcile", "--exit-code"}).exit_code, 0);
  EXPECT_EQ(couplet({"status", "--check"}).exit_code, 0);
}

TEST_F(ExitCodeTest, StatusNeedsNeitherDatabaseNorSecrets) {
  write_text(
      "version: 1\nname: cli\nstate: state\nsources:\n"
      "  left: { type: postgres, url: { env: COUPLET_TEST_NOT_SET } }\n"
      "  right: { type: postgres, url: postgresql://127.0.0.1:1/nothing }\nmappings:" +
      std::string(kPeople));
  const Ended status = couplet({"status"});
  EXPECT_EQ(status.exit_code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("nothing was reconciled yet"));
  EXPECT_EQ(couplet({"status", "--check"}).exit_code, 4);
  EXPECT_FALSE(std::filesystem::exists(state()));
}

TEST_F(ExitCodeTest, AServerThatDoesNotAnswerIs3WithWhereItWasLookedFor) {
  write_file(kPeople, left_.url(kRole), "postgresql://127.0.0.1:1/nothing");
  for (const char* verb : {"reconcile", "plan"}) {
    const Ended ended = couplet({verb, "--json"});
    EXPECT_EQ(ended.exit_code, 3);
    EXPECT_THAT(ended.err, StartsWith("couplet: source right: "));
    EXPECT_THAT(ended.err, HasSubstr("127.0.0.1"));
    const nlohmann::json error = error_of(ended.out);
    EXPECT_EQ(error["code"], "unavailable");
    EXPECT_FALSE(error["hint"].get<std::string>().empty());
  }
  EXPECT_FALSE(std::filesystem::exists(state())) << "nothing is made before all have answered";
}

TEST_F(ExitCodeTest, AWrongPasswordIs3AndIsNeverShown) {
  PostgresSettings settings;
  settings.password_required = true;
  PostgresCluster strict(settings);
  strict.create_database("guarded");
  const std::string right_one = strict.url("guarded");
  const std::size_t colon = right_one.find(':', right_one.find("://") + 3);
  const std::string url =
      right_one.substr(0, colon + 1) + "hunter2%21" + right_one.substr(right_one.find('@'));
  write_file(kPeople, left_.url(kRole), url);
  for (const char* verb : {"reconcile", "validate", "status"}) {
    const Ended ended = couplet({verb, "--json"});
    EXPECT_EQ(ended.exit_code, std::string_view(verb) == "reconcile" ? 3 : 0);
    EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("hunter2")));
  }
  const Ended ended = couplet({"reconcile", "--json"});
  EXPECT_EQ(error_of(ended.out)["code"], "authentication");
  EXPECT_THAT(ended.err, HasSubstr("password authentication failed"));
  // The URL stands in the file, which is worth a warning with the line in it, masked.
  EXPECT_THAT(ended.err, HasSubstr("warning"));
  EXPECT_THAT(ended.err, HasSubstr("***"));
}

TEST_F(ExitCodeTest, ADatabaseThatDoesNotExistIs3) {
  write_file(kPeople, left_.url(kRole), right_.cluster().url("no_such_database"));
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.err, HasSubstr("no_such_database"));
}

// The state knows the databases it was made with: links into another one would be wrong.
TEST_F(ExitCodeTest, ADatabaseRestoredElsewhereIs3) {
  add_people(2);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  TemporaryDatabase elsewhere;
  elsewhere.exec(
      "create table persons (id bigint generated by default as identity primary key,"
      " name text not null, years integer)");
  write_file(kPeople, left_.url(kRole), elsewhere.url());
  for (const char* verb : {"reconcile", "plan"}) {
    const Ended ended = couplet({verb, "--json"});
    EXPECT_EQ(ended.exit_code, 3);
    EXPECT_EQ(error_of(ended.out)["code"], "state_foreign");
    EXPECT_THAT(ended.err, HasSubstr("source 'right'"));
  }
  EXPECT_TRUE(elsewhere.query("select 1 from persons").empty());
}

TEST_F(ExitCodeTest, AStateThatAnotherProcessHasIs3) {
  add_people(1);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  const auto held = RocksdbStateStore::open(state(), {});
  ASSERT_TRUE(held) << held.error().message;
  const Ended ended = couplet({"reconcile", "--json"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_EQ(error_of(ended.out)["code"], "state_in_use");
  EXPECT_THAT(ended.err, HasSubstr(state().string()));
  // Readers are welcome.
  EXPECT_EQ(couplet({"plan"}).exit_code, 0);
  EXPECT_EQ(couplet({"status"}).exit_code, 0);
}

TEST_F(ExitCodeTest, ADamagedStateIs3AndVerifySaysWhatIsWrong) {
  add_people(50);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  const Ended whole = couplet({"state", "verify", "--json"});
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_EQ(whole.out, "{\"ok\":true,\"problems\":[]}\n");
  for (const auto& entry : std::filesystem::directory_iterator(state())) {
    if (entry.path().extension() == ".sst") {
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(8);
      file << "damage";
    }
  }
  const Ended verified = couplet({"state", "verify", "--json"});
  EXPECT_EQ(verified.exit_code, 3) << verified.out;
  const nlohmann::json json = nlohmann::json::parse(verified.out);
  EXPECT_EQ(json["ok"], false);
  EXPECT_FALSE(json["problems"].empty());
  const Ended ended = couplet({"reconcile", "--json"});
  EXPECT_EQ(ended.exit_code, 3) << ended.out;
  EXPECT_EQ(error_of(ended.out)["code"], "state_corrupt");
}

TEST_F(ExitCodeTest, VerifyingAStateThatIsNotThereFails) {
  const Ended ended = couplet({"state", "verify"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("there is no state in"));
}

TEST_F(ExitCodeTest, AStateFolderThatCannotBeMadeIs3) {
  write_text(
      "version: 1\nname: cli\nstate: /proc/nowhere/state\nsources:\n  left: { type: "
      "postgres, url: \"" +
      left_.url(kRole) + "\" }\n  right: { type: postgres, url: \"" + right_.url(kRole) +
      "\" }\nmappings:" + kPeople);
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.err, HasSubstr("/proc/nowhere/state"));
}

TEST_F(ExitCodeTest, AnOutputThatCannotBeWrittenIs3) {
  add_people(1);
  Program::Settings full = program({"plan"});
  full.out_file = "/dev/full";
  const Ended ended = run(full);
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.err, HasSubstr("cannot write to standard output: No space left on device"));
}

}  // namespace
}  // namespace couplet::test
