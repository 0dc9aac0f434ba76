// Identity keys that the server compares more loosely than Couplet, which goes by code points: what
// differs by case is refused by a unique key, and the object that parks says why.
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class LooseKeysTest : public CliTest {
 protected:
  void expect_parked_for(const std::string& why) {
    write_file(
        "\n  user: { left: left.users, right: right.users, direction: left_to_right, "
        "keys: [email], attributes: [note] }\n");
    left_.exec(
        "create table users (id serial primary key, email text not null unique, note text);"
        "insert into users (email, note) values ('Ab', 'left'), ('cd', 'left')");
    right_.exec("insert into users (email, note) values ('ab', 'right'), ('cd', 'right')");
    const Ended ended = couplet({"reconcile", "--rebuild-state", "--json"});
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    EXPECT_EQ(summary_of(ended.out).at("park"), 1) << ended.out;
    EXPECT_EQ(summary_of(ended.out).at("link"), 1) << ended.out;
    const Ended parked = couplet({"parked", "list"});
    EXPECT_THAT(parked.out, AllOf(HasSubstr("left.users/1"), HasSubstr("users_email_key"),
                                  HasSubstr("email is compared there by " + why)));
    EXPECT_THAT(right_.query("select email, note from users order by id"),
                ElementsAre(Row{"ab", "right"}, Row{"cd", "left"}));
    // Spelled alike, it is found.
    left_.exec("update users set email = 'ab' where email = 'Ab'");
    const Ended mended = couplet({"reconcile", "--json"});
    EXPECT_EQ(summary_of(mended.out).at("park"), 0) << mended.out;
    EXPECT_EQ(summary_of(mended.out).at("link"), 1) << mended.out;
    EXPECT_THAT(right_.query("select email, note from users order by id"),
                ElementsAre(Row{"ab", "left"}, Row{"cd", "left"}));
  }
};

TEST_F(LooseKeysTest, ANondeterministicCollationIsNamedWhereAnObjectParksForIt) {
  right_.exec(
      "create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
      "create table users (id serial primary key, email text collate loose not null unique, "
      "note text)");
  expect_parked_for("collation loose");
}

TEST_F(LooseKeysTest, SoIsCitext) {
  right_.exec(
      "create extension citext;"
      "create table users (id serial primary key, email citext not null unique, note text)");
  expect_parked_for("type citext");
}

TEST_F(LooseKeysTest, SoIsTheCollationOfAUniqueIndexAlone) {
  right_.exec(
      "create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
      "create table users (id serial primary key, email text not null, note text);"
      "create unique index users_email_key on users (email collate loose)");
  expect_parked_for("collation loose");
}

}  // namespace
}  // namespace couplet::test
