// What a definition has to stream from each source.
#include "engine/definition/stream_needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/definition/seed_definition.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StreamNeedsTest : public testing::Test {
 protected:
  void load(const std::string& text) {
    LoadResult loaded = load_text(text, {{"DAPHNE_URL", "postgresql://couplet@db1/daphne"}});
    EXPECT_EQ(rendered(loaded.diagnostics), "");
    definition_ = std::move(*loaded.definition);
    const BindResult bound = bind_to(definition_, seed_tables());
    EXPECT_EQ(rendered(bound.diagnostics), "");
    bound_ = *bound.definition;
  }
  // Two sources; `options` are of the right one.
  void load_one_way(const std::string& options, const std::string& mapping) {
    load(
        "version: 1\nname: Cloud-x\nstate: s\nsources:\n"
        "  daphne: { type: postgres, url: host=l }\n"
        "  desire: { type: postgres, url: host=r" +
        options + " }\nmappings:\n  p: { " + mapping + " }\n");
  }

  [[nodiscard]] StreamNeeds needs(std::size_t source) const {
    return stream_needs(definition_, bound_, source);
  }
  [[nodiscard]] std::vector<std::string> tables(std::size_t source) const {
    std::vector<std::string> names;
    for (const StreamNeeds::Table& table : needs(source).tables) {
      names.push_back(table.name.table);
    }
    return names;
  }

  Definition definition_;
  BoundDefinition bound_;
};

constexpr const char* kProviders =
    "left: daphne.vlan_service_providers, right: desire.cloud_service_providers, direction: "
    "left_to_right, keys: [ name ]";

// Those that a path leads through are among them.
TEST_F(StreamNeedsTest, TheTablesThatMappingsReadAreStreamed) {
  load(kSeedFile);
  EXPECT_THAT(tables(0), ElementsAre("vlan_service_connections", "vlan_service_providers"));
  EXPECT_THAT(tables(1),
              ElementsAre("cloud_handovers", "cloud_regions", "cloud_service_providers", "nics"));
}

TEST_F(StreamNeedsTest, APathMakesItsTablesStreamedWhereNobodyMapsThem) {
  load_one_way(
      "",
      "left: desire.nics, right: daphne.vlan_service_connections, direction: "
      "left_to_right, create: false, keys: [ name ], attributes: [ { left: handover.region.name, "
      "right: region } ]");
  EXPECT_THAT(tables(1), ElementsAre("cloud_handovers", "cloud_regions", "nics"));
  EXPECT_THAT(needs(1).tables[0].id, ElementsAre("id"));
  EXPECT_THAT(needs(1).tables[2].id, ElementsAre("id"));
  EXPECT_THAT(tables(0), IsEmpty()) << "nobody reads from it";
}

TEST_F(StreamNeedsTest, TheOptionDecides) {
  load_one_way(", stream: false",
               "left: daphne.vlan_service_providers, right: desire.cloud_service_providers, "
               "direction: both, keys: [ name ]");
  EXPECT_THAT(tables(1), IsEmpty());
  EXPECT_THAT(tables(0), ElementsAre("vlan_service_providers"));
}

TEST_F(StreamNeedsTest, ASourceThatSaysSoIsStreamedWhereItIsOnlyWritten) {
  load_one_way("", kProviders);
  EXPECT_THAT(tables(1), IsEmpty());
  load_one_way(", stream: true", kProviders);
  EXPECT_THAT(tables(1), ElementsAre("cloud_service_providers"));
  EXPECT_THAT(tables(0), ElementsAre("vlan_service_providers"));
}

TEST_F(StreamNeedsTest, NamesComeFromTheFilesNameOrItsOptions) {
  load_one_way("", kProviders);
  EXPECT_EQ(needs(1).slot, "couplet_cloud_x_desire");
  EXPECT_EQ(needs(1).publication, "couplet_cloud_x_desire");
  EXPECT_EQ(needs(1).mark_prefix, "couplet_cloud_x_desire_");
  EXPECT_FALSE(needs(1).shared_publication);
  load_one_way(", slot: a, publication: b", kProviders);
  EXPECT_EQ(needs(1).slot, "a");
  EXPECT_EQ(needs(1).publication, "b");
  EXPECT_TRUE(needs(1).shared_publication);
}

}  // namespace
}  // namespace couplet::test
