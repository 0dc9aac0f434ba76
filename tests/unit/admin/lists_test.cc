// Lists: order, filters, pages, ids.
#include <gmock/gmock.h>

#include <set>

#include "tests/support/people_world.h"
#include "tests/unit/admin/by_hand.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ListsTest : public testing::Test, public PeopleWorld {
 protected:
  void linked_people(int from, int to) {
    for (int i = from; i <= to; ++i) {
      const std::string key = "k" + std::to_string(i);
      left_has({{"key", key}});
      right_has({{"key", key}});
    }
    settle(*this);
  }
  // Names of the left ends of a page.
  std::vector<std::string> page(const Page& page, Listed& listed) {
    std::vector<std::string> found;
    with_state(*this, [&](State& state) {
      listed = *list_links(definition(), state, {}, page, [&](const LinkItem& item) {
        found.push_back(item.left);
        return true;
      });
    });
    return found;
  }
  Result<Listed> parked(const WorklistSelection& selection, const Page& page,
                        std::vector<ParkedItem>& items) {
    Result<Listed> listed;
    with_state(*this, [&](State& state) {
      listed = list_parked(definition(), state, selection, page, [&](const ParkedItem& item) {
        items.push_back(item);
        return true;
      });
    });
    return listed;
  }
  // Objects whose age has no counterpart in `values` are parked.
  void parked_people(int count) {
    map("direction: both, attributes: [ { left: age, right: age, values: { 1: 1 } } ]");
    for (int i = 0; i < count; ++i) {
      left_has({{"key", "k" + std::to_string(i)}, {"age", "7"}});
    }
    settle(*this);
  }
};

TEST_F(ListsTest, PagesTogetherAreTheListWhateverIsAddedAndRemovedMeanwhile) {
  map("direction: both");
  linked_people(1, 2100);
  Listed listed;
  const auto all = page({}, listed);
  ASSERT_EQ(all.size(), 2100U);
  EXPECT_EQ(listed.items, 2100U);
  EXPECT_FALSE(listed.next);
  std::vector<std::string> joined;
  Page next{std::nullopt, 700};
  int pages = 0;
  do {
    const auto part = page(next, listed);
    joined.insert(joined.end(), part.begin(), part.end());
    next.after = listed.next;
    if (++pages == 1) {
      // The last item of the page before goes: the next page begins where it would have.
      EXPECT_EQ(remove_link(*this, joined.back()),
                "left.people/700 = right.persons/700 kept apart");
    }
  } while (next.after);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(joined, all);
}

TEST_F(ListsTest, LinksAreChosenByHowAndWhenTheyWereMade) {
  map("direction: both");
  linked_people(1, 2);
  const Timestamp between{clock.now().value + 1};
  clock.set(clock.now().value + 1'000'000);
  left_has({{"key", "x"}});
  right_has({{"key", "y"}});
  EXPECT_EQ(add_link(*this, "left.people/3", "right.persons/3"), "");
  LinkSelection selection;
  selection.by = LinkedBy::kManual;
  EXPECT_THAT(links(*this, selection), ElementsAre("left.people/3 = right.persons/3 manual"));
  selection.by = LinkedBy::kCreated;
  EXPECT_THAT(links(*this, selection), IsEmpty());
  selection = {};
  selection.linked.before = between;
  EXPECT_EQ(links(*this, selection).size(), 2U);
  selection.linked = {std::nullopt, between};
  EXPECT_THAT(links(*this, selection), ElementsAre("left.people/3 = right.persons/3 manual"));
}

TEST_F(ListsTest, ATokenOfAnotherListIsRefused) {
  map("direction: both");
  with_state(*this, [&](State& state) {
    for (const std::string& token :
         {std::string("l"), std::string("p0000"), std::string("l00"), std::string("lffff80"),
          std::string("l00zz"), std::string("left.people/1")}) {
      const auto listed =
          list_links(definition(), state, {}, {token, 0}, [](const LinkItem&) { return true; });
      ASSERT_FALSE(listed) << token;
      EXPECT_EQ(listed.error().message, "\"" + token + "\" is no place in this list");
    }
    EXPECT_FALSE(list_parked(definition(), state, {}, {page_token(ListKind::kHeld, "abcdef"), 0},
                             [](const ParkedItem&) { return true; }));
    EXPECT_FALSE(list_conflicts(definition(), state, {},
                                {page_token(ListKind::kConflicts, "\xff\xff"), 0},
                                [](const ConflictItem&) { return true; }));
  });
}

TEST_F(ListsTest, ParkedOnesHaveIdsThatStayAndPages) {
  parked_people(1500);
  std::vector<ParkedItem> all;
  EXPECT_EQ(parked({}, {}, all)->items, 1500U);
  std::set<std::string> ids;
  for (const ParkedItem& item : all) {
    EXPECT_EQ(item.id.size(), 8U);
    ids.insert(item.id);
  }
  EXPECT_EQ(ids.size(), 1500U);
  EXPECT_EQ(all[0].object, "left.people/1");
  EXPECT_EQ(all[0].parked.code, "value_not_listed");

  settle(*this);  // Tried again: the entry is the same one.
  std::vector<ParkedItem> later;
  WorklistSelection one;
  one.ids = {all[7].id};
  parked(one, {}, later);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].object, "left.people/8");
  EXPECT_GE(later[0].parked.attempts, 2U);

  std::vector<ParkedItem> joined;
  Page next{std::nullopt, 400};
  do {
    next.after = parked({}, next, joined)->next;
  } while (next.after);
  ASSERT_EQ(joined.size(), 1500U);
  EXPECT_TRUE(std::equal(all.begin(), all.end(), joined.begin(),
                         [](const auto& a, const auto& b) { return a.id == b.id; }));
}

TEST_F(ListsTest, WhatIsDiscardedIsForgottenAndTriedAsIfForTheFirstTime) {
  parked_people(3);
  settle(*this);
  with_state(*this, [&](State& state) {
    std::vector<ParkedItem> items = *find_parked(definition(), state, {});
    ASSERT_EQ(items.size(), 3U);
    EXPECT_EQ(items[0].parked.attempts, 2U);
    WorklistSelection two;
    two.ids = {items[0].id, items[2].id};
    std::vector<std::string> told;
    EXPECT_EQ(discard_parked(definition(), state, two,
                             [&](const ParkedItem& item) { told.push_back(item.object); })
                  .value_or(0),
              2U);
    EXPECT_THAT(told, ElementsAre("left.people/1", "left.people/3"));
    items = *find_parked(definition(), state, {});
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].object, "left.people/2");
    two.ids = {items[0].id, "zzzzzzzz"};
    EXPECT_EQ(find_parked(definition(), state, two).error().message,
              "nothing parked has the id \"zzzzzzzz\"");
    EXPECT_FALSE(discard_parked(definition(), state, two, [](const ParkedItem&) {}));
    EXPECT_EQ(find_parked(definition(), state, {})->size(), 1U);
  });
  settle(*this);
  with_state(*this, [&](State& state) {
    const auto items = *find_parked(definition(), state, {});
    ASSERT_EQ(items.size(), 3U);
    EXPECT_EQ(items[0].parked.attempts, 1U);
    EXPECT_EQ(items[1].parked.attempts, 3U);
  });
}

TEST_F(ListsTest, ParkedOnesAreDiscardedPageByPage) {
  constexpr int kParked = 2'500;
  parked_people(kParked);
  with_state(*this, [&](State& state) {
    std::set<std::string> told;
    EXPECT_EQ(discard_parked(definition(), state, {},
                             [&](const ParkedItem& item) { told.insert(item.object); })
                  .value_or(0),
              static_cast<std::uint64_t>(kParked));
    EXPECT_EQ(told.size(), static_cast<std::size_t>(kParked));
    EXPECT_EQ(*state.count(0, Family::kParked), 0U);
  });
}

TEST_F(ListsTest, ParkedOnesAreGivenToARetrySomeAtATime) {
  parked_people(2'500);
  with_state(*this, [&](State& state) {
    const auto next = parked_pages(definition(), state, {});
    std::vector<std::size_t> sizes;
    std::set<Subject> subjects;
    for (auto page = next(); page && !page->empty(); page = next()) {
      sizes.push_back(page->size());
      subjects.insert(page->begin(), page->end());
    }
    EXPECT_THAT(sizes, ElementsAre(1000U, 1000U, 500U));
    EXPECT_EQ(subjects.size(), 2'500U);
    EXPECT_TRUE(next()->empty()) << "and then no more";
  });
}

TEST_F(ListsTest, ParkedOnesAreChosenBySituation) {
  parked_people(1);
  left_has({{"key", "linked"}, {"age", "1"}});
  settle(*this);
  left_sets("linked", {{"age", "7"}});
  settle(*this);
  std::vector<ParkedItem> items;
  WorklistSelection selection;
  selection.situation = Situation::kSourceChanged;
  ASSERT_TRUE(parked(selection, {}, items));
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].object, "left.people/2");
  EXPECT_EQ(items[0].counterpart, "right.persons/1");
  EXPECT_THAT(items[0].parked.attributes, ElementsAre("age"));
}

TEST_F(ListsTest, HeldOnesAreChosenBySituationAndAge) {
  map("direction: both");
  left_has({{"key", "a"}});
  left_has({{"key", "a"}});
  left_has({{"key", "b"}});
  right_has({{"key", "b"}});
  right_has({{"key", "b"}});
  settle(*this);
  with_state(*this, [&](State& state) {
    const auto objects = [&](const WorklistSelection& selection) {
      std::vector<std::string> found;
      EXPECT_TRUE(list_held(definition(), state, selection, {}, [&](const HeldItem& item) {
        found.push_back(item.object);
        return true;
      }));
      return found;
    };
    WorklistSelection selection;
    selection.situation = Situation::kAmbiguous;
    EXPECT_THAT(objects(selection), ElementsAre("left.people/3"));
    selection.situation = Situation::kDuplicate;
    EXPECT_THAT(objects(selection), ElementsAre("left.people/1", "left.people/2", "right.persons/1",
                                                "right.persons/2"));
    selection.age.before = clock.now();
    EXPECT_THAT(objects(selection), IsEmpty());
    EXPECT_EQ(objects({}).size(), 5U);
    EXPECT_THAT(objects({0, {}, {}, {std::nullopt, clock.now()}}), testing::SizeIs(5));
  });
}

TEST_F(ListsTest, ConflictsKeepBothValuesAndTheRule) {
  map("direction: both, conflict: hold");
  linked_people(1, 2);
  for (const char* key : {"k1", "k2"}) {
    left_sets(key, {{"name", "left"}});
    right_sets(key, {{"name", "right"}});
  }
  settle(*this);
  with_state(*this, [&](State& state) {
    std::vector<ConflictItem> items;
    const auto keep = [&](const ConflictItem& item) {
      items.push_back(item);
      return true;
    };
    const auto listed = list_conflicts(definition(), state, {}, {std::nullopt, 1}, keep);
    ASSERT_TRUE(listed && listed->next);
    EXPECT_FALSE(list_conflicts(definition(), state, {}, {listed->next, 1}, keep)->next);
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(items[0].conflict.objects[0], "left.people/1");
    EXPECT_EQ(items[1].conflict.objects[1], "right.persons/2");
    EXPECT_EQ(items[0].conflict.values[0], "\"left\"");
    EXPECT_EQ(items[0].conflict.values[1], "\"right\"");
    EXPECT_FALSE(items[0].conflict.winner);
    EXPECT_NE(items[0].id, items[1].id);
  });
}

TEST_F(ListsTest, ConflictsAreChosenBySituation) {
  map("direction: both, conflict: left_wins");
  left_has({{"key", "met"}, {"name", "left"}});
  right_has({{"key", "met"}, {"name", "right"}});
  linked_people(1, 1);
  left_sets("k1", {{"name", "left"}});
  right_sets("k1", {{"name", "right"}});
  EXPECT_EQ(settle(*this).count(Operation::kConflict), 1U);
  with_state(*this, [&](State& state) {
    const auto objects = [&](std::optional<Situation> situation) {
      std::vector<std::string> found;
      EXPECT_TRUE(list_conflicts(definition(), state, {{}, situation, {}, {}}, {},
                                 [&](const ConflictItem& item) {
                                   found.push_back(item.conflict.objects[0]);
                                   return true;
                                 }));
      return found;
    };
    EXPECT_THAT(objects(Situation::kMatched), ElementsAre("left.people/1"));
    EXPECT_THAT(objects(Situation::kConflict), ElementsAre("left.people/2"));
    EXPECT_THAT(objects(Situation::kMoved), IsEmpty());
    EXPECT_THAT(objects({}), testing::SizeIs(2));
  });
}

}  // namespace
}  // namespace couplet::test
