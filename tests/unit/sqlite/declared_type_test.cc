// docs/reference/sqlite.md, "Types".
#include "connectors/sqlite/declared_type.h"

#include <gtest/gtest.h>

#include <string>

namespace couplet::sqlite {
namespace {

std::string told(const char* declared) {
  const auto type = to_type(declared);
  if (!type) {
    return "not supported";
  }
  EXPECT_EQ(type->name, declared);
  std::string text = name_of(type->kind);
  if (type->length >= 0) {
    text += " of " + std::to_string(type->length);
  }
  if (type->precision >= 0) {
    text += " of " + std::to_string(type->precision) + "," + std::to_string(type->scale);
  }
  if (type->fraction_digits != 6) {
    text += " of " + std::to_string(type->fraction_digits);
  }
  return text;
}

TEST(SqliteDeclaredTypeTest, NamesWithAUsualMeaningHaveIt) {
  EXPECT_EQ(told("BOOLEAN"), "boolean");
  EXPECT_EQ(told("bool"), "boolean");
  EXPECT_EQ(told("DATE"), "date");
  EXPECT_EQ(told("DateTime"), told("TIMESTAMP"));
  EXPECT_EQ(told("TIMESTAMP(3)"), told("TIMESTAMP") + " of 3");
  EXPECT_EQ(told("timestamp(0) without time zone"), told("TIMESTAMP") + " of 0");
  EXPECT_EQ(told("TIMESTAMPTZ"), told("timestamp with time zone"));
  EXPECT_NE(told("TIMESTAMPTZ"), told("TIMESTAMP"));
  EXPECT_EQ(told("UUID"), "uuid");
  EXPECT_EQ(told("JSON"), "json");
  EXPECT_EQ(told("jsonb"), "jsonb");
  EXPECT_EQ(told("BYTEA"), told("BLOB"));
}

TEST(SqliteDeclaredTypeTest, OtherNamesGoByTheirAffinity) {
  for (const char* integer : {"INTEGER", "int", "TINYINT", "UNSIGNED BIG INT", "INT8", "bigint",
                              "INTEGER(11)", "FLOATING POINT"}) {
    EXPECT_EQ(told(integer), told("INTEGER")) << integer;
  }
  for (const char* real : {"REAL", "DOUBLE", "DOUBLE PRECISION", "FLOAT(53)"}) {
    EXPECT_EQ(told(real), told("REAL")) << real;
  }
  for (const char* text : {"TEXT", "CLOB", "VARCHAR", "LONGTEXT"}) {
    EXPECT_EQ(told(text), "text") << text;
  }
  EXPECT_EQ(told("VARCHAR(40)"), told("NVARCHAR(40)"));
  EXPECT_EQ(told("CHARACTER  VARYING ( 40 )"), told("VARCHAR(40)"));
  EXPECT_NE(told("CHAR(4)"), told("VARCHAR(4)"));
  EXPECT_EQ(told("character(4)"), told("CHAR(4)"));
}

// What SQLite makes a number for want of a better idea is told as nothing, rather than as one.
TEST(SqliteDeclaredTypeTest, ANameThatSqliteHasNoIdeaOfIsNotSupported) {
  for (const char* name : {"", "ANY", "TIME", "STRING", "MONEY", "INET"}) {
    EXPECT_FALSE(to_type(name)) << name;
  }
}

TEST(SqliteDeclaredTypeTest, DecimalsAreToldWithTheDigitsThatADoubleKeeps) {
  EXPECT_EQ(told("NUMERIC(15,2)"), told("DECIMAL(15, 2)"));
  EXPECT_EQ(told("DECIMAL(10)"), "numeric of 10,0");
  EXPECT_EQ(told("numeric(5,-2)"), "numeric of 5,-2");
  for (const char* wide : {"NUMERIC", "DECIMAL(16,2)", "NUMERIC(30,10)"}) {
    EXPECT_EQ(told(wide), told("REAL")) << wide;
  }
}

}  // namespace
}  // namespace couplet::sqlite
