#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/memory_source/people.h"

namespace couplet::memory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kUpdate = WriteGroup::Operation::kUpdate;

Error trigger_error() {
  return Error{ErrorKind::kRowFault, "the trigger said no", {}, {}, "P0001", {}};
}

TEST(MemoryDatabase, AUserSeesWhatAUserWrote) {
  const auto database = database_of_people();
  database->insert("people", {{"name", "Ada"}, {"code", "7"}});
  database->insert("public.people", {{"id", "10"}, {"name", std::nullopt}});
  EXPECT_THAT(database->rows("people"),
              ElementsAre(Cells{{"boss_id", {}}, {"code", {}}, {"id", "10"}, {"name", {}}},
                          Cells{{"boss_id", {}}, {"code", "7"}, {"id", "1"}, {"name", "Ada"}}));
  EXPECT_EQ(database->update("people", {{"name", {}}}, {{"name", "Bob"}}), 1U);
  EXPECT_EQ(database->erase("people", {{"name", "Bob"}}), 1U);
  EXPECT_EQ(database->erase("people", {{"name", "Bob"}}), 0U);
  EXPECT_EQ(database->count("people"), 1U);
}

TEST(MemoryDatabase, ATransactionThatFailsLeavesNothingButTheSequence) {
  const auto database = database_of_people();
  database->insert("people", {{"name", "Ada"}, {"code", "7"}});
  const std::vector<Cells> before = database->rows("people");
  const auto failed = database->transaction([](MemoryTransaction& transaction) -> Result<void> {
    COUPLET_TRY(transaction.insert("people", {{"name", "Bob"}}));
    COUPLET_TRY(transaction.update("people", {}, {{"name", "Eve"}}));
    COUPLET_TRY(transaction.erase("people", {{"id", "1"}}));
    return transaction.insert("people", {{"id", "2"}});  // Bob is there already.
  });
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().constraint, "people_pkey");
  EXPECT_EQ(database->rows("people"), before);
  database->insert("people", {{"name", "Joe"}});
  EXPECT_EQ(database->update("people", {{"id", "3"}}, {}), 1U) << "2 went with the transaction";
}

TEST(MemoryDatabase, WhatCannotBeDoneSaysWhy) {
  const auto database = database_of_people();
  database->insert("people", {{"name", "Ada"}, {"code", "7"}});
  const auto code_of = [](const auto& result) {
    return result ? std::string() : result.error().code;
  };
  EXPECT_EQ(code_of(database->try_insert("nobody", {})), "42P01");
  EXPECT_EQ(code_of(database->try_insert("people", {{"nothing", "1"}})), "42703");
  EXPECT_EQ(code_of(database->try_insert("people", {{"code", "7"}})), "23505");
  EXPECT_EQ(code_of(database->try_insert("people", {{"boss_id", "99"}})), "23503");
  EXPECT_EQ(code_of(database->try_update("people", {}, {{"id", {}}})), "23502");
  EXPECT_THAT(database->rows("people"), SizeIs(1));
}

// --- Keys

// As in PostgreSQL, where a unique index is checked row by row: what makes displacing necessary.
TEST(MemoryDatabase, UniqueValuesDoNotSwapByThemselves) {
  const auto database = database_of_people();
  database->insert("people", {{"id", "1"}, {"code", "1"}});
  database->insert("people", {{"id", "2"}, {"code", "2"}});
  MemorySource source(database);
  WriteGroup group = group_of(kUpdate, "code");
  add(group, "1", "2", version_of(source, "1"));
  add(group, "2", "1", version_of(source, "2"));
  const auto clash = write(source, batch_of(1, group));
  ASSERT_FALSE(clash.has_value());
  EXPECT_EQ(clash.error().constraint, "people_code_key");
  EXPECT_EQ(clash.error().detail, "Key (code)=(2) already exists.");

  group.displaced_rows = {0, 1};
  group.displaced_columns = {0};
  EXPECT_TRUE(write(source, batch_of(2, group)).has_value());
  EXPECT_EQ(database->update("people", {{"id", "1"}, {"code", "2"}}, {}), 1U);
}

TEST(MemoryDatabase, ADeferrableKeyIsCheckedWhenTheStatementEnds) {
  auto database = std::make_shared<MemoryDatabase>();
  TableInfo table = people();
  table.unique_keys[0].deferrable = true;
  database->create_table(table);
  database->insert("people", {{"id", "1"}, {"code", "1"}});
  database->insert("people", {{"id", "2"}, {"code", "2"}});
  MemorySource source(database);
  WriteGroup group = group_of(kUpdate, "code");
  add(group, "1", "2", version_of(source, "1"));
  add(group, "2", "1", version_of(source, "2"));
  EXPECT_TRUE(write(source, batch_of(1, group)).has_value());
  EXPECT_FALSE(database->try_update("people", {{"id", "1"}}, {{"code", "1"}}).has_value());
}

TEST(MemoryDatabase, NullsAreDistinctInAUniqueKey) {
  const auto database = database_of_people();
  database->insert("people", {{"code", {}}});
  database->insert("people", {{"code", {}}});
  EXPECT_EQ(database->count("people"), 2U);
}

TEST(MemoryDatabase, AColumnOfFewValuesMayHaveNoneLeftToSwapBy) {
  auto database = std::make_shared<MemoryDatabase>();
  TableInfo table = people();
  table.columns[2] = column_of("code", TypeKind::kBool, false);
  database->create_table(table);
  database->insert("people", {{"id", "1"}, {"code", "true"}});
  database->insert("people", {{"id", "2"}, {"code", "false"}});
  MemorySource source(database);
  WriteGroup group = group_of(kUpdate, "code");
  group.column_types[0] = group.returning_types[0] = type_of(TypeKind::kBool);
  add(group, "1", "false", version_of(source, "1"));
  add(group, "2", "true", version_of(source, "2"));
  group.displaced_rows = {0, 1};
  group.displaced_columns = {0};
  const auto outcome = write(source, batch_of(1, group));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kRowFault);
}

// --- Hooks

TEST(MemoryDatabase, AnAfterHookChangesTheRowBehindTheBackOfReturning) {
  const auto database = database_of_people();
  database->after_write("people",
                        [](MemoryTransaction& transaction, RowEvent event,
                           const RowAccess* /*before*/, const RowAccess* after) -> Result<void> {
                          if (event == RowEvent::kInsert) {
                            COUPLET_TRY(transaction.update("people", {{"id", after->get("id")}},
                                                           {{"name", "stored"}}));
                          }
                          return {};
                        });
  EXPECT_TRUE(database->rows("people").empty());
  MemorySource source(database);
  const auto outcome = write(source, creation(1, "1", "returned"));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->groups[0].written.at(0, 1).bytes(), "returned");
  EXPECT_EQ(database->rows("people").front().at("name"), "stored");
  EXPECT_EQ(version_of(source, "1"), outcome->groups[0].written.version(0))
      << "one transaction, one version";
}

TEST(MemoryDatabase, AHookThatFailsTakesItsTransactionWithIt) {
  const auto database = database_of_people();
  database->before_write("people",
                         [](RowEvent, const RowAccess*, RowAccess* after) -> Result<bool> {
                           if (after != nullptr && after->get("name") == "forbidden") {
                             return fail(trigger_error());
                           }
                           return true;
                         });
  database->after_write(
      "people",
      [](MemoryTransaction&, RowEvent, const RowAccess*, const RowAccess* after) -> Result<void> {
        if (after != nullptr && after->get("name") == "regretted") {
          return fail(trigger_error());
        }
        return {};
      });
  MemorySource source(database);
  for (const char* name : {"forbidden", "regretted"}) {
    WriteGroup group = group_of(WriteGroup::Operation::kCreate);
    add(group, "1", "fine");
    add(group, "2", name);
    const auto outcome = write(source, batch_of(1, group));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, "P0001");
    EXPECT_THAT(database->rows("people"), IsEmpty()) << name;
  }
}

TEST(MemoryDatabase, HooksThatCallEachOtherForEverAreStopped) {
  const auto database = database_of_people();
  database->after_write(
      "people", [](MemoryTransaction& transaction, RowEvent, const RowAccess*, const RowAccess*) {
        return transaction.insert("people", {{"name", "another"}});
      });
  const auto endless = database->try_insert("people", {{"name", "first"}});
  ASSERT_FALSE(endless.has_value());
  EXPECT_EQ(endless.error().code, "54001");
  EXPECT_EQ(database->count("people"), 0U);
}

TEST(MemoryDatabase, ABeforeHookSeesUpdatesAndDeletes) {
  const auto database = database_of_people();
  database->insert("people", {{"name", "keep"}});
  database->before_write(
      "people", [](RowEvent event, const RowAccess* before, RowAccess* /*after*/) -> Result<bool> {
        return event == RowEvent::kInsert || before->get("name") != "keep";
      });
  EXPECT_EQ(database->erase("people", {}), 0U);
  EXPECT_EQ(database->update("people", {}, {{"name", "other"}}), 0U);
  EXPECT_EQ(database->rows("people").front().at("name"), "keep");
}

// --- Privileges and identity

TEST(MemoryDatabase, WhatTheRoleMayNotDoIsRefused) {
  const auto database = database_of_people();
  database->insert("people", {{"id", "1"}, {"name", "Ada"}});
  MemorySource source(database);
  const RowVersion version = version_of(source, "1");
  database->alter("people", [](TableInfo& table) {
    table.may_insert = table.may_update = table.may_delete = false;
  });
  WriteGroup update = group_of(kUpdate);
  add(update, "1", "Eve", version);
  WriteGroup erase = group_of(WriteGroup::Operation::kDelete);
  add(erase, "1", {}, version);
  for (const WriteBatch& batch : {creation(1, "2"), batch_of(2, update), batch_of(3, erase)}) {
    const auto outcome = write(source, batch);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::kPrivilege);
  }
  database->alter("people", [](TableInfo& table) { table.may_select = false; });
  EXPECT_EQ(source.scan(projection_of({"name"})).error().kind, ErrorKind::kPrivilege);
  EXPECT_THAT(database->rows("people"), SizeIs(1));
}

TEST(MemoryDatabase, AnotherDatabaseSaysSo) {
  const auto database = database_of_people();
  MemorySource source(database);
  const std::string before = source.identity().value();
  database->set_identity("memory:restored elsewhere");
  EXPECT_NE(source.identity().value(), before);
}

// The types of a table may change while a session knows it.
TEST(MemoryDatabase, AColumnThatBecameOfAnotherTypeIsAFaultOfTheSchema) {
  const auto database = database_of_people();
  MemorySource source(database);
  database->drop_table("people");
  TableInfo table = people();
  table.columns[1] = column_of("name", TypeKind::kBytea);
  database->create_table(table);
  EXPECT_EQ(source.scan(projection_of({"name"})).error().kind, ErrorKind::kSchema);
  EXPECT_EQ(write(source, creation(1, "1")).error().kind, ErrorKind::kSchema);
}

// --- The rules of the port: who breaks them finds out.

using MemorySourceDeathTest = testing::Test;

TEST(MemorySourceDeathTest, ThreeBatchesInFlightAreOneTooMany) {
  const auto database = database_of_people();
  MemorySource source(database);
  ASSERT_TRUE(source.submit(creation(1, "1")).has_value());
  ASSERT_TRUE(source.submit(creation(2, "2")).has_value());
  EXPECT_DEATH(static_cast<void>(source.submit(creation(3, "3"))), "kInFlightMax");
}

TEST(MemorySourceDeathTest, NoRowMayBeInTwoBatchesInFlight) {
  const auto database = database_of_people();
  MemorySource source(database);
  ASSERT_TRUE(source.submit(creation(1, "1")).has_value());
  EXPECT_DEATH(static_cast<void>(source.submit(creation(2, "1"))), "earlier");
}

TEST(MemorySourceDeathTest, NothingIsCollectedThatWasNotSubmitted) {
  const auto database = database_of_people();
  MemorySource source(database);
  EXPECT_DEATH(static_cast<void>(source.collect()), "in_flight_");
}

}  // namespace
}  // namespace couplet::memory
