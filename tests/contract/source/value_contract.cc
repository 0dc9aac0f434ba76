#include <gmock/gmock.h>

#include "engine/model/canonical.h"
#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

// Values pass through a source unharmed, whatever their type.
namespace couplet::contract {
namespace {

using testing::SizeIs;

struct TypeCase {
  const char* name;
  Type type;
  std::vector<std::string> literals;  // As format_literal writes them.
};

std::vector<TypeCase> type_cases() {
  return {
      {"bool", boolean(), {"true", "false"}},
      {"int16", integer16(), {"0", "-32768", "32767"}},
      {"int32", integer32(), {"0", "-2147483648", "2147483647"}},
      {"int64", integer64(), {"0", "-9223372036854775808", "9223372036854775807"}},
      {"numeric",
       numeric(),
       {"0", "0.00", "1", "-1.50", "10000", "9999", "0.0001", "0.00001", "NaN", "Infinity",
        "-Infinity", "123456789012345678901234567890.123456789", "100000000000000000000"}},
      {"numeric_12_4", numeric(12, 4), {"0.0000", "12345678.9012", "-0.0001"}},
      {"float32", float32(), {"0", "0.1", "-1.5", "3.4028235e+38", "NaN", "Infinity"}},
      {"float64",
       float64(),
       {"0", "-0", "0.1", "1e-07", "5e-324", "1.7976931348623157e+308", "NaN", "-Infinity"}},
      {"text",
       text(),
       {"", " ", "plain", "it's \"quoted\"", "a\\b\nc\td", "{1,2}", "NULL", "日本\xF0\x9F\x99\x82",
        "trailing  ", std::string(70'000, 'x')}},
      {"varchar", varchar(8), {"", "12345678", "äöüäöüäö", "two  "}},
      {"char", character(4), {"", "ab", "abcd", "äö", " a"}},
      {"date", date(), {"2000-01-01", "1999-12-31", "0001-01-01", "9999-12-31", "infinity"}},
      {"timestamp",
       timestamp(),
       {"2000-01-01 00:00:00", "2024-02-29 23:59:59.999999", "1969-07-20 20:17:40", "infinity",
        "-infinity"}},
      {"timestamp_3", timestamp(3), {"2024-02-29 23:59:59.999", "2024-02-29 23:59:59.1"}},
      {"timestamptz",
       timestamp_with_zone(),
       {"2024-03-31 01:30:00+00", "2024-10-27 00:30:00.000001+00", "infinity"}},
      {"uuid", uuid(), {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
      {"json", json(), {"{\"b\": 1,  \"a\": [true, null, \"é\"], \"a\": 2}", "null", "\"text\""}},
      {"jsonb", jsonb(), {"{\"a\": 1, \"bb\": [1.50, null, \"é\"]}", "[]", "null"}},
      {"bytea", bytes(), {"\\x", "\\x00", "\\x00ff5c27"}},
      {"enum", enumeration("mood", {"sad", "ok", "happy"}), {"ok", "happy"}},
      {"time", time_of_day(), {"00:00:00", "23:59:59.999999", "24:00:00"}},
      {"time_3", time_of_day(3), {"12:30:00.125"}},
      {"timetz",
       time_with_zone(),
       {"00:00:00+00", "03:04:05+02", "24:00:00-15:59:59", "12:00:00.000001+05:30"}},
      {"interval",
       plain(TypeKind::kInterval),
       {"00:00:00", "1 mon", "30 days", "720:00:00", "-1 years -2 mons +3 days -04:05:06.7",
        "178000000 years", "-2147483648 days", "00:00:00.000001"}},
      {"money", plain(TypeKind::kMoney), {"0.00", "-0.01", "92233720368547758.07"}},
      {"oid", plain(TypeKind::kOid), {"0", "4294967295"}},
      {"lsn", plain(TypeKind::kLsn), {"0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"}},
      {"inet",
       plain(TypeKind::kInet),
       {"10.1.2.3", "10.1.2.3/8", "0.0.0.0/0", "::1", "2001:db8::1/64", "::ffff:1.2.3.4"}},
      {"cidr", plain(TypeKind::kCidr), {"10.0.0.0/8", "10.1.2.3/32", "2001:db8::/32", "::/0"}},
      {"macaddr", plain(TypeKind::kMacaddr), {"00:00:00:00:00:00", "08:00:2b:01:02:03"}},
      {"macaddr8", plain(TypeKind::kMacaddr8), {"08:00:2b:01:02:03:04:05"}},
      {"bit", bits(9), {"000000000", "101010101", "111111111"}},
      {"varbit", varying_bits(), {"", "1", "01", "10000000", "000000001"}},
      {"int_array",
       array_of(integer32()),
       {"{}", "{1,NULL,-3}", "{{1,2},{3,4}}", "[0:1]={5,6}", "[2:2][-1:0]={{7,8}}", "{NULL}"}},
      {"text_array",
       array_of(text()),
       {"{}", "{\"\"}", "{a,\"b c\",\"NULL\",NULL,\"q\\\"\\\\{},\",日本}"}},
      {"bool_array", array_of(boolean()), {"{t,f,NULL}"}},
      {"numeric_array", array_of(numeric()), {"{1.50,NaN,-Infinity,0.0001}"}},
      {"timestamptz_array",
       array_of(timestamp_with_zone()),
       {"{\"2024-03-31 01:30:00+00\",infinity}"}},
      {"enum_array",
       array_of(enumeration("mood", {"sad", "ok", "happy"})),
       {"{happy,NULL,sad}", "{{ok},{sad}}"}},
      {"int_range",
       range_over(TypeKind::kRange, "int4range", integer32(), true),
       {"empty", "[1,6)", "(,6)", "[-3,)", "(,)"}},
      {"number_range",
       range_over(TypeKind::kRange, "numrange", numeric(), false),
       {"empty", "(1.5,2.50]", "[1,1]", "[NaN,NaN]"}},
      {"time_range",
       range_over(TypeKind::kRange, "tstzrange", timestamp_with_zone(), false),
       {"[\"2024-03-31 01:30:00+00\",infinity]", "(,\"2024-03-31 01:30:00+00\")"}},
      {"composite",
       composite("pair",
                 {{"n", numeric()}, {"two words", text()}, {"list", array_of(integer32())}}),
       {"(1.50,\"a \"\"b\"\" \\\\ (c),\",\"{1,2}\")", "(,,)", "(,\"\",{})"}},
      {"other", other("point"), {"(0,-0)", "(1.5,-2e+100)", "(Infinity,NaN)"}},
      {"other_array", array_of(other("point")), {"{}", "{\"(0,1)\",NULL}"}},
  };
}

// The types that the source has, with the values that it can hold, or with those that it cannot.
std::vector<TypeCase> cases_of(const SourceBackend& backend, bool holdable = true) {
  std::vector<TypeCase> cases;
  for (TypeCase& type_case : type_cases()) {
    std::erase_if(type_case.literals, [&](const std::string& literal) {
      return backend.holds(type_case.type, literal) != holdable;
    });
    if (backend.has_type(type_case.type) && !type_case.literals.empty()) {
      cases.push_back(std::move(type_case));
    }
  }
  return cases;
}

class Values {
 public:
  explicit Values(const TypeCase& type_case) {
    spec_.table = std::string("v_") + type_case.name;
    spec_.columns = {{"id", integer32(), false}, {"v", type_case.type}};
    spec_.primary_key = {"id"};
  }
  [[nodiscard]] const TableSpec& spec() const { return spec_; }

 private:
  TableSpec spec_;
};

TEST_P(SourceContract, ValuesOfEveryTypeComeBackAsTheyWereWritten) {
  for (const TypeCase& type_case : cases_of(backend())) {
    SCOPED_TRACE(type_case.name);
    const Values values(type_case);
    const TableInfo table = create(values.spec());
    const Type type = *table.column("v")->type;
    const Comparison as = comparison_between(type, type).value();
    WriteGroup made = group(WriteGroup::Operation::kCreate, table, {"v"}, {"v"});
    std::vector<ObjectKey> keys;
    const Projection asked = projection(table, {"v"});
    for (std::size_t i = 0; i < type_case.literals.size(); ++i) {
      add(made, {std::to_string(i)}, {type_case.literals[i]});
      keys.push_back(key(asked, std::to_string(i)));
    }
    add(made, {"-1"}, {std::nullopt});
    keys.push_back(key(asked, "-1"));
    const auto outcome = write(made);
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message << outcome.error().detail;
    const RowBatch& returned = outcome->groups.at(0).written;
    ASSERT_EQ(returned.rows(), keys.size());

    RowBatch fetched;
    ASSERT_TRUE(source().fetch(asked, keys, fetched).has_value());
    ASSERT_EQ(fetched.rows(), keys.size());
    for (const RowBatch* answer : {&returned, static_cast<const RowBatch*>(&fetched)}) {
      for (std::size_t row = 0; row < answer->rows(); ++row) {
        const std::size_t ordinal = answer->ordinal(row);
        const Value value = answer->at(row, 1);
        if (ordinal == type_case.literals.size()) {
          EXPECT_TRUE(value.is_null());
          continue;
        }
        const std::string expected = bytes_of(type, type_case.literals[ordinal]);
        ASSERT_TRUE(value.has_bytes());
        EXPECT_TRUE(same_value(as, type, value, type, Value(expected)))
            << type_case.literals[ordinal];
        EXPECT_EQ(format_literal(type, value),
                  backend().comes_back_as(type_case.type, type_case.literals[ordinal]));
      }
    }
    // The very bytes, as an index of digests would see them.
    for (std::size_t row = 0; row < returned.rows(); ++row) {
      std::string stored;
      std::string given;
      const std::size_t ordinal = returned.ordinal(row);
      if (ordinal < type_case.literals.size()) {
        append_canonical(as, type, returned.at(row, 1), stored);
        append_canonical(as, type, Value(bytes_of(type, type_case.literals[ordinal])), given);
        EXPECT_EQ(stored, given) << type_case.literals[ordinal];
      }
    }
  }
}

TEST_P(SourceContract, WhatUsersWroteReadsAsTheyWroteIt) {
  for (const TypeCase& type_case : cases_of(backend())) {
    SCOPED_TRACE(type_case.name);
    const Values values(type_case);
    const TableInfo table = create(values.spec());
    std::vector<Cells> rows;
    std::vector<Texts> expected;
    for (std::size_t i = 0; i < type_case.literals.size(); ++i) {
      rows.push_back({{"id", std::to_string(i)}, {"v", type_case.literals[i]}});
      expected.push_back(
          {std::to_string(i), backend().comes_back_as(type_case.type, type_case.literals[i])});
    }
    rows.push_back({{"id", "1000"}, {"v", std::nullopt}});
    expected.push_back({"1000", std::nullopt});
    backend().insert_many(values.spec().table, rows);
    EXPECT_EQ(cells_of(scan(projection(table, {"v"}))), expected);
  }
}

TEST_P(SourceContract, EveryTypeMayBeUpdatedAndSetToNull) {
  for (const TypeCase& type_case : cases_of(backend())) {
    SCOPED_TRACE(type_case.name);
    const Values values(type_case);
    const TableInfo table = create(values.spec());
    const std::string& first = type_case.literals.front();
    const std::string& last = type_case.literals.back();
    backend().insert_many(values.spec().table, {{{"id", "1"}, {"v", first}},
                                                {{"id", "2"}, {"v", first}},
                                                {{"id", "3"}, {"v", std::nullopt}}});
    WriteGroup changed = group(WriteGroup::Operation::kUpdate, table, {"v"}, {"v"});
    add_current(table, changed, {"1"}, {last});
    add_current(table, changed, {"2"}, {std::nullopt});
    add_current(table, changed, {"3"}, {last});
    EXPECT_THAT(cells_of(written(changed)),
                testing::ElementsAre(Texts{"1", last}, Texts{"2", std::nullopt}, Texts{"3", last}));
  }
}

// What it cannot hold it must not make into something else.
TEST_P(SourceContract, AValueThatNoColumnCanHoldIsRefused) {
  for (const TypeCase& type_case : cases_of(backend(), false)) {
    const Values values(type_case);
    const TableInfo table = create(values.spec());
    for (const std::string& literal : type_case.literals) {
      SCOPED_TRACE(std::string(type_case.name) + " " + literal);
      WriteGroup made = group(WriteGroup::Operation::kCreate, table, {"v"});
      add(made, {"1"}, {literal});
      const auto outcome = write(made);
      ASSERT_FALSE(outcome.has_value());
      EXPECT_EQ(outcome.error().kind, ErrorKind::kRowFault);
      EXPECT_EQ(outcome.error().code, "22003");
    }
    EXPECT_THAT(scan(projection(table, {})), SizeIs(0));
  }
}

// What a column does to a value by itself comes back from the write, so that the base can hold what
// the target really holds.
TEST_P(SourceContract, WhatTheColumnMadeOfAValueComesBack) {
  TableSpec spec;
  spec.table = "rounded";
  spec.columns = {
      {"id", integer32(), false}, {"price", numeric(6, 2)},           {"hundreds", numeric(5, -2)},
      {"seconds", timestamp(0)},  {"tenths", timestamp_with_zone(1)}, {"code", character(4)},
      {"name", varchar(3)}};
  spec.primary_key = {"id"};
  const TableInfo table = create(spec);
  const std::vector<std::string> columns{"price", "hundreds", "seconds", "tenths", "code", "name"};
  WriteGroup made = group(WriteGroup::Operation::kCreate, table, columns, columns);
  add(made, {"1"},
      {"1.005", "1250", "2024-01-01 00:00:00.5", "2024-01-01 00:00:00.05+00", "ab", "abc  "});
  add(made, {"2"},
      {"-1.005", "-1250", "1999-12-31 23:59:58.5", "1999-12-31 23:59:59.94+00", "abcd   ", "a "});
  add(made, {"3"},
      {"9999.994", "1249.99", "2024-01-01 00:00:00.499999", "2024-01-01 00:00:00+00", "", ""});
  EXPECT_THAT(cells_of(written(made)),
              testing::ElementsAre(Texts{"1", "1.01", "1300", "2024-01-01 00:00:01",
                                         "2024-01-01 00:00:00.1+00", "ab", "abc"},
                                   Texts{"2", "-1.01", "-1300", "1999-12-31 23:59:58",
                                         "1999-12-31 23:59:59.9+00", "abcd", "a "},
                                   Texts{"3", "9999.99", "1200", "2024-01-01 00:00:00",
                                         "2024-01-01 00:00:00+00", "", ""}));
}

}  // namespace
}  // namespace couplet::contract
