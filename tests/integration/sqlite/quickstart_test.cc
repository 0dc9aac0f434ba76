// The example of the quickstart on two SQLite files: it ends where it ends on two PostgreSQL
// servers (docs/quickstart/expected-first.txt).
#include <gmock/gmock.h>

#include "tests/integration/sqlite/quickstart_sides.h"
#include "tests/integration/sqlite/sqlite_scene.h"

namespace couplet::test {
namespace {

using testing::UnorderedElementsAre;

class SqliteQuickstartTest : public SqliteTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    for (const SqliteFile* file : {&left_, &right_}) {
      file->exec(std::string("pragma journal_mode = ") + GetParam());
    }
    left_.exec(kDaphneTables);
    right_.exec(kDesireTables);
    write_text(quickstart_with("quickstart",
                               "{ type: sqlite, path: \"" + left_.path().string() + "\" }",
                               "{ type: sqlite, path: \"" + right_.path().string() + "\" }"));
  }
};

TEST_P(SqliteQuickstartTest, OneReconcileEndsInTheStateOfTheDocumentAndASecondDoesNothing) {
  EXPECT_TRUE(reconciled().at("converged"));
  EXPECT_THAT(daphne_objects(left_),
              UnorderedElementsAre("provider AWS false", "provider AZURE -", "provider IBM -",
                                   "connection nic-1 INX6 eu-central-1 AWS -",
                                   "connection nic-2 EqFA5 eu-central-1 AWS -",
                                   "connection nic-2a EqFA5 eu-central-1 AWS -",
                                   "connection nic-3 EqFA5 eu-west-2 AWS nic3-eref",
                                   "connection nic-3a LON1 eu-west-1 AWS -",
                                   "connection nic-4 fra03 EU-Frankfurt IBM -"));
  EXPECT_THAT(
      desire_objects(right_),
      UnorderedElementsAre(
          "provider AWS false", "provider AZURE -", "provider IBM -", "region eu-central-1 AWS -",
          "region eu-west-1 AWS -", "region eu-west-2 AWS nic3-eref", "region EU-Frankfurt IBM -",
          "handover EqFA5 eu-central-1 AWS -", "handover INX6 eu-central-1 AWS -",
          "handover LON1 eu-west-1 AWS -", "handover EqFA5 eu-west-2 AWS nic3-eref",
          "handover fra03 EU-Frankfurt IBM -", "nic nic-2 EqFA5 eu-central-1 AWS -",
          "nic nic-2a EqFA5 eu-central-1 AWS -", "nic nic-1 INX6 eu-central-1 AWS -",
          "nic nic-3a LON1 eu-west-1 AWS -", "nic nic-3 EqFA5 eu-west-2 AWS nic3-eref",
          "nic nic-4 fra03 EU-Frankfurt IBM -"));

  const Ended second = couplet({"reconcile"});
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.out, testing::StartsWith("0 operations."));
}

TEST_P(SqliteQuickstartTest, AChangeOnEachSideIsCarried) {
  EXPECT_TRUE(reconciled().at("converged"));
  left_.exec(
      "update vlan_service_connections set pop = 'LON1', region = 'eu-west-1', updated_at = "
      "strftime('%Y-%m-%d %H:%M:%f', 'now') where name = 'nic-1'");
  right_.exec("update nics set external_ref = 'FRA-4711' where name = 'nic-4'");
  EXPECT_TRUE(reconciled().at("converged"));
  EXPECT_THAT(daphne_objects(left_),
              testing::IsSupersetOf({"connection nic-1 LON1 eu-west-1 AWS -",
                                     "connection nic-4 fra03 EU-Frankfurt IBM FRA-4711"}));
  EXPECT_THAT(desire_objects(right_),
              testing::IsSupersetOf({"nic nic-1 LON1 eu-west-1 AWS -",
                                     "nic nic-4 fra03 EU-Frankfurt IBM FRA-4711",
                                     "region EU-Frankfurt IBM FRA-4711"}));
  EXPECT_THAT(couplet({"reconcile"}).out, testing::StartsWith("0 operations."));
}

INSTANTIATE_TEST_SUITE_P(InEveryJournalMode, SqliteQuickstartTest, testing::Values("delete", "wal"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace couplet::test
