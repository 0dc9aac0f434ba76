#include <gmock/gmock.h>

#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

namespace couplet::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(SourceContract, CreateWritesRowsWithTheIdsThatWereChosen) {
  const TableInfo table = create(customers());
  WriteGroup made = group(kCreate, table, {"name", "age"}, {"name", "city"});
  add(made, {"12"}, {"Ada", "36"});
  add(made, {"7"}, {"Bob", std::nullopt});
  const std::vector<AnsweredRow> rows = written(made);
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].ordinal, 0U);
  EXPECT_EQ(rows[0].cells, (Texts{"12", "Ada", "Berlin"})) << "the default comes back";
  EXPECT_EQ(rows[1].ordinal, 1U);
  EXPECT_EQ(rows[1].cells, (Texts{"7", "Bob", "Berlin"}));
  EXPECT_THAT(
      backend().rows("customers"),
      ElementsAre(
          Cells{{"age", {}}, {"city", "Berlin"}, {"email", {}}, {"id", "7"}, {"name", "Bob"}},
          Cells{{"age", "36"}, {"city", "Berlin"}, {"email", {}}, {"id", "12"}, {"name", "Ada"}}));
}

TEST_P(SourceContract, TheVersionOfAnOutcomeIsTheOneThatIsFetched) {
  const TableInfo table = create(customers());
  WriteGroup made = group(kCreate, table, {"name"});
  add(made, {"1"}, {"Ada"});
  add(made, {"2"}, {"Bob"});
  const auto outcome = write(made);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  const RowBatch& rows = outcome->groups.at(0).written;
  ASSERT_EQ(rows.rows(), 2U);
  for (std::size_t row = 0; row < 2; ++row) {
    EXPECT_EQ(version_of(table, std::to_string(rows.ordinal(row) + 1)), rows.version(row));
  }
}

TEST_P(SourceContract, TheSourceMayChooseTheIdWhileWriting) {
  for (const Default by_default : {Default::kSequence, Default::kIdentityAlways}) {
    TableSpec spec = customers();
    spec.table = by_default == Default::kSequence ? "by_sequence" : "by_identity";
    spec.unique_keys = {};
    spec.columns[0].by_default = by_default;
    const TableInfo table = create(spec);
    WriteGroup made = group(kCreate, table, {"name"}, {"name"});
    add(made, {}, {"Ada"});
    add(made, {}, {"Bob"});
    const std::vector<AnsweredRow> rows = written(made);
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(rows[0].cells[1], "Ada");
    EXPECT_EQ(rows[1].cells[1], "Bob");
    EXPECT_NE(rows[0].cells[0], rows[1].cells[0]);
    EXPECT_THAT(cells_of(fetch(projection(table, {"name"}), {*rows[1].cells[0]})),
                ElementsAre(rows[1].cells));
  }
}

TEST_P(SourceContract, TheIdMayBeAmongTheColumns) {
  const TableInfo table = create(customers());
  WriteGroup made = group(kCreate, table, {"name", "id"});
  add(made, {}, {"Ada", "40"});
  const std::vector<AnsweredRow> rows = written(made);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].cells, (Texts{"40"}));
  EXPECT_THAT(fetch(projection(table, {}), {"40"}), SizeIs(1));
}

TEST_P(SourceContract, OfACompositeIdTheSourceMayChooseAPart) {
  TableSpec spec;
  spec.table = "sites";
  const Default part = backend().has_sequences_in_keys() ? Default::kSequence : Default::kConstant;
  spec.columns = {
      {"country", text(), false}, {"number", integer32(), false, part, "1"}, {"name", text()}};
  spec.primary_key = {"country", "number"};
  const TableInfo table = create(spec);
  WriteGroup made = group(kCreate, table, {"country", "name"});
  add(made, {}, {"de", "Ulm"});
  const std::vector<AnsweredRow> rows = written(made);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].cells, (Texts{"de", "1"}));
}

TEST_P(SourceContract, AnIdThatIsAlwaysGeneratedIsWrittenAllTheSame) {
  TableSpec spec = customers();
  spec.columns[0].by_default = Default::kIdentityAlways;
  const TableInfo table = create(spec);
  WriteGroup made = group(kCreate, table, {"name"});
  add(made, {"1000"}, {"Ada"});
  EXPECT_THAT(cells_of(written(made)), ElementsAre(Texts{"1000"}));
}

TEST_P(SourceContract, GeneratedColumnsComeBackComputed) {
  TableSpec spec;
  spec.table = "orders";
  spec.columns = {{"id", integer64(), false},
                  {"once", integer32()},
                  {"twice", integer32(), true, Default::kTwice, "once"}};
  spec.primary_key = {"id"};
  const TableInfo table = create(spec);
  WriteGroup made = group(kCreate, table, {"once"}, {"twice", "once"});
  add(made, {"1"}, {"21"});
  add(made, {"2"}, {std::nullopt});
  EXPECT_THAT(cells_of(written(made)),
              ElementsAre(Texts{"1", "42", "21"}, Texts{"2", std::nullopt, std::nullopt}));
}

TEST_P(SourceContract, WhatATriggerMadeOfARowComesBack) {
  TableSpec spec = customers();
  spec.capitals = "name";
  const TableInfo table = create(spec);
  WriteGroup made = group(kCreate, table, {"name"}, {"name"});
  add(made, {"1"}, {"Ada"});
  EXPECT_THAT(cells_of(written(made)), ElementsAre(Texts{"1", "ADA"}));
  WriteGroup changed = group(WriteGroup::Operation::kUpdate, table, {"name"}, {"name"});
  add_current(table, changed, {"1"}, {"Eve"});
  EXPECT_THAT(cells_of(written(changed)), ElementsAre(Texts{"1", "EVE"}));
}

TEST_P(SourceContract, ARowThatATriggerSkipsCountsAsRefused) {
  TableSpec spec = customers();
  spec.columns[4].at_least = std::nullopt;
  spec.refuses_minus = "age";
  const TableInfo table = create(spec);
  WriteGroup made = group(kCreate, table, {"name", "age"}, {"name"});
  add(made, {"1"}, {"Ada", "-1"});
  add(made, {"2"}, {"Bob", "1"});
  const std::vector<AnsweredRow> rows = written(made);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].ordinal, 1U);
  EXPECT_EQ(rows[0].cells, (Texts{"2", "Bob"}));
  EXPECT_THAT(backend().rows("customers"), SizeIs(1));
}

TEST_P(SourceContract, ThousandsOfRowsAreCreatedByFewStatements) {
  const TableInfo table = create(customers());
  WriteGroup made = group(kCreate, table, {"name", "age"}, {"age"});
  for (int id = 1; id <= 2500; ++id) {
    add(made, {std::to_string(id)}, {"n" + std::to_string(id), std::to_string(id % 90)});
  }
  WriteGroup first = group(kCreate, table, {"name"});
  add(first, {"9999"}, {"opens the session"});
  ASSERT_THAT(written(first), SizeIs(1));

  const std::uint64_t before = source().statements();
  const std::vector<AnsweredRow> rows = written(made);
  // BEGIN, the insert, the version that all rows have, COMMIT.
  EXPECT_LE(source().statements() - before, 4U);
  ASSERT_THAT(rows, SizeIs(2500));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].ordinal, i);
    EXPECT_EQ(rows[i].cells, (Texts{std::to_string(i + 1), std::to_string((i + 1) % 90)}));
  }
  EXPECT_THAT(backend().rows("customers"), SizeIs(2501));
}

TEST_P(SourceContract, NamesThatNeedQuotesAreWrittenAsTheyAre) {
  TableSpec spec;
  spec.table = "Order \"Lines\"";
  spec.columns = {{"ID", integer32(), false},
                  {"select", text()},
                  {"it's 50%", text()},
                  {"where", integer32(), false, Default::kConstant, "3"}};
  spec.primary_key = {"ID"};
  spec.unique_keys = {{"Unique \"it\"", {"it's 50%"}}};
  const TableInfo table = create(spec);
  const std::vector<std::string> columns{"select", "it's 50%"};
  WriteGroup made = group(kCreate, table, columns, columns);
  made.unless_exists = {1};
  add(made, {"1"}, {"a", "b"});
  EXPECT_THAT(cells_of(written(made)), ElementsAre(Texts{"1", "a", "b"}));

  Projection asked = projection(table, columns);
  asked.scope = {EqualsAny{"select", *table.column("select")->type, {"a"}}};
  EXPECT_THAT(cells_of(scan(asked)), ElementsAre(Texts{"1", "a", "b"}));
  EXPECT_THAT(cells_of(fetch(asked, {"1"})), ElementsAre(Texts{"1", "a", "b"}));
  EXPECT_THAT(cells_of(find(asked, {1, 0}, {{"b", "a"}})), ElementsAre(Texts{"1", "a", "b"}));

  WriteGroup changed = group(WriteGroup::Operation::kUpdate, table, {"it's 50%"}, columns);
  add_current(table, changed, {"1"}, {"c"});
  changed.displaced_rows = {0};
  changed.displaced_columns = {0};
  EXPECT_THAT(cells_of(written(changed)), ElementsAre(Texts{"1", "a", "c"}));
  WriteGroup gone = group(WriteGroup::Operation::kDelete, table, {}, {"select"});
  add_current(table, gone, {"1"}, {});
  EXPECT_THAT(cells_of(written(gone)), ElementsAre(Texts{"1", "a"}));
}

// --- Unless one exists

TEST_P(SourceContract, ACreateIsRefusedWhereTheObjectExists) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}, {"city", "Ulm"}});
  const RowVersion before = version_of(table, "1");
  WriteGroup made = group(kCreate, table, {"city", "name"}, {"name"});
  made.unless_exists = {1};  // name, which has no unique index
  add(made, {"10"}, {"Bonn", "Ada"});
  add(made, {"11"}, {"Bonn", "Bob"});
  add(made, {"12"}, {"Bonn", "ada"});
  const std::vector<AnsweredRow> rows = written(made);
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].ordinal, 1U);
  EXPECT_EQ(rows[0].cells, (Texts{"11", "Bob"}));
  EXPECT_EQ(rows[1].ordinal, 2U);
  EXPECT_EQ(rows[1].cells, (Texts{"12", "ada"}));
  EXPECT_EQ(version_of(table, "1"), before) << "the one that exists is not touched";
}

TEST_P(SourceContract, TheProbeTakesAllItsColumnsTogether) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", {{{"id", "1"}, {"name", "Ada"}, {"city", "Ulm"}},
                                      {{"id", "2"}, {"name", "Bob"}, {"city", "Bonn"}}});
  WriteGroup made = group(kCreate, table, {"name", "city"}, {"name", "city"});
  made.unless_exists = {0, 1};
  add(made, {"10"}, {"Ada", "Bonn"});
  add(made, {"11"}, {"Bob", "Bonn"});
  EXPECT_THAT(cells_of(written(made)), ElementsAre(Texts{"10", "Ada", "Bonn"}));
}

TEST_P(SourceContract, TheProbeComparesWhatIsStored) {
  TableSpec spec;
  spec.table = "goods";
  spec.columns = {{"id", integer32(), false}, {"code", character(4)}, {"price", numeric()}};
  spec.primary_key = {"id"};
  const TableInfo table = create(spec);
  backend().insert("goods", {{"id", "1"}, {"code", "ab"}, {"price", "1.50"}});
  for (const std::size_t column : {0U, 1U}) {
    WriteGroup made = group(kCreate, table, {"code", "price"});
    made.unless_exists = {column};
    add(made, {"2"}, {column == 0 ? "ab" : "xy", column == 1 ? "1.5" : "7"});
    EXPECT_THAT(written(made), IsEmpty()) << made.columns[column];
  }
}

TEST_P(SourceContract, NullIsNoNameThatCouldExist) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}, {"email", {}}});
  WriteGroup made = group(kCreate, table, {"name", "email"});
  made.unless_exists = {1};
  add(made, {"10"}, {"Bob", std::nullopt});
  EXPECT_THAT(written(made), SizeIs(1));
}

TEST_P(SourceContract, AProbeOverAUniqueKeyRefusesToo) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}, {"email", "a@x"}});
  WriteGroup made = group(kCreate, table, {"name", "email"}, {"email"});
  made.unless_exists = {1};
  add(made, {"10"}, {"Other", "a@x"});
  add(made, {"11"}, {"Other", "b@x"});
  EXPECT_THAT(cells_of(written(made)), ElementsAre(Texts{"11", "b@x"}));
}

// What is probed for is refused, what clashes beside it is that row's own fault: taken for "one
// exists", a taken id would make the engine link two strangers.
TEST_P(SourceContract, AClashBesideTheProbeIsAFault) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}, {"email", "a@x"}});
  WriteGroup made = group(kCreate, table, {"name", "email"});
  made.unless_exists = {0};
  add(made, {"2"}, {"Bob", "a@x"});
  const auto by_email = write(made);
  ASSERT_FALSE(by_email.has_value());
  EXPECT_EQ(by_email.error().kind, ErrorKind::kRowFault);
  EXPECT_EQ(by_email.error().constraint, "customers_email_key");

  made = group(kCreate, table, {"name", "email"});
  made.unless_exists = {1};
  add(made, {"1"}, {"Bob", "b@x"});
  const auto by_id = write(made);
  ASSERT_FALSE(by_id.has_value());
  EXPECT_EQ(by_id.error().kind, ErrorKind::kRowFault);
  EXPECT_EQ(by_id.error().constraint, "customers_pkey");
  EXPECT_THAT(backend().rows("customers"), SizeIs(1));
}

}  // namespace
}  // namespace couplet::contract
