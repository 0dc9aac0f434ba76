#include "tests/contract/change_stream_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include "engine/ports/tuning.h"

namespace couplet::contract {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = ChangeEvent::Kind;

Lsn place(const Position& position) {
  const Lsn* lsn = std::get_if<Lsn>(&position);
  return lsn == nullptr ? Lsn{} : *lsn;
}

TableSpec table_of(const std::string& name, std::vector<ColumnSpec> columns,
                   std::vector<std::string> key) {
  TableSpec spec;
  spec.table = name;
  spec.columns = std::move(columns);
  spec.primary_key = std::move(key);
  return spec;
}

}  // namespace

std::string stream_case(const testing::TestParamInfo<BackendFactory>& instance) {
  return instance.param.name;
}

void ChangeStreamContract::SetUp() {
  backend_ = GetParam().make();
  backend_->create_table(
      table_of("customers", {{"id", integer64(), false}, {"name", text()}}, {"id"}));
  backend_->create_table(table_of(
      "places", {{"number", integer64(), false}, {"place", text(), false}, {"name", text()}},
      {"number", "place"}));
  backend_->create_table(
      table_of("others", {{"id", integer64(), false}, {"name", text()}}, {"id"}));
  source_ = backend_->open();
  request_.deployment = "contract";
  const std::vector<TableName> names = {{"", "customers"}, {"", "places"}};
  const auto described = source_->describe(names);
  ASSERT_TRUE(described.has_value());
  for (const TableInfo& table : *described) {
    StreamedTable streamed;
    streamed.table = table.name;
    streamed.id = table.primary_key;
    for (const std::string& column : streamed.id) {
      streamed.id_types.push_back(*table.column(column)->type);
    }
    request_.tables.push_back(std::move(streamed));
  }
  set_up_stream();
}

StreamRequest ChangeStreamContract::request(Position from) const {
  StreamRequest asked = request_;
  asked.from = std::move(from);
  return asked;
}

Result<std::unique_ptr<ChangeStream>> ChangeStreamContract::try_open(Position from) {
  return source_->changes(request(std::move(from)));
}

std::unique_ptr<ChangeStream> ChangeStreamContract::open(Position from) {
  auto stream = try_open(std::move(from));
  EXPECT_TRUE(stream.has_value()) << stream.error().message;
  return std::move(*stream);
}

std::string ChangeStreamContract::text_of(const ChangeEvent& event) const {
  const StreamedTable& table = request_.tables.at(event.table);
  std::string text = event.kind == Kind::kInsert   ? "insert "
                     : event.kind == Kind::kUpdate ? "update "
                     : event.kind == Kind::kDelete ? "delete "
                                                   : "other ";
  text += table.table.table + " " + format_key(table.id_types, event.key);
  return event.before ? text + " (was " + format_key(table.id_types, *event.before) + ")" : text;
}

ChangeStreamContract::Told ChangeStreamContract::told(ChangeStream& stream, std::size_t events) {
  Told told;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (told.events.size() < events || told.idle == Position()) {
    auto batch = stream.next(milliseconds(20));
    if (!batch) {
      ADD_FAILURE() << batch.error().message;
      return told;
    }
    for (ChangeTransaction& transaction : batch->transactions) {
      // That a table may be another is told at any time.
      std::erase_if(transaction.events,
                    [](const ChangeEvent& event) { return event.kind == Kind::kTable; });
      for (const ChangeEvent& event : transaction.events) {
        told.events.push_back(text_of(event));
      }
      if (transaction.ended) {
        told.end = transaction.end;
      }
      if (!transaction.events.empty() || !transaction.ended) {
        told.parts.push_back(std::move(transaction));
      }
    }
    told.idle = batch->idle_at ? *batch->idle_at : batch->empty() ? told.idle : Position();
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "waited for " << events << " events, have " << told.events.size();
      return told;
    }
  }
  return told;
}

void ChangeStreamContract::insert_customer(int id, const std::string& name) {
  backend_->insert("customers", {{"id", std::to_string(id)}, {"name", name}});
}

TEST_P(ChangeStreamContract, WithoutWhatItNeedsThereIsNoStream) {
  backend().tear_down_stream(request());
  const auto stream = try_open();
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().kind, ErrorKind::kSchema);
}

TEST_P(ChangeStreamContract, ChangesAreToldInTheOrderOfTheirCommits) {
  const auto stream = open();
  insert_customer(1);
  backend().update("customers", {{"id", "1"}}, {{"name", "Ada L."}});
  backend().insert("places", {{"number", "-7"}, {"place", "Köln 'am' Rhein"}});
  insert_customer(2);
  backend().erase("customers", {{"id", "1"}});
  EXPECT_THAT(told(*stream, 5).events, ElementsAre("insert customers 1", "update customers 1",
                                                   "insert places -7,Köln%20%27am%27%20Rhein",
                                                   "insert customers 2", "delete customers 1"));
}

TEST_P(ChangeStreamContract, WhatNobodyAskedForIsNotTold) {
  const auto stream = open();
  backend().insert("others", {{"id", "1"}});
  insert_customer(1);
  EXPECT_THAT(told(*stream, 1).events, ElementsAre("insert customers 1"));
}

TEST_P(ChangeStreamContract, AnotherIdIsToldWithTheOneBefore) {
  insert_customer(1);
  backend().insert("places", {{"number", "1"}, {"place", "a"}});
  set_up_stream();
  const auto stream = open();
  backend().update("customers", {{"id", "1"}}, {{"id", "9"}});
  backend().update("places", {{"number", "1"}}, {{"place", "b"}});
  EXPECT_THAT(told(*stream, 2).events,
              ElementsAre("update customers 9 (was 1)", "update places 1,b (was 1,a)"));
}

TEST_P(ChangeStreamContract, PlacesAscendAndIdleIsToldOnce) {
  const auto stream = open();
  insert_customer(1);
  const Told first = told(*stream, 1);
  insert_customer(2);
  const Told second = told(*stream, 1);
  EXPECT_LT(place(first.end), place(second.end));
  EXPECT_LE(place(first.end), place(first.idle));
  EXPECT_LE(place(second.end), place(second.idle));
  const auto nothing = stream->next(milliseconds(20));
  ASSERT_TRUE(nothing.has_value());
  EXPECT_TRUE(nothing->empty());
}

TEST_P(ChangeStreamContract, OfALargeTransactionOnlyTheLastPartEndsIt) {
  const auto stream = open();
  std::vector<Cells> rows;
  for (int id = 1; id <= 2'500; ++id) {
    rows.push_back({{"id", std::to_string(id)}, {"name", "Ada"}});
  }
  backend().insert_many("customers", rows);
  const Told all = told(*stream, rows.size());
  EXPECT_THAT(all.events, SizeIs(rows.size()));
  ASSERT_FALSE(all.parts.empty());
  for (const ChangeTransaction& part : all.parts) {
    EXPECT_LE(part.events.size(), tuning::kBatchRows);
    EXPECT_EQ(part.ended, &part == &all.parts.back());
    EXPECT_EQ(part.transaction, all.parts.front().transaction);
  }
}

TEST_P(ChangeStreamContract, WhatWasNotAcknowledgedComesAgain) {
  auto stream = open();
  insert_customer(1);
  const Told first = told(*stream, 1);
  insert_customer(2);
  told(*stream, 1);
  stream->acknowledge(first.end);
  stream.reset();
  stream = open(first.end);
  EXPECT_FALSE(stream->gap());
  EXPECT_THAT(told(*stream, 1).events, ElementsAre("insert customers 2"));
}

TEST_P(ChangeStreamContract, WhatWasAcknowledgedDoesNotComeAgainAndNeverGoesBack) {
  auto stream = open();
  insert_customer(1);
  const Position before = told(*stream, 1).end;
  insert_customer(2);
  const Position end = told(*stream, 1).end;
  stream->acknowledge(end);
  stream->acknowledge(before);
  stream.reset();
  stream = open(end);
  EXPECT_FALSE(stream->gap());
  EXPECT_THAT(told(*stream, 0).events, IsEmpty());
}

TEST_P(ChangeStreamContract, WhatIsWrittenWhileNobodyReadsIsFoundByTheNext) {
  auto stream = open();
  insert_customer(1);
  const Position end = told(*stream, 1).end;
  stream->acknowledge(end);
  stream.reset();
  insert_customer(2);
  backend().erase("customers", {{"id", "1"}});
  EXPECT_THAT(told(*open(end), 2).events, ElementsAre("insert customers 2", "delete customers 1"));
}

TEST_P(ChangeStreamContract, WhereItWasOpenedIsBehindWhatHadCommitted) {
  insert_customer(1);
  const auto stream = open();
  const Position opened_at = stream->opened_at();
  const Position before = told(*stream, 1).end;
  insert_customer(2);
  const Position after = told(*stream, 1).end;
  EXPECT_LE(place(before), place(opened_at));
  EXPECT_LT(place(opened_at), place(after));
}

TEST_P(ChangeStreamContract, OneThatWasMadeAgainIsAGap) {
  auto stream = open();
  insert_customer(1);
  const Position end = told(*stream, 1).end;
  stream->acknowledge(end);
  stream.reset();
  backend().tear_down_stream(request());
  insert_customer(2);
  set_up_stream();
  stream = open(end);
  ASSERT_TRUE(stream->gap());
  EXPECT_THAT(stream->gap()->reason, testing::Not(IsEmpty()));
  insert_customer(3);
  EXPECT_THAT(told(*stream, 1).events, ElementsAre("insert customers 3"));
}

TEST_P(ChangeStreamContract, WhereItBeginsIsAPlaceToGoOnFromUnlessItIsMadeAgain) {
  auto stream = open();
  const Position begins_at = stream->begins_at();
  insert_customer(1);
  EXPECT_LT(place(begins_at), place(told(*stream, 1).end));
  stream.reset();
  stream = open(begins_at);
  EXPECT_FALSE(stream->gap());
  const Position end = told(*stream, 1).end;
  EXPECT_LT(place(begins_at), place(end)) << "what is behind it comes again";
  stream->acknowledge(end);
  stream.reset();
  backend().tear_down_stream(request());
  insert_customer(2);
  set_up_stream();
  stream = open(begins_at);
  EXPECT_TRUE(stream->gap());
  const Position begins_anew_at = stream->begins_at();
  stream.reset();
  EXPECT_FALSE(open(begins_anew_at)->gap()) << "it is the same one";
}

TEST_P(ChangeStreamContract, ADatabaseThatEndsBeforeWhereWeWereIsAGap) {
  auto stream = open();
  insert_customer(1);
  const Position end = told(*stream, 1).end;
  stream.reset();
  EXPECT_TRUE(open(Lsn{place(end).value + 1'000'000})->gap());
}

TEST_P(ChangeStreamContract, OneWhoseNeedsAreTakenAwayEndsWithWhatIsMissing) {
  const auto stream = open();
  insert_customer(1);
  told(*stream, 1);
  backend().tear_down_stream(request());
  Result<ChangeBatch> next;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (next && std::chrono::steady_clock::now() < deadline) {
    next = stream->next(milliseconds(20));
  }
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().kind, ErrorKind::kSchema);
}

}  // namespace couplet::contract
