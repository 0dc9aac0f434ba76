#include <fmt/format.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/canonical.h"
#include "engine/model/literal.h"
#include "engine/model/object_key.h"
#include "engine/model/wire.h"
#include "tests/support/temporary_database.h"
#include "tests/unit/model/typed_text.h"

// The model's reading of the binary format held against a real server.
namespace couplet::test {
namespace {

struct Sql {  // A type as SQL spells it, and as the model describes it.
  std::string name;
  Type type;
};

const Type kMood = enumeration({"sad", "ok", "über"});

class ServerValuesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    database() = std::make_unique<TemporaryDatabase>();
    database()->exec(
        "create type mood as enum ('sad', 'ok', 'über');"
        "create type pair as (n numeric, w text, b boolean)");
  }
  static void TearDownTestSuite() { database().reset(); }

  ServerValuesTest() : connection_(PQconnectdb(database()->url().c_str()), &PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
      throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    run("set timezone to 'UTC'", {}, false);
    run("set datestyle to 'ISO'", {}, false);
    run("set client_encoding to 'UTF8'", {}, false);
  }

  using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;
  Answer run(const std::string& sql, const std::vector<std::string>& parameters, bool binary) {
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const std::string& parameter : parameters) {
      values.push_back(parameter.c_str());
    }
    return {PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                         values.data(), nullptr, nullptr, binary ? 1 : 0),
            &PQclear};
  }

  // The single value of a query; nullopt if the server refused.
  std::optional<std::string> value_of(const std::string& sql,
                                      const std::vector<std::string>& parameters, bool binary) {
    const Answer answer = run(sql, parameters, binary);
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
      return std::nullopt;
    }
    return std::string(PQgetvalue(answer.get(), 0, 0),
                       static_cast<std::size_t>(PQgetlength(answer.get(), 0, 0)));
  }
  std::optional<std::string> server_bytes(const Sql& sql, const std::string& text) {
    return value_of(fmt::format("select $1::text::{}", sql.name), {text}, true);
  }

  // Sends bytes of ours to the server as a parameter of that type and reads them back as text.
  std::optional<std::string> server_text_of(const Sql& sql, const std::string& bytes) {
    const std::string query = fmt::format("select $1::{}::text", sql.name);
    const char* values[] = {bytes.data()};
    const int lengths[] = {static_cast<int>(bytes.size())};
    const int formats[] = {1};
    const Answer answer(
        PQexecParams(connection_.get(), query.c_str(), 1, nullptr, values, lengths, formats, 0),
        &PQclear);
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
      ADD_FAILURE() << sql.name << ": " << PQerrorMessage(connection_.get());
      return std::nullopt;
    }
    return std::string(PQgetvalue(answer.get(), 0, 0));
  }

 private:
  static std::unique_ptr<TemporaryDatabase>& database() {
    static std::unique_ptr<TemporaryDatabase> database;
    return database;
  }

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

struct Literals {
  Sql sql;
  std::vector<std::string> texts;
};

const std::vector<Literals>& accepted() {
  static const std::vector<Literals> kAccepted = {
      {{"boolean", type_of(TypeKind::kBool)},
       {"t", "true", "YES", "on", "1", "f", "no", "of", "0", " true "}},
      {{"int2", type_of(TypeKind::kInt16)}, {"0", "-32768", "32767", " +7 ", "007"}},
      {{"int4", type_of(TypeKind::kInt32)}, {"0", "-2147483648", "2147483647"}},
      {{"int8", type_of(TypeKind::kInt64)}, {"0", "-9223372036854775808", "9223372036854775807"}},
      {{"numeric", numeric()},
       {"0",
        "0.00",
        "-0.0",
        "1",
        "1.0",
        "1.00",
        "10000",
        "9999",
        "0.0001",
        "0.00001",
        "-12345.678",
        "1e10",
        "1.5e-10",
        "NaN",
        "infinity",
        "-Infinity",
        "1e131071",
        "1e-16383",
        "000.1230",
        ".5",
        "5.",
        "100000000.00000001",
        "99999999.99999999",
        "+1e3",
        "1.50e1",
        "12345678901234567890123456789012345678.9012345678901234567890"}},
      {{"numeric(10,2)", numeric(10, 2)}, {"0", "1.005", "-1.005", "1.0049", "9.999", "1e5"}},
      {{"numeric(3,-2)", numeric(3, -2)}, {"1250", "49", "50", "-1249"}},
      {{"numeric(3,5)", numeric(3, 5)}, {"0.00123", "0.0012349", "0.000005"}},
      {{"float4", type_of(TypeKind::kFloat32)},
       {"0", "-0", "0.1", "1e6", "123456", "1234567", "1e-5", "0.0001", "3.4028235e38", "1e-45",
        "NaN", "Infinity", "-inf", "16777217"}},
      {{"float8", type_of(TypeKind::kFloat64)},
       {"0", "-0", "0.1", "0.30000000000000004", "1e15", "1e14", "123456789012345678", "1e23",
        "1e-5", "0.0001", "5e-324", "1.7976931348623157e308", "2.2250738585072014e-308",
        "9007199254740993", "9.5367431640625e-07", "NaN", "Infinity", "-Infinity", "1e22"}},
      {{"text", type_of(TypeKind::kText)}, {"", " ", "a", "Ünï 😀", "a\nb", "'\"\\"}},
      {{"varchar(5)", varchar(5)}, {"", "abcde", "äöüß€"}},
      {{"date", type_of(TypeKind::kDate)},
       {"2000-01-01", "1999-12-31", "2024-02-29", "1900-02-28", "0001-01-01", "0001-12-31 BC",
        "0044-03-15 BC", "4714-11-24 BC", "5874897-12-31", "infinity", "-infinity", "1582-10-10",
        "2026-1-5", "10000-01-01", "2026-01-31 AD"}},
      {{"timestamp", type_of(TypeKind::kTimestamp)},
       {"2026-01-31 08:15:30", "2026-01-31T08:15:30.000001", "1999-12-31 23:59:59.999999",
        "2026-01-31", "2026-01-31 24:00:00", "2026-01-31 08:15:60", "2026-01-31 08:15",
        "2026-01-31 08:15:30.1234565", "2026-01-31 08:15:30.9999999", "0044-03-15 12:00:00 BC",
        "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "infinity", "-infinity",
        "2026-01-31 08:15:30Z"}},
      {{"timestamp(3)", with_fraction(TypeKind::kTimestamp, 3)},
       {"2026-01-31 08:15:30.0005", "1999-12-31 23:59:59.0005", "1999-12-31 23:59:59.9995",
        "infinity"}},
      {{"timestamptz", type_of(TypeKind::kTimestampTz)},
       {"2026-01-31 08:15:30+02", "2026-01-31 08:15:30.5-0330", "2026-01-31T08:15:30Z",
        "2026-01-31 08:15:30 UTC", "2026-01-31 08:15:30+05:45", "0044-03-15 12:00:00+00 BC",
        "2026-01-31 08:15:30+01:02:03", "infinity", "1900-01-01 00:00:00-12"}},
      {{"timestamptz(0)", with_fraction(TypeKind::kTimestampTz, 0)},
       {"1999-12-31 23:59:58.5+00", "2026-01-31 08:15:30.5+00"}},
      {{"uuid", type_of(TypeKind::kUuid)},
       {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}",
        "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11"}},
      {{"time", type_of(TypeKind::kTime)},
       {"00:00:00", "23:59:59.999999", "24:00:00", "08:15", "08:15:30.1234565", "23:59:60"}},
      {{"time(3)", with_fraction(TypeKind::kTime, 3)}, {"08:15:30.0005", "23:59:59.9996"}},
      {{"timetz", type_of(TypeKind::kTimeTz)},
       {"08:15:30+02", "24:00:00-15:59:59", "08:15:30.5-03:30", "08:15:30Z", "08:15:30+01:02:03"}},
      {{"interval", type_of(TypeKind::kInterval)},
       {"1 mon", "30 days", "720:00:00", "1 year 2 mons -3 days +04:05:06.7", "-1 year",
        "1 year -1 mons", "-00:00:00.000001", "0", "P1Y2M3DT4H5M6.7S", "P-1W", "PT-0.5S",
        "2 weeks 3 hours 5 min 7 sec", "1 century", "-178000000 years", "2147483647 days",
        "+1 day -1 hour", "2562047788:00:54.775807", "1 mon -1 days", "5 milliseconds"}},
      {{"interval(2)", with_fraction(TypeKind::kInterval, 2)},
       {"1 day 00:00:01.005", "00:00:59.999"}},
      {{"money", type_of(TypeKind::kMoney)},
       {"0", "12.34", "-0.01", "0.005", "92233720368547758.07"}},
      {{"oid", type_of(TypeKind::kOid)}, {"0", "4294967295"}},
      {{"pg_lsn", type_of(TypeKind::kLsn)}, {"0/0", "16/B374D848", "ffffffff/FFFFFFFF"}},
      {{"inet", type_of(TypeKind::kInet)},
       {"10.1.2.3", "10.1.2.3/8", "10.1.2.3/32", "0.0.0.0/0", "::", "::1", "2001:db8::1/64",
        "::ffff:1.2.3.4", "::1.2.3.4", "1:0:0:2::3", "::2", "fe80::1:0:0:0/10"}},
      {{"cidr", type_of(TypeKind::kCidr)}, {"10.0.0.0/8", "10.1.2.3/32", "::/0", "2001:db8::/32"}},
      {{"macaddr", type_of(TypeKind::kMacaddr)},
       {"08:00:2b:01:02:03", "08-00-2B-01-02-03", "0800.2b01.0203", "08002b010203"}},
      {{"macaddr8", type_of(TypeKind::kMacaddr8)}, {"08:00:2b:01:02:03:04:05"}},
      {{"bit(3)", limited(TypeKind::kBit, 3)}, {"101", "000"}},
      {{"varbit", type_of(TypeKind::kVarbit)}, {"", "1", "01", "00000000", "100000001"}},
      {{"int4[]", array_of(with_id(type_of(TypeKind::kInt32), 23))},
       {"{}", "{1,NULL,-3}", " { 1 , null } ", "{{1,2},{3,4}}", "[0:1]={5,6}",
        "[2:2][-1:0]={{7,8}}", "{{{{{{1}}}}}}"}},
      {{"text[]", array_of(with_id(type_of(TypeKind::kText), 25))},
       {"{\"\"}", "{a,\"b c\",\"NULL\",nULL}", R"({"q\"\\{},",x\ y, z z })", "{日本}",
        "{\"a\" , b}"}},
      {{"bool[]", array_of(with_id(type_of(TypeKind::kBool), 16))}, {"{t,false,NULL}"}},
      {{"numeric[]", array_of(with_id(numeric(), 1700))}, {"{1.50,NaN,-Infinity,1e10}"}},
      {{"timestamptz[]", array_of(with_id(type_of(TypeKind::kTimestampTz), 1184))},
       {"{\"2024-03-31 01:30:00+00\",infinity}"}},
      {{"bytea[]", array_of(with_id(type_of(TypeKind::kBytea), 17))}, {R"({"\\x00ff",""})"}},
      {{"int4range", range_over(type_of(TypeKind::kInt32), true)},
       {"empty", "[1,6)", "[1,5]", "(0,5]", "(,5]", "[-3,)", "(,)", "[3,3)", "(3,4)",
        " [ 1, 6 ) "}},
      {{"daterange", range_over(type_of(TypeKind::kDate), true)},
       {"[2024-01-01,2024-01-31]", "[2024-01-01,infinity]", "[-infinity,2024-01-01)"}},
      {{"numrange", range_over(numeric(), false)},
       {"(1.5,2.50]", "[1,1]", "(1,1)", "empty", "[1,)"}},
      {{"tstzrange", range_over(type_of(TypeKind::kTimestampTz), false)},
       {"[\"2024-03-31 01:30:00+00\",infinity]", "(,2024-03-31 01:30:00+00)"}},
      {{"int4multirange", range_over(type_of(TypeKind::kInt32), true, TypeKind::kMultirange)},
       {"{}", "{[1,3),[5,7)}", "{(,1),[7,)}", "{empty}", "{ [1,2] }"}},
      {{"nummultirange", range_over(numeric(), false, TypeKind::kMultirange)},
       {"{[1,2),(2,3]}", "{(1.5,2.50]}"}},
      {{"pair", composite({{"n", with_id(numeric(), 1700)},
                           {"w", with_id(type_of(TypeKind::kText), 25)},
                           {"b", with_id(type_of(TypeKind::kBool), 16)}})},
       {"(,,)", "(1.50,\"\",t)", R"((1,"a ""b"" \\ (c),",f))", R"((1,a\,b,))", "(1, x ,t)"}},
      {{"json", type_of(TypeKind::kJson)},
       {R"({"b": 1, "a": [1.0, null]})", R"( "\u0000" )", "1e400"}},
      {{"bytea", type_of(TypeKind::kBytea)}, {"\\x", "\\x00ff10", "\\x 61 62", "a\\\\b\\001"}},
      {{"mood", kMood}, {"sad", "über"}}};
  return kAccepted;
}

TEST_F(ServerValuesTest, LiteralsHaveTheServersBytesAndPrintAsTheServerPrintsThem) {
  for (const Literals& literals : accepted()) {
    for (const std::string& text : literals.texts) {
      SCOPED_TRACE(fmt::format("'{}'::{}", text.substr(0, 60), literals.sql.name));
      const auto bytes = server_bytes(literals.sql, text);
      ASSERT_TRUE(bytes.has_value());
      EXPECT_EQ(bytes_of(literals.sql.type, text), *bytes);
      // The cast of an inet says the bits of a whole address too, its output does not; money is
      // printed in the manner of lc_monetary.
      const TypeKind kind = literals.sql.type.kind;
      const auto printed =
          value_of(fmt::format(fmt::runtime(kind == TypeKind::kInet ? "select concat($1::text::{})"
                                            : kind == TypeKind::kMoney
                                                ? "select ($1::text::{})::numeric::text"
                                                : "select $1::text::{}::text"),
                               literals.sql.name),
                   {text}, false);
      EXPECT_EQ(text_of(literals.sql.type, *bytes), printed);
    }
  }
}

TEST_F(ServerValuesTest, WhatTheServerRefusesIsRefused) {
  const std::vector<Literals> refused = {
      {{"boolean", type_of(TypeKind::kBool)}, {"", "o", "2", "truex"}},
      {{"int2", type_of(TypeKind::kInt16)}, {"32768", "1.0", "", "1e3", "+-1"}},
      {{"int8", type_of(TypeKind::kInt64)}, {"9223372036854775808", "abc"}},
      {{"numeric", numeric()},
       {"", ".", "1e", "1.2.3", "--1", "abc", "1e131072", "1e-16384", "-NaN", "0x10", "1e+-5"}},
      {{"numeric(3,2)", numeric(3, 2)}, {"10", "9.995", "Infinity"}},
      {{"float4", type_of(TypeKind::kFloat32)}, {"1e39", "1e-46", "abc", ""}},
      {{"float8", type_of(TypeKind::kFloat64)}, {"1e309", "1e-400", "1.5x"}},
      {{"date", type_of(TypeKind::kDate)},
       {"2026-02-29", "1900-02-29", "2026-13-01", "0000-01-01", "4714-11-23 BC", "5874898-01-01",
        "2026-04-31", ""}},
      {{"timestamp", type_of(TypeKind::kTimestamp)},
       {"2026-01-31 25:00:00", "2026-01-31 24:00:01", "2026-01-31 08:60", "294277-01-01 00:00:00",
        "4714-11-23 23:59:59 BC"}},
      {{"uuid", type_of(TypeKind::kUuid)},
       {"a0eebc99", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1100", "g0eebc999c0b4ef8bb6d6bb9bd380a11",
        "a-0eebc999c0b4ef8bb6d6bb9bd380a11"}},
      {{"json", type_of(TypeKind::kJson)},
       {"", "{", "[1,]", "01", "nul", "\"a\nb\"", R"("\x")", "NaN", "+1", "{a: 1}"}},
      {{"jsonb", type_of(TypeKind::kJsonb)}, {R"("\u0000")", R"("\ud800")", R"("\udc00\ud800")"}},
      {{"bytea", type_of(TypeKind::kBytea)}, {"\\x0", "\\xgg", "\\9", "\\x0 0"}},
      {{"time", type_of(TypeKind::kTime)}, {"24:00:01", "25:00", "08:60", "abc", ""}},
      {{"timetz", type_of(TypeKind::kTimeTz)}, {"08:00+16", "08:00 +x", ""}},
      {{"interval", type_of(TypeKind::kInterval)},
       {"", "P", "1 fortnight", "2147483648 days", "P1X", "9223372036855 seconds x"}},
      {{"oid", type_of(TypeKind::kOid)}, {"4294967296", "x"}},
      {{"pg_lsn", type_of(TypeKind::kLsn)}, {"0", "/", "0/", "g/0", "123456789/0"}},
      {{"inet", type_of(TypeKind::kInet)}, {"", "10.1.2", "10.1.2.256", "10.1.2.3/33", ":::", "x"}},
      {{"cidr", type_of(TypeKind::kCidr)}, {"10.1.2.3/8", "::1/64"}},
      {{"macaddr", type_of(TypeKind::kMacaddr)}, {"08:00:2b:01:02", "08:00:2b:01:02:03:04", "x"}},
      {{"varbit", type_of(TypeKind::kVarbit)}, {"012", "a"}},
      {{"int4[]", array_of(type_of(TypeKind::kInt32))},
       {"", "{", "{1", "{1}}", "{1,{2}}", "{{1},2}", "{{1},{2,3}}", "{a}", "[1:3]={1,2}", "1,2",
        "{{{{{{{1}}}}}}}", "{\"1}", "[2:1]={}"}},
      {{"int4range", range_over(type_of(TypeKind::kInt32), true)},
       {"", "[1,2", "1,2", "[2,1]", "[a,b]", "[1,2]x", "[1]", "[2147483647,2147483647]"}},
      {{"int4multirange", range_over(type_of(TypeKind::kInt32), true, TypeKind::kMultirange)},
       {"", "{[1,2)", "[1,2)", "{[1,2)[3,4)}"}},
      {{"pair",
        composite(
            {{"n", numeric()}, {"w", type_of(TypeKind::kText)}, {"b", type_of(TypeKind::kBool)}})},
       {"", "(1,2)", "(1,2,t,4)", "1,2,t", "(x,,)", "(1,\"a,t)"}},
      {{"mood", kMood}, {"OK", ""}}};
  for (const Literals& literals : refused) {
    for (const std::string& text : literals.texts) {
      SCOPED_TRACE(fmt::format("'{}'::{}", text, literals.sql.name));
      EXPECT_FALSE(server_bytes(literals.sql, text).has_value());
      std::string bytes;
      EXPECT_FALSE(parse_literal(literals.sql.type, text, bytes).has_value());
    }
  }
}

TEST_F(ServerValuesTest, JsonbEqualsWhatWasWrittenAndCharIsReadWithoutItsBlanks) {
  const Type jsonb = type_of(TypeKind::kJsonb);
  const Comparison by_structure{ComparisonKind::kJson, 6};
  for (const char* text : {R"({"b": 1, "a": [1.0, null], "b": 2})", "-0", "1e3", R"("\u00e9\/")",
                           R"({"": {"x": [[]]}})", "12345678901234567890.123"}) {
    const auto bytes = server_bytes({"jsonb", jsonb}, text);
    ASSERT_TRUE(bytes.has_value());
    const std::string ours = bytes_of(jsonb, text);
    EXPECT_TRUE(same_value(by_structure, jsonb, Value(*bytes), jsonb, Value(ours))) << text;
    EXPECT_EQ(server_text_of({"jsonb", jsonb}, ours), text_of(jsonb, *bytes));
  }
  const auto padded = server_bytes({"char(5)", blank_padded(5)}, "ab");
  EXPECT_EQ(padded, "ab   ");
  EXPECT_EQ(text_of(blank_padded(5), *padded), "ab");
}

TEST_F(ServerValuesTest, RandomFloatsPrintAsTheServerPrintsThem) {
  constexpr unsigned kSeed = 20260131;
  SCOPED_TRACE(fmt::format("seed {}", kSeed));
  std::mt19937_64 random(kSeed);
  std::string doubles = "{";
  std::string floats = "{";
  constexpr int kCount = 20000;
  std::vector<double> sent;
  std::vector<float> sent_floats;
  while (sent.size() < kCount) {
    // All bit patterns, and powers of two, where the shortest text is the hardest to tell.
    const std::uint64_t bits = random();
    const double value = sent.size() % 4 == 0
                             ? std::ldexp(1.0, static_cast<int>(bits % 2000) - 1000)
                             : std::bit_cast<double>(bits);
    const auto narrow = sent.size() % 4 == 0
                            ? std::ldexp(1.0F, static_cast<int>(bits % 250) - 125)
                            : std::bit_cast<float>(static_cast<std::uint32_t>(bits >> 32U));
    if (!std::isfinite(value) || !std::isfinite(narrow)) {
      continue;
    }
    sent.push_back(value);
    sent_floats.push_back(narrow);
    const char* separator = sent.size() == 1 ? "" : ",";
    doubles += fmt::format("{}{:.17g}", separator, value);
    floats += fmt::format("{}{:.9g}", separator, narrow);
  }
  const Answer answer =
      run("select a::text, b::text from unnest($1::float8[], $2::float4[]) with ordinality"
          " as t(a, b, i) order by i",
          {doubles + "}", floats + "}"}, false);
  ASSERT_EQ(PQntuples(answer.get()), kCount);
  for (int i = 0; i < kCount; ++i) {
    std::string bytes;
    wire::append_double(bytes, sent[static_cast<std::size_t>(i)]);
    ASSERT_EQ(text_of(type_of(TypeKind::kFloat64), bytes), PQgetvalue(answer.get(), i, 0));
    bytes.clear();
    wire::append_float(bytes, sent_floats[static_cast<std::size_t>(i)]);
    ASSERT_EQ(text_of(type_of(TypeKind::kFloat32), bytes), PQgetvalue(answer.get(), i, 1));
  }
}

TEST_F(ServerValuesTest, EveryDayOfTheCalendarIsTheServers) {
  const Answer answer =
      run("select d, d::text from (select date '4714-11-24 BC' + i * 30011 as d"
          " from generate_series(0, 71000) i) t where d <= date '5874897-12-31' union all "
          "select d::date, d::date::text from generate_series(timestamp '1895-01-01',"
          " timestamp '2005-01-01', '1 day') d",
          {}, true);
  ASSERT_GT(PQntuples(answer.get()), 100000);
  const Type date = type_of(TypeKind::kDate);
  for (int i = 0; i < PQntuples(answer.get()); ++i) {
    const std::string bytes(PQgetvalue(answer.get(), i, 0), 4);
    const std::string text(PQgetvalue(answer.get(), i, 1));
    ASSERT_EQ(text_of(date, bytes), text);
    ASSERT_EQ(bytes_of(date, text), bytes);
  }
}

TEST_F(ServerValuesTest, KeysSortAsOrderByDoes) {
  for (const Literals& literals : accepted()) {
    const TypeKind kind = literals.sql.type.kind;
    // No id; sorted by label or by text, not by the type's order.
    if (!can_be_id(literals.sql.type) || kind == TypeKind::kEnum || kind == TypeKind::kTimeTz ||
        kind == TypeKind::kInterval || kind == TypeKind::kInet || kind == TypeKind::kCidr ||
        kind == TypeKind::kBit || kind == TypeKind::kVarbit) {
      continue;
    }
    SCOPED_TRACE(literals.sql.name);
    std::string rows;
    for (std::size_t i = 0; i < literals.texts.size(); ++i) {
      rows += fmt::format("{}(${}::text::{})", i == 0 ? "" : ", ", i + 1, literals.sql.name);
    }
    const bool collated = kind == TypeKind::kText || kind == TypeKind::kVarchar;
    const Answer answer = run(fmt::format("select v from (values {}) t(v) order by v {}", rows,
                                          collated ? "collate \"C\"" : ""),
                              literals.texts, true);
    ASSERT_EQ(PQntuples(answer.get()), static_cast<int>(literals.texts.size()))
        << PQresultErrorMessage(answer.get());
    std::string last;
    const std::vector<Type> types = {literals.sql.type};
    for (int i = 0; i < PQntuples(answer.get()); ++i) {
      std::string key;
      const std::vector<Value> cells = {
          Value(PQgetvalue(answer.get(), i, 0), PQgetlength(answer.get(), i, 0))};
      ASSERT_TRUE(append_key(types, cells, key));
      EXPECT_LE(last, key) << text_of(literals.sql.type, cells[0].bytes());
      last = key;
    }
  }
}

// What a key decodes to is written to the server as a parameter.
TEST_F(ServerValuesTest, ValuesDecodedFromKeysAreTakenByTheServer) {
  for (const Literals& literals : accepted()) {
    const std::vector<Type> types = {literals.sql.type};
    if (!can_be_id(literals.sql.type)) {
      continue;
    }
    for (const std::string& text : literals.texts) {
      SCOPED_TRACE(fmt::format("'{}'::{}", text.substr(0, 60), literals.sql.name));
      const std::string bytes = bytes_of(literals.sql.type, text);
      std::string key;
      ASSERT_TRUE(append_key(types, std::vector<Value>{Value(bytes)}, key));
      std::string arena;
      std::vector<Value> cells;
      ASSERT_TRUE(decode_key(types, key, arena, cells));
      const std::string decoded(cells[0].bytes());
      const auto comparison = comparison_between(literals.sql.type, literals.sql.type);
      EXPECT_TRUE(
          same_value(*comparison, literals.sql.type, Value(bytes), literals.sql.type, cells[0]));
      EXPECT_TRUE(server_text_of(literals.sql, decoded).has_value());
    }
  }
}

TEST_F(ServerValuesTest, ConvertedValuesAreThoseOfTheServersCasts) {
  const Sql float8{"float8", type_of(TypeKind::kFloat64)};
  const Sql float4{"float4", type_of(TypeKind::kFloat32)};
  const Sql int2{"int2", type_of(TypeKind::kInt16)};
  const Sql int4{"int4", type_of(TypeKind::kInt32)};
  const Sql int8{"int8", type_of(TypeKind::kInt64)};
  const Sql any_numeric{"numeric", numeric()};
  const Sql date{"date", type_of(TypeKind::kDate)};
  const Sql timestamp{"timestamp", type_of(TypeKind::kTimestamp)};
  const Sql timestamptz{"timestamptz", type_of(TypeKind::kTimestampTz)};
  const Sql text{"text", type_of(TypeKind::kText)};
  struct Casts {
    Sql from;
    std::vector<Sql> to;
    std::vector<std::string> texts;
  };
  const std::vector<Casts> casts = {
      {float8,
       {float4, int2, int4, int8, text},
       {"0", "2.5", "3.5", "-2.5", "-0.5", "0.49999999999999994", "32767.5", "-32768.5", "1e300",
        "1e-300", "NaN", "Infinity", "9223372036854775807", "-9223372036854775808", "0.1"}},
      {float4, {float8, int4, int8, text}, {"0.1", "2.5", "16777217", "3e38", "NaN", "-inf"}},
      {any_numeric,
       {int2, int4, int8, float4, float8, text},
       {"2.5", "-2.5", "0.4999999999999999999", "32767.5", "2147483647.4", "2147483647.5",
        "9223372036854775807.5", "-9223372036854775808.4", "NaN", "Infinity", "1e400", "1e-400",
        "0.1", "1e39", "123456789.123456789", "0.00", "9007199254740993", "1e-46"}},
      {int8,
       {int2, int4, float4, float8, any_numeric, text},
       {"0", "-1", "32768", "9223372036854775807", "-9223372036854775808", "9007199254740993",
        "16777217", "10000", "100000000"}},
      {int2, {int4, int8, float4, float8, any_numeric, text}, {"-32768", "32767"}},
      {date,
       {timestamp, timestamptz, text},
       {"2026-01-31", "0044-03-15 BC", "infinity", "-infinity", "5874897-12-31", "294276-12-31"}},
      {timestamp,
       {date, timestamptz, text},
       {"1999-12-31 23:59:59.999999", "0044-03-15 12:00:00 BC", "infinity", "2026-01-31"}},
      {timestamptz, {date, timestamp, text}, {"1999-12-31 23:59:59.999999+00", "-infinity"}},
      {{"boolean", type_of(TypeKind::kBool)}, {text}, {"t", "f"}},
      {{"uuid", type_of(TypeKind::kUuid)}, {text}, {"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}},
      {{"mood", kMood}, {text}, {"über"}},
      {{"char(5)", blank_padded(5)}, {text, {"varchar(9)", varchar(9)}}, {"ab"}},
      {text,
       {int2,
        int4,
        any_numeric,
        float8,
        float4,
        date,
        timestamp,
        timestamptz,
        {"boolean", type_of(TypeKind::kBool)}},
       {" 7 ", "1", "2026-01-31", "true", "abc", "1.50", "NaN", "infinity"}}};
  for (const Casts& cast : casts) {
    for (const Sql& to : cast.to) {
      for (const std::string& literal : cast.texts) {
        SCOPED_TRACE(fmt::format("'{}'::{}::{}", literal, cast.from.name, to.name));
        const auto from_bytes = server_bytes(cast.from, literal);
        ASSERT_TRUE(from_bytes.has_value());
        const auto expected = value_of(
            fmt::format("select $1::text::{}::{}", cast.from.name, to.name), {literal}, true);
        std::string ours;
        const auto result = convert_value(cast.from.type, to.type, Value(*from_bytes), ours);
        EXPECT_EQ(result.has_value(), expected.has_value());
        if (result && expected) {
          EXPECT_EQ(ours, *expected)
              << text_of(to.type, ours) << " for " << text_of(to.type, *expected);
        }
      }
    }
  }
}

// The server's own cast keeps 15 digits; ours keeps what it takes to read the same float back.
TEST_F(ServerValuesTest, AFloatSurvivesTheWayThroughANumericColumn) {
  const Sql float8{"float8", type_of(TypeKind::kFloat64)};
  for (const char* text : {"0.1", "0.30000000000000004", "1e300", "5e-324", "123456789012345678"}) {
    const auto bytes = server_bytes(float8, text);
    std::string as_numeric;
    ASSERT_TRUE(convert_value(float8.type, numeric(), Value(*bytes), as_numeric));
    const auto stored = server_text_of({"numeric", numeric()}, as_numeric);
    std::string back;
    const std::string stored_bytes = bytes_of(numeric(), *stored);
    ASSERT_TRUE(convert_value(numeric(), float8.type, Value(stored_bytes), back));
    EXPECT_EQ(back, *bytes) << text;
  }
}

TEST_F(ServerValuesTest, NumericsOfOursAreTakenByTheServerAsTheyAre) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE(fmt::format("seed {}", kSeed));
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 500; ++i) {
    std::string text = random() % 2 == 0 ? "" : "-";
    text += static_cast<char>('1' + random() % 9);
    for (std::uint64_t digits = random() % 40; digits > 0; --digits) {
      text += static_cast<char>('0' + (random() % 3 == 0 ? random() % 10 : 0));
    }
    text += fmt::format("e{}", static_cast<int>(random() % 60) - 30);
    const std::string ours = bytes_of(numeric(), text);
    EXPECT_EQ(server_bytes({"numeric", numeric()}, text), ours) << text;
    EXPECT_EQ(server_text_of({"numeric", numeric()}, ours), text_of(numeric(), ours));
  }
}

}  // namespace
}  // namespace couplet::test
