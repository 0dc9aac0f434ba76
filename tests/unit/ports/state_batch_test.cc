#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "engine/ports/state_store.h"

namespace couplet {
namespace {

using testing::ElementsAre;

// The names are those of the column families on disk: changing one loses what is under the old.
TEST(FamilyTest, NamesAreThoseOfTheFormat) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    names.emplace_back(name_of(static_cast<Family>(i)));
  }
  EXPECT_THAT(names, ElementsAre("meta", "links", "links_right", "positions", "dirty", "waiting",
                                 "assemblies", "parked", "held", "conflicts", "tombstones",
                                 "intents", "topics"));
}

TEST(FamilyDeathTest, ANumberThatIsNoFamilyStops) {
  EXPECT_DEATH(name_of(static_cast<Family>(kFamilies)), "a family without a name");
}

TEST(StateBatchTest, KeepsItsChangesInOrder) {
  StateBatch batch;
  EXPECT_TRUE(batch.empty());
  batch.put(Family::kLinks, "a", "1");
  batch.erase(Family::kDirty, "b");
  batch.put(Family::kLinks, "a", "");
  EXPECT_FALSE(batch.empty());
  ASSERT_EQ(batch.changes().size(), 3U);
  EXPECT_EQ(batch.changes()[0].value, "1");
  EXPECT_EQ(batch.changes()[1].family, Family::kDirty);
  EXPECT_EQ(batch.changes()[1].value, std::nullopt);
  EXPECT_EQ(batch.changes()[2].value, "") << "an empty value is no erasure";
  batch.clear();
  EXPECT_TRUE(batch.empty());
}

}  // namespace
}  // namespace couplet
