// docs/reference/privileges.md: its grants suffice, and each of them is needed.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "tests/integration/setup/setup_scene.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const char* const kOneWay = R"(
entities:
  shop.customers: { updated_at: updated_at }
  billing.accounts: { updated_at: updated_at }
mappings:
  customer: { left: shop.customers, right: billing.accounts, direction: left_to_right,
              keys: [ email ], attributes: [ name, { left: phone, right: telephone } ] }
  order: { left: shop.orders, right: billing.orders, direction: left_to_right, keys: [ number ],
           attributes: [ { left: customer, right: account, link: customer }, total ] }
)";

// One right on one column, or on a whole thing where there are no columns.
struct Right {
  std::string privilege;  // "SELECT (email)"
  std::string object;     // "customers", "SCHEMA public"
  [[nodiscard]] std::string text() const { return privilege + " ON " + object; }
};

// The rights that a block of GRANT statements gives, one by one.
std::vector<Right> rights_of(const std::string& block) {
  static const std::regex kStatement(R"(GRANT (\w+)(?: \(([^)]*)\))? ON ([^;]+?) TO couplet;)");
  std::vector<Right> rights;
  for (std::sregex_iterator at(block.begin(), block.end(), kStatement);
       at != std::sregex_iterator(); ++at) {
    if (!(*at)[2].matched) {
      rights.push_back({(*at)[1], (*at)[3]});
      continue;
    }
    const std::string columns = (*at)[2];
    static const std::regex kColumn(R"(\w+)");
    for (std::sregex_iterator c(columns.begin(), columns.end(), kColumn);
         c != std::sregex_iterator(); ++c) {
      rights.push_back({fmt::format("{} ({})", (*at)[1].str(), c->str()), (*at)[3]});
    }
  }
  return rights;
}

class PrivilegesTest : public SetupScene {
 protected:
  PrivilegesTest() {
    const auto tables = sql_blocks("how-to/your-own-databases.md", "# Two databases");
    grants_ = sql_blocks("reference/privileges.md", "## No more than is needed");
    std::string billing = tables.at(1);
    billing.erase(billing.find("CREATE ROLE"));
    for (const char* database : {"shop", "billing"}) {
      cluster_.exec(database, "revoke all on schema public from public");
    }
    cluster_.exec("shop", tables.at(0));
    cluster_.exec("billing", billing);
    cluster_.exec("shop", grants_.at(0));
    cluster_.exec("billing", grants_.at(1));
    write_file(kOneWay);
  }

  [[nodiscard]] bool reconciles() const {
    const Ended ended = couplet({"reconcile", "--exit-code"});
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    return ended.exit_code == 0;
  }
  [[nodiscard]] std::vector<Row> billed() const {
    return cluster_.query(
        "billing",
        "select o.number, a.email, a.telephone, o.total from orders o join accounts "
        "a on a.id = o.account_id order by 1");
  }

  std::vector<std::string> grants_;
};

TEST_F(PrivilegesTest, TheGrantsOfThePageSuffice) {
  EXPECT_THAT(findings_of("missing_grant"), IsEmpty());
  ASSERT_TRUE(reconciles());
  EXPECT_EQ(billed(), (std::vector<Row>{{"A-1", "ada@example.org", "030 1234", "12.50"},
                                        {"A-2", "ada@example.org", "030 1234", "99.00"},
                                        {"A-3", "bob@example.org", std::nullopt, "7.10"}}));
  // Updates, renames and moves, too.
  cluster_.exec(
      "shop",
      "update customers set name = 'Bobby', email = 'bobby@example.org', updated_at = now() "
      "where name = 'Bob';"
      "update orders set customer_id = 1, total = 8 where number = 'A-3'");
  ASSERT_TRUE(reconciles());
  EXPECT_EQ(billed().back(), (Row{"A-3", "ada@example.org", "030 1234", "8.00"}));
  EXPECT_THAT(cluster_.query("billing", "select from accounts where email = 'bobby@example.org'"),
              SizeIs(1));
  const Ended again = couplet({"reconcile"});
  EXPECT_THAT(again.out, HasSubstr("0 operations."));
}

TEST_F(PrivilegesTest, EachOfThemIsMissedByNameAndMendedByWhatDoctorPrints) {
  const std::map<std::string, std::string> blocks = {{"shop", grants_.at(0)},
                                                     {"billing", grants_.at(1)}};
  for (const auto& [database, block] : blocks) {
    const std::vector<Right> rights = rights_of(block);
    ASSERT_GT(rights.size(), 8U);
    for (const Right& right : rights) {
      SCOPED_TRACE(database + ": " + right.text());
      cluster_.exec(database, "revoke " + right.text() + " from couplet");
      const auto missing = findings_of("missing_grant");
      EXPECT_THAT(missing, SizeIs(1));
      for (const nlohmann::json& finding : missing) {
        EXPECT_EQ(finding.at("source"), database);
        const std::string fix = finding.at("fix");
        EXPECT_THAT(fix,
                    HasSubstr("GRANT " + right.privilege.substr(0, right.privilege.find(' '))));
        mend(finding);
      }
      EXPECT_THAT(findings_of("missing_grant"), IsEmpty());
    }
  }
  ASSERT_TRUE(reconciles());
}

TEST_F(PrivilegesTest, ARunThatLacksOneSaysSo) {
  cluster_.exec("billing", "revoke update (telephone) on accounts from couplet");
  const Ended ended = couplet({"plan"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("GRANT UPDATE"));
}

// It would be left unwritten, and nobody would know.
TEST_F(PrivilegesTest, TheChangeTimeIsNotLeftUnwrittenForWantOfARight) {
  cluster_.exec("billing", "revoke update (updated_at) on accounts from couplet");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr(R"(GRANT UPDATE ("updated_at") ON "public"."accounts")"));
}

TEST_F(PrivilegesTest, ARunThatLacksTheSequenceOfAnIdentityColumnWarnsAndGoesOn) {
  cluster_.exec("billing", "revoke usage on sequence accounts_id_seq from couplet");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(R"(GRANT USAGE ON SEQUENCE "public"."accounts_id_seq")"));
  EXPECT_THAT(billed(), SizeIs(3));
}

// What plan prints of a role that may nothing, as it prints it, is all that it needs.
TEST_F(PrivilegesTest, TheGrantsThatARunPrintsSufficeForNamesThatNeedQuotingToo) {
  cluster_.exec("shop", "create role \"Odd Role\" login");
  for (const char* database : {"shop", "billing"}) {
    cluster_.exec(
        database,
        "create schema \"My Schema\";"
        "create table \"My Schema\".\"select\" (\"Id\" int primary key, \"order\" text not "
        "null unique, \"Note \"\"x\"\"\" text);"
        "create table \"My Schema\".\"Serial\" (\"Id\" serial primary key, code text not null "
        "unique, \"Changed\" timestamptz)");
  }
  cluster_.exec("shop",
                "insert into \"My Schema\".\"select\" values (1, 'a', 'b');"
                "insert into \"My Schema\".\"Serial\" values (7, 'c', '2026-01-31 08:15:00+00')");
  std::ofstream(file()) << fmt::format(
      R"(
version: 1
name: setup
state: state
sources:
  shop: {{ type: postgres, url: "{}", schema: My Schema }}
  billing: {{ type: postgres, url: "{}", schema: My Schema }}
entities:
  shop.Serial: {{ updated_at: Changed }}
  billing.Serial: {{ updated_at: Changed }}
mappings:
  serial: {{ left: shop.Serial, right: billing.Serial, direction: left_to_right, keys: [ code ] }}
  select: {{ left: shop.select, right: billing.select, direction: left_to_right,
            keys: [ order ], attributes: [ Id, 'Note "x"' ] }}
)",
      cluster_.url("shop", "Odd Role"), cluster_.url("billing", "Odd Role"));
  const Ended refused = couplet({"plan"});
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  std::istringstream lines(refused.err);
  std::size_t grants = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find("GRANT ");
    if (at != std::string::npos) {
      for (const char* each : {"shop", "billing"}) {
        cluster_.exec(each, line.substr(at));
      }
      ++grants;
    }
  }
  EXPECT_EQ(grants, 11U) << "schema twice; of each table reading twice, inserting, updating; the "
                            "sequence of the serial id\n"
                         << refused.err;
  EXPECT_THAT(findings_of("missing_grant"), IsEmpty()) << "doctor knows of no other";
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(cluster_.query("billing", "select * from \"My Schema\".\"select\""),
              testing::ElementsAre(Row{"1", "a", "b"}));
  EXPECT_THAT(cluster_.query("billing",
                             "select code, \"Changed\" at time zone 'UTC' from \"My "
                             "Schema\".\"Serial\""),
              testing::ElementsAre(Row{"c", "2026-01-31 08:15:00"}))
      << "the change time is carried along";
}

// An error elsewhere in the file hides none of them.
TEST_F(PrivilegesTest, DoctorListsThemWhileTheFileHasAnError) {
  cluster_.exec("billing", "revoke update (telephone) on accounts from couplet");
  std::string text = read_file();
  text.replace(text.find("total ]"), 5, "totl");
  std::ofstream(file()) << text;
  EXPECT_THAT(findings_of("unknown_column"), SizeIs(2));
  const auto missing = findings_of("missing_grant");
  ASSERT_THAT(missing, SizeIs(1));
  EXPECT_EQ(missing[0].at("fix"),
            R"(GRANT UPDATE ("telephone") ON "public"."accounts" TO "couplet")");
  const auto unchecked = findings_of("not_checked");
  ASSERT_THAT(unchecked, SizeIs(1));
  EXPECT_EQ(unchecked[0].at("message"),
            "what mapping order needs was not checked, or not all of it, since the file does not "
            "fit the databases there");
}

TEST_F(PrivilegesTest, TheFiveFunctionsAreEnoughForMarks) {
  const auto protection = [&](const std::string& source) {
    for (const nlohmann::json& finding : findings_of("crash_protection")) {
      if (finding.at("source") == source) {
        return finding;
      }
    }
    return nlohmann::json();
  };
  EXPECT_TRUE(protection("shop").is_null()) << "nothing is written there";
  const nlohmann::json without = protection("billing");
  EXPECT_THAT(without.at("message").get<std::string>(), HasSubstr("writes are looked for"));
  mend(without);
  const nlohmann::json with = protection("billing");
  EXPECT_THAT(with.at("message").get<std::string>(), HasSubstr("couplet_setup_billing_0"));
  EXPECT_TRUE(with.at("fix").is_null());
  ASSERT_TRUE(reconciles());
  EXPECT_THAT(cluster_.query("billing",
                             "select from pg_replication_origin where roname = "
                             "'couplet_setup_billing_0'"),
              SizeIs(1));
}

TEST_F(PrivilegesTest, AStateThatIsLostWithoutMarksIsSpokenOfBeforeAndAfter) {
  const auto unseen = findings_of("lost_state_unseen");
  ASSERT_THAT(unseen, SizeIs(1));
  EXPECT_THAT(unseen[0].at("message").get<std::string>(),
              HasSubstr("creates again what was deleted on one side"));
  const std::string fix = unseen[0].at("fix");
  ASSERT_TRUE(fix.starts_with("in billing: GRANT EXECUTE ON FUNCTION ")) << fix;
  ASSERT_TRUE(reconciles());
  cluster_.exec("billing", "delete from orders where number = 'A-3'");
  std::filesystem::remove_all(folder_.path() / "state");
  const std::string said =
      "couplet: there was no state, and billing had no marks that would tell a lost one: rows that "
      "were deleted on one side may be among the 1 created (`couplet doctor`: lost_state_unseen)";
  EXPECT_THAT(couplet({"reconcile"}).err, HasSubstr(said));
  EXPECT_THAT(couplet({"reconcile"}).err, Not(HasSubstr("there was no state"))) << "once";

  cluster_.exec("billing", fix.substr(std::string("in billing: ").size()));
  EXPECT_THAT(findings_of("lost_state_unseen"), IsEmpty());
  ASSERT_TRUE(reconciles()) << "this one leaves a mark";
  std::filesystem::remove_all(folder_.path() / "state");
  cluster_.exec("billing", "delete from orders where number = 'A-3'");
  const Ended held = couplet({"reconcile"});
  EXPECT_THAT(held.err, HasSubstr("the state is lost"));
  EXPECT_THAT(held.err, Not(HasSubstr("there was no state")));
}

}  // namespace
}  // namespace couplet::test
