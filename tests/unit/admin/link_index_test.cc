// Each link is found from both its ends; where it is not, that is told.
#include "engine/admin/link_index.h"

#include <gmock/gmock.h>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class LinkIndexTest : public testing::Test, public PeopleWorld {
 protected:
  // Keys of the family that begin with `prefix`, in order.
  std::vector<std::string> keys(Family family, const std::string& prefix) const {
    std::vector<std::string> found;
    const auto cursor = store->cursor(family);
    for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix);
         cursor->next()) {
      found.emplace_back(cursor->key());
    }
    return found;
  }
  void commit(const StateBatch& batch) {
    ASSERT_TRUE(store->commit(batch, Durability::kSynced).has_value());
  }
  std::vector<std::string> problems() const { return verify_link_index(*store).value(); }

  const std::string pair_{std::string(2, '\0')};
  const std::string contributors_{std::string("\x80\0", 2)};
};

TEST_F(LinkIndexTest, OneToOneIsLookedAtFromBothEnds) {
  map("direction: both");
  constexpr int kLinks = 2'100;  // more than a batch
  for (int i = 0; i < kLinks; ++i) {
    left_has({{"key", std::to_string(i)}});
  }
  settle(*this);
  EXPECT_THAT(problems(), IsEmpty());
  const auto rights = keys(Family::kLinksRight, pair_);
  ASSERT_EQ(rights.size(), static_cast<std::size_t>(kLinks));
  StateBatch batch;
  batch.erase(Family::kLinksRight, rights.front());
  batch.put(Family::kLinksRight, rights.back(), keys(Family::kLinks, pair_)[5].substr(2));
  commit(batch);
  EXPECT_THAT(problems(), ElementsAre("links of left.people|right.persons: 2 links are not found "
                                      "from their other end",
                                      "links of left.people|right.persons: 1 entry of the other "
                                      "end leads to no link"));
}

TEST_F(LinkIndexTest, ManyToOneIsLookedAtFromBothEnds) {
  map("direction: left_to_right, cardinality: many_to_one");
  for (int i = 0; i < 12; ++i) {
    left_has({{"key", std::to_string(i / 3)}});
  }
  settle(*this);
  EXPECT_THAT(problems(), IsEmpty());
  const auto index = keys(Family::kLinksRight, contributors_);
  ASSERT_EQ(index.size(), 12U);
  const auto targets = keys(Family::kLinksRight, pair_);
  ASSERT_EQ(targets.size(), 4U);
  StateBatch batch;
  batch.erase(Family::kLinksRight, index[0]);
  batch.erase(Family::kLinksRight, targets[3]);
  batch.put(Family::kLinksRight, contributors_ + "x", "");
  commit(batch);
  const std::string of = "links of left.people|right.persons: ";
  EXPECT_THAT(problems(), UnorderedElementsAre(
                              of + "1 link is not found from its other end",
                              of + "1 entry of the other end leads to no link",
                              of + "3 contributors have a target of which nothing is recorded"));
}

}  // namespace
}  // namespace couplet::test
