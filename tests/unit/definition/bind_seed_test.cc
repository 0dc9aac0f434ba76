// The example of DESIGN section 3, bound to its tables: pairs, slots, writers and order as they
// must come out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/definition/seed_definition.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SeedTest : public testing::Test {
 protected:
  SeedTest() {
    LoadResult loaded = load_text(kSeedFile, {{"DAPHNE_URL", "postgresql://couplet@db1/daphne"}});
    EXPECT_EQ(rendered(loaded.diagnostics), "");
    definition_ = std::move(*loaded.definition);
    BindResult result = bind_to(definition_, seed_tables());
    EXPECT_EQ(rendered(result.diagnostics), "");
    bound_ = std::move(*result.definition);
  }

  const BoundMapping& mapping(const std::string& name) const {
    return *std::find_if(bound_.mappings.begin(), bound_.mappings.end(),
                         [&](const BoundMapping& candidate) { return candidate.name == name; });
  }
  const Pair& pair_of(const std::string& name) const { return bound_.pairs[mapping(name).pair]; }

  // Each use of a mapping in one line: "key region=name > carried_back:right".
  std::vector<std::string> uses(const std::string& name) const {
    std::vector<std::string> lines;
    const auto add = [&](const std::vector<SlotUse>& all, const std::string& kind) {
      for (const SlotUse& use : all) {
        std::string line = kind + " " + pair_of(name).slots[use.slot].name + " ";
        line += use.writes[0] ? "<" : "";
        line += use.writes[1] ? ">" : "";
        for (const Side side : {Side::kLeft, Side::kRight}) {
          line += use.carried_back[index_of(side)] ? std::string(" back:") + name_of(side) : "";
        }
        lines.push_back(line);
      }
    };
    add(mapping(name).keys, "key");
    add(mapping(name).attributes, "attribute");
    return lines;
  }

  Definition definition_;
  BoundDefinition bound_;
};

TEST_F(SeedTest, MappingsOverOneEntityPairShareOnePair) {
  std::vector<std::string> names;
  for (const Pair& pair : bound_.pairs) {
    names.push_back(pair.name);
  }
  EXPECT_THAT(names, ElementsAre("daphne.VlanServiceProvider|desire.CloudServiceProvider",
                                 "daphne.VlanServiceConnection|desire.CloudRegion",
                                 "daphne.VlanServiceConnection|desire.CloudHandover",
                                 "daphne.VlanServiceConnection|desire.NIC"));
  EXPECT_EQ(mapping("nic_import").pair, mapping("nic_export").pair);
  EXPECT_EQ(pair_of("provider").many, std::nullopt);
  EXPECT_EQ(pair_of("region").many, Side::kLeft);
  EXPECT_EQ(pair_of("handover").many, Side::kLeft);
  EXPECT_EQ(pair_of("nic_import").many, std::nullopt);
}

TEST_F(SeedTest, ParentsComeFirst) { EXPECT_THAT(bound_.order, ElementsAre(0, 1, 2, 3, 4)); }

TEST_F(SeedTest, EveryUseKnowsWhatItWritesAndWhatIsCarriedBack) {
  EXPECT_THAT(uses("provider"), ElementsAre("key name=name <> back:left back:right",
                                            "attribute canUpgrade=upgrade_allowed <> back:left "
                                            "back:right"));
  EXPECT_THAT(uses("region"),
              ElementsAre("key region=name > back:right", "key parent=parent>provider > back:right",
                          "attribute externalRef=external_ref >"));
  EXPECT_THAT(uses("handover"),
              ElementsAre("key pop=name > back:right", "key self=parent>region > back:right",
                          "attribute externalRef=external_ref >"));
  EXPECT_THAT(uses("nic_import"),
              ElementsAre("key name=name < back:left", "key region=parent.parent.name < back:left",
                          "key pop=parent.name < back:left",
                          "key parent=parent.parent.parent>provider < back:left",
                          "attribute externalRef=external_ref < back:left"));
  EXPECT_THAT(uses("nic_export"),
              ElementsAre("key name=name > back:right", "key self=parent>handover > back:right",
                          "attribute externalRef=external_ref > back:right"));
}

TEST_F(SeedTest, ADeepPathIsJoinsThenAColumn) {
  const Slot& slot = pair_of("nic_import").slots[1];
  ASSERT_EQ(slot.name, "region=parent.parent.name");
  EXPECT_EQ(slot.right.kind, Endpoint::Kind::kColumn);
  ASSERT_EQ(slot.right.columns.size(), 1U);
  const ColumnPath& path = slot.right.columns[0];
  EXPECT_EQ(path.column, "name");
  const std::vector<Join> joins = {
      {{"handover_id"}, {"public", "cloud_handovers"}, {"id"}},
      {{"region_id"}, {"public", "cloud_regions"}, {"id"}},
  };
  EXPECT_EQ(path.joins, joins);
  EXPECT_FALSE(slot.right.writable);
  EXPECT_FALSE(slot.right.nullable);  // Neither reference nor name may be null.
  EXPECT_TRUE(slot.left.writable);
  EXPECT_TRUE(slot.left.nullable);
  EXPECT_EQ(slot.canonical, Side::kLeft);  // Only the left is written.
}

TEST_F(SeedTest, AReferenceIsTranslatedThroughTheLinksOfItsMapping) {
  const Slot& slot = pair_of("handover").slots[1];
  ASSERT_EQ(slot.name, "self=parent>region");
  EXPECT_EQ(slot.left.kind, Endpoint::Kind::kSelf);
  EXPECT_EQ(bound_.entities[slot.left.entity].name, "daphne.VlanServiceConnection");
  EXPECT_EQ(slot.right.kind, Endpoint::Kind::kReference);
  EXPECT_EQ(bound_.entities[slot.right.entity].name, "desire.CloudRegion");
  EXPECT_EQ(slot.right.columns[0].column, "region_id");
  EXPECT_TRUE(slot.right.required);
  EXPECT_EQ(bound_.pairs[*slot.link].name, "daphne.VlanServiceConnection|desire.CloudRegion");
  EXPECT_FALSE(slot.link_flipped);
  EXPECT_EQ(slot.canonical, Side::kRight);
}

TEST_F(SeedTest, TheChangeTimeOfAValueIsThatOfItsObject) {
  const Slot& slot = pair_of("nic_import").slots[1];
  ASSERT_TRUE(slot.left.updated_at);
  EXPECT_EQ(slot.left.updated_at->column, "updated_at");
  EXPECT_THAT(slot.left.updated_at->joins, IsEmpty());
  EXPECT_FALSE(slot.right.updated_at);  // Regions have none.
}

TEST_F(SeedTest, DefaultsOfTheReferenceAreFilledIn) {
  const BoundMapping& region = mapping("region");
  EXPECT_EQ(bound_.name, "cloud-inventory");
  EXPECT_EQ(bound_.clock_skew_us, 2'000'000);
  EXPECT_EQ(definition_.memory_bytes, 512ULL << 20U);
  EXPECT_EQ(definition_.reconcile->every_us, 900'000'000);
  EXPECT_EQ(definition_.http->host, "127.0.0.1");
  EXPECT_EQ(definition_.http->port, 8080);
  EXPECT_EQ(definition_.sources[0].postgres.connections, 4U);
  EXPECT_EQ(definition_.sources[0].postgres.statement_timeout_us, 60'000'000);
  EXPECT_EQ(region.conflict, ConflictPolicy::kLastWriteWins);
  EXPECT_EQ(region.delete_policy, DeletePolicy::kNever);
  EXPECT_EQ(region.attributes[0].tie, Side::kLeft);
  EXPECT_EQ(mapping("nic_import").attributes[0].tie,
            Side::kRight);  // The source of a one-way mapping.
  EXPECT_EQ(mapping("provider").attributes[0].tie, Side::kLeft);
  EXPECT_THAT(region.create, ElementsAre(false, true));
  EXPECT_EQ(region.limits.at(LimitClass::kDelete).count, 20U);
  EXPECT_EQ(region.limits.at(LimitClass::kDelete).percent, 5.0);
  EXPECT_EQ(region.limits.at(LimitClass::kRecreate).count, 20U);
  EXPECT_EQ(region.limits.at(LimitClass::kRecreate).percent, 50.0);
  EXPECT_FALSE(region.limits.contains(LimitClass::kCreate));
}

TEST_F(SeedTest, TablesAreAskedForInOneBatchASource) {
  Binder binder(definition_);
  const auto needed = binder.needed();
  ASSERT_EQ(needed.size(), 2U);
  EXPECT_THAT(needed[0].tables, ElementsAre(TableName{"", "vlan_service_connections"},
                                            TableName{"", "vlan_service_providers"}));
  for (const TablesNeeded& batch : needed) {
    binder.describe(batch.source, batch.tables,
                    *describe(seed_tables(), batch.source, batch.tables));
  }
  EXPECT_THAT(binder.needed(), IsEmpty());
}

// Tables that only a path leads to are asked for when the path gets there.
TEST_F(SeedTest, APathMayLeadThroughTablesThatAreNoEntities) {
  std::string file = kSeedFile;
  const auto cut = [&](const std::string& begin, const std::string& end) {
    const std::size_t at = file.find(begin);
    file.erase(at, file.find(end, at) - at);
  };
  cut("  region:   ", "  nic_import:");
  cut("  nic_export:", "reconcile:");
  cut("  desire.CloudRegion:", "  desire.NIC:");
  for (const char* path : {"parent.parent.name", "parent.parent.parent", "parent.name"}) {
    const std::string wanted = path;
    std::string renamed = wanted;
    // Without their entries the references are called by their columns.
    renamed = wanted == "parent.parent.name"     ? "parent.region.name"
              : wanted == "parent.parent.parent" ? "parent.region.provider"
                                                 : wanted;
    file.replace(file.find(wanted), wanted.size(), renamed);
  }
  LoadResult loaded = load_text(file, {{"DAPHNE_URL", "x"}});
  ASSERT_EQ(rendered(loaded.diagnostics), "");
  BindResult result = bind_to(*loaded.definition, seed_tables());
  EXPECT_EQ(rendered(result.diagnostics), "");
  ASSERT_TRUE(result.definition);
  EXPECT_EQ(result.definition->pairs[1].slots[1].right.columns[0].joins.size(), 2U);
}

TEST_F(SeedTest, TheFingerprintIsOfTheMeaningNotOfTheLayout) {
  const auto fingerprint = [](const std::string& file, const DescribedSources& tables) {
    LoadResult loaded = load_text(file, {{"DAPHNE_URL", "x"}});
    return bind_to(*loaded.definition, tables).definition->fingerprint;
  };
  const std::string plain = fingerprint(kSeedFile, seed_tables());
  EXPECT_EQ(plain.size(), 32U);
  EXPECT_EQ(plain, bound_.fingerprint);
  EXPECT_EQ(plain, fingerprint("# A remark.\n" + kSeedFile, seed_tables()));

  DescribedSources renumbered = seed_tables();
  renumbered[0][0].columns[1].type->source_type = 4711;
  EXPECT_EQ(plain, fingerprint(kSeedFile, renumbered));

  std::string other = kSeedFile;
  other.replace(other.find("cardinality: many_to_one"), 24, "conflict: left_wins     ");
  EXPECT_NE(plain, fingerprint(other, seed_tables()));
  DescribedSources widened = seed_tables();
  widened[1][1].columns[2].type = type_of(TypeKind::kVarchar, 99);
  EXPECT_NE(plain, fingerprint(kSeedFile, widened));
}

}  // namespace
}  // namespace couplet::test
