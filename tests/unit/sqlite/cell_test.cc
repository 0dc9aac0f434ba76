#include "connectors/sqlite/cell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connectors/sqlite/declared_type.h"
#include "engine/model/canonical.h"
#include "engine/model/literal.h"

namespace couplet::sqlite {
namespace {

using testing::HasSubstr;
using testing::Not;

Type type_of(const char* declared) { return to_type(declared).value(); }

StoredView integer(std::int64_t value) { return {StorageClass::kInteger, value, 0, {}}; }
StoredView real(double value) { return {StorageClass::kReal, 0, value, {}}; }
StoredView text(std::string_view value) { return {StorageClass::kText, 0, 0, value}; }
StoredView blob(std::string_view value) { return {StorageClass::kBlob, 0, 0, value}; }

// The literal that is read; "none" where it is no value of the type.
std::string read(const char* declared, const StoredView& stored) {
  const Type type = type_of(declared);
  std::string bytes;
  return decode(type, stored, bytes) ? format_literal(type, Value(std::string_view(bytes)))
                                     : "none";
}

TEST(SqliteCellTest, ReadsWhatApplicationsStore) {
  EXPECT_EQ(read("INTEGER", integer(-7)), "-7");
  EXPECT_EQ(read("BOOLEAN", integer(1)), "true");
  EXPECT_EQ(read("REAL", real(0.1)), "0.1");
  EXPECT_EQ(read("DECIMAL(10,2)", real(1234.5)), "1234.50");
  EXPECT_EQ(read("DECIMAL(10,2)", integer(3)), "3.00");
  EXPECT_EQ(read("DECIMAL(3,1)", real(0.1 + 0.2)), "0.3") << "fifteen digits are what is kept";
  EXPECT_EQ(read("NUMERIC", integer(3)), "3");
  EXPECT_EQ(read("DATE", text("2024-02-29")), "2024-02-29");
  EXPECT_EQ(read("DATETIME", text("2024-02-29 10:00:00")), "2024-02-29 10:00:00");
  EXPECT_EQ(read("DATETIME", text("2024-02-29T10:00:00.250Z")), "2024-02-29 10:00:00.25");
  EXPECT_EQ(read("TIMESTAMPTZ", text("2024-02-29 12:00:00+02:00")), "2024-02-29 10:00:00+00");
  EXPECT_EQ(read("UUID", text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_EQ(read("JSON", text("{\"a\": 1}")), "{\"a\": 1}");
  EXPECT_EQ(read("BLOB", blob(std::string_view("\0\xFF", 2))), "\\x00ff");
  EXPECT_EQ(read("JSON", integer(7)), "7") << "the column is numeric to SQLite";
  EXPECT_EQ(read("JSONB", integer(-7)), "-7");
}

TEST(SqliteCellTest, TextInABlobColumnIsCarriedAsItsBytesButIsNoBlob) {
  std::string bytes;
  EXPECT_FALSE(decode(type_of("BLOB"), text("ab"), bytes));
  EXPECT_EQ(bytes, "ab");
}

TEST(SqliteCellTest, MakesNothingOfWhatIsNoValueOfItsType) {
  const std::vector<std::pair<const char*, StoredView>> misfits{
      {"INTEGER", text("7")},
      {"INTEGER", text("sixchr")},
      {"INTEGER", text("")},
      {"INTEGER", real(1.5)},
      {"BOOLEAN", integer(2)},
      {"BOOLEAN", text("t")},
      {"REAL", text("1.5")},
      {"NUMERIC", integer((std::int64_t{1} << 53) + 1)},
      {"DECIMAL(10,2)", real(0.125)},
      {"DECIMAL(3,2)", integer(10)},
      {"DECIMAL(3,2)", text("a")},
      {"DATE", text("2024-02-30")},
      {"DATE", text("2024-2-29")},
      {"DATE", integer(19782)},
      {"DATETIME", integer(1709200800)},
      {"DATETIME", text("yesterday")},
      {"TIMESTAMP(3)", text("2024-02-29 10:00:00.1234")},
      {"UUID", text("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")},
      {"UUID", blob("0123456789abcdef")},
  };
  for (const auto& [declared, stored] : misfits) {
    SCOPED_TRACE(declared);
    const Type type = type_of(declared);
    std::string bytes;
    EXPECT_FALSE(decode(type, stored, bytes));
    EXPECT_FALSE(is_value_of(type, Value(std::string_view(bytes)))) << "taken for a value";
    std::string again;
    decode(type, stored, again);
    EXPECT_EQ(bytes, again);
  }
}

TEST(SqliteCellTest, WhatIsNoneOfItsTypeIsShownForWhatItIs) {
  const auto shown = [](const char* declared, const StoredView& stored) {
    std::string bytes;
    const Type type = type_of(declared);
    EXPECT_FALSE(decode(type, stored, bytes));
    return to_json(type, Value(std::string_view(bytes))).dump();
  };
  EXPECT_EQ(shown("TEXT", blob(std::string_view("\0\1\xFE", 3))),
            R"({"blob in a TEXT column":"AAH+"})");
  EXPECT_EQ(shown("TEXT", blob("")), R"({"blob in a TEXT column":""})");
  EXPECT_EQ(shown("TEXT", integer(5)), R"({"integer in a TEXT column":"5"})");
  for (const char* word : {"", "a", "ab", "abc", "abcdef", "abcdefghijklmn"}) {
    EXPECT_EQ(shown("INTEGER", text(word)),
              std::string(R"({"text in an INTEGER column":")") + word + R"("})");
  }
  EXPECT_EQ(shown("UUID", blob("0123456789abcd")),
            R"({"blob in a UUID column":"MDEyMzQ1Njc4OWFiY2Q="})");
  EXPECT_EQ(shown("TEXT", text("a\xFFz")), "\"a\xEF\xBF\xBDz\"") << "a text, if a bad one";
}

TEST(SqliteCellTest, TextThatIsNoneIsRefusedWhenItIsSent) {
  for (const StoredView& stored :
       {text("a\xFFz"), text(std::string_view("a\0z", 3)), blob("abc"), integer(5)}) {
    const Type type = type_of("TEXT");
    std::string bytes;
    EXPECT_FALSE(decode(type, stored, bytes));
    std::string sent;
    EXPECT_FALSE(convert_value(type, type, Value(std::string_view(bytes)), sent));
  }
}

// What `encode` stores, as text; else the SQLSTATE.
std::string stored_as(const char* declared, const char* literal) {
  const Type type = type_of(declared);
  Type any = type;
  any.length = any.precision = any.scale = -1;
  any.fraction_digits = 6;
  std::string bytes;
  EXPECT_TRUE(parse_literal(any, literal, bytes)) << literal;
  const auto stored = encode(type, "c", true, Value(std::string_view(bytes)));
  if (!stored) {
    EXPECT_EQ(stored.error().kind, ErrorKind::kRowFault);
    EXPECT_THAT(stored.error().message, Not(HasSubstr(std::string("'") + literal)));
    return stored.error().code;
  }
  switch (stored->storage) {
    case StorageClass::kInteger:
      return "integer " + std::to_string(stored->integer);
    case StorageClass::kReal:
      return "real " + std::to_string(stored->real);
    case StorageClass::kText:
      return "text " + stored->bytes;
    default:
      return "another";
  }
}

TEST(SqliteCellTest, StoresWhatSqlitesOwnFunctionsRead) {
  EXPECT_EQ(stored_as("BOOLEAN", "true"), "integer 1");
  EXPECT_EQ(stored_as("DECIMAL(10,2)", "12.00"), "integer 12");
  EXPECT_EQ(stored_as("DECIMAL(10,2)", "12.345"), "real 12.350000");
  EXPECT_EQ(stored_as("DATE", "2024-02-29"), "text 2024-02-29");
  EXPECT_EQ(stored_as("TIMESTAMP", "2024-02-29 10:00:00.5"), "text 2024-02-29 10:00:00.5");
  EXPECT_EQ(stored_as("TIMESTAMPTZ", "2024-02-29 10:00:00+00"), "text 2024-02-29 10:00:00Z");
  EXPECT_EQ(stored_as("TIMESTAMP(0)", "2024-02-29 10:00:00.5"), "text 2024-02-29 10:00:01");
  EXPECT_EQ(stored_as("DATE", "infinity"), "text infinity");
  EXPECT_EQ(stored_as("JSON", "17"), "text 17");
}

TEST(SqliteCellTest, RefusesWhatAColumnCannotHold) {
  EXPECT_EQ(stored_as("REAL", "NaN"), "22003");
  EXPECT_EQ(stored_as("NUMERIC(5,2)", "1000"), "22003");
  EXPECT_EQ(stored_as("VARCHAR(3)", "abcd"), "22001");
  EXPECT_EQ(stored_as("VARCHAR(3)", "abc   "), "text abc");
  EXPECT_EQ(stored_as("CHAR(3)", "a "), "text a");
  EXPECT_EQ(stored_as("DATE", "0044-03-15 BC"), "22008");
  EXPECT_EQ(stored_as("TIMESTAMP", "12024-01-01 00:00:00"), "22008");
  EXPECT_EQ(stored_as("JSON", "1.50"), "22003");
}

}  // namespace
}  // namespace couplet::sqlite
