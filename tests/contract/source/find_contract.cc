#include <gmock/gmock.h>

#include <set>

#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

namespace couplet::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// (ordinal, id) of each answer.
using Answers = std::vector<std::pair<std::uint32_t, std::string>>;
Answers answers(const std::vector<AnsweredRow>& rows) {
  Answers found;
  for (const AnsweredRow& row : rows) {
    found.emplace_back(row.ordinal, *row.cells[0]);
  }
  return found;
}

// One table with one column `v` of this type.
TableSpec values_of(const char* table, const Type& type) {
  TableSpec spec;
  spec.table = table;
  spec.columns = {{"id", integer32(), false}, {"v", type}};
  spec.primary_key = {"id"};
  return spec;
}

TEST_P(SourceContract, FindGivesEveryRowThatAnswersAQuestion) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", {{{"id", "1"}, {"name", "Ada"}},
                                      {{"id", "2"}, {"name", "Bob"}},
                                      {{"id", "3"}, {"name", "Ada"}},
                                      {{"id", "4"}, {"name", "ada"}}});
  const Projection asked = projection(table, {"city", "name"});
  EXPECT_EQ(answers(find(asked, {1}, {{"Bob"}, {"Eve"}, {"Ada"}})),
            (Answers{{0, "2"}, {2, "1"}, {2, "3"}}));
  EXPECT_EQ(cells_of(find(asked, {1}, {{"Bob"}})).front(), (Texts{"2", "Berlin", "Bob"}));
}

TEST_P(SourceContract, FindAnswersAQuestionThatIsAskedTwiceTwice) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}});
  EXPECT_EQ(answers(find(projection(table, {"name"}), {0}, {{"Ada"}, {"Ada"}})),
            (Answers{{0, "1"}, {1, "1"}}));
}

TEST_P(SourceContract, FindOfNothingIsNothing) {
  const TableInfo table = create(customers());
  backend().insert("customers", {{"id", "1"}, {"name", "Ada"}});
  EXPECT_THAT(find(projection(table, {"name"}), {0}, {}), IsEmpty());
}

TEST_P(SourceContract, FindGivesNoMoreAnswersThanAreWanted) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", {{{"id", "1"}, {"name", "Ada"}},
                                      {{"id", "2"}, {"name", "Bob"}},
                                      {{"id", "3"}, {"name", "Ada"}},
                                      {{"id", "4"}, {"name", "Ada"}}});
  const Projection asked = projection(table, {"name"});
  ValueTable wanted;
  wanted.types = {asked.columns.at(0).type};
  wanted.rows.reset(1);
  for (const char* name : {"Ada", "Bob"}) {
    wanted.rows.begin_row();
    wanted.rows.push(std::string_view(name));
  }
  const std::vector<std::size_t> by = {0};
  RowBatch found;
  for (const auto& [most, rows] : {std::pair{1U, 1U}, {3U, 3U}, {4U, 4U}, {9U, 4U}, {0U, 4U}}) {
    wanted.answers_most = most;
    ASSERT_TRUE(source().find(asked, by, wanted, found));
    EXPECT_EQ(found.rows(), rows);
  }
}

TEST_P(SourceContract, FindTakesThousandsOfQuestionsInOneStatement) {
  const TableInfo table = create(customers());
  std::vector<Cells> rows;
  std::vector<Texts> wanted;
  for (int id = 1; id <= 3000; ++id) {
    rows.push_back({{"id", std::to_string(id)}, {"name", "n" + std::to_string(id)}});
    wanted.push_back({"n" + std::to_string(2 * id)});
  }
  backend().insert_many("customers", rows);
  const Projection asked = projection(table, {"name"});
  EXPECT_EQ(find(asked, {0}, {{"n1"}}).size(), 1U) << "sessions are open";
  const std::uint64_t before = source().statements();
  const std::vector<AnsweredRow> found = find(asked, {0}, wanted);
  EXPECT_EQ(source().statements() - before, 1U);
  ASSERT_EQ(found.size(), 1500U);
  for (const AnsweredRow& row : found) {
    EXPECT_EQ(*row.cells[0], std::to_string(2 * (row.ordinal + 1)));
  }
}

TEST_P(SourceContract, FindComparesTextsByBytes) {
  const TableInfo table = create(values_of("texts", text()));
  backend().insert_many("texts", {{{"id", "1"}, {"v", "Ada"}},
                                  {{"id", "2"}, {"v", "ada"}},
                                  {{"id", "3"}, {"v", "Ada "}},
                                  {{"id", "4"}, {"v", "\xC3\xA9"}},   // é
                                  {{"id", "5"}, {"v", "e\xCC\x81"}},  // é of two code points
                                  {{"id", "6"}, {"v", ""}},
                                  {{"id", "7"}, {"v", "it's {1,\"2\"} \\ NULL"}}});
  const Projection asked = projection(table, {"v"});
  EXPECT_EQ(
      answers(find(
          asked, {0},
          {{"Ada"}, {"Ada "}, {"\xC3\xA9"}, {""}, {" "}, {"it's {1,\"2\"} \\ NULL"}, {"NULL"}})),
      (Answers{{0, "1"}, {1, "3"}, {2, "4"}, {3, "6"}, {5, "7"}}));
}

TEST_P(SourceContract, FindLeavesTheBlanksOfAFixedWidthTextAside) {
  const TableInfo table = create(values_of("codes", character(5)));
  backend().insert_many("codes", {{{"id", "1"}, {"v", "ab"}},
                                  {{"id", "2"}, {"v", "a b"}},
                                  {{"id", "3"}, {"v", "AB"}},
                                  {{"id", "4"}, {"v", ""}}});
  const Projection asked = projection(table, {"v"});
  EXPECT_EQ(answers(find(asked, {0}, {{"ab"}, {"ab   "}, {"a b"}, {""}})),
            (Answers{{0, "1"}, {1, "1"}, {2, "2"}, {3, "4"}}));
}

TEST_P(SourceContract, FindComparesNumbersByValue) {
  const TableInfo table = create(values_of("numbers", numeric()));
  backend().insert_many("numbers", {{{"id", "1"}, {"v", "1.50"}},
                                    {{"id", "2"}, {"v", "1.5"}},
                                    {{"id", "3"}, {"v", "1.51"}},
                                    {{"id", "4"}, {"v", "0.00"}},
                                    {{"id", "5"}, {"v", "12345678901234567890123456789.5"}}});
  const Projection asked = projection(table, {"v"});
  EXPECT_EQ(answers(find(asked, {0}, {{"1.500"}, {"0"}, {"12345678901234567890123456789.50"}})),
            (Answers{{0, "1"}, {0, "2"}, {1, "4"}, {2, "5"}}));
  Answers not_a_number;
  if (backend().holds(numeric(), "NaN")) {
    backend().insert("numbers", {{"id", "6"}, {"v", "NaN"}});
    not_a_number = {{0, "6"}};
  }
  EXPECT_EQ(answers(find(asked, {0}, {{"NaN"}})), not_a_number);
}

TEST_P(SourceContract, FindComparesEveryTypeByWhatIsStored) {
  const std::vector<std::tuple<const char*, Type, std::string, std::string>> cases{
      {"f_bool", boolean(), "true", "false"},
      {"f_int16", integer16(), "-5", "5"},
      {"f_int32", integer32(), "70000", "70001"},
      {"f_int64", integer64(), "9007199254740993", "9007199254740992"},
      {"f_float32", float32(), "0.1", "0.2"},
      {"f_float64", float64(), "0.1", "0.1000001"},
      {"f_varchar", varchar(5), "ab", "ab "},
      {"f_date", date(), "2024-02-29", "2024-03-01"},
      {"f_timestamp", timestamp(), "2024-02-29 10:00:00.000001", "2024-02-29 10:00:00.000002"},
      {"f_timestamptz", timestamp_with_zone(), "2024-02-29 10:00:00+00", "2024-02-29 11:00:00+00"},
      {"f_uuid", uuid(), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
       "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"},
      {"f_bytea", bytes(), "\\x0001", "\\x0000"},
      {"f_enum", enumeration("mood", {"sad", "ok", "happy"}), "ok", "sad"},
      {"f_time", time_of_day(), "10:00:00", "10:00:00.000001"},
      {"f_timetz", time_with_zone(), "10:00:00+02", "08:00:00+00"},
      {"f_interval", plain(TypeKind::kInterval), "1 mon", "30 days"},
      {"f_money", plain(TypeKind::kMoney), "0.10", "0.11"},
      {"f_inet", plain(TypeKind::kInet), "10.0.0.1", "10.0.0.1/24"},
      {"f_cidr", plain(TypeKind::kCidr), "10.0.0.0/8", "10.0.0.0/16"},
      {"f_macaddr", plain(TypeKind::kMacaddr), "08:00:2b:01:02:03", "08:00:2b:01:02:04"},
      {"f_varbit", varying_bits(), "01", "1"},
      {"f_array", array_of(integer32()), "{1,NULL}", "[0:1]={1,NULL}"},
      {"f_intervals", array_of(plain(TypeKind::kInterval)), "{\"1 mon\"}", "{\"30 days\"}"},
      {"f_range", range_over(TypeKind::kRange, "int4range", integer32(), true), "[1,6)", "empty"},
      {"f_composite", composite("couple", {{"n", numeric()}, {"w", text()}}), "(1.5,a)", "(1.5,)"},
      {"f_other", other("point"), "(1,2)", "(1,2.5)"},
      {"f_others", array_of(other("point")), "{\"(1,2)\"}", "{}"},
  };
  for (const auto& [name, type, wanted, unlike] : cases) {
    if (!backend().has_type(type)) {
      continue;
    }
    SCOPED_TRACE(name);
    const TableInfo table = create(values_of(name, type));
    backend().insert_many(name, {{{"id", "1"}, {"v", wanted}},
                                 {{"id", "2"}, {"v", unlike}},
                                 {{"id", "3"}, {"v", std::nullopt}}});
    EXPECT_EQ(answers(find(projection(table, {"v"}), {0}, {{wanted}})), (Answers{{0, "1"}}));
  }
}

TEST_P(SourceContract, FindMatchesSeveralColumnsTogether) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", {{{"id", "1"}, {"name", "Ada"}, {"city", "Bonn"}},
                                      {{"id", "2"}, {"name", "Ada"}, {"city", "Ulm"}},
                                      {{"id", "3"}, {"name", "Bob"}, {"city", "Bonn"}},
                                      {{"id", "4"}, {"name", "a"}, {"city", "bc"}},
                                      {{"id", "5"}, {"name", "ab"}, {"city", "c"}}});
  const Projection asked = projection(table, {"age", "city", "name"});
  EXPECT_EQ(
      answers(find(asked, {2, 1}, {{"Ada", "Ulm"}, {"Bob", "Ulm"}, {"Bob", "Bonn"}, {"ab", "c"}})),
      (Answers{{0, "2"}, {2, "3"}, {3, "5"}}));
}

TEST_P(SourceContract, FindLooksThroughPaths) {
  backend().create_table(providers());
  backend().create_table(regions());
  const TableInfo table = create(nics());
  backend().insert_many("providers",
                        {{{"id", "1"}, {"name", "AWS"}}, {{"id", "2"}, {"name", "Azure"}}});
  backend().insert_many("regions", {{{"id", "10"}, {"name", "eu"}, {"provider_id", "1"}},
                                    {{"id", "20"}, {"name", "eu"}, {"provider_id", "2"}},
                                    {{"id", "30"}, {"name", "eu"}}});
  backend().insert_many("nics", {{{"id", "100"}, {"name", "n"}, {"region_id", "10"}},
                                 {{"id", "200"}, {"name", "n"}, {"region_id", "20"}},
                                 {{"id", "201"}, {"name", "m"}, {"region_id", "20"}},
                                 {{"id", "300"}, {"name", "n"}, {"region_id", "30"}},
                                 {{"id", "400"}, {"name", "n"}}});
  Projection asked = projection(table, {"name", "region_id"});
  asked.columns.push_back(path(table, {"region_id", "provider_id"}, "name"));
  asked.columns.push_back(path(table, {"region_id"}, "provider_id"));
  EXPECT_EQ(answers(find(asked, {0, 2}, {{"n", "Azure"}, {"n", "AWS"}, {"x", "AWS"}})),
            (Answers{{0, "200"}, {1, "100"}}));
  EXPECT_EQ(answers(find(asked, {3}, {{"2"}})), (Answers{{0, "200"}, {0, "201"}}));
  EXPECT_EQ(answers(find(asked, {1}, {{"30"}})), (Answers{{0, "300"}}));
}

TEST_P(SourceContract, NullAnswersNoQuestion) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", {{{"id", "1"}, {"name", "a"}, {"email", {}}},
                                      {{"id", "2"}, {"name", "a"}, {"email", ""}}});
  const Projection asked = projection(table, {"name", "email"});
  EXPECT_EQ(answers(find(asked, {0, 1}, {{"a", ""}})), (Answers{{0, "2"}}));
}

TEST_P(SourceContract, FindSeesWhatIsOutOfScopeAndSaysSo) {
  const TableInfo table = create(customers());
  backend().insert_many("customers", {{{"id", "1"}, {"name", "a"}, {"city", "Bonn"}},
                                      {{"id", "2"}, {"name", "a"}, {"city", "Ulm"}}});
  Projection asked = projection(table, {"name"});
  asked.scope = {EqualsAny{"city", *table.column("city")->type, {"Ulm"}}};
  const std::vector<AnsweredRow> rows = find(asked, {0}, {{"a"}});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_FALSE(rows[0].in_scope);
  EXPECT_TRUE(rows[1].in_scope);
}

// Ids for rows to come

TEST_P(SourceContract, ReservedIdsAreNeverGivenTwice) {
  for (const Default by_default :
       {Default::kSequence, Default::kIdentity, Default::kIdentityAlways, Default::kRandomUuid}) {
    SCOPED_TRACE(static_cast<int>(by_default));
    const Type type = by_default == Default::kRandomUuid ? uuid() : integer64();
    TableSpec spec;
    spec.table = "ids_" + std::to_string(static_cast<int>(by_default));
    spec.columns = {{"id", type, false, by_default}, {"name", text()}};
    spec.primary_key = {"id"};
    const TableInfo table = create(spec);
    backend().insert(spec.table, {{"name", "by default"}});

    const std::vector<Type> types{*table.column("id")->type};
    std::set<std::string> seen{*scan(projection(table, {})).front().cells[0]};
    for (const std::size_t count : {3U, 1U, 1500U}) {
      const auto ids = source().reserve_ids(table, table.primary_key, types, count);
      ASSERT_TRUE(ids.has_value()) << ids.error().message;
      ASSERT_TRUE(ids->has_value());
      EXPECT_EQ((*ids)->rows(), count);
      for (const AnsweredRow& row : answered(**ids, types)) {
        EXPECT_TRUE(seen.insert(*row.cells[0]).second) << *row.cells[0];
      }
      restart();
    }
    backend().insert(spec.table, {{"name", "by default"}});
    for (const AnsweredRow& row : scan(projection(table, {}))) {
      seen.insert(*row.cells[0]);
    }
    EXPECT_EQ(seen.size(), 1506U);
  }
}

TEST_P(SourceContract, IdsWithoutADefaultAreNotReserved) {
  const TableInfo table = create(providers());
  const std::vector<Type> types{*table.column("id")->type};
  const auto ids = source().reserve_ids(table, table.primary_key, types, 3);
  ASSERT_TRUE(ids.has_value()) << ids.error().message;
  EXPECT_FALSE(ids->has_value());
}

TEST_P(SourceContract, ACompositeIdIsReservedOnlyIfAllOfItHasDefaults) {
  TableSpec spec;
  spec.table = "sites";
  const Default part = backend().has_sequences_in_keys() ? Default::kSequence : Default::kConstant;
  spec.columns = {{"country", text(), false}, {"number", integer32(), false, part, "1"}};
  spec.primary_key = {"country", "number"};
  const TableInfo table = create(spec);
  const std::vector<Type> types{*table.column("country")->type, *table.column("number")->type};
  const auto ids = source().reserve_ids(table, table.primary_key, types, 3);
  ASSERT_TRUE(ids.has_value()) << ids.error().message;
  EXPECT_FALSE(ids->has_value());
}

}  // namespace
}  // namespace couplet::contract
