#include "engine/definition/secret.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace couplet::test {
namespace {

TEST(MaskTest, PasswordsInUrlsAreMasked) {
  EXPECT_EQ(mask("postgresql://ada:hunter2@db/x"), "postgresql://ada:***@db/x");
  EXPECT_EQ(mask("postgres://ada:p%40ss@db:5432/x?sslmode=require"),
            "postgres://ada:***@db:5432/x?sslmode=require");
  EXPECT_EQ(mask("postgresql://h/db?user=ada&password=hunter2&sslmode=require"),
            "postgresql://h/db?user=ada&password=***&sslmode=require");
  EXPECT_EQ(mask("postgresql://h/db?%70assword=hunter2"), "postgresql://h/db?%70assword=***");
  EXPECT_EQ(mask("postgresql://h/db?sslpassword=hunter2"), "postgresql://h/db?sslpassword=***");
}

// Whoever forgets to encode a password must not see it printed for that.
TEST(MaskTest, PasswordsThatWereNotEncodedAreMaskedWhole) {
  EXPECT_EQ(mask("postgresql://ada:p@ss/w?rd@db/x"), "postgresql://ada:***@db/x");
  EXPECT_EQ(mask("postgresql://ada:my pass@db/x"), "postgresql://ada:***@db/x");
}

TEST(MaskTest, WhatIsNoPasswordStays) {
  for (const char* text :
       {"postgresql://couplet@db2/desire?sslmode=verify-full", "postgresql://db:5432/desire",
        "postgresql://[::1]:5432/x", "host=db user=ada dbname=x", "postgresql:///x?host=/tmp",
        "passfile=/home/ada/.pgpass", "a remark: nothing", ""}) {
    EXPECT_EQ(mask(text), text);
  }
}

TEST(MaskTest, PasswordsInConnectionStringsAreMasked) {
  EXPECT_EQ(mask("host=db password=hunter2 user=ada"), "host=db password=*** user=ada");
  EXPECT_EQ(mask("host=db PASSWORD = hunter2"), "host=db PASSWORD = ***");
  EXPECT_EQ(mask("password='with blank' user=ada"), "password=*** user=ada");
  EXPECT_EQ(mask(R"(password='it\'s' user=ada)"), "password=*** user=ada");
  EXPECT_EQ(mask(R"(password=with\ blank user=ada)"), "password=*** user=ada");
  EXPECT_EQ(mask("password='never closed"), "password=***");
  EXPECT_EQ(mask("password=''doubled in YAML'' user=ada"), "password=*** user=ada");
  EXPECT_EQ(mask("password='' user=ada"), "password=*** user=ada");
}

TEST(MaskTest, TheQuoteThatClosesTheScalarInTheFileStays) {
  EXPECT_EQ(mask(R"(url: "host=db password=hunter2")"), R"(url: "host=db password=***")");
  EXPECT_EQ(mask("{ url: 'host=db password=hunter2', schema: x }"),
            "{ url: 'host=db password=***', schema: x }");
  EXPECT_EQ(mask(R"({ url: "postgresql://h/db?password=hunter2"})"),
            R"({ url: "postgresql://h/db?password=***"})");
  EXPECT_EQ(mask("password=hunter2\""), "password=***") << "nothing was opened";
}

TEST(MaskTest, AnOpaqueSecretIsMaskedWhole) {
  EXPECT_EQ(Secret::opaque("abc").masked(), "***");
  EXPECT_EQ(Secret().masked(), "***");
  EXPECT_EQ(Secret::connection("host=db password=x").masked(), "host=db password=***");
  EXPECT_EQ(Secret::opaque("abc").reveal(), "abc");
}

std::string any_password() {
  return *rc::gen::nonEmpty(rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("Zy7QXv@/?&#=:%'\"\\ {}[],"))));
}

RC_GTEST_PROP(MaskProperty, NoPasswordInAUrlIsShown, ()) {
  const std::string password = any_password();
  const std::string shown = mask("postgresql://ada:" + password + "@db");
  RC_ASSERT(shown.find_first_of("ZyQXv") == std::string::npos);
}

RC_GTEST_PROP(MaskProperty, NoQuotedPasswordInAConnectionStringIsShown, ()) {
  std::string escaped;
  for (const char c : any_password()) {
    escaped += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  const std::string shown = mask("host=db password='" + escaped + "' user=ada");
  RC_ASSERT(shown.find_first_of("ZyQXv") == std::string::npos);
}

}  // namespace
}  // namespace couplet::test
