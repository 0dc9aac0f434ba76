// A reconcile of `run` that was killed, or stopped, goes on behind the mappings that it was done
// with; where that would miss something, it begins anew.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr const char* kAlready = "compared already";

class ResumedReconcileTest : public testing::Test, public LiveWorld {
 protected:
  // People and their pets; both ways, people first.
  void people_and_pets(const std::string& options = "direction: both") {
    make_pets();
    const bool own = options.find("attributes:") != std::string::npos;
    define(
        "mappings:\n"
        "  person: { left: left.people, right: right.persons, keys: [ key ], " +
        std::string(own ? "" : "attributes: [ name, mail ], ") + options +
        " }\n"
        "  pet: { left: left.pets, right: right.animals, keys: [ key ], direction: both,\n"
        "    attributes: [ name, { left: owner, right: owner, link: person } ] }\n");
  }
  void make_pets() {
    if (std::exchange(have_pets_, true)) {
      return;
    }
    for (const auto& [database, table, owner] : {std::tuple{left.get(), "pets", "people"},
                                                 std::tuple{right.get(), "animals", "persons"}}) {
      create(*database,
             DescribedTable(table).id().text("key").text("name").foreign_key("owner_id", owner));
    }
  }
  // Two mappings over the same tables.
  void names_and_mails() {
    define(
        "mappings:\n"
        "  named: { left: left.people, right: right.persons, keys: [ key ], attributes: [ name ],\n"
        "    direction: both }\n"
        "  mailed: { left: left.people, right: right.persons, keys: [ key ], attributes: [ mail "
        "],\n"
        "    direction: both }\n");
  }
  void has_ada_and_her_cat() {
    left_has({{"id", "1"}, {"key", "a"}, {"name", "Ada"}});
    left->insert("pets", {{"key", "c"}, {"name", "cat"}, {"owner_id", "1"}});
  }
  // Killed in the work of the second mapping, of which nothing is written yet.
  void die_in_the_second() { ASSERT_TRUE(live_until("before_intent", 2)); }
  [[nodiscard]] std::vector<std::string> animals() const {
    return column(*right, "animals", "name");
  }
  [[nodiscard]] std::vector<std::string> in_state() const {
    std::vector<std::string> names;
    for (const auto& [mapping, compared] : compared_now()) {
      names.push_back(definition().mappings[mapping].name);
    }
    return names;
  }
  [[nodiscard]] std::map<std::size_t, Compared> compared_now() const {
    std::map<std::size_t, Compared> found;
    in_the_state(
        [&](const State& state) { found = *compared_mappings(state, definition().fingerprint); });
    return found;
  }
  void in_the_state(const std::function<void(const State&)>& act) const {
    MemorySource left_source(left);
    MemorySource right_source(right);
    CountingRandom chance;
    const std::vector<std::string> identities = {*left_source.identity(), *right_source.identity()};
    act(**State::open(*store, definition(), identities, chance));
  }

  void forget_scans() { scanned_.clear(); }
  void on_progress(std::size_t mapping, const char* phase, std::uint64_t /*done*/,
                   std::uint64_t /*total*/) override {
    if (std::string(phase) == "scan") {
      scanned_.insert(definition().mappings[mapping].name);
    }
  }
  std::set<std::string> scanned_;  // mappings
  bool have_pets_ = false;
};

TEST_F(ResumedReconcileTest, OneThatIsKilledGoesOnBehindTheMappingsThatItWasDoneWith) {
  people_and_pets();
  has_ada_and_her_cat();
  die_in_the_second();
  EXPECT_THAT(in_state(), ElementsAre("person"));
  forget_scans();
  live();
  EXPECT_TRUE(told("the last reconcile did not come to its end; compared already: 'person'"));
  EXPECT_THAT(scanned_, ElementsAre("pet"));
  EXPECT_THAT(animals(), ElementsAre("cat"));
  EXPECT_THAT(in_state(), ElementsAre());
  expect_in_step();
}

TEST_F(ResumedReconcileTest, SoDoesOneThatIsStopped) {
  people_and_pets();
  has_ada_and_her_cat();
  stop_requested = [&] { return scanned_.contains("pet"); };
  live();
  stop_requested = [] { return false; };
  EXPECT_THAT(in_state(), ElementsAre("person"));
  forget_scans();
  live();
  EXPECT_THAT(scanned_, ElementsAre("pet"));
  expect_in_step();
}

TEST_F(ResumedReconcileTest, SoDoesOneOnSchedule) {
  people_and_pets();
  schedule.emplace().every_us = kHourUs;
  live();
  clock.sleep_us(kHourUs);
  stop_requested = [&] { return scanned_.contains("pet"); };
  forget_scans();
  live();
  stop_requested = [] { return false; };
  has_ada_and_her_cat();
  forget_scans();
  live();
  EXPECT_TRUE(told("reconciling: it is due by its schedule"));
  EXPECT_THAT(scanned_, ElementsAre("pet"));
  EXPECT_THAT(animals(), ElementsAre("cat")) << "what came meanwhile is told by its event";
  expect_in_step();
}

TEST_F(ResumedReconcileTest, TheNextOneComparesAll) {
  people_and_pets();
  schedule.emplace().every_us = kHourUs;
  has_ada_and_her_cat();
  die_in_the_second();
  live();
  clock.sleep_us(kHourUs);
  forget_scans();
  live();
  EXPECT_THAT(scanned_, ElementsAre("person", "pet"));
  EXPECT_FALSE(told(kAlready));
}

TEST_F(ResumedReconcileTest, WhatAnotherMappingHasWrittenSinceIsComparedAgain) {
  names_and_mails();
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "a@x"}});
  live();
  left->drop_slot("test");
  left_sets("a", {{"mail", "b@x"}});
  left->make_slot("test");
  ASSERT_TRUE(live_until("before_intent", 1));
  EXPECT_THAT(in_state(), ElementsAre()) << "the first reads the rows that the second writes";
  forget_scans();
  live();
  EXPECT_THAT(scanned_, ElementsAre("mailed", "named"));
  EXPECT_THAT(rights(), ElementsAre("a Ada b@x"));
  expect_in_step();
}

TEST_F(ResumedReconcileTest, BehindAGapItBeginsAnew) {
  people_and_pets();
  has_ada_and_her_cat();
  die_in_the_second();
  left->drop_slot("test");
  left_sets("a", {{"name", "untold"}});
  left->make_slot("test");
  forget_scans();
  live();
  EXPECT_TRUE(told("source 'left': the slot begins behind where we were: it was made again"))
      << "though nothing was ever followed";
  EXPECT_FALSE(told(kAlready));
  EXPECT_THAT(scanned_, ElementsAre("person", "pet"));
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
  expect_in_step();
}

TEST_F(ResumedReconcileTest, TheSameGapIsNoOtherOneInTheNextLife) {
  people_and_pets();
  live();
  has_ada_and_her_cat();
  left->drop_slot("test");
  left_sets("a", {{"name", "untold"}});
  left->make_slot("test");
  die_in_the_second();
  EXPECT_TRUE(told("source 'left': the slot begins behind"));
  forget_scans();
  live();
  EXPECT_FALSE(told("source 'left': the slot begins behind where we were: it was made again; "));
  EXPECT_THAT(scanned_, ElementsAre("pet"));
  expect_in_step();
}

TEST_F(ResumedReconcileTest, WhereASourceTellsNobodyOfItsChangesItBeginsAnew) {
  right_options = "stream: false";
  people_and_pets();
  has_ada_and_her_cat();
  die_in_the_second();
  right_sets("a", {{"mail", "untold"}});
  forget_scans();
  live();
  EXPECT_THAT(scanned_, ElementsAre("person", "pet"));
  EXPECT_THAT(lefts(), ElementsAre("a Ada untold"));
}

TEST_F(ResumedReconcileTest, UnderAnotherDefinitionItBeginsAnew) {
  people_and_pets();
  has_ada_and_her_cat();
  die_in_the_second();
  people_and_pets("direction: both, attributes: [ mail ]");
  forget_scans();
  live();
  EXPECT_THAT(scanned_, ElementsAre("person", "pet"));
}

TEST_F(ResumedReconcileTest, SoDoesOneUnderADefinitionThatIsBackAgain) {
  const std::string names_alone = "direction: both, attributes: [ name ]";
  people_and_pets(names_alone);
  live();
  has_ada_and_her_cat();
  people_and_pets();
  die_in_the_second();
  EXPECT_THAT(in_state(), ElementsAre("person"));
  people_and_pets(names_alone);
  left_sets("a", {{"mail", "a@x"}});  // Nobody carries it now.
  live();
  people_and_pets();
  forget_scans();
  live();
  EXPECT_THAT(scanned_, ElementsAre("person", "pet"));
  EXPECT_THAT(rights(), ElementsAre("a Ada a@x"));
}

TEST_F(ResumedReconcileTest, AMappingOfWhichEventsWentByIsComparedAgain) {
  people_and_pets();
  has_ada_and_her_cat();
  die_in_the_second();
  const auto compared = compared_now();
  StateBatch missed;
  in_the_state([&](const State& state) {
    put_missed(missed, state, 0);
    // It was through with it a moment later.
    put_compared(missed, state, definition().fingerprint, 0, compared.at(0));
  });
  ASSERT_TRUE(disk.commit(missed, Durability::kSynced));
  forget_scans();
  live();
  EXPECT_THAT(scanned_, ElementsAre("person", "pet"));
}

TEST_F(ResumedReconcileTest, ARailThatHasTrippedHoldsOn) {
  people_and_pets("direction: left_to_right, limits: { recreate: { count: 1, percent: 10 } }");
  left_has({{"id", "1"}, {"key", "a"}, {"name", "Ada"}});
  left_has({{"id", "2"}, {"key", "b"}, {"name", "Bob"}});
  left_has({{"id", "3"}, {"key", "c"}, {"name", "Cyd"}});
  live();
  right->drop_slot("test");
  for (const char* key : {"a", "b"}) {
    right->erase("persons", {{"key", key}});
  }
  right->make_slot("test");
  left->insert("pets", {{"key", "c"}, {"name", "cat"}, {"owner_id", "3"}});
  ASSERT_TRUE(live_until("before_intent", 1));
  EXPECT_THAT(in_state(), ElementsAre("person"));
  forget_scans();
  live();
  EXPECT_THAT(scanned_, ElementsAre("pet"));
  EXPECT_THAT(rights(), ElementsAre("c Cyd -")) << "those that are held are decided again";
  EXPECT_THAT(animals(), ElementsAre("cat"));
}

}  // namespace
}  // namespace couplet::test
