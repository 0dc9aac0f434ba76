#include "connectors/postgres/connection_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couplet::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ConnectionTextTest, AUrlIsReadWithItsEscapesUndone) {
  const auto text =
      ConnectionText::parse("daphne", "postgresql://u:p%40s%2Fs@db:5433/inv?sslmode=require");
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_EQ(text->value_of("user"), "u");
  EXPECT_EQ(text->value_of("password"), "p@s/s");
  EXPECT_EQ(text->value_of("host"), "db");
  EXPECT_EQ(text->value_of("port"), "5433");
  EXPECT_EQ(text->value_of("dbname"), "inv");
  EXPECT_EQ(text->value_of("sslmode"), "require");
}

TEST(ConnectionTextTest, AQuestionMarkMayStandInAPassword) {
  const auto text = ConnectionText::parse("daphne", "postgresql://u:x?y@h/d");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->value_of("password"), "x?y");
}

TEST(ConnectionTextTest, SeveralHostsAndSocketsAreUrlsToo) {
  for (const char* url : {"postgresql://a:1,b:2/inv", "postgresql:///inv?host=/var/run",
                          "postgres://u@%2Fvar%2Frun/inv", "host=@abstract dbname=x",
                          "postgresql://u@h/inv?application_name=a%40b"}) {
    EXPECT_TRUE(ConnectionText::parse("daphne", url).has_value()) << url;
  }
}

// A password whose special characters are not escaped moves the borders of host, port and database:
// what then looks like a host is a part of the password.
TEST(ConnectionTextTest, NothingOfATextThatCannotBeReadIsShown) {
  for (const char* url : {"postgresql://u:x@hunter2@h/d", "postgresql://u:x/hunter2@h/d",
                          "postgresql://u:1/hunter2@h/d", "postgresql://u:hunter2%zz@h/d",
                          "postgresql://u:hunter2@h:port/d", "postgresql://u:hunter2@[h/d",
                          "host=h password='hunter2", "hunter2", "host=h hunter2=1",
                          "mysql://u:hunter2@h/d", "host=u@hunter2 dbname=d"}) {
    const auto text = ConnectionText::parse("daphne", url);
    ASSERT_FALSE(text.has_value()) << url;
    EXPECT_EQ(text.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(text.error().message, HasSubstr("source daphne: url cannot be read: "));
    EXPECT_THAT(text.error().message + text.error().hint + text.error().detail,
                Not(HasSubstr("hunter2")))
        << url;
  }
}

TEST(ConnectionTextTest, TheSecretIsMaskedWhereverAMessageHasIt) {
  const auto text =
      ConnectionText::parse("daphne", "host=h password='pw 1' sslpassword=key2 dbname=d");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->masked("a pw 1 and pw 1 with key2"), "a *** and *** with ***");
  EXPECT_EQ(text->masked("nothing to hide"), "nothing to hide");
}

TEST(ConnectionTextTest, TheTextReadsBackAsItself) {
  const auto text =
      ConnectionText::parse("daphne", "host=h password='it''s' dbname='a b\\\\c' user='x\\'y'");
  // '' ends a value and starts a next one without a name: no text of libpq's.
  EXPECT_FALSE(text.has_value());
  const auto proper =
      ConnectionText::parse("daphne", "host=h password='it\\'s' dbname='a b\\\\c' user=x");
  ASSERT_TRUE(proper.has_value());
  EXPECT_EQ(proper->value_of("password"), "it's");
  const auto again = ConnectionText::parse("daphne", proper->to_text());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->settings(), proper->settings());
}

TEST(ConnectionTextTest, DefaultsYieldToWhatIsGiven) {
  auto text = ConnectionText::parse("daphne", "host=h application_name=mine");
  ASSERT_TRUE(text.has_value());
  text->set_default("application_name", "couplet");
  text->set_default("keepalives_idle", "30");
  text->set("host", "i");
  EXPECT_EQ(text->value_of("application_name"), "mine");
  EXPECT_EQ(text->value_of("keepalives_idle"), "30");
  EXPECT_EQ(text->value_of("host"), "i");
}

}  // namespace
}  // namespace couplet::postgres
