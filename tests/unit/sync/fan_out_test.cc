// Paths walked backwards.
#include "engine/sync/fan_out.h"

#include <gmock/gmock.h>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class FanOutTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    DescribedTable regions("regions");
    regions.id().text("name").required("code");
    regions.info().unique_keys.push_back({"code", {"code"}, false, false});
    create(*right, regions);
    create(*right, DescribedTable("sites").id().text("name").text("area").constraint(
                       {"area"}, "regions", {"code"}));
    create(*right, DescribedTable("hosts").id().text("name").foreign_key("site_id", "sites", true));
    create(*left, DescribedTable("machines").id().text("name").text("region").text("site"));
    create(*left, DescribedTable("places").id().text("name"));
    define(
        "entities:\n"
        "  right.regions: { }\n"
        "  right.sites: { references: { region: area } }\n"
        "mappings:\n"
        "  place: { left: left.places, right: right.sites, direction: both, keys: [ name ] }\n"
        "  host: { left: left.machines, right: right.hosts, direction: right_to_left,\n"
        "    keys: [ name ], attributes: [ { left: region, right: site.region.name },\n"
        "      { left: site, right: site.name } ] }\n");
    plans_ = make_plans(definition());
    for (const char* n : {"1", "2"}) {
      right->insert("regions", {{"id", n}, {"name", n}, {"code", std::string("c") + n}});
      right->insert("sites", {{"id", n}, {"area", std::string("c") + n}});
    }
    for (const auto& [host, site] : {std::pair{"1", "1"}, {"2", "2"}, {"3", "1"}, {"4", "1"}}) {
      right->insert("hosts", {{"id", host}, {"site_id", site}});
    }
    right->insert("hosts", {{"id", "5"}});
  }

  std::size_t entity(const std::string& name) const {
    for (std::size_t i = 0; i < definition().entities.size(); ++i) {
      if (definition().entities[i].name == name) {
        return i;
      }
    }
    return definition().entities.size();
  }
  // The ids at the end of the only way from these objects.
  std::optional<std::vector<std::string>> readers(const std::string& name,
                                                  const std::vector<std::string>& ids,
                                                  std::size_t most = 100) {
    MemorySource left_source(left);
    MemorySource right_source(right);
    const FanOut fan_out(definition(), plans_, {&left_source, &right_source});
    const std::size_t from = entity(name);
    const auto& types = definition().entities[from].id_types;
    COUPLET_CHECK(fan_out.through(from).size() == 1);
    const FanOut::Way& way = fan_out.through(from)[0];
    std::vector<ObjectKey> keys;
    for (const std::string& id : ids) {
      keys.push_back(parse_key(types, id).value());
    }
    const auto found = fan_out.walk(way, from, keys, most).value();
    statements_ = right_source.statements();
    if (!found) {
      return std::nullopt;
    }
    std::vector<std::string> shown;
    for (const ObjectKey& key : *found) {
      shown.push_back(format_key(way.projection.id_types, key));
    }
    return shown;
  }

  std::vector<MappingPlan> plans_;
  std::uint64_t statements_ = 0;
};

TEST_F(FanOutTest, ThoseThatReadAnObjectAreFoundWithOneStatement) {
  EXPECT_THAT(readers("right.sites", {"1"}).value(), ElementsAre("1", "3", "4"));
  EXPECT_EQ(statements_, 1U);
  EXPECT_THAT(readers("right.sites", {"1", "2", "77"}).value(), ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(statements_, 1U);
  EXPECT_THAT(readers("right.sites", {"77"}).value(), IsEmpty());
}

TEST_F(FanOutTest, ThroughSeveralReferencesAndByOtherColumnsThanTheId) {
  EXPECT_THAT(readers("right.regions", {"1"}).value(), ElementsAre("1", "3", "4"));
  EXPECT_EQ(statements_, 2U);
  EXPECT_THAT(readers("right.regions", {"2"}).value(), ElementsAre("2"));
  EXPECT_THAT(readers("right.regions", {"77"}).value(), IsEmpty());
}

TEST_F(FanOutTest, MoreThanTheBoundIsNoAnswer) {
  EXPECT_THAT(readers("right.sites", {"1"}, 3).value(), SizeIs(3));
  EXPECT_FALSE(readers("right.sites", {"1"}, 2));
}

TEST_F(FanOutTest, WhoReadsNothingThroughAPathIsOnNoWay) {
  MemorySource left_source(left);
  MemorySource right_source(right);
  const FanOut fan_out(definition(), plans_, {&left_source, &right_source});
  EXPECT_THAT(fan_out.through(entity("left.machines")), IsEmpty());
  EXPECT_THAT(fan_out.through(entity("right.hosts")), IsEmpty());
  EXPECT_THAT(fan_out.through(entity("right.sites")), SizeIs(1));
  for (const Side side : {Side::kLeft, Side::kRight}) {
    EXPECT_THAT(fan_out.referring(definition().mappings[0].pair, side), IsEmpty());
  }
}

}  // namespace
}  // namespace couplet::test
