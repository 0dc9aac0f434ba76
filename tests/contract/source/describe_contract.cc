#include <gmock/gmock.h>

#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

namespace couplet::contract {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

// But for what is a source's own business: its ids of types, how it spells an enum's name,
// capitals.
void expect_type(const Type& found, const Type& expected) {
  EXPECT_EQ(found.kind, expected.kind);
  EXPECT_EQ(found.length, expected.length);
  EXPECT_EQ(found.precision, expected.precision);
  EXPECT_EQ(found.scale, expected.scale);
  EXPECT_EQ(found.fraction_digits, expected.fraction_digits);
  EXPECT_EQ(found.labels, expected.labels);
  if (expected.kind != TypeKind::kEnum) {
    EXPECT_THAT(found.name, testing::StrCaseEq(expected.name));
  }
}

std::vector<std::string> names_of(const std::vector<TableInfo>& tables) {
  std::vector<std::string> names;
  for (const TableInfo& table : tables) {
    names.push_back(table.name.table);
  }
  return names;
}

TEST_P(SourceContract, DescribeTellsEveryTypeOfAColumn) {
  TableSpec spec;
  spec.table = "types";
  spec.columns = {{"id", integer64(), false},
                  {"c_bool", boolean()},
                  {"c_int16", integer16()},
                  {"c_int32", integer32()},
                  {"c_numeric", numeric()},
                  {"c_numeric_10_2", numeric(10, 2)},
                  {"c_float32", float32()},
                  {"c_float64", float64()},
                  {"c_text", text()},
                  {"c_varchar", varchar(12)},
                  {"c_char", character(3)},
                  {"c_date", date()},
                  {"c_timestamp", timestamp()},
                  {"c_timestamp_3", timestamp(3)},
                  {"c_timestamptz", timestamp_with_zone()},
                  {"c_timestamptz_0", timestamp_with_zone(0)},
                  {"c_uuid", uuid()},
                  {"c_json", json()},
                  {"c_jsonb", jsonb()},
                  {"c_bytea", bytes()},
                  {"c_enum", enumeration("mood", {"sad", "ok", "happy"})}};
  spec.primary_key = {"id"};
  const TableInfo table = create(spec);

  ASSERT_EQ(table.columns.size(), spec.columns.size());
  for (std::size_t i = 0; i < spec.columns.size(); ++i) {
    SCOPED_TRACE(spec.columns[i].name);
    EXPECT_EQ(table.columns[i].name, spec.columns[i].name);
    ASSERT_TRUE(table.columns[i].type.has_value());
    if (backend().has_type(spec.columns[i].type)) {
      expect_type(*table.columns[i].type, spec.columns[i].type);
    } else {
      EXPECT_NE(table.columns[i].type->kind, spec.columns[i].type.kind)
          << "it is told as what it is";
    }
  }
}

TEST_P(SourceContract, DescribeTellsWhatAColumnWantsOfAWriter) {
  TableSpec spec;
  spec.table = "orders";
  spec.columns = {{"id", integer64(), false, Default::kIdentityAlways},
                  {"plain", integer32()},
                  {"wanted", integer32(), false},
                  {"given", integer32(), false, Default::kConstant, "5"},
                  {"twice", integer32(), true, Default::kTwice, "plain"}};
  spec.primary_key = {"id"};
  const TableInfo table = create(spec);

  ASSERT_EQ(table.columns.size(), 5U);
  const auto is = [](bool nullable, bool has_default, bool generated, bool identity_always) {
    return testing::AllOf(Field("nullable", &ColumnInfo::nullable, nullable),
                          Field("has_default", &ColumnInfo::has_default, has_default),
                          Field("generated", &ColumnInfo::generated, generated),
                          Field("identity_always", &ColumnInfo::identity_always, identity_always));
  };
  EXPECT_THAT(table.columns[0], is(false, true, false, backend().has_identity_always())) << "id";
  EXPECT_THAT(table.columns[1], is(true, false, false, false)) << "plain";
  EXPECT_THAT(table.columns[2], is(false, false, false, false)) << "wanted";
  EXPECT_THAT(table.columns[3], is(false, true, false, false)) << "given";
  EXPECT_THAT(table.columns[4], is(true, true, true, false)) << "twice";
}

TEST_P(SourceContract, DescribeTellsKeysAndReferences) {
  backend().create_table(providers());
  TableSpec spec = regions();
  spec.unique_keys = {{"regions_name_provider", {"provider_id", "name"}}};
  const TableInfo table = create(spec);

  EXPECT_THAT(table.primary_key, ElementsAre("id"));
  ASSERT_EQ(table.unique_keys.size(), 2U);
  EXPECT_THAT(table.unique_keys,
              Contains(testing::AllOf(Field("name", &UniqueKey::name, "regions_pkey"),
                                      Field("columns", &UniqueKey::columns, ElementsAre("id")),
                                      Field("primary", &UniqueKey::primary, true))));
  EXPECT_THAT(table.unique_keys,
              Contains(testing::AllOf(
                  Field("name", &UniqueKey::name, "regions_name_provider"),
                  Field("columns", &UniqueKey::columns, ElementsAre("provider_id", "name")),
                  Field("primary", &UniqueKey::primary, false),
                  Field("deferrable", &UniqueKey::deferrable, false))));
  const auto refers = [&](const char* constraint, const char* column, const char* target) {
    return testing::AllOf(Field("constraint", &ForeignKey::constraint, constraint),
                          Field("columns", &ForeignKey::columns, ElementsAre(column)),
                          Field("table", &ForeignKey::table, TableName{table.name.schema, target}),
                          Field("target_columns", &ForeignKey::target_columns, ElementsAre("id")));
  };
  EXPECT_THAT(table.foreign_keys,
              UnorderedElementsAre(refers("regions_provider_id_fkey", "provider_id", "providers"),
                                   refers("regions_parent_id_fkey", "parent_id", "regions")));
}

TEST_P(SourceContract, DescribeKeepsTheOrderOfCompositeKeys) {
  TableSpec target;
  target.table = "sites";
  target.columns = {{"code", text(), false}, {"country", text(), false}, {"zone", integer32()}};
  target.primary_key = {"country", "code"};
  TableSpec spec;
  spec.table = "racks";
  spec.columns = {{"id", integer32(), false}, {"site", text()}, {"land", text()}};
  spec.primary_key = {"id"};
  spec.foreign_keys = {{"racks_site", {"land", "site"}, {"", "sites"}, {"country", "code"}}};

  EXPECT_THAT(create(target).primary_key, ElementsAre("country", "code"));
  const TableInfo racks = create(spec);
  ASSERT_EQ(racks.foreign_keys.size(), 1U);
  EXPECT_THAT(racks.foreign_keys[0].columns, ElementsAre("land", "site"));
  EXPECT_THAT(racks.foreign_keys[0].target_columns, ElementsAre("country", "code"));
}

TEST_P(SourceContract, DescribeTellsWhetherUsersHaveTriggers) {
  TableSpec spec = customers();
  EXPECT_FALSE(create(spec).user_triggers);
  spec.table = "shouting";
  spec.unique_keys = {};
  spec.capitals = "name";
  EXPECT_TRUE(create(spec).user_triggers);
}

// A foreign key is enforced by triggers too, on both of its tables; those are no user's.
TEST_P(SourceContract, AForeignKeyIsNoTriggerOfAUser) {
  const TableInfo target = create(providers());
  const TableInfo table = create(regions());
  EXPECT_FALSE(described("providers").user_triggers);
  EXPECT_FALSE(table.user_triggers);
}

TEST_P(SourceContract, DescribeTellsKindAndPrivilegesOfATable) {
  TableSpec spec = providers();
  const TableInfo plain = create(spec);
  EXPECT_EQ(plain.kind, TableInfo::Kind::kTable);
  EXPECT_TRUE(plain.may_select && plain.may_insert && plain.may_update && plain.may_delete);
  EXPECT_FALSE(plain.row_security);

  spec.table = "parts";
  spec.kind = TableInfo::Kind::kPartitionedTable;
  const TableInfo parts = create(spec);
  EXPECT_EQ(parts.kind, backend().has_partitions() ? TableInfo::Kind::kPartitionedTable
                                                   : TableInfo::Kind::kTable);
  EXPECT_THAT(parts.primary_key, ElementsAre("id"));
}

TEST_P(SourceContract, DescribeAnswersInTheOrderAskedAndLeavesOutWhatIsMissing) {
  backend().create_table(providers());
  backend().create_table(customers());
  const std::vector<TableName> names{{"", "providers"}, {"", "nowhere"}, {"", "customers"}};
  const auto tables = source().describe(names);
  ASSERT_TRUE(tables.has_value()) << tables.error().message;
  EXPECT_THAT(names_of(*tables), ElementsAre("providers", "customers"));
}

TEST_P(SourceContract, DescribeFillsInAnEmptySchemaAndThenKnowsTheTableByIt) {
  const TableInfo table = create(providers());
  const auto again = source().describe({&table.name, 1});
  ASSERT_TRUE(again.has_value()) << again.error().message;
  ASSERT_EQ(again->size(), 1U);
  EXPECT_EQ(again->front().name, table.name);

  const TableName elsewhere{"no_such_schema", "providers"};
  const auto nothing = source().describe({&elsewhere, 1});
  ASSERT_TRUE(nothing.has_value()) << nothing.error().message;
  EXPECT_THAT(*nothing, IsEmpty());
}

TEST_P(SourceContract, DescribeOfNothingIsNothing) {
  const auto tables = source().describe({});
  ASSERT_TRUE(tables.has_value()) << tables.error().message;
  EXPECT_THAT(*tables, IsEmpty());
}

TEST_P(SourceContract, DescribeSeesATableThatWasDroppedAndMadeAnew) {
  backend().create_table(providers());
  backend().drop_table("providers");
  const TableName name{{}, "providers"};
  auto tables = source().describe({&name, 1});
  ASSERT_TRUE(tables.has_value()) << tables.error().message;
  EXPECT_THAT(*tables, IsEmpty());

  TableSpec other = providers();
  other.columns.push_back({"motto", text()});
  EXPECT_NE(create(other).column("motto"), nullptr);
}

// Nothing is folded, quoted or split: the catalog's spelling is the name.
TEST_P(SourceContract, NamesAreAsTheCatalogSpellsThem) {
  TableSpec spec;
  spec.table = "Order \"Lines\"";
  spec.columns = {{"ID", integer32(), false}, {"select", text()}, {"it's 50%", text()}};
  spec.primary_key = {"ID"};
  const TableInfo table = create(spec);

  EXPECT_EQ(table.name.table, "Order \"Lines\"");
  EXPECT_THAT(table.primary_key, ElementsAre("ID"));
  EXPECT_NE(table.column("select"), nullptr);
  EXPECT_NE(table.column("it's 50%"), nullptr);
  EXPECT_EQ(table.column("id"), nullptr);
}

TEST_P(SourceContract, TablesListsWhatOurRoleCanSee) {
  const TableInfo first = create(providers());
  const TableInfo second = create(customers());
  const auto tables = source().tables();
  ASSERT_TRUE(tables.has_value()) << tables.error().message;
  EXPECT_THAT(*tables, IsSupersetOf({first.name, second.name}));
}

// A source may know nothing; what it says must be of the tables asked for.
TEST_P(SourceContract, InspectTellsOfTheTablesAskedForOrOfNone) {
  const TableInfo table = create(providers());
  const std::vector<TableName> names{{"", "nowhere"}, {"", "providers"}};
  const auto found = source().inspect(names);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  if (found->product.empty()) {
    EXPECT_THAT(found->tables, IsEmpty());
    return;
  }
  ASSERT_EQ(found->tables.size(), 1U);
  EXPECT_EQ(found->tables.front().name, table.name);
  for (const UniqueKey& key : table.unique_keys) {
    EXPECT_THAT(found->tables.front().indexes,
                Contains(AllOf(Field("columns", &IndexInfo::columns, key.columns),
                               Field("unique", &IndexInfo::unique, true))));
  }
}

TEST_P(SourceContract, TheIdentityIsTheDatabasesAndNotTheSessions) {
  const auto identity = source().identity();
  ASSERT_TRUE(identity.has_value()) << identity.error().message;
  EXPECT_THAT(*identity, Not(IsEmpty()));
  restart();
  const auto again = source().identity();
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(*again, *identity);
}

TEST_P(SourceContract, AConditionInSqlIsCheckedWithoutReadingRows) {
  const TableInfo table = create(customers());
  if (!backend().has_sql()) {
    const auto checked = source().check_condition(table.name, {"age > 3"});
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error().kind, ErrorKind::kUnsupported);
    return;
  }
  const auto good = source().check_condition(table.name, {"age > 3 and name like 'A%'"});
  EXPECT_TRUE(good.has_value()) << good.error().message;
  EXPECT_EQ(source().check_condition(table.name, {"age"}).has_value(),
            !backend().has_typed_conditions());
  for (const char* wrong :
       {"no_such_column > 3", "age >", "true) or (true", "true; drop table customers"}) {
    const auto bad = source().check_condition(table.name, {wrong});
    ASSERT_FALSE(bad.has_value()) << wrong;
    EXPECT_EQ(bad.error().kind, ErrorKind::kSchema) << wrong;
  }
  EXPECT_EQ(described("customers").name, table.name) << "the session is usable, the table there";
}

}  // namespace
}  // namespace couplet::contract
