// The checker must be able to fail: databases that are right, and the same with one thing broken.
#include "tests/support/black_box.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_database.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = Ledger::Entry::Kind;

constexpr std::size_t kLeft = 0;
constexpr std::size_t kRight = 1;
constexpr std::size_t kName = 0;
constexpr std::size_t kGroup = 1;
constexpr std::size_t kOwn = 2;

class BlackBoxPgTest : public testing::Test {
 protected:
  BlackBoxPgTest()
      : ledger_({{"items",
                  {{"name"}, {"group", AttributeKind::kPlain}, {"own", AttributeKind::kOwn}},
                  {"select key, name, grp, own from items",
                   "select ref, title, team, own from things"}}}) {
    left_.exec("create table items (key text, name text, grp text, own text)");
    right_.exec("create table things (ref text, title text, team text, own text)");
  }

  // A user's write, with `seen` as what stood there before; only told, not done.
  void told(std::size_t side, const std::string& key, Kind kind, const std::string& name = {},
            std::optional<std::string> seen = std::nullopt) {
    std::vector<Ledger::Cell> cells;
    if (!name.empty()) {
      cells.push_back({kName, name, std::move(seen)});
    }
    ledger_.committed(side, {{0, key, kind, std::move(cells)}});
  }
  std::string value(std::size_t side) { return std::to_string(ledger_.next_stamp(side)) + ":v"; }
  void left_has(const std::string& key, const std::string& name) const {
    left_.exec("insert into items values ('" + key + "', '" + name + "', 'g', null)");
  }
  void right_has(const std::string& key, const std::string& name) const {
    right_.exec("insert into things values ('" + key + "', '" + name + "', 'g', null)");
  }
  void both_have(const std::string& key, const std::string& name) const {
    left_has(key, name);
    right_has(key, name);
  }
  [[nodiscard]] std::vector<std::string> findings(
      const std::optional<std::set<std::uint64_t>>& lost = std::nullopt) const {
    return BlackBox(ledger_, {[&](const std::string& sql) { return left_.query(sql); },
                              [&](const std::string& sql) { return right_.query(sql); }})
        .findings(lost);
  }
  // An object that the left made, the right wrote after having seen that, and both hold as it is.
  void history(const std::string& key) {
    first_ = value(kLeft);
    second_ = value(kRight);
    ledger_.committed(kLeft, {{0, key, Kind::kInsert, {{kName, first_, {}}, {kGroup, "g", {}}}}});
    told(kRight, key, Kind::kUpdate, second_, first_);
  }

  Ledger ledger_;
  TemporaryDatabase left_, right_;
  std::string first_, second_;
};

TEST_F(BlackBoxPgTest, NothingIsWrongWhereBothSidesHoldWhatWasWrittenLast) {
  history("a");
  both_have("a", second_);
  EXPECT_THAT(findings(std::set<std::uint64_t>()), IsEmpty());
}

TEST_F(BlackBoxPgTest, ADoubledRowIsFound) {
  history("a");
  both_have("a", second_);
  right_has("a", second_);
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("a: stands twice on the right")));
}

TEST_F(BlackBoxPgTest, ALostRowIsFound) {
  history("a");
  left_has("a", second_);
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("a: is lost on the right")));
}

TEST_F(BlackBoxPgTest, ARowThatNobodyWroteIsFound) {
  right_has("b", "8:v");
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("b: stands on the right, and nobody wrote it")));
}

TEST_F(BlackBoxPgTest, SidesThatDifferAreFound) {
  history("a");
  left_has("a", second_);
  right_has("a", first_);
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("name is " + second_ + " on the left")));
}

TEST_F(BlackBoxPgTest, AnOldValueOnBothSidesIsALostUpdate) {
  history("a");
  both_have("a", first_);
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("which users of the right had overwritten")));
}

TEST_F(BlackBoxPgTest, AnOldValueIsNoneWhereTheNewerOneIsOnRecordAsLost) {
  history("a");
  both_have("a", first_);
  EXPECT_THAT(findings(std::set<std::uint64_t>{Ledger::stamp_of(second_)}), IsEmpty());
  EXPECT_THAT(findings(std::set<std::uint64_t>{Ledger::stamp_of(first_)}), SizeIs(1));
}

TEST_F(BlackBoxPgTest, AValueThatNobodyWroteLastIsFound) {
  history("a");
  const std::string third = value(kRight);
  told(kRight, "a", Kind::kUpdate, third, second_);
  both_have("a", second_);
  EXPECT_THAT(findings(),
              ElementsAre(HasSubstr("last were written " + first_ + " on the left and " + third)));
}

TEST_F(BlackBoxPgTest, OfTwoConcurrentWritesEitherCountsAndTheOtherMustBeOnRecord) {
  history("a");
  const std::string left = value(kLeft);
  const std::string right = value(kRight);
  told(kLeft, "a", Kind::kUpdate, left, second_);
  told(kRight, "a", Kind::kUpdate, right, second_);
  both_have("a", left);
  EXPECT_THAT(findings(std::set<std::uint64_t>{Ledger::stamp_of(right)}), IsEmpty());
  EXPECT_THAT(findings(std::set<std::uint64_t>()),
              ElementsAre(HasSubstr("that " + right + " of the right lost is not on record")));
}

TEST_F(BlackBoxPgTest, AnOlderValueThatAWriterSawAgainIsFoundEvenIfItIsMendedLater) {
  history("a");
  const std::string left = value(kLeft);
  const std::string later = value(kLeft);
  told(kLeft, "a", Kind::kUpdate, left, second_);
  told(kLeft, "a", Kind::kUpdate, later, first_);
  both_have("a", later);
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("its users on the left found")));
}

TEST_F(BlackBoxPgTest, WhatWasDeletedMustNotRiseAgainAndItsCounterpartStays) {
  history("a");
  told(kLeft, "a", Kind::kDelete);
  right_has("a", second_);
  EXPECT_THAT(findings(), IsEmpty());
  left_has("a", second_);
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("was deleted on the left and is there again")));
  left_.exec("delete from items");
  right_.exec("update things set title = '" + first_ + "'");
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("on the right, where " + second_)));
  right_.exec("delete from things");
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("is lost on the right")));
}

TEST_F(BlackBoxPgTest, WhatWasWrittenAgainAfterADeleteStandsOnBothSides) {
  history("a");
  told(kLeft, "a", Kind::kDelete);
  const std::string again = value(kLeft);
  told(kLeft, "a", Kind::kInsert, again);
  right_has("a", second_);
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("is lost on the left")));
  left_has("a", again);
  right_.exec("update things set title = '" + again + "'");
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(BlackBoxPgTest, AReferenceMustBeOneOfTheLastWritten) {
  history("a");
  both_have("a", second_);
  left_.exec("update items set grp = 'other'");
  right_.exec("update things set team = 'other'");
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("group is other")));
}

TEST_F(BlackBoxPgTest, AnUnmappedValueThatChangedIsFound) {
  history("a");
  both_have("a", second_);
  ledger_.committed(kRight, {{0, "a", Kind::kUpdate, {{kOwn, "mine", {}}}}});
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("own, not mapped, holds null on the right")));
  right_.exec("update things set own = 'mine'");
  EXPECT_THAT(findings(), IsEmpty());
}

}  // namespace
}  // namespace couplet::test
