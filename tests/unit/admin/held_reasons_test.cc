// Why an object is held: what is in its way, by name, and the ways out.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"
#include "tests/unit/admin/by_hand.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class HeldReasonsTest : public testing::Test, public PeopleWorld {
 protected:
  std::vector<std::string> reasons() {
    std::vector<std::string> found;
    with_state(*this, [&](State& state) {
      EXPECT_TRUE(list_held(definition(), state, {}, {}, [&](const HeldItem& item) {
        found.push_back(item.held.reason);
        return true;
      }));
    });
    return found;
  }
};

TEST_F(HeldReasonsTest, OfAConflictItNamesTheAttributesAndTheWaysOut) {
  map("direction: both, conflict: hold");
  left_has({{"key", "a"}, {"name", "left"}});
  right_has({{"key", "a"}, {"name", "right"}});
  settle(*this);
  EXPECT_THAT(reasons(),
              ElementsAre("name differs on the two sides: make both sides equal, or let a rule "
                          "decide (`conflict: left_wins`, `right_wins` or `last_write_wins`)"));
  right_sets("a", {{"name", "left"}});
  settle(*this);
  EXPECT_THAT(reasons(), IsEmpty());
  left_sets("a", {{"name", "l"}, {"mail", "l"}});
  right_sets("a", {{"name", "r"}, {"mail", "r"}});
  settle(*this);
  EXPECT_THAT(
      reasons(),
      ElementsAre("name, mail were changed on both sides: make both sides equal, set one back to "
                  "what it was, or let a rule decide (`conflict: left_wins`, `right_wins` or "
                  "`last_write_wins`)"));
  map("direction: both, conflict: hold, attributes: [ { left: name, right: mail } ]");
  left_sets("a", {{"name", "one"}});
  right_sets("a", {{"mail", "other"}});
  settle(*this);
  EXPECT_THAT(
      reasons(),
      ElementsAre(StartsWith("left.people.name = right.persons.mail differs on the two sides: ")));
}

TEST_F(HeldReasonsTest, OfADuplicateItNamesTheOthersAndTheKey) {
  map("direction: both");
  for (int i = 0; i < 2; ++i) {
    left_has({{"key", "a"}});
  }
  settle(*this);
  EXPECT_THAT(reasons(),
              ElementsAre("2 unlinked objects have this identity key (key), also left.people/2: "
                          "change the key of all but one, or remove them",
                          "2 unlinked objects have this identity key (key), also left.people/1: "
                          "change the key of all but one, or remove them"));
  for (int i = 0; i < 4; ++i) {
    left_has({{"key", "a"}});
  }
  settle(*this);
  EXPECT_THAT(reasons()[0],
              StartsWith("6 unlinked objects have this identity key (key), also left.people/2, "
                         "left.people/3, left.people/4 and 2 more: "));
}

TEST_F(HeldReasonsTest, OfSeveralCounterpartsItNamesThem) {
  map("direction: left_to_right");
  left_has({{"key", "a"}});
  right_has({{"key", "a"}});
  right_has({{"key", "a"}});
  settle(*this);
  EXPECT_THAT(reasons(), ElementsAre("2 objects on the other side have this identity key (key): "
                                     "right.persons/1, right.persons/2; change the key of all but "
                                     "one, or remove them"));
}

TEST_F(HeldReasonsTest, OfACounterpartThatIsLinkedItNamesBothEndsOfThatLink) {
  map("direction: left_to_right");
  left_has({{"key", "a"}});
  settle(*this);
  left_has({{"key", "a"}});
  settle(*this);
  EXPECT_THAT(reasons(),
              ElementsAre("right.persons/1, which has this identity key (key), is linked to "
                          "left.people/1: change one of the keys, or part the two with `couplet "
                          "links remove`"));
}

}  // namespace
}  // namespace couplet::test
