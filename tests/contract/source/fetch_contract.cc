#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

namespace couplet::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Cells> numbered(int rows) {
  std::vector<Cells> made;
  for (int id = 1; id <= rows; ++id) {
    made.push_back({{"id", std::to_string(id)}, {"name", "name of " + std::to_string(id)}});
  }
  return made;
}

TEST_P(SourceContract, FetchAnswersEachKeyByItsOrdinalAndIsSilentOnWhatIsNotThere) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", numbered(5));
  const std::vector<AnsweredRow> rows =
      fetch(projection(table, {"name"}), {"4", "99", "1", "-3", "5"});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].ordinal, 0U);
  EXPECT_EQ(rows[0].cells, (Texts{"4", "name of 4"}));
  EXPECT_EQ(rows[1].ordinal, 2U);
  EXPECT_EQ(rows[1].cells, (Texts{"1", "name of 1"}));
  EXPECT_EQ(rows[2].ordinal, 4U);
  EXPECT_EQ(rows[2].cells, (Texts{"5", "name of 5"}));
}

TEST_P(SourceContract, FetchEmptiesWhatWasInTheBatch) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", numbered(3));
  const Projection asked = projection(table, {"name", "city"});
  RowBatch batch(1);
  batch.begin_row();
  batch.push("left over");
  const std::vector<ObjectKey> keys{key(asked, "2")};
  ASSERT_TRUE(source().fetch(asked, keys, batch).has_value());
  EXPECT_THAT(cells_of(answered(batch, types_of(asked))),
              ElementsAre(Texts{"2", "name of 2", "Berlin"}));
  ASSERT_TRUE(source().fetch(asked, {}, batch).has_value());
  EXPECT_EQ(batch.rows(), 0U);
  EXPECT_EQ(batch.width(), asked.width());
}

TEST_P(SourceContract, FetchTakesThousandsOfKeysInOneStatement) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", numbered(6000));
  const Projection asked = projection(table, {"name"});
  std::vector<ObjectKey> keys;
  for (int id = 12'000; id >= 1; --id) {  // Every second one is missing at first, then none.
    keys.push_back(key(asked, std::to_string(id)));
  }
  RowBatch batch;
  ASSERT_TRUE(source().fetch(asked, {keys.data(), 1}, batch).has_value()) << "sessions are open";
  const std::uint64_t before = source().statements();
  ASSERT_TRUE(source().fetch(asked, keys, batch).has_value());
  EXPECT_EQ(source().statements() - before, 1U);
  ASSERT_EQ(batch.rows(), 6000U);
  std::set<std::uint32_t> ordinals;
  for (const AnsweredRow& row : answered(batch, types_of(asked))) {
    EXPECT_EQ(*row.cells[1], "name of " + *row.cells[0]);
    EXPECT_EQ(*row.cells[0], std::to_string(12'000 - row.ordinal));
    ordinals.insert(row.ordinal);
  }
  EXPECT_EQ(ordinals.size(), 6000U);
}

TEST_P(SourceContract, FetchGivesRowsOutOfScopeAndSaysSo) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", {{{"id", "1"}, {"name", "a"}, {"city", "Bonn"}},
                                      {{"id", "2"}, {"name", "b"}, {"city", "Ulm"}}});
  Projection asked = projection(table, {"name"});
  asked.scope = {EqualsAny{"city", *table.column("city")->type, {"Ulm"}}};
  const std::vector<AnsweredRow> rows = fetch(asked, {"1", "2"});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_FALSE(rows[0].in_scope);
  EXPECT_TRUE(rows[1].in_scope);
}

TEST_P(SourceContract, FetchFollowsPaths) {
  backend().create_table(providers());
  const TableInfo table = create(regions());
  backend().insert("providers", {{"id", "1"}, {"name", "AWS"}});
  backend().insert_many("regions", {{{"id", "10"}, {"name", "eu"}, {"provider_id", "1"}},
                                    {{"id", "11"}, {"name", "us"}}});
  Projection asked = projection(table, {"name"});
  asked.columns.push_back(path(table, {"provider_id"}, "name"));
  asked.columns.push_back(path(table, {"parent_id", "provider_id"}, "name"));
  EXPECT_THAT(cells_of(fetch(asked, {"11", "10"})),
              ElementsAre(Texts{"11", "us", std::nullopt, std::nullopt},
                          Texts{"10", "eu", "AWS", std::nullopt}));
}

TEST_P(SourceContract, FetchTakesKeysOfSeveralColumnsAndAwkwardTexts) {
  TableSpec spec;
  spec.table = "sites";
  spec.columns = {{"code", text(), false}, {"number", integer32(), false}, {"name", text()}};
  spec.primary_key = {"code", "number"};
  const TableInfo table = create(spec);
  const std::vector<std::string> codes{"",          "a,b",  "it's",  "{\"x\",NULL}", "back\\slash",
                                       "new\nline", "NULL", "日本 %"};
  std::vector<Cells> rows;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    rows.push_back({{"code", codes[i]}, {"number", std::to_string(i)}, {"name", "right"}});
    rows.push_back({{"code", codes[i]}, {"number", "-1"}, {"name", "wrong"}});
  }
  backend().insert_many("sites", rows);

  const Projection asked = projection(table, {"name"});
  std::vector<ObjectKey> keys;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    RowBatch id(2);
    id.begin_row();
    id.push(codes[i]);
    std::string number;
    ASSERT_TRUE(parse_literal(asked.id_types[1], std::to_string(i), number).has_value());
    id.push(number);
    keys.push_back(key_of_row(id, 0, asked.id_types));
  }
  RowBatch batch;
  ASSERT_TRUE(source().fetch(asked, keys, batch).has_value());
  std::set<std::uint32_t> ordinals;
  for (const AnsweredRow& row : answered(batch, types_of(asked))) {
    EXPECT_EQ(row.cells, (Texts{codes[row.ordinal], std::to_string(row.ordinal), "right"}));
    ordinals.insert(row.ordinal);
  }
  EXPECT_EQ(ordinals.size(), codes.size());
}

// A key holds what an id is, not how it is written.
TEST_P(SourceContract, FetchFindsIdsByValue) {
  TableSpec spec;
  spec.table = "prices";
  spec.columns = {{"id", numeric(), false}};
  spec.primary_key = {"id"};
  const TableInfo prices = create(spec);
  backend().insert_many("prices", {{{"id", "1.50"}}, {{"id", "-0.001"}}, {{"id", "1e5"}}});
  const std::vector<Texts> stored = cells_of(scan(projection(prices, {})));
  ASSERT_EQ(stored.size(), 3U);
  EXPECT_THAT(cells_of(fetch(projection(prices, {}), {"1.5", "-0.00100", "100000.0"})),
              ElementsAre(stored[1], stored[0], stored[2]));

  spec.table = "codes";
  spec.columns = {{"id", character(4), false}};
  const TableInfo codes = create(spec);
  backend().insert_many("codes", {{{"id", "ab"}}, {{"id", "abcd"}}});
  EXPECT_THAT(cells_of(fetch(projection(codes, {}), {"ab", "abcd", "abc"})),
              ElementsAre(Texts{"ab"}, Texts{"abcd"}));

  spec.table = "moods";
  spec.columns = {{"id", enumeration("mood", {"sad", "ok", "happy"}), false}};
  const TableInfo moods = create(spec);
  backend().insert_many("moods", {{{"id", "ok"}}, {{"id", "sad"}}});
  EXPECT_THAT(cells_of(fetch(projection(moods, {}), {"sad", "ok", "happy"})),
              ElementsAre(Texts{"sad"}, Texts{"ok"}));
}

// --- Versions

TEST_P(SourceContract, TheVersionOfARowChangesWhenItIsWrittenAndElseNot) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", numbered(2));
  backend().insert("customers", {{"id", "3"}, {"name", "c"}});
  const RowVersion one = version_of(table, "1");
  const RowVersion two = version_of(table, "2");
  EXPECT_EQ(version_of(table, "1"), one) << "reading is not writing";

  backend().update("customers", {{"id", "1"}}, {{"name", "other"}});
  const RowVersion after = version_of(table, "1");
  EXPECT_NE(after, one);
  EXPECT_EQ(version_of(table, "2"), two) << "the neighbour";
  backend().update("customers", {{"id", "1"}}, {{"name", "name of 1"}});
  EXPECT_NE(version_of(table, "1"), after);
  // Back to the value that it had: what was decided on it holds again, or counts as overlooked.
  EXPECT_EQ(version_of(table, "1") != one, backend().versions_tell_every_write());
  restart();
  EXPECT_EQ(version_of(table, "2"), two) << "another session";
}

TEST_P(SourceContract, ARowMadeAnewHasAnotherVersion) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}});
  const RowVersion before = version_of(table, "1");
  backend().erase("customers", {{"id", "1"}});
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}});
  EXPECT_EQ(version_of(table, "1") != before, backend().versions_tell_every_write());
  backend().erase("customers", {{"id", "1"}});
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}, {"age", "1"}});
  EXPECT_NE(version_of(table, "1"), before) << "of columns that nobody asks for too";
}

TEST_P(SourceContract, FetchAndFindAgreeOnVersions) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "a"}});
  backend().insert("customers", {{"id", "2"}, {"name", "b"}});
  const Projection asked = projection(table, {"name"});
  const std::vector<AnsweredRow> fetched = fetch(asked, {"1", "2"});
  const std::vector<AnsweredRow> found = find(asked, {0}, {{"a"}, {"b"}});
  ASSERT_EQ(fetched.size(), 2U);
  ASSERT_EQ(found.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(found[i].version, fetched[i].version);
  }
}

}  // namespace
}  // namespace couplet::contract
