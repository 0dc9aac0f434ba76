// A change log that was not filled all the time: found, said, begun anew; and what `setup` and
// `teardown` make of it.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/unit/sqlite/log_scene.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LogLapseTest : public LogScene {
 protected:
  LogLapseTest() {
    file_.exec(
        "create table people (id integer primary key, name text);"
        "create table firms (id integer primary key, name text)");
    set_up({"people", "firms"});
    stream_ = caught_up();
  }

  // The stream breaks off, and the next one, from where this one was, says why it does not go on
  // there.
  std::string broken_off() {
    const auto next = stream_->next(std::chrono::milliseconds(0));
    EXPECT_FALSE(next.has_value());
    if (!next) {
      EXPECT_EQ(next.error().kind, ErrorKind::kTransient) << next.error().message;
    }
    return gap_after();
  }
  std::string gap_after() {
    stream_.reset();
    stream_ = open(end_);
    const auto gap = stream_->gap();
    told(*stream_);
    file_.exec("insert into people (name) values ('told again')");
    EXPECT_THAT(told(*stream_), SizeIs(1));
    EXPECT_THAT(plan().steps, IsEmpty());
    stream_.reset();
    stream_ = open(end_);
    EXPECT_FALSE(stream_->gap()) << "once";
    return gap ? gap->reason : "";
  }

  std::unique_ptr<ChangeStream> stream_;
};

TEST_F(LogLapseTest, SetUpThereIsNothingLeftToDo) {
  EXPECT_THAT(plan().steps, IsEmpty());
  EXPECT_TRUE(plan().set_up);
  EXPECT_EQ(gap_after(), "");
}

// The usual procedure for what ALTER TABLE cannot do (sqlite.org/lang_altertable.html).
TEST_F(LogLapseTest, ATableThatWasMadeAnewHasLostItsTriggers) {
  file_.exec(
      "begin; create table new_people (id integer primary key, name text not null);"
      "insert into new_people select * from people; drop table people;"
      "alter table new_people rename to people; insert into people (name) values ('untold'); "
      "commit");
  EXPECT_THAT(broken_off(), HasSubstr("begun anew: trigger couplet_shop_box_insert_people is "
                                      "missing"));
}

TEST_F(LogLapseTest, ATriggerThatWasDroppedAndMadeAgainTellsOfNoTimeBetween) {
  const std::string sql =
      file_
          .query(
              "select sql from sqlite_schema where name = 'couplet_shop_box_delete_people'")[0][0]
          .value();
  file_.exec("drop trigger couplet_shop_box_delete_people; delete from people; " + sql);
  EXPECT_THAT(broken_off(), HasSubstr("trigger couplet_shop_box_delete_people was made again"));
  file_.exec("vacuum");
  EXPECT_EQ(gap_after(), "") << "their order stays";
}

TEST_F(LogLapseTest, AUniqueKeyThatComesLaterNeedsATriggerMore) {
  file_.exec("create unique index people_name on people (name)");
  EXPECT_THAT(broken_off(), HasSubstr("couplet_shop_box_replacing_people is missing"));
}

TEST_F(LogLapseTest, WhatTheNextStartFindsMissingIsAGapToo) {
  stream_.reset();
  file_.exec("drop trigger couplet_shop_box_update_firms; update firms set name = 'untold'");
  EXPECT_THAT(gap_after(), HasSubstr("trigger couplet_shop_box_update_firms is missing"));
}

// Whoever has mended it, the reader knows that it is not what he has read.
TEST_F(LogLapseTest, WhatSetupMendsIsAGapForTheReader) {
  stream_.reset();
  file_.exec("drop trigger couplet_shop_box_update_firms; update firms set name = 'untold'");
  EXPECT_THAT(plan().steps.front().why, HasSubstr("couplet_shop_box_update_firms is missing"));
  carry_out(plan());
  EXPECT_THAT(gap_after(), HasSubstr("begins behind where we were"));
}

TEST_F(LogLapseTest, SetupBesideAReaderIsAGapForHim) {
  carry_out(*SqliteStreamSetup(settings()).plan_teardown(needs()));
  carry_out(plan());
  EXPECT_THAT(broken_off(), HasSubstr("begins behind where we were"));
}

TEST_F(LogLapseTest, AnEmptiedLogIsAGap) {
  file_.exec("insert into people (name) values ('untold'); delete from couplet_shop_box");
  EXPECT_THAT(broken_off(), HasSubstr("change log couplet_shop_box was emptied"));
}

TEST_F(LogLapseTest, ACopyThatWasRestoredInPlaceIsAGapHoweverMuchWasWrittenSince) {
  const auto copy = file_.path().string() + ".copy";
  std::filesystem::copy_file(file_.path(), copy);
  file_.exec("insert into people (name) values ('lost')");
  told(*stream_);
  stream_.reset();
  std::filesystem::copy_file(copy, file_.path(), std::filesystem::copy_options::overwrite_existing);
  const auto now = [&] { return file_.query("select julianday('now')")[0][0]; };
  for (const auto before = now(); now() == before;) {  // Places are told apart by milliseconds.
  }
  file_.exec("insert into people (name) values ('other'), ('others')");
  EXPECT_THAT(gap_after(), HasSubstr("the file was restored from a copy"));
}

TEST_F(LogLapseTest, AnotherFileInThePlaceOfThisOneEndsTheStream) {
  const auto copy = file_.path().string() + ".copy";
  std::filesystem::copy_file(file_.path(), copy);
  std::filesystem::rename(copy, file_.path());
  const auto next = stream_->next(std::chrono::milliseconds(0));
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(next.error().message, HasSubstr("another file stands at"));
}

TEST_F(LogLapseTest, WithoutItsTableTheStreamEndsWithAdvice) {
  tear_down();
  const auto next = stream_->next(std::chrono::milliseconds(0));
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().kind, ErrorKind::kSchema);
  EXPECT_EQ(try_open().error().kind, ErrorKind::kSchema);
  EXPECT_EQ(count("sqlite_schema where name like 'couplet%'"), "0");
}

TEST_F(LogLapseTest, AnAlteredTableIsToldAndOnlyThatOne) {
  file_.exec("alter table people add column age integer");
  EXPECT_THAT(told(*stream_), ElementsAre("table people"));
  file_.exec("alter table firms rename column name to title; update firms set title = 'x'");
  EXPECT_THAT(told(*stream_), ElementsAre("table firms"));
}

TEST_F(LogLapseTest, ATableThatIsGoneIsToldAndTheOthersGoOn) {
  file_.exec("drop table firms; insert into people values (5, 'told')");
  EXPECT_THAT(told(*stream_), ElementsAre("table firms", "insert people 5"));
}

TEST_F(LogLapseTest, OneThatIsNamedByAnotherColumnNowGetsOtherTriggers) {
  request_.tables[0].id = {"name"};
  EXPECT_THAT(plan().steps.front().why, HasSubstr("is not what its table needs now"));
  carry_out(plan());
  EXPECT_THAT(plan().steps, IsEmpty());
}

TEST_F(LogLapseTest, WhatIsNoLongerMappedIsTakenOutWithoutAGap) {
  follow({"people"});
  EXPECT_THAT(plan().steps, SizeIs(3));
  carry_out(plan());
  EXPECT_THAT(plan().steps, IsEmpty());
  EXPECT_EQ(gap_after(), "");
}

TEST_F(LogLapseTest, AWiderIdMakesTheLogAnew) {
  file_.exec("create table pairs (a text, b text, primary key (a, b))");
  follow({"people", "firms", "pairs"});
  carry_out(plan());
  EXPECT_THAT(plan().steps, IsEmpty());
  EXPECT_THAT(gap_after(), HasSubstr("begins behind where we were"));
}

TEST_F(LogLapseTest, DeploymentsHaveLogsOfTheirOwn) {
  SqliteSourceSettings other = settings();
  other.log = "couplet_shop_box_two";
  StreamNeeds theirs = needs();
  theirs.slot = other.log;
  const auto made = SqliteStreamSetup(other).plan_setup(theirs);
  for (const SetupStep& step : made->steps) {
    ASSERT_TRUE(SqliteStreamSetup(other).carry_out(step).has_value()) << step.sql;
  }
  EXPECT_THAT(plan().steps, IsEmpty()) << "the triggers of one are nothing to the other";
  EXPECT_EQ(gap_after(), "");
  tear_down();
  EXPECT_THAT(SqliteStreamSetup(other).plan_setup(theirs)->steps, IsEmpty());
}

TEST_F(LogLapseTest, ALogThatNobodyReadsIsToldToGrow) {
  request_.tables.clear();
  EXPECT_THAT(plan().steps, IsEmpty());
  ASSERT_THAT(plan().problems, SizeIs(1));
  EXPECT_EQ(plan().problems[0].kind, StreamProblem::Kind::kLogLeftOver);
}

TEST_F(LogLapseTest, SomethingElseOfTheLogsNameIsLeftAlone) {
  tear_down();
  file_.exec("create table couplet_shop_box (mine text)");
  ASSERT_THAT(plan().problems, SizeIs(1));
  EXPECT_TRUE(plan().problems[0].blocks);
  EXPECT_THAT(plan().steps, IsEmpty());
  EXPECT_THAT(SqliteStreamSetup(settings()).plan_teardown(needs())->steps, IsEmpty());
}

TEST_F(LogLapseTest, OfAViewNoChangesAreTold) {
  file_.exec("create view elders as select id, name from people");
  request_.tables.push_back({{"", "elders"}, {"id"}, request_.tables[0].id_types});
  EXPECT_THAT(plan().steps, IsEmpty());
  ASSERT_THAT(plan().problems, SizeIs(1));
  EXPECT_EQ(plan().problems[0].kind, StreamProblem::Kind::kUnstreamable);
  EXPECT_EQ(gap_after(), "");
}

}  // namespace
}  // namespace couplet::test
