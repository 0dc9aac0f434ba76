// Tables that are altered while their changes are followed: bound anew, or stopped alone.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::StartsWith;

constexpr std::int64_t kLongerThanAMinuteUs = 61'000'000;

ColumnInfo& column_of(TableInfo& table, const std::string& name) {
  return *std::find_if(table.columns.begin(), table.columns.end(),
                       [&](const ColumnInfo& column) { return column.name == name; });
}

class AlteredTableTest : public testing::Test, public LiveWorld {
 protected:
  // Two people in step, followed. None has a mail.
  void in_step() {
    map("direction: both");
    left_has({{"key", "a"}, {"name", "Ada"}});
    left_has({{"key", "b"}, {"name", "Bob"}});
    live();
  }
  static void make_mail(MemoryDatabase& database, const char* table, TypeKind kind) {
    database.alter(table, [&](TableInfo& altered) {
      column_of(altered, "mail").type = type_of(kind);
      column_of(altered, "mail").type_name = name_of(kind);
    });
  }
  [[nodiscard]] std::ptrdiff_t times_told(const std::string& part) const {
    return std::count_if(notices().begin(), notices().end(), [&](const std::string& sentence) {
      return sentence.find(part) != std::string::npos;
    });
  }
};

const std::string kPeopleAnew = "table public.people of left was altered: bound anew";

TEST_F(AlteredTableTest, OneThatStillFitsIsBoundAnewOnceAndNothingInItIsAChange) {
  in_step();
  after_steps(1, [&] {
    left->alter("people", [](TableInfo& table) {
      column_of(table, "name").type->labels = {
          "of no account"};  // It is another type for all that.
    });
    left_sets("a", {{"name", "Ada L."}});
  });
  after_steps(4, [&] { right_sets("b", {{"name", "Bob R."}}); });
  after_steps(8, [&] { clock.sleep_us(kLongerThanAMinuteUs); });
  live();
  EXPECT_EQ(times_told(kPeopleAnew), 1);
  EXPECT_FALSE(told("is stopped")) << testing::PrintToString(notices());
  EXPECT_THAT(lefts(), ElementsAre("a Ada L. -", "b Bob R. -"));
  EXPECT_THAT(rights(), ElementsAre("a Ada L. -", "b Bob R. -"));
  EXPECT_EQ(count_lines("update"), 2U);
  EXPECT_EQ(count_lines("conflict"), 0U);
  rebind();
  expect_in_step();
}

TEST_F(AlteredTableTest, WhatMakesNoOtherValuesNeedsNoReconcile) {
  in_step();
  after_steps(1,
              [&] { left->alter("people", [](TableInfo& table) { table.row_security = true; }); });
  live();
  EXPECT_EQ(times_told(kPeopleAnew), 1);
  EXPECT_FALSE(told("reconciling"));
}

TEST_F(AlteredTableTest, RowSecurityThatIsSwitchedOnIsKnownToTheNextReconcile) {
  schedule.emplace();
  schedule->every_us = 3'600'000'000;
  in_step();
  after_steps(1,
              [&] { left->alter("people", [](TableInfo& table) { table.row_security = true; }); });
  after_steps(4, [&] {
    left->drop_slot("test");  // No event tells what is evidence by itself.
    left->erase("people", {{"key", "a"}});
    left->make_slot("test");
    clock.sleep_us(3'700'000'000);
  });
  live();
  EXPECT_TRUE(told("reconciling: "));
  EXPECT_EQ(count_lines("unlink"), 0U);
}

// What cannot be bound is tried once for the same tables, not every minute.
TEST_F(AlteredTableTest, OneThatCannotBeBoundStopsItsMappingWithTheReasonAndIsNotTriedForEver) {
  in_step();
  int lives = 0;
  set_up = [&] {
    ++lives;
    return Result<void>{};
  };
  after_steps(1, [&] {
    make_mail(*left, "people", TypeKind::kBytea);
    left_sets("a", {{"name", "unseen"}});
  });
  for (int step = 4; step < 20; step += 3) {
    after_steps(step, [&] { clock.sleep_us(kLongerThanAMinuteUs); });
  }
  live();
  EXPECT_THAT(notices(), Contains(StartsWith("mapping 'person' is stopped: column mail of table "
                                             "public.people was text and is bytea (")));
  EXPECT_EQ(times_told("is stopped"), 1);
  EXPECT_FALSE(told(kPeopleAnew));
  EXPECT_EQ(lives, 2);
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob -"));
}

// As a look comes before the event that would tell.
TEST_F(AlteredTableTest, OneThatIsFoundToBeAnotherWhereItIsReadIsNotSaidToStop) {
  in_step();
  bool alters = false;
  crash_points.reached = [&](const std::string& point) {
    if (point == "live_received" && std::exchange(alters, false)) {
      left->alter("people", [](TableInfo& table) {
        column_of(table, "name").type->labels = {"of no account"};
      });
      left->faults().fail_next(memory::SourceCall::kFind,
                               {ErrorKind::kSchema, "column name was text", {}, {}, {}, {}});
    }
  };
  after_steps(1, [&] {
    right_has({{"key", "c"}, {"name", "Cyd"}});
    alters = true;
  });
  live();
  EXPECT_FALSE(told("is stopped")) << testing::PrintToString(notices());
  EXPECT_TRUE(told(kPeopleAnew));
  EXPECT_THAT(lefts(), ElementsAre("a Ada -", "b Bob -", "c Cyd -"));
  expect_in_step();
}

TEST_F(AlteredTableTest, OneThatIsMendedGoesOnByItself) {
  in_step();
  after_steps(1, [&] {
    make_mail(*left, "people", TypeKind::kBytea);
    left_sets("a", {{"name", "late"}});
  });
  after_steps(4, [&] { make_mail(*left, "people", TypeKind::kText); });
  live();
  EXPECT_TRUE(told("is stopped"));
  EXPECT_TRUE(told("changes went by while mapping 'person' could not go on"));
  EXPECT_THAT(rights(), ElementsAre("a late -", "b Bob -"));
  expect_in_step();
}

// What one mapping cannot go on with is kept as it was, and the rest of the table is not.
TEST_F(AlteredTableTest, WhatStopsOneMappingKeepsNoOtherFromWhatIsNew) {
  create(*left,
         DescribedTable("firms").id().text("name").column("size", type_of(TypeKind::kInt32)));
  create(*right,
         DescribedTable("companies").id().text("name").column("size", type_of(TypeKind::kInt32)));
  define(
      "mappings:\n"
      "  firm: { left: left.firms, right: right.companies, keys: [ name ], attributes: [ size ], "
      "direction: both }\n"
      "  person: { left: left.people, right: right.persons, direction: both, keys: [ key ], "
      "attributes: [ name, age ] }\n");
  left_has({{"key", "a"}, {"name", "Ada"}, {"age", "1"}});
  live();
  after_steps(1, [&] {
    left->renew_column("people", "age");
    left->alter("firms", [](TableInfo& table) { column_of(table, "size").has_default = true; });
    left->insert("firms", {{"name", "f"}, {"size", "7"}});
  });
  live();
  EXPECT_TRUE(told("mapping 'person' is stopped: column age of table public.people was dropped"));
  EXPECT_FALSE(told("mapping 'firm' is stopped")) << testing::PrintToString(notices());
  EXPECT_TRUE(told("table public.firms of left was altered: bound anew"));
  EXPECT_FALSE(told(kPeopleAnew));
  EXPECT_THAT(column(*right, "companies", "size"), ElementsAre("7"));
}

}  // namespace
}  // namespace couplet::test
