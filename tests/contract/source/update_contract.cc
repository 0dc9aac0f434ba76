#include <gmock/gmock.h>

#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

namespace couplet::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// --- Compare and set

TEST_P(SourceContract, AnUpdateWritesTheColumnsThatItNamesAndNoOthers) {
  const TableInfo table = create(customers());
  backend().insert_many("customers",
                        {{{"id", "1"}, {"name", "Ada"}, {"city", "Ulm"}, {"age", "36"}},
                         {{"id", "2"}, {"name", "Bob"}, {"city", "Bonn"}, {"age", "7"}}});
  const RowVersion neighbour = version_of(table, "2");
  WriteGroup changed = group(kUpdate, table, {"age", "name"}, {"name", "age", "city"});
  add_current(table, changed, {"1"}, {std::nullopt, "Ada L."});
  EXPECT_THAT(cells_of(written(changed)), ElementsAre(Texts{"1", "Ada L.", std::nullopt, "Ulm"}));
  EXPECT_THAT(
      cells_of(fetch(projection(table, {"name", "city", "age"}), {"1", "2"})),
      ElementsAre(Texts{"1", "Ada L.", "Ulm", std::nullopt}, Texts{"2", "Bob", "Bonn", "7"}));
  EXPECT_EQ(version_of(table, "2"), neighbour);
}

// A row that changed since it was read is synced again, never overwritten blindly.
TEST_P(SourceContract, RowsThatChangedOrWentAreRefusedAndTheOthersWritten) {
  const TableInfo table = create(customers());
  for (int id = 1; id <= 5; ++id) {  // A version each.
    backend().insert("customers", {{"id", std::to_string(id)}, {"name", "old"}});
  }
  WriteGroup changed = group(kUpdate, table, {"name"}, {"name"});
  for (int id = 1; id <= 5; ++id) {
    add_current(table, changed, {std::to_string(id)}, {"ours"});
  }
  add(changed, {"77"}, {"ours"}, version_of(table, "1"));  // Never was there.
  backend().update("customers", {{"id", "2"}}, {{"name", "theirs"}});
  backend().erase("customers", {{"id", "4"}});
  backend().update("customers", {{"id", "5"}}, {{"name", "old"}});  // The same value, written.

  // Where versions tell what a row holds, one that holds what it held may be written.
  const bool told = backend().versions_tell_every_write();
  const std::vector<AnsweredRow> rows = written(changed);
  ASSERT_THAT(rows, SizeIs(told ? 2 : 3));
  EXPECT_EQ(rows[0].ordinal, 0U);
  EXPECT_EQ(rows[1].ordinal, 2U);
  EXPECT_THAT(cells_of(scan(projection(table, {"name"}))),
              ElementsAre(Texts{"1", "ours"}, Texts{"2", "theirs"}, Texts{"3", "ours"},
                          Texts{"5", told ? "old" : "ours"}));
}

TEST_P(SourceContract, ABatchOfRefusalsSucceedsAndWritesNothing) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}});
  const RowVersion version = version_of(table, "1");
  WriteGroup changed = group(kUpdate, table, {"name"}, {"name"});
  add(changed, {"1"}, {"Eve"}, RowVersion{version.value + 1});
  EXPECT_THAT(written(changed), IsEmpty());
  WriteGroup gone = group(kDelete, table, {});
  add(gone, {"1"}, {}, RowVersion{version.value + 1});
  EXPECT_THAT(written(gone), IsEmpty());
  EXPECT_EQ(version_of(table, "1"), version);
}

TEST_P(SourceContract, TheVersionOfAnOutcomeIsGoodForTheNextUpdate) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "n"}});
  RowVersion version = version_of(table, "1");
  for (int i = 0; i < 3; ++i) {
    WriteGroup changed = group(kUpdate, table, {"name"});
    add(changed, {"1"}, {"n" + std::to_string(i)}, version);
    const auto outcome = write(changed);
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    ASSERT_EQ(outcome->groups.at(0).written.rows(), 1U) << i;
    EXPECT_NE(outcome->groups.at(0).written.version(0), version);
    version = outcome->groups.at(0).written.version(0);
  }
  EXPECT_EQ(version_of(table, "1"), version);
}

TEST_P(SourceContract, RowsOfAPartitionedTableAreUpdatedLikeOthers) {
  TableSpec spec = providers();
  spec.kind = TableInfo::Kind::kPartitionedTable;
  const TableInfo table = create(spec);
  WriteGroup made = group(WriteGroup::Operation::kCreate, table, {"name"});
  WriteGroup changed = group(kUpdate, table, {"name"}, {"name"});
  for (int id = 1; id <= 8; ++id) {
    add(made, {std::to_string(id)}, {"old"});
  }
  EXPECT_THAT(written(made), SizeIs(8));
  for (int id = 1; id <= 8; ++id) {
    add_current(table, changed, {std::to_string(id)}, {"new"});
  }
  EXPECT_THAT(written(changed), SizeIs(8));
}

TEST_P(SourceContract, ThousandsOfRowsAreUpdatedByFewStatements) {
  const TableInfo table = create(customers());
  std::vector<Cells> rows;
  std::vector<std::string> ids;
  for (int id = 1; id <= 2500; ++id) {
    ids.push_back(std::to_string(id));
    rows.push_back({{"id", ids.back()}, {"name", "old"}});
  }
  backend().insert_many("customers", rows);
  WriteGroup changed = group(kUpdate, table, {"name"}, {"name"});
  std::vector<RowVersion> versions(ids.size());
  for (const AnsweredRow& row : fetch(projection(table, {}), ids)) {
    versions[row.ordinal] = row.version;
  }
  for (std::size_t id = 2500; id >= 2; --id) {
    add(changed, {std::to_string(id)}, {"new " + std::to_string(id)}, versions[id - 1]);
  }
  WriteGroup first = group(kUpdate, table, {"name"});
  add(first, {"1"}, {"opens the session"}, versions[0]);
  ASSERT_THAT(written(first), SizeIs(1));
  const std::uint64_t before = source().statements();
  const std::vector<AnsweredRow> done = written(changed);
  EXPECT_LE(source().statements() - before, 4U);
  ASSERT_THAT(done, SizeIs(2499));
  for (const AnsweredRow& row : done) {
    EXPECT_EQ(*row.cells[1], "new " + *row.cells[0]);
    EXPECT_EQ(*row.cells[0], std::to_string(2500 - row.ordinal));
  }
}

// --- Ids

TEST_P(SourceContract, AnUpdateMayChangeTheIdAndGivesTheNewOne) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}});
  WriteGroup changed = group(kUpdate, table, {"id", "name"}, {"name"});
  add_current(table, changed, {"1"}, {"9", "Eve"});
  const std::vector<AnsweredRow> rows = written(changed);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].cells, (Texts{"9", "Eve"}));
  EXPECT_THAT(cells_of(fetch(projection(table, {"name"}), {"1", "9"})),
              ElementsAre(Texts{"9", "Eve"}));
}

TEST_P(SourceContract, AnUpdateMayChangePartOfACompositeId) {
  TableSpec spec;
  spec.table = "sites";
  spec.columns = {{"country", text(), false}, {"number", integer32(), false}, {"name", text()}};
  spec.primary_key = {"country", "number"};
  const TableInfo table = create(spec);
  backend().insert_many("sites", {{{"country", "de"}, {"number", "1"}, {"name", "Ulm"}},
                                  {{"country", "de"}, {"number", "2"}, {"name", "Bonn"}}});
  WriteGroup changed = group(kUpdate, table, {"number"}, {"name"});
  add_current(table, changed, {"de", "1"}, {"3"});
  EXPECT_THAT(cells_of(written(changed)), ElementsAre(Texts{"de", "3", "Ulm"}));
}

// --- Unique values that change places

// Rows 1, 2, 3, … of a table whose unique column holds "a", "b", "c", …
class UniqueColumn {
 public:
  UniqueColumn(std::string table, Type type, bool nullable) {
    spec_.table = std::move(table);
    spec_.columns = {
        {"id", integer32(), false}, {"code", std::move(type), nullable}, {"note", text()}};
    spec_.primary_key = {"id"};
    spec_.unique_keys = {{spec_.table + "_code_key", {"code"}}};
  }
  [[nodiscard]] const TableSpec& spec() const { return spec_; }

  [[nodiscard]] std::vector<Cells> rows(const std::vector<std::string>& codes) const {
    std::vector<Cells> made;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      made.push_back({{"id", std::to_string(i + 1)}, {"code", codes[i]}, {"note", "n"}});
    }
    return made;
  }

 private:
  TableSpec spec_;
};

TEST_P(SourceContract, UniqueValuesMaySwap) {
  for (const bool nullable : {true, false}) {
    const UniqueColumn column(nullable ? "swap_null" : "swap_value", text(), nullable);
    const TableInfo table = create(column.spec());
    backend().insert_many(column.spec().table, column.rows({"a", "b", "c"}));
    WriteGroup changed = group(kUpdate, table, {"code"}, {"code", "note"});
    add_current(table, changed, {"1"}, {"b"});
    add_current(table, changed, {"2"}, {"a"});
    changed.displaced_rows = {0, 1};
    changed.displaced_columns = {0};
    EXPECT_THAT(cells_of(written(changed)),
                ElementsAre(Texts{"1", "b", "n"}, Texts{"2", "a", "n"}));
    EXPECT_THAT(cells_of(scan(projection(table, {"code", "note"}))),
                ElementsAre(Texts{"1", "b", "n"}, Texts{"2", "a", "n"}, Texts{"3", "c", "n"}));
  }
}

TEST_P(SourceContract, UniqueValuesOfEveryTypeMaySwapWhereNullIsForbidden) {
  const std::vector<std::tuple<const char*, Type, std::string, std::string>> cases{
      {"s_int16", integer16(), "0", "-32768"},
      {"s_int32", integer32(), "-2147483648", "2147483647"},
      {"s_int64", integer64(), "9223372036854775807", "-9223372036854775808"},
      {"s_numeric", numeric(), "1.5", "NaN"},
      {"s_numeric_2_1", numeric(2, 1), "0.0", "9.9"},
      {"s_float64", float64(), "0.5", "1"},
      {"s_varchar", varchar(2), "~", "a"},
      {"s_char", character(1), "a", "b"},
      {"s_date", date(), "infinity", "2000-01-01"},
      {"s_timestamp", timestamp(), "2000-01-01 00:00:00", "-infinity"},
      {"s_timestamptz", timestamp_with_zone(), "2000-01-01 00:00:00+00", "infinity"},
      {"s_uuid", uuid(), "00000000-0000-0000-0000-000000000000",
       "ffffffff-ffff-ffff-ffff-ffffffffffff"},
      {"s_bytea", bytes(), "\\x", "\\x00"},
      {"s_enum", enumeration("mood", {"sad", "ok", "happy"}), "sad", "ok"},
  };
  for (const auto& [name, type, first, second] : cases) {
    SCOPED_TRACE(name);
    if (!backend().holds(type, second)) {
      EXPECT_EQ(second, "NaN") << "of these no other is hard to hold";
      continue;
    }
    const UniqueColumn column(name, type, false);
    const TableInfo table = create(column.spec());
    backend().insert_many(name, column.rows({first, second}));
    const std::vector<Texts> before = cells_of(scan(projection(table, {"code"})));
    ASSERT_THAT(before, SizeIs(2));
    WriteGroup changed = group(kUpdate, table, {"code"}, {"code"});
    add_current(table, changed, {"1"}, {second});
    add_current(table, changed, {"2"}, {first});
    changed.displaced_rows = {0, 1};
    changed.displaced_columns = {0};
    EXPECT_THAT(cells_of(written(changed)),
                ElementsAre(Texts{"1", before[1][1]}, Texts{"2", before[0][1]}));
  }
}

TEST_P(SourceContract, UniqueValuesMayMoveInCirclesAndChains) {
  const UniqueColumn column("moves", text(), false);
  const TableInfo table = create(column.spec());
  backend().insert_many("moves", column.rows({"a", "b", "c", "d", "e", "f", "g"}));
  WriteGroup changed = group(kUpdate, table, {"note", "code"}, {"code"});
  add_current(table, changed, {"1"}, {"x", "b"});  // a circle of three
  add_current(table, changed, {"2"}, {"x", "c"});
  add_current(table, changed, {"3"}, {"x", "a"});
  add_current(table, changed, {"4"}, {"x", "e"});  // a chain into a free value
  add_current(table, changed, {"5"}, {"x", "f"});
  add_current(table, changed, {"6"}, {"x", "new"});
  add_current(table, changed, {"7"}, {"x", "g"});  // stays
  changed.displaced_rows = {0, 1, 2, 3, 4, 5};
  changed.displaced_columns = {1};
  EXPECT_THAT(written(changed), SizeIs(7));
  EXPECT_THAT(cells_of(scan(projection(table, {"code", "note"}))),
              ElementsAre(Texts{"1", "b", "x"}, Texts{"2", "c", "x"}, Texts{"3", "a", "x"},
                          Texts{"4", "e", "x"}, Texts{"5", "f", "x"}, Texts{"6", "new", "x"},
                          Texts{"7", "g", "x"}));
}

TEST_P(SourceContract, IdsMaySwap) {
  const TableInfo table = create(customers());
  backend().insert_many("customers",
                        {{{"id", "1"}, {"name", "Ada"}}, {{"id", "2"}, {"name", "Bob"}}});
  WriteGroup changed = group(kUpdate, table, {"id"}, {"name"});
  add_current(table, changed, {"1"}, {"2"});
  add_current(table, changed, {"2"}, {"1"});
  changed.displaced_rows = {0, 1};
  changed.displaced_columns = {0};
  EXPECT_THAT(cells_of(written(changed)), ElementsAre(Texts{"2", "Ada"}, Texts{"1", "Bob"}));
  EXPECT_THAT(cells_of(scan(projection(table, {"name"}))),
              ElementsAre(Texts{"1", "Bob"}, Texts{"2", "Ada"}));
}

TEST_P(SourceContract, PairsThatAreUniqueTogetherMaySwap) {
  TableSpec spec;
  spec.table = "seats";
  spec.columns = {{"id", integer32(), false}, {"line", integer32(), false}, {"place", text()}};
  spec.primary_key = {"id"};
  spec.unique_keys = {{"seats_once", {"line", "place"}}};
  const TableInfo table = create(spec);
  backend().insert_many("seats", {{{"id", "1"}, {"line", "1"}, {"place", "a"}},
                                  {{"id", "2"}, {"line", "1"}, {"place", "b"}}});
  WriteGroup changed = group(kUpdate, table, {"line", "place"}, {"line", "place"});
  add_current(table, changed, {"1"}, {"1", "b"});
  add_current(table, changed, {"2"}, {"1", "a"});
  changed.displaced_rows = {0, 1};
  changed.displaced_columns = {0, 1};
  EXPECT_THAT(cells_of(written(changed)), ElementsAre(Texts{"1", "1", "b"}, Texts{"2", "1", "a"}));
}

// The other column of the key stays as it is, and is not written.
TEST_P(SourceContract, PartsOfPairsThatAreUniqueTogetherMaySwap) {
  for (const bool nullable : {true, false}) {
    TableSpec spec;
    spec.table = nullable ? "seats" : "strict_seats";
    spec.columns = {
        {"id", integer32(), false}, {"line", integer32(), false}, {"place", text(), nullable}};
    spec.primary_key = {"id"};
    spec.unique_keys = {{spec.table + "_once", {"line", "place"}}};
    const TableInfo table = create(spec);
    backend().insert_many(spec.table, {{{"id", "1"}, {"line", "1"}, {"place", "a"}},
                                       {{"id", "2"}, {"line", "1"}, {"place", "b"}},
                                       {{"id", "3"}, {"line", "2"}, {"place", "a"}}});
    WriteGroup changed = group(kUpdate, table, {"place"}, {"line", "place"});
    add_current(table, changed, {"1"}, {"b"});
    add_current(table, changed, {"2"}, {"a"});
    changed.displaced_rows = {0, 1};
    changed.displaced_columns = {0};
    EXPECT_THAT(cells_of(written(changed)),
                ElementsAre(Texts{"1", "1", "b"}, Texts{"2", "1", "a"}));
    // And the other one alone: row 3 changes lines with row 2.
    WriteGroup lines = group(kUpdate, table, {"line"}, {"line", "place"});
    add_current(table, lines, {"2"}, {"2"});
    add_current(table, lines, {"3"}, {"1"});
    lines.displaced_rows = {0, 1};
    lines.displaced_columns = {0};
    EXPECT_THAT(cells_of(written(lines)), ElementsAre(Texts{"2", "2", "a"}, Texts{"3", "1", "a"}));
    EXPECT_THAT(cells_of(scan(projection(table, {"line", "place"}))),
                ElementsAre(Texts{"1", "1", "b"}, Texts{"2", "2", "a"}, Texts{"3", "1", "a"}));
  }
}

TEST_P(SourceContract, ADisplacedRowThatChangedMeanwhileIsRefusedAndLeftAsItIs) {
  const UniqueColumn column("moves", text(), true);
  const TableInfo table = create(column.spec());
  for (const Cells& row : column.rows({"a", "b"})) {  // A version each.
    backend().insert("moves", row);
  }
  WriteGroup changed = group(kUpdate, table, {"code"}, {"code"});
  add_current(table, changed, {"1"}, {"x"});
  add_current(table, changed, {"2"}, {"y"});
  changed.displaced_rows = {0, 1};
  changed.displaced_columns = {0};
  backend().update("moves", {{"id", "2"}}, {{"note", "edited"}});
  EXPECT_THAT(cells_of(written(changed)), ElementsAre(Texts{"1", "x"}));
  EXPECT_THAT(cells_of(scan(projection(table, {"code", "note"}))),
              ElementsAre(Texts{"1", "x", "n"}, Texts{"2", "b", "edited"}));
}

// --- Delete

TEST_P(SourceContract, DeleteTakesTheRowsThatAreAsExpectedAndGivesWhatTheyWere) {
  const TableInfo table = create(customers());
  for (int id = 1; id <= 4; ++id) {
    backend().insert("customers", {{"id", std::to_string(id)}, {"name", "n"}});
  }
  WriteGroup gone = group(kDelete, table, {}, {"name", "age"});
  for (int id = 1; id <= 3; ++id) {
    add_current(table, gone, {std::to_string(id)}, {});
  }
  backend().update("customers", {{"id", "1"}}, {{"name", "edited"}});
  backend().erase("customers", {{"id", "3"}});
  const std::vector<AnsweredRow> rows = written(gone);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].ordinal, 1U);
  EXPECT_EQ(rows[0].cells, (Texts{"2", "n", std::nullopt}));
  EXPECT_THAT(cells_of(scan(projection(table, {"name"}))),
              ElementsAre(Texts{"1", "edited"}, Texts{"4", "n"}));
}

}  // namespace
}  // namespace couplet::contract
