// From messages to events, without a server.

#include "connectors/postgres/change_assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "connectors/postgres/pgoutput_decoder.h"
#include "engine/model/wire.h"
#include "engine/ports/tuning.h"

namespace couplet::postgres {
namespace {

using pgoutput::Cell;
using pgoutput::Change;
using pgoutput::Column;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Oid kPeople = 1000;

Type integer() {
  Type type;
  type.kind = TypeKind::kInt32;
  type.source_type = oid::kInt4;
  return type;
}

// A table of an id and a name, and the messages that tell of it.
class AssemblerTest : public testing::Test {
 protected:
  AssemblerTest() { ask({{"public", "people"}, {"id"}, {integer()}}); }

  void ask(const StreamedTable& table) {
    StreamRequest request;
    request.deployment = "x";
    request.tables = {table};
    StreamCatalog catalog;
    catalog.ancestors = [this](Oid relation) -> Result<std::vector<TableName>> {
      asked_.push_back(relation);
      return relation == 2000 ? std::vector<TableName>{{"public", "middle"}, {"public", "people"}}
                              : std::vector<TableName>();
    };
    catalog.base_type = [this](Oid type) -> Result<Oid> {
      asked_.push_back(type);
      return type == 5000 ? oid::kInt4 : type;
    };
    assembler_.emplace(request, "couplet_x_left_", catalog);
  }

  ChangeAssembler& assembler() { return *assembler_; }
  void take(const pgoutput::Message& message) {
    const auto taken = assembler().take(message);
    EXPECT_TRUE(taken.has_value()) << taken.error().message;
  }
  Error refused(const pgoutput::Message& message) {
    const auto taken = assembler().take(message);
    EXPECT_FALSE(taken.has_value());
    return taken ? Error() : taken.error();
  }
  void relation(Oid oid, std::string_view table, std::vector<Column> columns, char identity = 'd') {
    columns_ = std::move(columns);
    take(pgoutput::Relation{0, oid, "public", table, identity, columns_});
  }
  void people() {
    relation(kPeople, "people", {{true, "id", oid::kInt4, -1}, {false, "name", oid::kText, -1}});
  }
  Cell number(std::int32_t value) {
    std::string& bytes = kept_.emplace_back();
    wire::append<std::int32_t>(bytes, value);
    return {Value(bytes)};
  }
  pgoutput::Tuple tuple(std::vector<Cell> cells) { return tuples_.emplace_back(std::move(cells)); }
  void insert(std::int32_t id, pgoutput::Xid xid = 0, Oid oid = kPeople) {
    take(Change{Change::Kind::kInsert,
                xid,
                oid,
                Change::Old::kNone,
                {},
                tuple({number(id), {Value::null()}})});
  }
  ChangeBatch ready() {
    ChangeBatch batch = std::move(assembler().ready());
    assembler().ready() = {};
    return batch;
  }
  std::vector<std::string> events() {
    std::vector<std::string> all;
    for (const ChangeTransaction& transaction : ready().transactions) {
      for (const ChangeEvent& event : transaction.events) {
        const auto named = [](const ObjectKey& key) {
          return key.empty() ? std::string("-") : format_key(std::vector<Type>{integer()}, key);
        };
        all.push_back(std::to_string(static_cast<int>(event.kind)) + " " + named(event.key) +
                      (event.before ? " was " + named(*event.before) : ""));
      }
    }
    return all;
  }

  std::vector<Oid> asked_;
  std::vector<Column> columns_;
  std::deque<std::string> kept_;
  std::deque<std::vector<Cell>> tuples_;
  std::optional<ChangeAssembler> assembler_;
};

TEST_F(AssemblerTest, ATransactionIsGivenAtItsCommitWithWhatIsKnownOfIt) {
  take(pgoutput::Begin{Lsn{90}, Timestamp{7}, 33});
  take(pgoutput::Origin{Lsn{1}, "couplet_x_left_0"});
  people();
  insert(1);
  EXPECT_TRUE(assembler().ready().empty());
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, Timestamp{7}});
  const ChangeBatch batch = ready();
  ASSERT_THAT(batch.transactions, SizeIs(1));
  EXPECT_EQ(batch.transactions[0].transaction, 33U);
  EXPECT_EQ(batch.transactions[0].committed_at, Timestamp{7});
  EXPECT_TRUE(batch.transactions[0].ours && batch.transactions[0].ended);
  EXPECT_EQ(batch.transactions[0].end, Position(Lsn{100}));
  EXPECT_FALSE(batch.idle_at.has_value());
  EXPECT_THAT(asked_, IsEmpty()) << "a table with a plain id asks the catalog nothing";
}

// Deployment "x" and its source "left"; "x-left" and its "eu".
TEST_F(AssemblerTest, ADeploymentWhoseNameBeginsLikeOursIsAnotherUser) {
  std::vector<bool> ours;
  for (const char* origin :
       {"couplet_x_left_12", "couplet_x_left_eu_0", "couplet_x_left_", "couplet_x_right_0"}) {
    take(pgoutput::Begin{Lsn{90}, {}, 33});
    take(pgoutput::Origin{Lsn{1}, origin});
    people();
    insert(1);
    take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
    ours.push_back(ready().transactions.at(0).ours);
  }
  EXPECT_THAT(ours, ElementsAre(true, false, false, false));
}

TEST_F(AssemblerTest, TheNextTransactionIsNotOursBecauseTheLastOneWas) {
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  take(pgoutput::Origin{Lsn{1}, "couplet_x_left_0"});
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  take(pgoutput::Begin{Lsn{190}, {}, 34});
  people();
  insert(1);
  take(pgoutput::Commit{Lsn{190}, Lsn{200}, {}});
  EXPECT_FALSE(ready().transactions.at(0).ours);
}

TEST_F(AssemblerTest, ALargeOneIsGivenInPartsOfWhichOnlyTheLastHasAPlace) {
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  people();
  for (std::size_t i = 0; i < tuning::kBatchRows + 1; ++i) {
    insert(static_cast<std::int32_t>(i));
  }
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  const ChangeBatch batch = ready();
  ASSERT_THAT(batch.transactions, SizeIs(2));
  EXPECT_THAT(batch.transactions[0].events, SizeIs(tuning::kBatchRows));
  EXPECT_FALSE(batch.transactions[0].ended);
  EXPECT_EQ(batch.transactions[0].end, Position());
  EXPECT_TRUE(batch.transactions[1].ended);
}

TEST_F(AssemblerTest, AKeepaliveIsIdleOnlyOutsideOfTransactions) {
  assembler().keepalive(Lsn{50});
  EXPECT_EQ(ready().idle_at, Position(Lsn{50}));
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  assembler().keepalive(Lsn{80});
  EXPECT_FALSE(ready().idle_at.has_value());
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  EXPECT_EQ(ready().idle_at, Position(Lsn{100})) << "it changed nothing of ours";
}

// What is streamed and not committed is sent again by a server that is asked to go on behind it.
TEST_F(AssemblerTest, ATransactionThatMayYetBeRolledBackKeepsNothingFromBeingIdle) {
  take(pgoutput::StreamStart{40, true});
  people();
  insert(1, 40);
  take(pgoutput::StreamStop{});
  assembler().keepalive(Lsn{80});
  EXPECT_EQ(ready().idle_at, Position(Lsn{80}));
  take(pgoutput::StreamCommit{40, Lsn{90}, Lsn{100}, Timestamp{7}});
  ASSERT_TRUE(assembler().draining());
  assembler().keepalive(Lsn{120});
  EXPECT_FALSE(assembler().ready().idle_at.has_value());
  ASSERT_TRUE(assembler().drain().has_value());
  EXPECT_FALSE(assembler().draining());
  EXPECT_EQ(ready().transactions.at(0).end, Position(Lsn{100}));
}

TEST_F(AssemblerTest, AStreamedTransactionIsOursWhereItsFirstBlockSaysSo) {
  people();
  for (const bool ours : {true, false}) {
    const pgoutput::Xid xid = ours ? 40 : 41;
    take(pgoutput::StreamStart{xid, true});
    if (ours) {
      take(pgoutput::Origin{Lsn{1}, "couplet_x_left_0"});
    }
    insert(1, xid);
    take(pgoutput::StreamStop{});
    take(pgoutput::StreamStart{xid, false});
    insert(2, xid);
    take(pgoutput::StreamStop{});
    take(pgoutput::StreamCommit{xid, Lsn{90}, Lsn{100}, {}});
    ASSERT_TRUE(assembler().drain().has_value());
    const ChangeBatch batch = ready();
    ASSERT_THAT(batch.transactions, SizeIs(1));
    EXPECT_EQ(batch.transactions[0].ours, ours);
    EXPECT_THAT(batch.transactions[0].events, SizeIs(2));
  }
}

TEST_F(AssemblerTest, AFullLastPartOfAStreamedTransactionIsEndedByAnEmptyOne) {
  take(pgoutput::StreamStart{40, true});
  people();
  for (std::size_t i = 1; i < tuning::kBatchRows; ++i) {  // Behind that its table is told of.
    insert(static_cast<std::int32_t>(i), 40);
  }
  take(pgoutput::StreamStop{});
  take(pgoutput::StreamCommit{40, Lsn{90}, Lsn{100}, {}});
  while (assembler().draining()) {
    ASSERT_TRUE(assembler().drain().has_value());
  }
  const ChangeBatch batch = ready();
  ASSERT_THAT(batch.transactions, SizeIs(2));
  EXPECT_FALSE(batch.transactions[0].ended);
  EXPECT_TRUE(batch.transactions[1].ended && batch.transactions[1].events.empty());
}

TEST_F(AssemblerTest, LargeRowsAreGivenFewAtATime) {
  Type text;
  text.kind = TypeKind::kText;
  text.source_type = oid::kText;
  ask({{"public", "people"}, {"id"}, {integer()}, {"name"}, {text}});
  const std::string large(tuning::kBatchBytes / 4, 'x');
  const auto insert_large = [&](pgoutput::Xid xid) {
    take(Change{Change::Kind::kInsert,
                xid,
                kPeople,
                Change::Old::kNone,
                {},
                tuple({number(1), {Value(large)}})});
  };
  people();
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  for (int i = 0; i < 3; ++i) {
    insert_large(0);
    EXPECT_FALSE(assembler().should_go());
  }
  insert_large(0);
  EXPECT_TRUE(assembler().should_go());
  EXPECT_THAT(ready().transactions.at(0).events, SizeIs(4));
  EXPECT_FALSE(assembler().should_go());
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  EXPECT_FALSE(assembler().should_go());
  EXPECT_TRUE(ready().transactions.at(0).ended);

  take(pgoutput::StreamStart{40, true});
  for (int i = 0; i < 9; ++i) {
    insert_large(40);
  }
  take(pgoutput::StreamStop{});
  take(pgoutput::StreamCommit{40, Lsn{190}, Lsn{200}, {}});
  for (const std::size_t count : {4U, 4U, 1U}) {
    ASSERT_TRUE(assembler().drain().has_value());
    EXPECT_THAT(ready().transactions.at(0).events, SizeIs(count));
  }
  EXPECT_FALSE(assembler().draining());
}

TEST_F(AssemblerTest, WhatWasToldInsideAStreamedTransactionHoldsOutsideOnlyOnceItCommits) {
  take(pgoutput::StreamStart{40, true});
  people();
  take(pgoutput::StreamStop{});
  take(pgoutput::StreamAbort{40, 40});
  take(pgoutput::Begin{Lsn{90}, {}, 41});
  const Error error = refused(
      Change{Change::Kind::kInsert, 0, kPeople, Change::Old::kNone, {}, tuple({number(1), {}})});
  EXPECT_EQ(error.kind, ErrorKind::kTransient);
  EXPECT_THAT(error.message, HasSubstr("table 1000, of which nothing was told"));
}

// As when the publication's column list is narrowed while a large transaction is open.
TEST_F(AssemblerTest, WhatIsToldLaterHoldsOverWhatAStreamedTransactionWasTold) {
  take(pgoutput::StreamStart{40, true});
  people();
  insert(1, 40);
  take(pgoutput::StreamStop{});
  take(pgoutput::Begin{Lsn{50}, {}, 41});
  relation(kPeople, "people", {{true, "id", oid::kInt4, -1}});
  const auto insert_narrow = [this](std::int32_t id) {
    take(Change{Change::Kind::kInsert, 0, kPeople, Change::Old::kNone, {}, tuple({number(id)})});
  };
  insert_narrow(2);
  take(pgoutput::Commit{Lsn{50}, Lsn{60}, {}});
  take(pgoutput::StreamCommit{40, Lsn{90}, Lsn{100}, {}});
  ASSERT_TRUE(assembler().drain().has_value());
  take(pgoutput::Begin{Lsn{150}, {}, 42});
  insert_narrow(3);
  take(pgoutput::Commit{Lsn{150}, Lsn{160}, {}});
  EXPECT_THAT(events(), ElementsAre("4 -", "0 2", "4 -", "0 1", "0 3"));
}

TEST_F(AssemblerTest, APartitionIsTheTableThatItIsPartOf) {
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  relation(2000, "people_1", {{true, "id", oid::kInt4, -1}, {false, "name", oid::kText, -1}});
  insert(7, 0, 2000);
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  EXPECT_THAT(events(), ElementsAre("4 -", "0 7"));
  EXPECT_THAT(asked_, ElementsAre(2000U));
}

TEST_F(AssemblerTest, AKeyTupleIsReadOnlyWhereItHoldsTheId) {
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  // The identity is the name: the id of an old tuple is null because it is masked.
  relation(kPeople, "people", {{false, "id", oid::kInt4, -1}, {true, "name", oid::kText, -1}}, 'i');
  take(Change{Change::Kind::kDelete,
              0,
              kPeople,
              Change::Old::kKey,
              tuple({{Value::null()}, {Value(std::string_view("a"))}}),
              {}});
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  EXPECT_THAT(events(), ElementsAre("4 -", "5 -"));
}

TEST_F(AssemblerTest, BytesThatAreNoValueOfTheIdAreNotMadeAKeyOf) {
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  people();
  take(Change{Change::Kind::kInsert,
              0,
              kPeople,
              Change::Old::kNone,
              {},
              tuple({{Value(std::string_view("abc"))}, {Value::null()}})});
  take(Change{Change::Kind::kInsert,
              0,
              kPeople,
              Change::Old::kNone,
              {},
              tuple({{Value(std::string_view("1234")), true}, {Value::null()}})});
  take(Change{Change::Kind::kInsert, 0, kPeople, Change::Old::kNone, {}, tuple({number(1)})});
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  EXPECT_THAT(events(), ElementsAre("4 -", "5 -")) << "said once in a row";
}

TEST_F(AssemblerTest, ADomainIsReadAsItsBaseType) {
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  relation(kPeople, "people", {{true, "id", 5000, -1}, {false, "name", oid::kText, -1}});
  insert(3);
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  EXPECT_THAT(events(), ElementsAre("4 -", "0 3"));
  EXPECT_THAT(asked_, ElementsAre(5000U));
}

TEST_F(AssemblerTest, ATableIsToBeLookedAtWhenItIsToldOfFirstAndWhereItIsAnother) {
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  people();
  insert(1);
  people();
  insert(2);
  relation(kPeople, "people", {{true, "id", oid::kInt4, -1}, {false, "name", oid::kVarchar, 14}});
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  EXPECT_THAT(events(), ElementsAre("4 -", "0 1", "0 2", "4 -"));
}

TEST_F(AssemblerTest, MessagesOutOfTheirOrderAreErrors) {
  EXPECT_THAT(refused(pgoutput::Commit{}).message, HasSubstr("did not begin"));
  take(pgoutput::Begin{Lsn{90}, {}, 33});
  EXPECT_THAT(refused(pgoutput::Begin{}).message, HasSubstr("inside of another"));
  EXPECT_THAT(refused(pgoutput::StreamStart{1, true}).message,
              HasSubstr("inside of a transaction"));
  EXPECT_EQ(refused(pgoutput::Prepared{'b', 1, "gid"}).kind, ErrorKind::kSchema);
  take(pgoutput::Commit{Lsn{90}, Lsn{100}, {}});
  people();
  EXPECT_THAT(refused(pgoutput::StreamStart{1, false}).message,
              HasSubstr("beginning was not sent"));
  EXPECT_THAT(refused(pgoutput::StreamCommit{1, {}, {}, {}}).message, HasSubstr("did not begin"));
  EXPECT_THAT(refused(Change{Change::Kind::kInsert,
                             0,
                             kPeople,
                             Change::Old::kNone,
                             {},
                             tuple({number(1), {Value::null()}})})
                  .message,
              HasSubstr("outside of any transaction"));
}

}  // namespace
}  // namespace couplet::postgres
