#include <gmock/gmock.h>

#include <map>
#include <set>

#include "engine/model/canonical.h"
#include "tests/contract/source/scene.h"
#include "tests/contract/source_contract.h"

// A counterpart is looked for by the equality that attributes are compared by, which may be coarser
// than that of the column's type (DESIGN section 5.3): what the engine calls equal is found.
namespace couplet::contract {
namespace {

struct Held {
  const char* table;
  Type type;
  std::vector<std::string> literals;
};

// Types that may be identity keys, each with values that are close to each other.
std::vector<Held> held_types() {
  const std::vector<std::string> times{"2024-02-29 10:00:00",
                                       "2024-02-29 10:00:00.4",
                                       "2024-02-29 10:00:00.499999",
                                       "2024-02-29 10:00:00.5",
                                       "2024-02-29 10:00:00.123456",
                                       "2024-02-29 10:00:00.123",
                                       "2024-02-29 00:00:00",
                                       "2024-03-01 00:00:00",
                                       "1999-12-31 23:59:59.5",
                                       "1999-12-31 23:59:59.499999",
                                       "infinity",
                                       "-infinity"};
  std::vector<std::string> zoned;
  for (const std::string& time : times) {
    zoned.push_back(time + (time.ends_with("infinity") ? "" : "+00"));
  }
  const std::vector<std::string> texts{"ab",  "ab ",  "ab  ", "a b", "",     " ",   "AB",
                                       "1.5", "1.50", "7",    "7 ",  "true", "ab\t"};
  const std::vector<std::string> days{"10:00:00", "10:00:00.4", "10:00:00.5", "10:00:01"};
  std::vector<std::string> zoned_days;
  for (const std::string& day : days) {
    zoned_days.push_back(day + "+00");
    zoned_days.push_back(day + "+02");
  }
  const std::vector<std::string> spans{"1 mon", "30 days", "00:00:01", "00:00:01.4", "00:00:01.5"};
  return {
      {"e_text", text(), texts},
      {"e_varchar", varchar(4), texts},
      {"e_char4", character(4), texts},
      {"e_char6", character(6), texts},
      {"e_enum", enumeration("blanks", {"ab", "ab ", "7"}), {"ab", "ab ", "7"}},
      {"e_bool", boolean(), {"true", "false"}},
      {"e_int16", integer16(), {"7", "-7"}},
      {"e_int32", integer32(), {"7", "16777217", "16777216"}},
      {"e_int64", integer64(), {"7", "9007199254740993", "9007199254740992"}},
      {"e_numeric", numeric(), {"7", "7.0", "1.5", "1.50", "0.1", "9007199254740993"}},
      {"e_numeric_9_2", numeric(9, 2), {"7.00", "1.50", "0.10", "0.11"}},
      {"e_float32", float32(), {"7", "1.5", "0.1", "16777216"}},
      {"e_float64", float64(), {"7", "1.5", "0.1", "0.10000000149011612", "9007199254740992"}},
      {"e_money", plain(TypeKind::kMoney), {"7.00", "1.50"}},
      {"e_date", date(), {"2024-02-29", "2024-03-01", "infinity", "-infinity"}},
      {"e_timestamp", timestamp(), times},
      {"e_timestamp_3", timestamp(3), times},
      {"e_timestamp_0", timestamp(0), times},
      {"e_timestamptz", timestamp_with_zone(), zoned},
      {"e_timestamptz_0", timestamp_with_zone(0), zoned},
      {"e_time", time_of_day(), days},
      {"e_time_0", time_of_day(0), days},
      {"e_timetz", time_with_zone(), zoned_days},
      {"e_timetz_0", time_with_zone(0), zoned_days},
      {"e_interval", plain(TypeKind::kInterval), spans},
      {"e_uuid", uuid(), {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
      {"e_inet", plain(TypeKind::kInet), {"10.0.0.0/8", "10.0.0.1", "10.0.0.1/8"}},
      {"e_cidr", plain(TypeKind::kCidr), {"10.0.0.0/8", "10.0.0.1/32"}},
      {"e_bytea", bytes(), {"\\x6162", "\\x616220"}},
      {"e_texts", array_of(text()), {"{ab}", "{\"ab \"}"}},
      {"e_numbers", array_of(integer32()), {"{7}", "{7,8}"}},
  };
}

// Whether a column of the type holds the literal as it stands.
bool holds_whole(const Type& type, const std::string& literal) {
  if (type.length >= 0) {
    return literal.size() <= static_cast<std::size_t>(type.length);
  }
  const std::size_t point = literal.find('.');
  const std::size_t end = literal.find_first_not_of("0123456789", point + 1);
  return type.fraction_digits == Type().fraction_digits || point == std::string::npos ||
         (end == std::string::npos ? literal.size() : end) - point - 1 <=
             static_cast<std::size_t>(type.fraction_digits);
}

// The bytes of a literal; nullopt: it is none of this type (too long, say).
std::optional<std::string> value_bytes(const Type& type, const std::string& literal) {
  std::string out;
  return parse_literal(type, literal, out) ? std::optional(out) : std::nullopt;
}

TEST_P(SourceContract, WhateverIsEqualToTheEngineIsFoundBetweenAnyTwoTypesOfAKey) {
  struct Stored {
    Held held;
    TableInfo table;
    std::map<std::string, std::string> by_id;  // bytes
  };
  std::vector<Stored> tables;
  for (const Held& held : held_types()) {
    if (!backend().has_type(held.type)) {
      continue;
    }
    TableSpec spec;
    spec.table = held.table;
    spec.columns = {{"id", integer32(), false}, {"v", held.type}};
    spec.primary_key = {"id"};
    Stored& stored = tables.emplace_back(Stored{held, create(spec), {}});
    std::vector<Cells> rows;
    for (const std::string& literal : held.literals) {
      if (backend().holds(held.type, literal) && holds_whole(held.type, literal)) {
        rows.push_back({{"id", std::to_string(rows.size() + 1)}, {"v", literal}});
      }
    }
    backend().insert_many(spec.table, rows);
    const Type& type = *stored.table.column("v")->type;
    for (const AnsweredRow& row : scan(projection(stored.table, {"v"}))) {
      const auto bytes = value_bytes(type, *row.cells[1]);
      ASSERT_TRUE(bytes.has_value()) << held.table << ": " << *row.cells[1];
      stored.by_id[*row.cells[0]] = *bytes;
    }
  }
  std::size_t found_in_all = 0;
  for (const Stored& target : tables) {
    const Type& type = *target.table.column("v")->type;
    for (const Held& asking : held_types()) {
      const auto as = comparison_between(asking.type, type);
      if (!as || !conversion_between(asking.type, type).possible || !can_be_sought(*as, type)) {
        continue;
      }
      SCOPED_TRACE(std::string(asking.table) + " into " + target.held.table);
      ValueTable wanted;
      wanted.types = {type};
      wanted.as = {*as};
      wanted.rows.reset(1);
      std::vector<std::pair<std::string, std::string>> asked;  // as given, and converted
      for (const std::string& literal : asking.literals) {
        const auto bytes = value_bytes(asking.type, literal);
        std::string converted;
        if (bytes && convert_value(asking.type, type, Value(std::string_view(*bytes)), converted)) {
          wanted.rows.begin_row();
          wanted.rows.push(std::string_view(converted));
          asked.emplace_back(*bytes, converted);
        }
      }
      const Projection projected = projection(target.table, {"v"});
      const std::vector<std::size_t> by = {0};
      RowBatch batch;
      const auto done = source().find(projected, by, wanted, batch);
      ASSERT_TRUE(done.has_value()) << done.error().message;
      std::set<std::pair<std::size_t, std::string>> found;
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        found.emplace(batch.ordinal(row),
                      format_key(projected.id_types, key_of_row(batch, row, projected.id_types)));
      }
      found_in_all += found.size();
      for (std::size_t i = 0; i < asked.size(); ++i) {
        const Value given{std::string_view(asked[i].first)};
        const Value converted{std::string_view(asked[i].second)};
        for (const auto& [id, bytes] : target.by_id) {
          const Value held{std::string_view(bytes)};
          const std::string shown =
              format_literal(asking.type, given) + " and " + format_literal(type, held);
          if (same_value(*as, asking.type, given, type, held)) {
            EXPECT_TRUE(found.contains({i, id})) << shown << " are the same";
          } else if (is_coarser(*as, type) && !same_value(*as, type, converted, type, held)) {
            EXPECT_FALSE(found.contains({i, id})) << shown << " differ";
          }
        }
      }
    }
  }
  EXPECT_GT(found_in_all, 100U);
}

TEST_P(SourceContract, ATextIsFoundByWhatAFixedWidthColumnKeepsOfIt) {
  TableSpec spec;
  spec.table = "codes";
  spec.columns = {{"id", integer32(), false}, {"code", text()}, {"land", varchar(2)}};
  spec.primary_key = {"id"};
  spec.unique_keys = {{"codes_key", {"code", "land"}}};
  const TableInfo table = create(spec);
  backend().insert_many("codes", {{{"id", "1"}, {"code", "ab"}, {"land", "de"}},
                                  {{"id", "2"}, {"code", "ab   "}, {"land", "de"}},
                                  {{"id", "3"}, {"code", "ab "}, {"land", "fr"}},
                                  {{"id", "4"}, {"code", " ab"}, {"land", "de"}},
                                  {{"id", "5"}, {"code", "AB "}, {"land", "de"}}});
  const Projection asked = projection(table, {"code", "land"});
  ValueTable wanted;
  wanted.types = {asked.columns[0].type, asked.columns[1].type};
  wanted.as = {*comparison_between(character(5), asked.columns[0].type),
               *comparison_between(text(), asked.columns[1].type)};
  wanted.rows.reset(2);
  for (const auto& [code, land] : {std::pair{"ab", "de"}, {"ab  ", "fr"}, {" ab", "fr"}}) {
    wanted.rows.begin_row();
    wanted.rows.push(std::string_view(code));
    wanted.rows.push(std::string_view(land));
  }
  const std::vector<std::size_t> by = {0, 1};
  RowBatch batch;
  ASSERT_TRUE(source().find(asked, by, wanted, batch));
  std::set<std::pair<std::size_t, std::string>> found;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    found.emplace(batch.ordinal(row),
                  format_key(asked.id_types, key_of_row(batch, row, asked.id_types)));
  }
  EXPECT_THAT(found,
              testing::ElementsAre(std::pair(0U, "1"), std::pair(0U, "2"), std::pair(1U, "3")));
}

}  // namespace
}  // namespace couplet::contract
