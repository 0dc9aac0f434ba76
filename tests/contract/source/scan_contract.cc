#include <gmock/gmock.h>

#include <algorithm>

#include "engine/model/object_key.h"
#include "engine/ports/tuning.h"
#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

namespace couplet::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Literals of one id column in the order in which objects are scanned.
struct IdOrder {
  const char* name;
  Type type;
  std::vector<std::string> ascending;
};

std::vector<IdOrder> id_orders() {
  return {
      {"bool", boolean(), {"false", "true"}},
      {"int16", integer16(), {"-32768", "-1", "0", "1", "300", "32767"}},
      {"int32", integer32(), {"-2147483648", "-70000", "-1", "0", "255", "256", "2147483647"}},
      {"int64",
       integer64(),
       {"-9223372036854775808", "-4294967297", "-1", "0", "9", "10", "9223372036854775807"}},
      {"numeric",
       numeric(),
       {"-100000000000000000000", "-10.5", "-10.25", "-0.001", "0", "0.0001", "0.001", "1.5", "2",
        "9.99", "10", "123456789.000000001", "100000000000000000000"}},
      {"numeric_scaled", numeric(10, 2), {"-10.00", "-9.99", "0.00", "0.10", "9.00", "10.00"}},
      {"text",
       text(),
       {"", " ", "A", "B", "Z", "a", "a b", "a-b", "ab", "b", "é", "日本", "\xEF\xBD\x9A",
        "\xF0\x9D\x84\x9E"}},
      {"varchar", varchar(10), {"", "10", "9", "Zebra", "_", "zebra", "ä"}},
      {"char", character(4), {"", "A", "Ab", "B", "a", "ab c", "é"}},
      {"date", date(), {"-infinity", "1969-12-31", "2000-01-01", "2024-02-29", "infinity"}},
      {"timestamp",
       timestamp(),
       {"-infinity", "1999-12-31 23:59:59.999999", "2000-01-01 00:00:00",
        "2000-01-01 00:00:00.000001", "infinity"}},
      {"timestamptz",
       timestamp_with_zone(),
       {"1970-01-01 00:00:00+00", "2024-03-31 01:00:00+00", "2024-03-31 01:30:00+00"}},
      {"uuid",
       uuid(),
       {"00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001",
        "0fffffff-ffff-4fff-bfff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "ffffffff-ffff-ffff-ffff-ffffffffffff"}},
      {"bytea", bytes(), {"\\x", "\\x00", "\\x0000", "\\x0001", "\\x01", "\\x7f", "\\xff"}},
      {"float64", float64(), {"-1e300", "-1.5", "0", "1e-300", "2.5", "1e300"}},
      // By label, whatever the order of the type.
      {"enum", enumeration("size", {"small", "medium", "large"}), {"large", "medium", "small"}},
      {"time", time_of_day(), {"00:00:00", "00:00:00.000001", "12:00:00", "24:00:00"}},
      {"money", plain(TypeKind::kMoney), {"-92233720368547758.08", "-0.01", "0.00", "1.00"}},
      {"oid", plain(TypeKind::kOid), {"0", "1", "2147483648", "4294967295"}},
      {"lsn", plain(TypeKind::kLsn), {"0/1", "0/FF", "1/0", "FFFFFFFF/0"}},
      {"macaddr",
       plain(TypeKind::kMacaddr),
       {"00:00:00:00:00:01", "7f:00:00:00:00:00", "80:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"}},
      // The rest by their text, which is what keys are made of.
      {"timetz", time_with_zone(), {"00:00:00+00", "12:00:00+02", "12:00:00-02", "24:00:00+00"}},
      {"interval", plain(TypeKind::kInterval), {"-1 days", "00:00:01", "1 mon", "40 days"}},
      {"inet", plain(TypeKind::kInet), {"10.0.0.1", "10.0.0.1/8", "10.0.0.10", "9.0.0.0", "::1"}},
      {"cidr", plain(TypeKind::kCidr), {"10.0.0.0/16", "10.0.0.0/8", "9.0.0.0/32"}},
      {"varbit", varying_bits(), {"", "0", "00", "01", "1", "10"}},
  };
}

TEST_P(SourceContract, ScansComeInTheOrderOfObjectKeysForEveryTypeOfId) {
  for (const IdOrder& order : id_orders()) {
    if (!backend().has_type(order.type)) {
      continue;
    }
    SCOPED_TRACE(order.name);
    TableSpec spec;
    spec.table = std::string("by_") + order.name;
    spec.columns = {{"id", order.type, false}};
    spec.primary_key = {"id"};
    const TableInfo table = create(spec);
    std::vector<Cells> rows;
    for (auto literal = order.ascending.rbegin(); literal != order.ascending.rend(); ++literal) {
      rows.push_back({{"id", *literal}});
    }
    std::rotate(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 3),
                rows.end());
    backend().insert_many(spec.table, rows);

    auto running = source().scan(projection(table, {}));
    ASSERT_TRUE(running.has_value()) << running.error().message;
    const std::vector<Type> types{*table.column("id")->type};
    RowBatch batch;
    std::vector<ObjectKey> keys;
    for (auto more = (*running)->next(batch); more && *more; more = (*running)->next(batch)) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        keys.push_back(key_of_row(batch, row, types));
      }
    }
    std::vector<ObjectKey> expected;
    for (const std::string& literal : order.ascending) {
      RowBatch row(1);
      row.begin_row();
      row.push(bytes_of(types.front(), literal));
      expected.push_back(key_of_row(row, 0, types));
    }
    EXPECT_TRUE(std::is_sorted(expected.begin(), expected.end())) << "the case itself is off";
    EXPECT_EQ(keys, expected);
  }
}

TEST_P(SourceContract, ScansOfCompositeIdsAreSortedByTheFirstPartFirst) {
  TableSpec spec;
  spec.table = "sites";
  spec.columns = {{"number", integer32(), false}, {"country", text(), false}, {"name", text()}};
  spec.primary_key = {"country", "number"};
  const TableInfo table = create(spec);
  backend().insert_many("sites", {{{"country", "de"}, {"number", "10"}, {"name", "c"}},
                                  {{"country", "d"}, {"number", "11"}, {"name", "a"}},
                                  {{"country", "de"}, {"number", "-1"}, {"name", "b"}},
                                  {{"country", "É"}, {"number", "0"}, {"name", "e"}},
                                  {{"country", "de "}, {"number", "2"}, {"name", "d"}}});
  EXPECT_THAT(cells_of(scan(projection(table, {"name"}))),
              ElementsAre(Texts{"d", "11", "a"}, Texts{"de", "-1", "b"}, Texts{"de", "10", "c"},
                          Texts{"de ", "2", "d"}, Texts{"É", "0", "e"}));
}

TEST_P(SourceContract, ScansOfAnEmptyTableAreCompleteAtOnce) {
  const TableInfo table = create(customers());
  EXPECT_THAT(scan(projection(table, {"name"})), IsEmpty());
}

TEST_P(SourceContract, ScansGiveEveryRowOfAPartitionedTable) {
  TableSpec spec = providers();
  spec.kind = TableInfo::Kind::kPartitionedTable;
  const TableInfo table = create(spec);
  std::vector<Cells> rows;
  std::vector<Texts> expected;
  for (int id = 1; id <= 20; ++id) {
    rows.push_back({{"id", std::to_string(id)}, {"name", "p"}});
    expected.push_back({std::to_string(id), "p"});
  }
  backend().insert_many("providers", rows);
  EXPECT_EQ(cells_of(scan(projection(table, {"name"}))), expected);
}

// A reader that saw half of a change would find differences where there are none.
TEST_P(SourceContract, AScanSeesOneSnapshotWhileRowsChange) {
  const TableInfo table = create(customers());
  std::vector<Cells> rows;
  for (int id = 1; id <= 5000; ++id) {
    rows.push_back({{"id", std::to_string(id * 2)}, {"name", "old"}});
  }
  backend().insert_many("customers", rows);

  const Projection asked = projection(table, {"name"});
  auto running = source().scan(asked);
  ASSERT_TRUE(running.has_value()) << running.error().message;
  RowBatch batch;
  auto more = (*running)->next(batch);
  ASSERT_TRUE(more && *more);
  std::vector<AnsweredRow> seen = answered(batch, types_of(asked));

  backend().update("customers", {}, {{"name", "new"}});
  backend().erase("customers", {{"id", "10000"}});
  backend().insert("customers", {{"id", "9999"}, {"name", "late"}});

  for (more = (*running)->next(batch); more && *more; more = (*running)->next(batch)) {
    for (AnsweredRow& row : answered(batch, types_of(asked))) {
      seen.push_back(std::move(row));
    }
  }
  ASSERT_TRUE(more.has_value()) << more.error().message;
  ASSERT_EQ(seen.size(), 5000U);
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const AnsweredRow& row) {
    return row.cells[1] == std::optional<std::string>("old");
  }));
  EXPECT_EQ(scan(asked).size(), 5000U) << "one gone, one new";
}

TEST_P(SourceContract, OtherCallsMayBeMadeWhileAScanRuns) {
  const TableInfo table = create(customers());
  std::vector<Cells> rows;
  for (int id = 1; id <= 3000; ++id) {
    rows.push_back({{"id", std::to_string(id)}, {"name", "n"}});
  }
  backend().insert_many("customers", rows);
  const Projection asked = projection(table, {"name"});
  auto first = source().scan(asked);
  auto second = source().scan(asked);
  ASSERT_TRUE(first && second);
  RowBatch batch;
  std::size_t seen = 0;
  for (auto more = (*first)->next(batch); more && *more; more = (*first)->next(batch)) {
    seen += batch.rows();
    EXPECT_EQ(fetch(asked, {"7", "8"}).size(), 2U);
    WriteGroup rename = group(WriteGroup::Operation::kUpdate, table, {"name"});
    add_current(table, rename, {"7"}, {"renamed"});
    EXPECT_EQ(written(rename).size(), 1U);
  }
  EXPECT_EQ(seen, 3000U);
  const auto other = (*second)->next(batch);
  EXPECT_TRUE(other && *other && !batch.empty());
}

TEST_P(SourceContract, AScanMayBeDroppedHalfWay) {
  const TableInfo table = create(customers());
  std::vector<Cells> rows;
  for (int id = 1; id <= 5000; ++id) {
    rows.push_back({{"id", std::to_string(id)}, {"name", "n"}});
  }
  backend().insert_many("customers", rows);
  const Projection asked = projection(table, {"name"});
  for (int i = 0; i < 3; ++i) {
    auto running = source().scan(asked);
    ASSERT_TRUE(running.has_value()) << running.error().message;
    RowBatch batch;
    const auto more = (*running)->next(batch);
    ASSERT_TRUE(more && *more);
  }
  EXPECT_EQ(scan(asked).size(), 5000U);
}

TEST_P(SourceContract, ScansOfManyRowsTakeOneStatementAndComeInBatches) {
  const TableInfo table = create(customers());
  constexpr int kRows = 20'000;
  std::vector<Cells> rows;
  for (int id = kRows; id >= 1; --id) {
    rows.push_back({{"id", std::to_string(id)}, {"name", "name of " + std::to_string(id)}});
  }
  backend().insert_many("customers", rows);
  const Projection asked = projection(table, {"name"});

  const std::uint64_t before = source().statements();
  auto running = source().scan(asked);
  ASSERT_TRUE(running.has_value()) << running.error().message;
  RowBatch batch;
  std::size_t seen = 0;
  std::string last;
  bool ascending = true;
  for (auto more = (*running)->next(batch); more && *more; more = (*running)->next(batch)) {
    EXPECT_LE(batch.rows(), 4 * tuning::kBatchRows);
    seen += batch.rows();
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::string key = key_of_row(batch, row, asked.id_types).bytes;
      ascending = ascending && last < key;
      last = key;
    }
  }
  EXPECT_EQ(seen, static_cast<std::size_t>(kRows));
  EXPECT_TRUE(ascending);
  // One for the rows, and what it takes to open a session and its snapshot.
  EXPECT_LE(source().statements() - before, 10U);
}

TEST_P(SourceContract, BatchesOfWideRowsAreCutByTheirSize) {
  TableSpec spec;
  spec.table = "documents";
  spec.columns = {{"id", integer32(), false}, {"body", text()}};
  spec.primary_key = {"id"};
  const TableInfo table = create(spec);
  constexpr std::size_t kBody = 200'000;
  std::vector<Cells> rows;
  for (int id = 0; id < 100; ++id) {
    rows.push_back({{"id", std::to_string(id)},
                    {"body", std::string(kBody, static_cast<char>('a' + id % 26))}});
  }
  backend().insert_many("documents", rows);
  auto running = source().scan(projection(table, {"body"}));
  ASSERT_TRUE(running.has_value()) << running.error().message;
  RowBatch batch;
  int seen = 0;
  for (auto more = (*running)->next(batch); more && *more; more = (*running)->next(batch)) {
    EXPECT_LE(batch.bytes(), tuning::kBatchBytes + 2 * kBody);
    for (std::size_t row = 0; row < batch.rows(); ++row, ++seen) {
      const std::string_view body = batch.at(row, 1).bytes();
      EXPECT_EQ(body.size(), kBody);
      EXPECT_EQ(body.front(), static_cast<char>('a' + seen % 26));
      EXPECT_EQ(body.back(), body.front());
    }
  }
  EXPECT_EQ(seen, 100);
}

TEST_P(SourceContract, RowsMayHaveHundredsOfColumns) {
  TableSpec spec;
  spec.table = "wide";
  spec.columns = {{"id", integer32(), false}};
  spec.primary_key = {"id"};
  std::vector<std::string> columns;
  Cells row{{"id", "1"}};
  Texts expected{"1"};
  for (int i = 0; i < 300; ++i) {
    columns.push_back("c" + std::to_string(i));
    spec.columns.push_back({columns.back(), i % 2 == 0 ? integer32() : text()});
    const std::optional<std::string> value =
        i % 3 == 0 ? std::nullopt : std::optional(std::to_string(i));
    row[columns.back()] = value;
    expected.push_back(value);
  }
  const TableInfo table = create(spec);
  backend().insert("wide", row);
  EXPECT_THAT(cells_of(scan(projection(table, columns))), ElementsAre(expected));
}

// --- Scope

TEST_P(SourceContract, AScanGivesTheRowsInScopeAlone) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", {{{"id", "1"}, {"name", "a"}, {"city", "Bonn"}, {"age", "1"}},
                                      {{"id", "2"}, {"name", "b"}, {"city", "Ulm"}, {"age", {}}},
                                      {{"id", "3"}, {"name", "c"}, {"city", "bonn"}, {"age", "3"}},
                                      {{"id", "4"}, {"name", "d"}, {"city", "Bonn"}, {"age", {}}}});
  Projection asked = projection(table, {"name"});
  const Type city = *table.column("city")->type;
  const Type age = *table.column("age")->type;
  const auto ids = [&](std::vector<Condition> scope) {
    asked.scope = std::move(scope);
    std::vector<std::string> found;
    for (const AnsweredRow& row : scan(asked)) {
      EXPECT_TRUE(row.in_scope);
      found.push_back(*row.cells[0]);
    }
    return found;
  };
  EXPECT_THAT(ids({EqualsAny{"city", city, {"Bonn"}}}), ElementsAre("1", "4"));
  EXPECT_THAT(ids({EqualsAny{"city", city, {"Ulm", "bonn"}}}), ElementsAre("2", "3"));
  EXPECT_THAT(ids({EqualsAny{"age", age, {std::nullopt}}}), ElementsAre("2", "4"));
  EXPECT_THAT(ids({EqualsAny{"age", age, {bytes_of(age, "3"), std::nullopt}}}),
              ElementsAre("2", "3", "4"));
  EXPECT_THAT(ids({EqualsAny{"city", city, {"Bonn"}}, EqualsAny{"age", age, {std::nullopt}}}),
              ElementsAre("4"));
  EXPECT_THAT(ids({EqualsAny{"city", city, {"Köln"}}}), IsEmpty());
  EXPECT_THAT(ids({EqualsAny{"city", city, {}}}), IsEmpty()) << "any of none";
}

TEST_P(SourceContract, AScopeComparesWhatIsStored) {
  TableSpec spec;
  spec.table = "goods";
  spec.columns = {{"id", integer32(), false}, {"code", character(5)}, {"price", numeric()}};
  spec.primary_key = {"id"};
  const TableInfo table = create(spec);
  backend().insert_many("goods", {{{"id", "1"}, {"code", "ab"}, {"price", "1.50"}},
                                  {{"id", "2"}, {"code", "AB"}, {"price", "1.5"}}});
  Projection asked = projection(table, {});
  const Type code = *table.column("code")->type;
  asked.scope = {EqualsAny{"code", code, {"ab"}}};
  EXPECT_THAT(cells_of(scan(asked)), ElementsAre(Texts{"1"}));
  const Type price = *table.column("price")->type;
  asked.scope = {EqualsAny{"price", price, {bytes_of(price, "1.500")}}};
  EXPECT_THAT(cells_of(scan(asked)), ElementsAre(Texts{"1"}, Texts{"2"}));
}

TEST_P(SourceContract, AScopeMayBeSqlWhereTheSourceHasIt) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", {{{"id", "1"}, {"name", "a"}, {"age", "7"}},
                                      {{"id", "2"}, {"name", "b"}, {"age", {}}},
                                      {{"id", "3"}, {"name", "c"}, {"age", "5"}}});
  Projection asked = projection(table, {"name"});
  asked.scope = {SqlCondition{"age > 6 or name = 'z'"}};
  if (!backend().has_sql()) {
    const auto running = source().scan(asked);
    ASSERT_FALSE(running.has_value());
    EXPECT_EQ(running.error().kind, ErrorKind::kUnsupported);
    return;
  }
  EXPECT_THAT(cells_of(scan(asked)), ElementsAre(Texts{"1", "a"}));
  // Two conditions stand side by side, whatever operators are in them; null is false.
  asked.scope.emplace_back(SqlCondition{"name = 'z' or name = 'c'"});
  EXPECT_THAT(scan(asked), IsEmpty());
  const std::vector<AnsweredRow> fetched = fetch(asked, {"1", "2"});
  ASSERT_EQ(fetched.size(), 2U);
  EXPECT_FALSE(fetched[0].in_scope);
  EXPECT_FALSE(fetched[1].in_scope);
}

// --- Paths

TEST_P(SourceContract, PathsLeadThroughReferencesAndEndInNullWhereOneIsNull) {
  backend().create_table(providers());
  backend().create_table(regions());
  const TableInfo table = create(nics());
  backend().insert("providers", {{"id", "1"}, {"name", "AWS"}});
  backend().insert_many("regions", {{{"id", "10"}, {"name", "eu"}, {"provider_id", "1"}},
                                    {{"id", "11"}, {"name", {}}, {"parent_id", "10"}}});
  backend().insert_many("nics",
                        {{{"id", "100"}, {"name", "n0"}, {"region_id", "10"}, {"backup_id", "11"}},
                         {{"id", "101"}, {"name", "n1"}, {"region_id", "11"}},
                         {{"id", "102"}, {"name", "n2"}}});

  Projection asked = projection(table, {"name"});
  asked.columns.push_back(path(table, {"region_id"}, "name"));
  asked.columns.push_back(path(table, {"region_id", "provider_id"}, "name"));
  asked.columns.push_back(path(table, {"backup_id", "parent_id", "provider_id"}, "name"));
  asked.columns.push_back(path(table, {"region_id"}, "id"));
  EXPECT_THAT(
      cells_of(scan(asked)),
      ElementsAre(Texts{"100", "n0", "eu", "AWS", "AWS", "10"},
                  Texts{"101", "n1", std::nullopt, std::nullopt, std::nullopt, "11"},
                  Texts{"102", "n2", std::nullopt, std::nullopt, std::nullopt, std::nullopt}));
}

// References that the definition declares need no foreign key, so they may lead nowhere.
TEST_P(SourceContract, ADanglingReferenceReadsAsNull) {
  backend().create_table(providers());
  TableSpec spec = regions();
  spec.foreign_keys = {};
  const TableInfo table = create(spec);
  const TableInfo target = described("providers");
  backend().insert("providers", {{"id", "1"}, {"name", "AWS"}});
  backend().insert_many("regions", {{{"id", "10"}, {"name", "eu"}, {"provider_id", "1"}},
                                    {{"id", "11"}, {"name", "us"}, {"provider_id", "9"}}});
  Projection asked = projection(table, {"name"});
  asked.columns.push_back(
      {{{{"provider_id"}, target.name, {"id"}}}, "name", *target.column("name")->type});
  EXPECT_THAT(cells_of(scan(asked)),
              ElementsAre(Texts{"10", "eu", "AWS"}, Texts{"11", "us", std::nullopt}));
}

TEST_P(SourceContract, AReferenceMayTakeSeveralColumns) {
  TableSpec target;
  target.table = "sites";
  target.columns = {{"code", text(), false}, {"country", text(), false}, {"name", text()}};
  target.primary_key = {"country", "code"};
  backend().create_table(target);
  TableSpec spec;
  spec.table = "racks";
  spec.columns = {{"id", integer32(), false}, {"land", text()}, {"site", text()}};
  spec.primary_key = {"id"};
  spec.foreign_keys = {{"racks_site", {"land", "site"}, {"", "sites"}, {"country", "code"}}};
  const TableInfo table = create(spec);
  backend().insert_many("sites", {{{"country", "de"}, {"code", "x"}, {"name", "Ulm"}},
                                  {{"country", "fr"}, {"code", "x"}, {"name", "Lyon"}}});
  backend().insert_many("racks", {{{"id", "1"}, {"land", "fr"}, {"site", "x"}},
                                  {{"id", "2"}, {"land", "de"}, {"site", {}}}});
  Projection asked = projection(table, {});
  asked.columns.push_back(path(table, {"land"}, "name"));
  EXPECT_THAT(cells_of(scan(asked)), ElementsAre(Texts{"1", "Lyon"}, Texts{"2", std::nullopt}));
}

// --- What is not there

TEST_P(SourceContract, ReadingWhatIsNotThereIsAFaultOfTheSchema) {
  const TableInfo table = create(customers());
  Projection asked = projection(table, {"name"});
  asked.columns[0].column = "no_such_column";
  const auto kind_of_scan = [&](const Projection& of) {
    auto running = source().scan(of);
    RowBatch batch;
    if (running) {  // A source may notice as late as with the first rows.
      const auto more = (*running)->next(batch);
      return more ? std::optional<ErrorKind>() : more.error().kind;
    }
    return std::optional(running.error().kind);
  };
  RowBatch batch;
  EXPECT_EQ(kind_of_scan(asked), ErrorKind::kSchema);
  const std::vector<ObjectKey> keys{key(asked, "1")};
  const auto fetched = source().fetch(asked, keys, batch);
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().kind, ErrorKind::kSchema);

  backend().drop_table("customers");
  EXPECT_EQ(kind_of_scan(projection(table, {"name"})), ErrorKind::kSchema);
}

}  // namespace
}  // namespace couplet::contract
