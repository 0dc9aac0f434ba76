// What `doctor` makes of facts that no server at hand shows: clocks, old servers, sources that say
// nothing.

#include "engine/app/doctor/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace couplet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kSecond = 1'000'000;

Definition two_sources() {
  Definition made;
  made.name = "crm-billing";
  made.sources.resize(2);
  made.sources[0].name = "crm";
  made.sources[1].name = "billing";
  return made;
}

// A source whose clock said `now` between two looks at ours.
Examined examined(std::size_t index, std::int64_t now, std::int64_t before, std::int64_t after) {
  Examined source;
  source.index = index;
  source.found.product = "PostgreSQL 15.4";
  source.found.version = 150004;
  source.found.encoding = "UTF8";
  source.found.now = Timestamp{now * kSecond};
  source.before = Timestamp{before * kSecond};
  source.after = Timestamp{after * kSecond};
  return source;
}

std::vector<std::string> codes(const Findings& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings) {
    all.push_back(finding.code);
  }
  return all;
}

TEST(ClockCheckTest, ClocksThatMayAgreeAreNotReported) {
  EXPECT_THAT(check_clocks(two_sources(), {examined(0, 100, 99, 101), examined(1, 102, 100, 100)}),
              IsEmpty())
      << "2 s is what clock_skew allows";
  EXPECT_THAT(check_clocks(two_sources(), {examined(0, 100, 50, 150)}), IsEmpty())
      << "a slow answer tells little";
}

TEST(ClockCheckTest, AServersClockIsHeldAgainstOurs) {
  const Findings ahead = check_clocks(two_sources(), {examined(0, 110, 100, 101)});
  ASSERT_THAT(ahead, SizeIs(1));
  EXPECT_EQ(ahead[0].source, "crm");
  EXPECT_EQ(ahead[0].message,
            "its clock is at least 9.0 s ahead of this machine's; clock_skew allows 2.0 s");
  const Findings behind = check_clocks(two_sources(), {examined(0, 90, 100, 101)});
  ASSERT_THAT(behind, SizeIs(1));
  EXPECT_THAT(behind[0].message, HasSubstr("at least 10.0 s behind this machine's"));
}

TEST(ClockCheckTest, ServersAreHeldAgainstEachOther) {
  const Findings found =
      check_clocks(two_sources(), {examined(0, 102, 100, 100), examined(1, 98, 100, 100)});
  ASSERT_THAT(found, SizeIs(1)) << "each of them is near enough to ours";
  EXPECT_THAT(found[0].message, HasSubstr("at least 4.0 s behind crm's"));
}

TEST(ServerCheckTest, AnOldServerAndAStandbyAreErrorsWhereTheyMatter) {
  Access access;
  access[{0, {"public", "customers"}}].update = {"name"};
  Examined source = examined(0, 0, 0, 0);
  source.found.settings = {{"max_replication_slots", "10"}};
  EXPECT_THAT(codes(check_server(two_sources(), source, access)), ElementsAre("crash_protection"));
  source.found.version = 110022;
  source.found.read_only = true;
  EXPECT_THAT(codes(check_server(two_sources(), source, access)),
              ElementsAre("old_server", "read_only", "crash_protection"));
}

TEST(ServerCheckTest, OfASourceThatSaysNothingNothingIsSaid) {
  Examined source;
  EXPECT_THAT(check_server(two_sources(), source, {}), IsEmpty());
  EXPECT_THAT(check_clocks(two_sources(), {source}), IsEmpty());
  EXPECT_THAT(check_tables(two_sources(), source, {}), IsEmpty());
}

// The values can be mended, the column not: the finding says why it does not go.
TEST(KeyCheckTest, OfALooseKeyInSqliteIsToldThatItStays) {
  Definition definition = two_sources();
  definition.sources[0].type = SourceType::kSqlite;
  definition.sources[1].type = SourceType::kPostgres;
  TableInfo table;
  table.name.table = "people";
  table.columns.resize(1);
  table.columns[0].name = "mail";
  table.columns[0].type_name = "TEXT";
  table.columns[0].equated_by = "collation NOCASE";
  for (const std::size_t source : {0U, 1U}) {
    Access access;
    access[{source, table.name}].keys = {{"mail", "person"}};
    const Findings found =
        check_keys(definition, examined(source, 0, 0, 0), access, {{{source, table.name}, table}});
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].message.find("This is told as long as the column has the collation") !=
                  std::string::npos,
              source == 0);
  }
}

// Who only reconciles has no need of it: nothing of it is more than a note, and what is to be made
// is one note.
TEST(StreamCheckTest, WhatAStreamLacksIsANoteUntilOneIsSetUp) {
  StreamPlan plan;
  plan.steps = {{SetupStep::Part::kPublication, "publication p is missing", "CREATE PUBLICATION p"},
                {SetupStep::Part::kSlot, "slot s is missing", "SELECT s"}};
  plan.problems = {
      {StreamProblem::Kind::kWalLevel, "wal_level is replica", "ALTER SYSTEM", true, true, true},
      {StreamProblem::Kind::kLogUnbounded, "the disk fills", "ALTER SYSTEM"}};
  Findings found = check_stream(two_sources(), 1, plan);
  ASSERT_THAT(codes(found), ElementsAre("wal_level", "stream_not_set_up"));
  EXPECT_EQ(found[0].level, Finding::Level::kNote);
  EXPECT_THAT(found[0].message, HasSubstr("reconcile does without"));
  EXPECT_EQ(found[1].level, Finding::Level::kNote);
  EXPECT_EQ(found[1].source, "billing");
  EXPECT_EQ(found[1].fix, "couplet setup");
  plan.problems.push_back({StreamProblem::Kind::kOwner, "the role does not own t", ""});
  found = check_stream(two_sources(), 1, plan);
  EXPECT_THAT(found.back().fix, HasSubstr("couplet setup --dry-run billing"));

  plan.set_up = true;
  found = check_stream(two_sources(), 1, plan);
  EXPECT_THAT(codes(found),
              ElementsAre("wal_level", "slot_wal_unbounded", "publication", "replication_slot"));
  EXPECT_EQ(found[0].level, Finding::Level::kError);
  EXPECT_EQ(found[1].level, Finding::Level::kNote);
  EXPECT_EQ(found[2].level, Finding::Level::kError);
  EXPECT_EQ(found[2].fix, "CREATE PUBLICATION p");
}

// Its statements are of use in their order alone.
TEST(StreamCheckTest, WhatAChangeLogLacksIsOneFindingWithAllThatMendsIt) {
  StreamPlan plan;
  plan.steps = {{SetupStep::Part::kLog, "trigger t is missing", "DELETE FROM l"},
                {SetupStep::Part::kTrigger, "trigger t is missing", "CREATE TRIGGER t"},
                {SetupStep::Part::kLog, "change log l begins", "INSERT INTO l"}};
  EXPECT_THAT(codes(check_stream(two_sources(), 1, plan)), ElementsAre("stream_not_set_up"));
  plan.set_up = true;
  const Findings found = check_stream(two_sources(), 1, plan);
  ASSERT_THAT(codes(found), ElementsAre("change_log"));
  EXPECT_EQ(found[0].level, Finding::Level::kWarning) << "a run mends it by itself";
  EXPECT_EQ(found[0].message, "trigger t is missing");
  EXPECT_EQ(found[0].fix, "DELETE FROM l; CREATE TRIGGER t; INSERT INTO l");
}

// Whoever made it so: the applications there get the errors.
TEST(StreamCheckTest, APublishedTableWithoutIdentityIsAnErrorAtAnyTime) {
  StreamPlan plan;
  plan.problems = {
      {StreamProblem::Kind::kReplicaIdentity, "t has none", "ALTER TABLE t", true, true, false}};
  EXPECT_EQ(check_stream(two_sources(), 0, plan)[0].level, Finding::Level::kNote);
  plan.problems[0].blocks = false;
  EXPECT_EQ(check_stream(two_sources(), 0, plan)[0].level, Finding::Level::kError);
}

TEST(FindingTest, TheWorstComesFirstAndSecretsAreMasked) {
  const Findings findings = {
      {Finding::Level::kNote, "crm", "n", "a note\nof two lines", ""},
      {Finding::Level::kError, "", "e", "cannot reach postgresql://u:hidden@h/db", "try again"}};
  EXPECT_EQ(findings_text(findings, false),
            "error: cannot reach postgresql://u:***@h/db (e)\n    try again\n"
            "note: crm: a note of two lines (n)\n1 error, 1 note\n");
  EXPECT_EQ(findings_text(findings, true), "1 error, 1 note\n");
  EXPECT_EQ(findings_text({}, false), "nothing found\n");
  EXPECT_EQ(
      findings_json(findings).dump(),
      R"({"findings":[{"level":"error","source":null,"code":"e","message":"cannot reach )"
      R"(postgresql://u:***@h/db","fix":"try again"},{"level":"note","source":"crm","code":"n",)"
      R"("message":"a note of two lines","fix":null}]})");
}

TEST(MarksCheckTest, AStateThatIsLostWouldNotBeSeenWhereNoWrittenSourceHasMarks) {
  Access access;
  const TableName table{"public", "t"};
  access[{0, table}].update = {"name"};
  access[{1, table}].insert = {"name"};
  Examined crm = examined(0, 100, 100, 100);
  crm.found.role = "couplet";
  crm.found.settings["max_replication_slots"] = "10";
  crm.found.forbidden_functions = {"pg_replication_origin_create(text)"};
  Examined billing = crm;
  billing.index = 1;
  const Findings found = check_marks(two_sources(), {crm, billing}, access);
  ASSERT_THAT(codes(found), ElementsAre("lost_state_unseen"));
  EXPECT_EQ(found[0].level, Finding::Level::kNote);
  EXPECT_EQ(found[0].fix,
            "in crm: GRANT EXECUTE ON FUNCTION pg_replication_origin_create(text) TO \"couplet\"");

  billing.found.forbidden_functions.clear();
  EXPECT_THAT(check_marks(two_sources(), {crm, billing}, access), IsEmpty()) << "one is enough";
  billing.found.settings["max_replication_slots"] = "0";
  EXPECT_THAT(check_marks(two_sources(), {crm, billing}, access), SizeIs(1));
  EXPECT_THAT(check_marks(two_sources(), {crm, billing}, {}), IsEmpty()) << "nothing is written";

  Definition files = two_sources();
  files.sources[0].type = files.sources[1].type = SourceType::kSqlite;
  EXPECT_EQ(check_marks(files, {crm, billing}, access)[0].fix,
            "keep the folder of the state, and back it up while no run is going on");
}

}  // namespace
}  // namespace couplet
