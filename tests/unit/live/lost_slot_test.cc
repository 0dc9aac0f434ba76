// A slot that is lost before anything was told by it: nobody can compare where it began.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;

TEST(LostSlot, ASlotThatIsMadeAgainBeforeAnyPlaceIsKnownIsFollowedByAReconcile) {
  LiveWorld world;
  world.map("direction: both");
  world.left_has({{"key", "a"}, {"name", "Ada"}});
  ASSERT_TRUE(world.live_until("live_received", 1)) << "reconciled, and no place is on record yet";
  world.right->drop_slot("test");
  world.right_has({{"key", "b"}, {"name", "untold"}});
  world.right->make_slot("test");
  world.live();
  EXPECT_THAT(world.lefts(), ElementsAre("a Ada -", "b untold -"));
  world.expect_in_step();
}

TEST(LostSlot, OncePlacesAreKnownALaterStartReconcilesNothing) {
  LiveWorld world;
  world.map("direction: both");
  world.left_has({{"key", "a"}, {"name", "Ada"}});
  world.live();
  world.live();
  EXPECT_FALSE(world.told("reconciling"));
}

}  // namespace
}  // namespace couplet::test
