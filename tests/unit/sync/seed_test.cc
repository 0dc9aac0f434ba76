// The example of the original package: both sides as it lists them, and the state it ends in.
#include <gmock/gmock.h>

#include "tests/support/sync_world.h"
#include "tests/unit/definition/seed_definition.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SeedTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    const DescribedSources tables = seed_tables();
    add(*left, tables[0][1]);  // Connections refer to providers.
    add(*left, tables[0][0]);
    for (const TableInfo& info : tables[1]) {
      add(*right, info);
    }
    fill();
    std::string body = kSeedFile.substr(kSeedFile.find("entities:"));
    for (const auto& [from, to] : {std::pair{"daphne.", "left."}, std::pair{"desire.", "right."}}) {
      for (std::size_t at = body.find(from); at != std::string::npos; at = body.find(from)) {
        body.replace(at, std::string(from).size(), to);
      }
    }
    define(body);
  }

  static void add(MemoryDatabase& database, const TableInfo& info) {
    database.create_table(info);
    database.set_default(info.name.table, "id", memory::SequenceDefault{});
  }

  void fill() {
    left->insert("vlan_service_providers", {{"name", "AWS"}, {"canUpgrade", "false"}});
    left->insert("vlan_service_providers", {{"name", "AZURE"}});
    const auto connection = [&](const char* name, const char* region, const char* pop) {
      left->insert("vlan_service_connections",
                   {{"name", name}, {"region", region}, {"pop", pop}, {"provider_id", "1"}});
    };
    connection("nic-1", "eu-central-1", "INX6");
    connection("nic-2", "eu-central-1", "EqFA5");
    connection("nic-3", "eu-west-2", "EqFA5");
    right->insert("cloud_service_providers", {{"name", "IBM"}});
    right->insert("cloud_service_providers", {{"name", "AWS"}, {"upgrade_allowed", "true"}});
    const auto region = [&](const char* name, const char* provider) {
      right->insert("cloud_regions", {{"name", name}, {"provider_id", provider}});
    };
    region("EU-Frankfurt", "1");
    region("eu-west-2", "2");
    region("eu-central-1", "2");
    region("eu-west-1", "2");
    const auto handover = [&](const char* name, const char* in) {
      right->insert("cloud_handovers", {{"name", name}, {"region_id", in}});
    };
    handover("fra03", "1");
    handover("EqFA5", "2");
    handover("INX6", "3");
    handover("EqFA5", "3");
    handover("LON1", "4");
    right->insert("nics", {{"name", "nic-4"}, {"handover_id", "1"}});
    right->insert("nics", {{"name", "nic-3"}, {"handover_id", "2"}, {"external_ref", "nic3-eref"}});
    right->insert("nics", {{"name", "nic-1"}, {"handover_id", "3"}});
    right->insert("nics", {{"name", "nic-2a"}, {"handover_id", "4"}});
    right->insert("nics", {{"name", "nic-3a"}, {"handover_id", "5"}});
  }

  std::vector<std::string> connections() const {
    std::vector<std::string> found;
    for (const auto& row : left->rows("vlan_service_connections")) {
      found.push_back(*row.at("name") + " " + *row.at("region") + " " + *row.at("pop") + " " +
                      *row.at("provider_id") + " " + row.at("externalRef").value_or("-"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  std::vector<std::string> nics() const {
    std::vector<std::string> found;
    for (const auto& row : right->rows("nics")) {
      found.push_back(*row.at("name") + " " + *row.at("handover_id") + " " +
                      row.at("external_ref").value_or("-"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
};

TEST_F(SeedTest, OneReconcileEndsInTheFinalStateOfTheOriginal) {
  const auto report = reconcile();
  for (const std::string& line : lines()) {
    SCOPED_TRACE(line);
  }
  EXPECT_TRUE(report.summary.converged);
  EXPECT_THAT(column(*left, "vlan_service_providers", "name"), ElementsAre("AWS", "AZURE", "IBM"));
  EXPECT_THAT(column(*right, "cloud_service_providers", "name"),
              ElementsAre("AWS", "AZURE", "IBM"));
  EXPECT_THAT(connections(),
              ElementsAre("nic-1 eu-central-1 INX6 1 -", "nic-2 eu-central-1 EqFA5 1 -",
                          "nic-2a eu-central-1 EqFA5 1 -", "nic-3 eu-west-2 EqFA5 1 nic3-eref",
                          "nic-3a eu-west-1 LON1 1 -", "nic-4 EU-Frankfurt fra03 3 -"));
  EXPECT_THAT(nics(), ElementsAre("nic-1 3 -", "nic-2 4 -", "nic-2a 4 -", "nic-3 2 nic3-eref",
                                  "nic-3a 5 -", "nic-4 1 -"));
  EXPECT_THAT(column(*right, "cloud_regions", "name"),
              ElementsAre("EU-Frankfurt", "eu-central-1", "eu-west-1", "eu-west-2"));
  EXPECT_THAT(column(*right, "cloud_regions", "external_ref"),
              ElementsAre("nic3-eref", "null", "null", "null"));
  EXPECT_THAT(column(*right, "cloud_handovers", "external_ref"),
              ElementsAre("nic3-eref", "null", "null", "null", "null"));
  // The tie between the two AWS goes to the left.
  EXPECT_THAT(column(*right, "cloud_service_providers", "upgrade_allowed"),
              ElementsAre("false", "null", "null"));
}

TEST_F(SeedTest, ASecondReconcileDoesNothingAndWritesNothing) {
  reconcile();
  const std::uint64_t transactions = left->transactions() + right->transactions();
  const auto report = reconcile();
  EXPECT_EQ(report.summary.operations(), 0U);
  EXPECT_THAT(lines(), IsEmpty());
  EXPECT_TRUE(report.summary.converged);
  // Both sides of each mapping: 3 + 3, then 6 connections with 4 regions, 5 handovers, 6 NICs
  // twice.
  EXPECT_EQ(report.summary.objects, 6U + 10U + 11U + 12U + 12U);
  EXPECT_EQ(left->transactions() + right->transactions(), transactions);
}

TEST_F(SeedTest, AChangeOnEachSideArrivesOnTheOther) {
  reconcile();
  left->update("vlan_service_connections", {{"name", "nic-1"}}, {{"externalRef", "from-left"}});
  right->update("nics", {{"name", "nic-4"}}, {{"external_ref", "from-right"}});
  EXPECT_TRUE(reconcile().summary.converged);
  EXPECT_THAT(nics(), testing::IsSupersetOf({"nic-1 3 from-left", "nic-4 1 from-right"}));
  EXPECT_THAT(connections(), testing::IsSupersetOf({"nic-1 eu-central-1 INX6 1 from-left",
                                                    "nic-4 EU-Frankfurt fra03 3 from-right"}));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

// The path reads a change that another mapping writes: it travels to where it is read.
TEST_F(SeedTest, ARegionRenamedOnTheRightIsRenamedInItsConnections) {
  reconcile();
  right->update("cloud_regions", {{"name", "eu-central-1"}}, {{"name", "eu-central-9"}});
  EXPECT_TRUE(reconcile().summary.converged);
  EXPECT_THAT(connections(),
              testing::IsSupersetOf({"nic-1 eu-central-9 INX6 1 -", "nic-2 eu-central-9 EqFA5 1 -",
                                     "nic-2a eu-central-9 EqFA5 1 -"}));
  EXPECT_THAT(column(*right, "cloud_regions", "name"),
              ElementsAre("EU-Frankfurt", "eu-central-9", "eu-west-1", "eu-west-2"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

TEST_F(SeedTest, AConnectionThatMovesTakesItsNicAlong) {
  reconcile();
  left->update("vlan_service_connections", {{"name", "nic-1"}},
               {{"region", "eu-west-2"}, {"pop", "EqFA5"}});
  EXPECT_TRUE(reconcile().summary.converged);
  EXPECT_THAT(nics(), testing::Contains("nic-1 2 -"));
  EXPECT_THAT(column(*right, "nics", "name").size(), 6U);
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

// The handover has moved while no connection was linked that would have followed.
TEST_F(SeedTest, AConnectionThatTakesAnothersPlaceFollowsTheNicThroughItsPath) {
  reconcile();
  right->erase("nics", {{"name", "nic-1"}});
  right->insert("nics", {{"name", "nic-1"}, {"handover_id", "3"}});
  right->update("cloud_handovers", {{"id", "3"}}, {{"region_id", "4"}});
  EXPECT_TRUE(reconcile().summary.converged);
  EXPECT_THAT(connections(),
              testing::IsSupersetOf({"nic-1 eu-central-1 INX6 1 -", "nic-1 eu-west-1 INX6 1 -"}));
  left->erase("vlan_service_connections", {{"name", "nic-1"}, {"region", "eu-west-1"}});
  EXPECT_TRUE(reconcile().summary.converged);
  EXPECT_THAT(connections(), testing::Contains("nic-1 eu-west-1 INX6 1 -"));
  EXPECT_THAT(connections().size(), 6U);
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

TEST_F(SeedTest, APlanChangesNothingAndSaysWhatTheRunWouldDo) {
  const auto before_left = connections();
  const auto report = plan();
  EXPECT_GT(report.summary.operations(), 0U);
  EXPECT_FALSE(report.summary.converged);
  EXPECT_EQ(connections(), before_left);
  EXPECT_EQ(store->entries(), 0U);
  // What is planned for a row is what later decisions of the plan see.
  std::vector<std::string> updates;
  for (const std::string& line : lines()) {
    if (line.starts_with("update")) {
      updates.push_back(line.substr(0, line.find(':')));
    }
  }
  EXPECT_THAT(updates, testing::UnorderedElementsAre(
                           "update matched provider", "update matched nic_import",
                           "update source_changed region", "update source_changed handover"));
  reconcile();
  EXPECT_EQ(plan().summary.operations(), 0U);
  EXPECT_TRUE(plan().summary.converged);
}

}  // namespace
}  // namespace couplet::test
