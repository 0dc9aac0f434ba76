#include <gmock/gmock.h>

#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

// Transactions of several groups, batches in flight, and the mark that commits with them.
namespace couplet::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(SourceContract, GroupsOfABatchRunInTheirOrder) {
  const TableInfo parents = create(providers());
  const TableInfo table = create(regions());
  backend().insert("providers", {{"id", "1"}, {"name", "AWS"}});
  backend().insert("regions", {{"id", "10"}, {"name", "eu"}, {"provider_id", "1"}});

  WriteGroup parent = group(kCreate, parents, {"name"});
  add(parent, {"2"}, {"Azure"});
  WriteGroup child = group(kCreate, table, {"provider_id"});
  add(child, {"20"}, {"2"});
  WriteGroup moved = group(kUpdate, table, {"provider_id"}, {"provider_id"});
  add_current(table, moved, {"10"}, {"2"});
  WriteGroup gone = group(kDelete, parents, {});
  add_current(parents, gone, {"1"}, {});

  const auto rows = written(std::vector<WriteGroup>{parent, child, moved, gone});
  EXPECT_THAT(rows, ElementsAre(SizeIs(1), SizeIs(1), SizeIs(1), SizeIs(1)));
  EXPECT_THAT(cells_of(scan(projection(table, {"provider_id"}))),
              ElementsAre(Texts{"10", "2"}, Texts{"20", "2"}));
}

TEST_P(SourceContract, AUniqueValueThatOneGroupFreesIsThereForTheNext) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}, {"email", "a@x"}});
  WriteGroup gone = group(kDelete, table, {});
  add_current(table, gone, {"1"}, {});
  WriteGroup made = group(kCreate, table, {"name", "email"});
  add(made, {"2"}, {"Ada", "a@x"});
  EXPECT_THAT(written(std::vector<WriteGroup>{gone, made}), ElementsAre(SizeIs(1), SizeIs(1)));
}

TEST_P(SourceContract, RowsOfOneGroupMayReferToEachOther) {
  backend().create_table(providers());
  const TableInfo table = create(regions());
  WriteGroup made = group(kCreate, table, {"parent_id"});
  add(made, {"1"}, {"2"});
  add(made, {"2"}, {"1"});
  add(made, {"3"}, {"3"});
  EXPECT_THAT(written(made), SizeIs(3));
  WriteGroup gone = group(kDelete, table, {});
  add_current(table, gone, {"1"}, {});
  add_current(table, gone, {"2"}, {});
  EXPECT_THAT(written(gone), SizeIs(2));
}

TEST_P(SourceContract, ABatchCommitsWholeOrNotAtAll) {
  const TableInfo parents = create(providers());
  const TableInfo table = create(customers());
  backend().insert("providers", {{"id", "1"}, {"name", "AWS"}});
  WriteGroup made = group(kCreate, parents, {"name"});
  add(made, {"2"}, {"Azure"});
  WriteGroup changed = group(kUpdate, parents, {"name"});
  add_current(parents, changed, {"1"}, {"other"});
  WriteGroup wrong = group(kCreate, table, {"name", "age"});
  add(wrong, {"1"}, {"Ada", "-1"});
  const auto outcome = write({made, changed, wrong});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kRowFault);
  EXPECT_EQ(outcome.error().constraint, "customers_age_check");
  EXPECT_THAT(backend().rows("customers"), IsEmpty());
  EXPECT_THAT(backend().rows("providers"), ElementsAre(Cells{{"id", "1"}, {"name", "AWS"}}));
}

TEST_P(SourceContract, EveryGroupOfABatchGivesTheVersionsOfItsRows) {
  const TableInfo parents = create(providers());
  const TableInfo table = create(customers());
  WriteGroup first = group(kCreate, parents, {"name"});
  add(first, {"1"}, {"AWS"});
  WriteGroup second = group(kCreate, table, {"name"});
  add(second, {"1"}, {"Ada"});
  const auto outcome = write({first, second});
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(version_of(parents, "1"), outcome->groups.at(0).written.version(0));
  EXPECT_EQ(version_of(table, "1"), outcome->groups.at(1).written.version(0));
}

TEST_P(SourceContract, ABatchWithoutRowsCommits) {
  const TableInfo table = create(customers());
  EXPECT_THAT(written(group(kCreate, table, {"name"}, {"name"})), IsEmpty());
  EXPECT_THAT(written(group(kUpdate, table, {"name"})), IsEmpty());
  EXPECT_THAT(written(group(kDelete, table, {})), IsEmpty());
  EXPECT_TRUE(write(std::vector<WriteGroup>{}).has_value());
}

// --- In flight

class Flight {
 public:
  explicit Flight(Source& source) : source_(source) {}
  // The caller's buffers are its own again when submit returns: the batch is gone by then.
  void submit(BatchNumber number, WriteGroup group) {
    WriteBatch batch{number, {}};
    batch.groups.push_back(std::move(group));
    const auto submitted = source_.submit(batch);
    EXPECT_TRUE(submitted.has_value()) << submitted.error().message;
  }

 private:
  Source& source_;
};

TEST_P(SourceContract, TwoBatchesMayBeInFlightAndEndInTheirOrder) {
  const TableInfo table = create(customers());
  Flight flight(source());
  const auto one = [&](const std::string& id) {
    WriteGroup made = group(kCreate, table, {"name"}, {"name"});
    add(made, {id}, {"n" + id});
    return made;
  };
  const auto collected = [&] {
    auto outcome = source().collect();
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    const Type name = *table.column("name")->type;
    const std::vector<Type> types{*table.column("id")->type, name};
    return std::make_pair(outcome->groups.at(0).written.version(0),
                          cells_of(answered(outcome->groups.at(0).written, types)));
  };
  flight.submit({1}, one("1"));
  flight.submit({2}, one("2"));
  const auto first = collected();
  flight.submit({3}, one("3"));
  const auto second = collected();
  const auto third = collected();
  EXPECT_THAT(first.second, ElementsAre(Texts{"1", "n1"}));
  EXPECT_THAT(second.second, ElementsAre(Texts{"2", "n2"}));
  EXPECT_THAT(third.second, ElementsAre(Texts{"3", "n3"}));
  EXPECT_EQ(version_of(table, "1"), first.first);
  EXPECT_EQ(version_of(table, "2"), second.first);
  EXPECT_EQ(version_of(table, "3"), third.first);
}

TEST_P(SourceContract, ABatchThatFailsTakesTheOneBehindItNotDown) {
  const TableInfo table = create(customers());
  Flight flight(source());
  WriteGroup wrong = group(kCreate, table, {"name"});
  add(wrong, {"1"}, {std::nullopt});
  WriteGroup made = group(kCreate, table, {"name"});
  add(made, {"2"}, {"Bob"});
  flight.submit({1}, wrong);
  flight.submit({2}, made);
  const auto first = source().collect();
  ASSERT_FALSE(first.has_value());
  EXPECT_EQ(first.error().kind, ErrorKind::kRowFault);
  const auto second = source().collect();
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(second->groups.at(0).written.rows(), 1U);
  EXPECT_THAT(cells_of(scan(projection(table, {"name"}))), ElementsAre(Texts{"2", "Bob"}));
}

// More than the sockets' buffers hold: each side must read while it writes, or both wait for ever.
TEST_P(SourceContract, BatchesOfManyMegabytesGoThrough) {
  TableSpec spec;
  spec.table = "documents";
  spec.columns = {{"id", integer32(), false}, {"body", text()}};
  spec.primary_key = {"id"};
  const TableInfo table = create(spec);
  Flight flight(source());
  for (std::uint64_t batch = 0; batch < 2; ++batch) {
    WriteGroup made = group(kCreate, table, {"body"}, {"body"});
    for (std::uint64_t i = 0; i < 40; ++i) {
      add(made, {std::to_string(batch * 100 + i)},
          {std::string(100'000, static_cast<char>('a' + i % 26))});
    }
    flight.submit({batch + 1}, std::move(made));
  }
  for (int batch = 0; batch < 2; ++batch) {
    const auto outcome = source().collect();
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    const RowBatch& rows = outcome->groups.at(0).written;
    ASSERT_EQ(rows.rows(), 40U);
    EXPECT_EQ(rows.at(39, 1).bytes(), std::string(100'000, 'a' + 39 % 26));
  }
}

TEST_P(SourceContract, ABatchCommitsOnlyIfWhatHasToBeBeforeItIs) {
  const TableInfo table = create(customers());
  int asked = 0;
  const auto batch = [&](const std::optional<std::string>& name, bool kept) {
    WriteBatch made{{1}, {group(kCreate, table, {"name"}, {"name"})}, {}};
    add(made.groups.front(), {"1"}, {name});
    made.before_commit = [&asked, kept]() -> Result<void> {
      ++asked;
      return kept ? Result<void>{} : fail(ErrorKind::kDiskFull, "no space for the promise");
    };
    return made;
  };
  // Also where the database has refused it already: nothing is left of it for the next one.
  for (const std::optional<std::string>& name : {std::optional<std::string>("Ada"), {}}) {
    const auto refused = source().submit(batch(name, false));
    if (refused) {  // Before it came to that.
      EXPECT_EQ(source().collect().error().kind, ErrorKind::kRowFault);
    } else {
      EXPECT_EQ(refused.error().kind, ErrorKind::kDiskFull);
      EXPECT_GT(asked, 0);
    }
    EXPECT_THAT(scan(projection(table, {"name"})), IsEmpty());
  }
  asked = 0;
  const auto submitted = source().submit(batch("Bob", true));
  ASSERT_TRUE(submitted.has_value()) << submitted.error().message;
  EXPECT_EQ(asked, 1);
  const auto outcome = source().collect();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->groups.at(0).written.rows(), 1U);
  EXPECT_THAT(cells_of(scan(projection(table, {"name"}))), ElementsAre(Texts{"1", "Bob"}));
}

TEST_P(SourceContract, ReadsMayBeMadeWhileABatchIsInFlight) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}});
  Flight flight(source());
  WriteGroup made = group(kCreate, table, {"name"});
  add(made, {"2"}, {"Bob"});
  flight.submit({1}, made);
  const Projection asked = projection(table, {"name"});
  EXPECT_THAT(cells_of(fetch(asked, {"1"})), ElementsAre(Texts{"1", "Ada"}));
  EXPECT_THAT(find(asked, {0}, {{"Ada"}}), SizeIs(1));
  EXPECT_EQ(described("customers").name, table.name);
  const auto outcome = source().collect();
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_THAT(scan(asked), SizeIs(2));
}

TEST_P(SourceContract, ASessionMayEndWithBatchesInFlight) {
  const TableInfo table = create(customers());
  Flight flight(source());
  for (std::uint64_t number = 1; number <= 2; ++number) {
    WriteGroup made = group(kCreate, table, {"name"});
    add(made, {std::to_string(2 * number)}, {"Ada"});
    add(made, {std::to_string(2 * number + 1)}, {"Bob"});
    flight.submit({number}, std::move(made));
  }
  restart();
  // Each whole or not at all, and the second not without the first having been decided.
  const std::size_t rows = scan(projection(table, {})).size();
  EXPECT_EQ(rows % 2, 0U);
}

// --- Marks

// A source without them says so, and the caller looks before it repeats.
void expect_no_marks(Source& source, const std::string& name) {
  const auto attached = source.attach_mark(name);
  ASSERT_TRUE(attached.has_value()) << attached.error().message;
  EXPECT_FALSE(attached->has_value());
  const auto exists = source.mark_exists(name);
  ASSERT_TRUE(exists.has_value()) << exists.error().message;
  EXPECT_FALSE(*exists);
}

TEST_P(SourceContract, AMarkIsCommittedWithTheBatchAndSurvivesTheSession) {
  const TableInfo table = create(customers());
  const std::string mark = backend().new_mark_name();
  const auto existed = source().mark_exists(mark);
  ASSERT_TRUE(existed.has_value()) << existed.error().message;
  EXPECT_FALSE(*existed);
  const auto attached = source().attach_mark(mark);
  ASSERT_TRUE(attached.has_value()) << attached.error().message;
  if (!backend().has_marks()) {
    EXPECT_FALSE(attached->has_value());
    return;
  }
  ASSERT_TRUE(attached->has_value());
  EXPECT_EQ(**attached, BatchNumber{0}) << "none yet";

  const auto create_one = [&](BatchNumber number, const std::string& id,
                              const std::optional<std::string>& name) {
    WriteGroup made = group(kCreate, table, {"name"});
    add(made, {id}, {name});
    next_number_ = number;
    return write(made).has_value();
  };
  const auto number_after_restart = [&] {
    restart();
    const auto exists = source().mark_exists(mark);
    EXPECT_TRUE(exists && *exists);
    const auto again = source().attach_mark(mark);
    EXPECT_TRUE(again && again->has_value());
    return again && again->has_value() ? **again : BatchNumber{};
  };
  EXPECT_TRUE(create_one({5}, "1", "Ada"));
  EXPECT_EQ(number_after_restart(), BatchNumber{5});
  EXPECT_TRUE(create_one({6}, "2", "Bob"));
  EXPECT_FALSE(create_one({7}, "3", std::nullopt)) << "a null where none may be";
  EXPECT_EQ(number_after_restart(), BatchNumber{6}) << "what failed leaves no mark";
  EXPECT_TRUE(create_one({9}, "3", "Eve"));
  EXPECT_TRUE(create_one({8}, "4", "Joe"));
  EXPECT_EQ(number_after_restart(), BatchNumber{9}) << "never back";
}

TEST_P(SourceContract, TheMarkTellsHowFarBatchesInFlightGot) {
  if (!backend().has_marks()) {
    return expect_no_marks(source(), backend().new_mark_name());
  }
  const TableInfo table = create(customers());
  const std::string mark = backend().new_mark_name();
  ASSERT_TRUE(source().attach_mark(mark).has_value());
  Flight flight(source());
  for (std::uint64_t number = 1; number <= 2; ++number) {
    WriteGroup made = group(kCreate, table, {"name"});
    add(made, {std::to_string(number)}, {"Ada"});
    flight.submit({number}, std::move(made));
  }
  restart();
  // While the earlier session lives on in the server, the mark is waited for; once it is given, the
  // number is final.
  const auto attached = source().attach_mark(mark);
  ASSERT_TRUE(attached.has_value()) << attached.error().message;
  ASSERT_TRUE(attached->has_value());
  EXPECT_EQ(scan(projection(table, {})).size(), (*attached)->value);
}

TEST_P(SourceContract, AMarkIsHeldByOneSessionAtATime) {
  if (!backend().has_marks()) {
    return expect_no_marks(source(), backend().new_mark_name());
  }
  const std::string mark = backend().new_mark_name();
  ASSERT_TRUE(source().attach_mark(mark).has_value());
  const std::unique_ptr<Source> other = backend().open();
  const auto refused = other->attach_mark(mark);
  ASSERT_FALSE(refused.has_value()) << "two writers under one mark would vouch for each other";
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable) << "after having waited for a while";
  const auto exists = other->mark_exists(mark);
  EXPECT_TRUE(exists && *exists);
  const auto separate = other->attach_mark(backend().new_mark_name());
  ASSERT_TRUE(separate.has_value()) << separate.error().message;
  EXPECT_EQ(*separate, std::optional(BatchNumber{0}));
}

TEST_P(SourceContract, ABatchWithoutAnAttachedMarkMovesNone) {
  if (!backend().has_marks()) {
    return expect_no_marks(source(), backend().new_mark_name());
  }
  const TableInfo table = create(customers());
  const std::string mark = backend().new_mark_name();
  ASSERT_TRUE(source().attach_mark(mark).has_value());
  restart();
  WriteGroup made = group(kCreate, table, {"name"});
  add(made, {"1"}, {"Ada"});
  ASSERT_TRUE(write(made).has_value());
  restart();
  const auto attached = source().attach_mark(mark);
  ASSERT_TRUE(attached.has_value()) << attached.error().message;
  EXPECT_EQ(*attached, std::optional(BatchNumber{0}));
}

}  // namespace
}  // namespace couplet::contract
