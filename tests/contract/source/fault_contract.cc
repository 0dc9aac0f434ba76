#include <gmock/gmock.h>

#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

// A row's own fault: the whole batch comes to nothing, and the error says enough to find the row
// and to tell a person why.
namespace couplet::contract {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

void expect_fault(const Result<WriteOutcome>& outcome, const char* code, const char* constraint) {
  ASSERT_FALSE(outcome.has_value()) << "the database took it";
  EXPECT_EQ(outcome.error().kind, ErrorKind::kRowFault) << outcome.error().message;
  EXPECT_EQ(outcome.error().code, code);
  EXPECT_EQ(outcome.error().constraint, constraint);
  EXPECT_THAT(outcome.error().message, Not(IsEmpty()));
}

TableSpec goods() {
  TableSpec spec;
  spec.table = "goods";
  spec.columns = {{"id", integer32(), false},
                  {"name", varchar(5), false},
                  {"price", numeric(5, 2)},
                  {"stock", integer32(), true, Default::kNone, "", 0},
                  {"code", text()}};
  spec.primary_key = {"id"};
  spec.unique_keys = {{"goods_code_key", {"code"}}};
  return spec;
}

TEST_P(SourceContract, ARowFaultOfACreateNamesItsConstraintAndWritesNothing) {
  const TableInfo table = create(goods());
  backend().insert("goods", {{"id", "1"}, {"name", "old"}, {"code", "taken"}});
  const std::vector<Cells> before = backend().rows("goods");
  const auto create_beside_a_good_row = [&](const Texts& cells) {
    WriteGroup made = group(kCreate, table, {"name", "price", "stock", "code"});
    add(made, {"10"}, {"good", "1.00", "1", "free"});
    add(made, {"11"}, cells);
    return write(made);
  };
  const auto null = std::nullopt;
  expect_fault(create_beside_a_good_row({null, null, null, null}), "23502", "name");
  expect_fault(create_beside_a_good_row({"a", null, "-1", null}), "23514", "goods_stock_check");
  expect_fault(create_beside_a_good_row({"a", null, null, "taken"}), "23505", "goods_code_key");
  expect_fault(create_beside_a_good_row({"a", null, null, "free"}), "23505", "goods_code_key");
  EXPECT_EQ(backend().rows("goods"), before);

  // Which column it was the server does not say.
  const auto long_name = create_beside_a_good_row({"too long", null, null, null});
  ASSERT_FALSE(long_name.has_value());
  EXPECT_EQ(long_name.error().kind, ErrorKind::kRowFault);
  EXPECT_EQ(long_name.error().code, "22001");
  const auto big_price = create_beside_a_good_row({"a", "1000.00", null, null});
  ASSERT_FALSE(big_price.has_value());
  EXPECT_EQ(big_price.error().kind, ErrorKind::kRowFault);
  EXPECT_EQ(big_price.error().code, "22003");
  EXPECT_EQ(backend().rows("goods"), before);
}

TEST_P(SourceContract, ARowFaultOfAnUpdateWritesNothing) {
  const TableInfo table = create(goods());
  backend().insert_many("goods", {{{"id", "1"}, {"name", "a"}, {"code", "x"}},
                                  {{"id", "2"}, {"name", "b"}, {"code", "y"}}});
  const std::vector<Cells> before = backend().rows("goods");
  const RowVersion version = version_of(table, "1");
  const auto change_both = [&](const char* column, const Texts& values) {
    WriteGroup changed = group(kUpdate, table, {column});
    add_current(table, changed, {"1"}, {values[0]});
    add_current(table, changed, {"2"}, {values[1]});
    return write(changed);
  };
  expect_fault(change_both("name", {"fine", std::nullopt}), "23502", "name");
  expect_fault(change_both("stock", {"3", "-3"}), "23514", "goods_stock_check");
  expect_fault(change_both("code", {"z", "z"}), "23505", "goods_code_key");
  const auto long_name = change_both("name", {"fine", "too long"});
  ASSERT_FALSE(long_name.has_value());
  EXPECT_EQ(long_name.error().code, "22001");
  EXPECT_EQ(backend().rows("goods"), before);
  EXPECT_EQ(version_of(table, "1"), version);
}

TEST_P(SourceContract, BlanksBeyondTheLengthAreNoFault) {
  const TableInfo table = create(goods());
  WriteGroup made = group(kCreate, table, {"name"}, {"name"});
  add(made, {"1"}, {"ab      "});
  const std::vector<AnsweredRow> rows = written(made);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].cells, (Texts{"1", "ab   "})) << "cut, and what is stored comes back";
}

TEST_P(SourceContract, AReferenceToNothingIsAFaultOfTheRowThatRefers) {
  backend().create_table(providers());
  const TableInfo table = create(regions());
  backend().insert("providers", {{"id", "1"}, {"name", "AWS"}});
  WriteGroup made = group(kCreate, table, {"provider_id"});
  add(made, {"10"}, {"1"});
  add(made, {"11"}, {"9"});
  expect_fault(write(made), "23503", "regions_provider_id_fkey");
  EXPECT_THAT(backend().rows("regions"), IsEmpty());

  backend().insert("regions", {{"id", "10"}, {"provider_id", "1"}});
  WriteGroup changed = group(kUpdate, table, {"provider_id"});
  add_current(table, changed, {"10"}, {"9"});
  expect_fault(write(changed), "23503", "regions_provider_id_fkey");
}

TEST_P(SourceContract, ARowThatOthersReferToIsNotDeleted) {
  const TableInfo parents = create(providers());
  backend().create_table(regions());
  backend().insert_many("providers", {{{"id", "1"}}, {{"id", "2"}}});
  backend().insert("regions", {{"id", "10"}, {"provider_id", "1"}});
  WriteGroup gone = group(kDelete, parents, {});
  add_current(parents, gone, {"2"}, {});
  add_current(parents, gone, {"1"}, {});
  expect_fault(write(gone), "23503", "regions_provider_id_fkey");
  EXPECT_THAT(backend().rows("providers"), SizeIs(2));

  WriteGroup moved = group(kUpdate, parents, {"id"});
  add_current(parents, moved, {"1"}, {"3"});
  expect_fault(write(moved), "23503", "regions_provider_id_fkey");
}

// Errors are logged; a row's values are not for the log.
TEST_P(SourceContract, MessagesOfFaultsHoldNoValues) {
  const TableInfo table = create(goods());
  backend().insert("goods", {{"id", "1"}, {"name", "old"}, {"code", "s3cret"}});
  const auto silent = [&](const std::string& column, const std::optional<std::string>& value) {
    WriteGroup made = group(kCreate, table, {"name", "code"});
    add(made, {"776655"},
        {column == "name" ? value : "a", column == "code" ? value : std::nullopt});
    const auto outcome = write(made);
    ASSERT_FALSE(outcome.has_value());
    for (const char* secret : {"s3cret", "776655"}) {
      EXPECT_THAT(outcome.error().message, Not(HasSubstr(secret)));
      EXPECT_THAT(outcome.error().hint, Not(HasSubstr(secret)));
    }
  };
  silent("code", "s3cret");
  silent("name", "s3cret but too long");
  silent("name", std::nullopt);
}

TEST_P(SourceContract, TheSessionIsUsableAfterAFault) {
  const TableInfo table = create(goods());
  WriteGroup wrong = group(kCreate, table, {"name"});
  add(wrong, {"1"}, {std::nullopt});
  EXPECT_FALSE(write(wrong).has_value());
  WriteGroup made = group(kCreate, table, {"name"});
  add(made, {"1"}, {"Ada"});
  EXPECT_THAT(written(made), SizeIs(1));
  EXPECT_THAT(scan(projection(table, {"name"})), SizeIs(1));
}

TEST_P(SourceContract, WritingWhatIsNotThereIsAFaultOfTheSchema) {
  const TableInfo table = create(goods());
  WriteGroup made = group(kCreate, table, {"name"});
  add(made, {"1"}, {"Ada"});
  made.columns = {"no_such_column"};
  const auto no_column = write(made);
  ASSERT_FALSE(no_column.has_value());
  EXPECT_EQ(no_column.error().kind, ErrorKind::kSchema);

  made = group(kCreate, table, {"name"});
  add(made, {"1"}, {"Ada"});
  backend().drop_table("goods");
  const auto no_table = write(made);
  ASSERT_FALSE(no_table.has_value());
  EXPECT_EQ(no_table.error().kind, ErrorKind::kSchema);
}

TEST_P(SourceContract, AGeneratedColumnIsNotWritable) {
  TableSpec spec;
  spec.table = "orders";
  spec.columns = {{"id", integer64(), false},
                  {"once", integer32()},
                  {"twice", integer32(), true, Default::kTwice, "once"}};
  spec.primary_key = {"id"};
  const TableInfo table = create(spec);
  WriteGroup made = group(kCreate, table, {"twice"});
  add(made, {"1"}, {"4"});
  const auto outcome = write(made);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kSchema);
  EXPECT_THAT(backend().rows("orders"), IsEmpty());
}

}  // namespace
}  // namespace couplet::contract
