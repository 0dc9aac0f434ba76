#include "connectors/postgres/sql_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/postgres/displacement.h"
#include "connectors/postgres/select_text.h"
#include "connectors/postgres/write_text.h"

namespace couplet::postgres {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Type of(TypeKind kind) {
  Type type;
  type.kind = kind;
  return type;
}

Projection projection() {
  Projection asked;
  asked.table = {"public", "Order"};
  asked.id = {"id"};
  asked.id_types = {of(TypeKind::kInt64)};
  asked.columns = {{{}, "na\"me", of(TypeKind::kText)}};
  return asked;
}

Relation relation() {
  Relation result;
  result.info.name = {"public", "Order"};
  result.unique_indexes = {{{"id"}, false}};
  return result;
}

const Relation* nothing_known(const TableName& /*table*/) { return nullptr; }

TEST(SqlTextTest, NamesAreQuotedWhateverTheyHold) {
  EXPECT_EQ(quote_identifier("select"), "\"select\"");
  EXPECT_EQ(quote_identifier("Mixed.Case"), "\"Mixed.Case\"");
  EXPECT_EQ(quote_identifier("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(quote_identifier("größe"), "\"größe\"");
  EXPECT_EQ(qualified({"a.b", "c"}), "\"a.b\".\"c\"");
  EXPECT_EQ(qualified({"", "c"}), "\"c\"");
}

TEST(SqlTextTest, LiteralsEscapeTheQuoteAndNothingElse) {
  EXPECT_EQ(quote_literal("it's \\ fine"), "'it''s \\ fine'");
  EXPECT_EQ(quote_literal(""), "''");
}

TEST(SqlTextTest, ArrayLiteralsEscapeQuotesAndBackslashes) {
  const std::vector<std::string> texts{"a", "", "x\"y", "b\\c", "{,}", "NULL"};
  EXPECT_EQ(array_literal(texts), "{\"a\",\"\",\"x\\\"y\",\"b\\\\c\",\"{,}\",\"NULL\"}");
  EXPECT_EQ(array_literal({}), "{}");
}

TEST(SqlTextTest, AScanSortsTextByBytesAndEnumsByLabel) {
  Projection asked = projection();
  asked.id = {"a", "b", "c", "d"};
  asked.id_types = {of(TypeKind::kText), of(TypeKind::kEnum), of(TypeKind::kChar),
                    of(TypeKind::kUuid)};
  EXPECT_THAT(scan_text(relation(), asked).copy,
              HasSubstr("order by s.c0 collate \"C\", s.c1::text collate \"C\", s.c2::text collate "
                        "\"C\", s.c3)"));
}

TEST(SqlTextTest, AScanSendsWhatIsAskedForTwiceOnce) {
  Projection asked = projection();
  asked.id = {"id"};
  asked.id_types = {of(TypeKind::kInt64)};
  asked.columns = {{{}, "name", of(TypeKind::kText)},
                   {{}, "id", of(TypeKind::kInt64)},
                   {{}, "name", of(TypeKind::kText)}};
  const ScanText scan = scan_text(relation(), asked);
  EXPECT_THAT(scan.copy, HasSubstr("copy (select s.c0, s.c1 from "));
  EXPECT_THAT(scan.fields, ElementsAre(0U, 1U, 0U, 1U));
}

TEST(SqlTextTest, AConditionStandsAloneWithItsTable) {
  Projection asked = projection();
  asked.scope = {SqlCondition{"active -- only those"},
                 EqualsAny{"kind", of(TypeKind::kText), {"it's", std::nullopt}},
                 EqualsAny{"none", of(TypeKind::kText), {}}};
  const std::string text = scan_text(relation(), asked).copy;
  EXPECT_THAT(text, HasSubstr("coalesce((active -- only those\n), false)"));
  EXPECT_THAT(text, HasSubstr("coalesce((\"Order\".\"kind\" = 'it''s') or \"Order\".\"kind\" is "
                              "null, false) and false"));
}

TEST(SqlTextTest, PathsThatBeginAlikeShareTheirJoins) {
  Projection asked = projection();
  const Join parent{{"parent_id"}, {"public", "p"}, {"id"}};
  const Join grand{{"up"}, {"public", "g"}, {"id"}};
  asked.columns = {{{parent}, "name", of(TypeKind::kText)},
                   {{parent, grand}, "name", of(TypeKind::kText)},
                   {{parent, grand}, "code", of(TypeKind::kText)}};
  const std::string text = scan_text(relation(), asked).copy;
  EXPECT_THAT(text, AllOf(HasSubstr("as j1 on j1.k0 = s.c1"), HasSubstr("as j2 on j2.k0 = j1.c1"),
                          HasSubstr("j1.c0, j2.c0, j2.c1"), Not(HasSubstr("j3"))));
}

TEST(SqlTextTest, AKeyWithAnIndexIsLookedUpAndAnotherJoined) {
  EXPECT_THAT(fetch_text(relation(), projection(), nothing_known),
              HasSubstr("cross join lateral (select \"Order\".xmin as v"));
  Relation bare = relation();
  bare.unique_indexes.clear();
  EXPECT_THAT(fetch_text(bare, projection(), nothing_known), Not(HasSubstr("lateral")));
  const std::vector<std::size_t> by{0};
  EXPECT_FALSE(finds_by_index(relation(), projection(), by, {}));
  bare.unique_indexes = {{{"na\"me"}, false}};
  EXPECT_TRUE(finds_by_index(bare, projection(), by, {}));
}

TEST(SqlTextTest, UpdatesTestTheVersionAndDisplacedRowsMayBeOurs) {
  WriteGroup group;
  group.table = {"public", "Order"};
  group.id = {"id"};
  group.id_types = {of(TypeKind::kInt64)};
  group.columns = {"name"};
  group.column_types = {of(TypeKind::kText)};
  group.rows.reset(2);
  EXPECT_EQ(update_text(relation(), group),
            "update \"public\".\"Order\" as t set \"name\" = o.c0 from unnest($1, $2, $3) with "
            "ordinality as o(k0, c0, v, i) where t.\"id\" = o.k0 and t.xmin = o.v returning o.i, "
            "t.\"id\"");
  group.displaced_rows = {0};
  EXPECT_THAT(update_text(relation(), group),
              HasSubstr("o.v is null and t.xmin = pg_current_xact_id()::xid"));
}

TEST(SqlTextTest, OfACompositeKeyTheColumnThatMayBeNullIsMoved) {
  Relation r = relation();
  for (const char* name : {"parent", "name", "code"}) {
    ColumnInfo column;
    column.name = name;
    column.nullable = std::string_view(name) == "name";
    r.info.columns.push_back(column);
  }
  ForeignKey key;
  key.columns = {"parent"};
  r.info.foreign_keys = {key};
  r.unique_indexes = {{{"parent", "name"}, false}, {{"parent", "code"}, false}};
  WriteGroup group;
  group.columns = {"parent", "name", "code"};
  group.displaced_columns = {0, 1, 2};
  const std::vector<MovedColumn> moved = columns_to_move(r, group);
  ASSERT_EQ(moved.size(), 2U);
  EXPECT_EQ(moved[0].name, "name");
  EXPECT_TRUE(moved[0].to_null);
  EXPECT_EQ(moved[1].name, "code");
  EXPECT_FALSE(moved[1].to_null);
  r.unique_indexes[0].nulls_equal = true;
  EXPECT_FALSE(columns_to_move(r, group)[0].to_null);
}

}  // namespace
}  // namespace couplet::postgres
