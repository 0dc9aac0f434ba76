// Why an object is as it is: in each of the ways in which it can be.
#include "engine/sync/explainer.h"

#include <gmock/gmock.h>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ExplainerTest : public testing::Test, public PeopleWorld {
 protected:
  Result<Explanation> try_explain(const std::string& name) {
    MemorySource left_source(left);
    MemorySource right_source(right);
    MemoryStateStore overlay(static_cast<const StateStore&>(*store));
    const std::array<std::string, 2> identities{"memory:left", "memory:right"};
    CountingRandom random;
    const auto state = State::open(overlay, definition(), identities, random).value();
    const std::vector<Source*> sources{&left_source, &right_source};
    Syncer syncer(definition(), *state, sources, clock, *this, {true, {}});
    COUPLET_TRY(syncer.recover());
    COUPLET_ASSIGN(const NamedObject object, parse_object(definition(), name));
    const std::uint64_t before = left->transactions() + right->transactions();
    auto explanation = Explainer(definition(), *state, sources, syncer).explain(object);
    EXPECT_EQ(left->transactions() + right->transactions(), before);
    return explanation;
  }
  Explanation explain(const std::string& name) {
    auto explanation = try_explain(name);
    COUPLET_CHECK(explanation.has_value());
    return std::move(*explanation);
  }
  // The explanation of an object that one mapping has one thing to say of.
  Explanation::Part part(const std::string& name) {
    const Explanation explanation = explain(name);
    EXPECT_EQ(explanation.object, name);
    EXPECT_THAT(explanation.parts, SizeIs(1));
    return explanation.parts.at(0);
  }
  static const Explanation::Attribute& attribute(const Explanation::Part& part,
                                                 const std::string& name) {
    for (const Explanation::Attribute& candidate : part.attributes) {
      if (candidate.left == name) {
        return candidate;
      }
    }
    COUPLET_CHECK(false && "no such attribute");
  }
};

TEST_F(ExplainerTest, ALinkedObjectThatIsInStep) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "n"}});
  settle(*this);
  for (const char* name : {"left.people/1", "right.persons/1"}) {
    const Explanation::Part found = part(name);
    EXPECT_EQ(found.situation, Situation::kInSync);
    EXPECT_EQ(found.operation, std::nullopt);
    ASSERT_TRUE(found.link);
    EXPECT_EQ(found.link->by, LinkedBy::kCreated);
    EXPECT_EQ(found.link->identity, (nlohmann::json{{"key", "a"}}));
    EXPECT_EQ(found.link->incarnation, 1U);
    EXPECT_EQ(found.link->linked_at, clock.now());
    EXPECT_EQ(found.link->synced_at, clock.now());
    EXPECT_EQ(attribute(found, "name").left_value, "n");
    EXPECT_EQ(attribute(found, "name").right_value, "n");
    EXPECT_EQ(attribute(found, "name").rule, "equal");
    EXPECT_EQ(attribute(found, "mail").left_value, nullptr);
    EXPECT_FALSE(found.held || found.parked || found.tombstone);
    EXPECT_THAT(found.waits_for, IsEmpty());
  }
  EXPECT_EQ(part("left.people/1").counterpart, "right.persons/1");
  EXPECT_EQ(part("right.persons/1").counterpart, "left.people/1");
}

TEST_F(ExplainerTest, WhatChangedAndWhoWinsEachAttribute) {
  map("direction: left_to_right, attributes: [ name, { left: mail, right: mail, policy: follow }, "
      "age ]");
  left_has({{"key", "a"}, {"name", "n"}, {"mail", "m"}, {"age", "1"}});
  settle(*this);
  left_sets("a", {{"name", "new"}});
  right_sets("a", {{"mail", "mine"}, {"age", "2"}});
  const Explanation::Part found = part("left.people/1");
  EXPECT_EQ(found.situation, Situation::kSourceChanged);
  EXPECT_EQ(found.operation, Operation::kUpdate);
  EXPECT_TRUE(attribute(found, "name").left_changed);
  EXPECT_FALSE(attribute(found, "name").right_changed);
  EXPECT_EQ(attribute(found, "name").winner, Side::kLeft);
  EXPECT_EQ(attribute(found, "name").rule, "changed");
  EXPECT_TRUE(attribute(found, "mail").right_changed);
  EXPECT_EQ(attribute(found, "mail").winner, std::nullopt);
  EXPECT_EQ(attribute(found, "mail").rule, "follow");
  EXPECT_EQ(attribute(found, "age").winner, Side::kLeft);
  EXPECT_EQ(attribute(found, "age").rule, "enforce");
  EXPECT_EQ(attribute(found, "age").right_value, 2);
}

TEST_F(ExplainerTest, ATwoWayMappingIsToldInBothDirections) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "n"}, {"mail", "m"}});
  settle(*this);
  right_sets("a", {{"mail", "mine"}});
  const Explanation found = explain("left.people/1");
  ASSERT_THAT(found.parts, SizeIs(2));
  EXPECT_EQ(found.parts[0].writes, (std::array<bool, 2>{false, true}));
  EXPECT_EQ(found.parts[0].situation, Situation::kTargetChanged);
  EXPECT_EQ(found.parts[0].operation, std::nullopt);
  EXPECT_EQ(found.parts[1].writes, (std::array<bool, 2>{true, false}));
  EXPECT_EQ(found.parts[1].situation, Situation::kSourceChanged);
  EXPECT_EQ(found.parts[1].operation, Operation::kUpdate);
}

TEST_F(ExplainerTest, AConflictIsToldBeforeAndAfterItIsDecided) {
  map("direction: both, conflict: right_wins");
  left_has({{"key", "a"}, {"name", "n"}});
  settle(*this);
  left_sets("a", {{"name", "L"}});
  right_sets("a", {{"name", "R"}});
  Explanation found = explain("right.persons/1");
  ASSERT_THAT(found.parts, SizeIs(2));
  EXPECT_EQ(found.parts[1].situation, Situation::kConflict);
  EXPECT_EQ(attribute(found.parts[1], "name").rule, "right_wins");
  EXPECT_EQ(attribute(found.parts[1], "name").winner, Side::kRight);
  EXPECT_THAT(found.parts[1].conflicts, IsEmpty());
  settle(*this);
  found = explain("right.persons/1");
  ASSERT_THAT(found.parts[0].conflicts, SizeIs(1));
  EXPECT_EQ(found.parts[0].conflicts[0].rule, "right_wins");
  EXPECT_EQ(found.parts[0].conflicts[0].values[0], "\"L\"");
}

TEST_F(ExplainerTest, AnUnlinkedObjectThatWouldBeCreated) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "n"}});
  const Explanation::Part found = part("left.people/1");
  EXPECT_EQ(found.situation, Situation::kAbsent);
  EXPECT_EQ(found.operation, Operation::kCreate);
  EXPECT_FALSE(found.link);
  EXPECT_EQ(found.counterpart, "");
  EXPECT_EQ(attribute(found, "name").left_value, "n");
  EXPECT_EQ(attribute(found, "name").right_value, std::nullopt);
  EXPECT_EQ(attribute(found, "name").rule, "created");
}

TEST_F(ExplainerTest, AnUnlinkedObjectThatWouldBeLinked) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "n"}});
  right_has({{"key", "a"}, {"mail", "m"}});
  const Explanation::Part found = part("left.people/1");
  EXPECT_EQ(found.situation, Situation::kMatched);
  EXPECT_EQ(found.operation, Operation::kLink);
  EXPECT_EQ(found.counterpart, "right.persons/1");
  EXPECT_EQ(attribute(found, "name").rule, "null_never_wins");
  EXPECT_EQ(attribute(found, "name").winner, Side::kLeft);
}

TEST_F(ExplainerTest, AHeldObject) {
  map("direction: both");
  left_has({{"key", "a"}});
  left_has({{"key", "a"}});
  settle(*this);
  const Explanation::Part found = part("left.people/2");
  EXPECT_EQ(found.situation, Situation::kDuplicate);
  EXPECT_EQ(found.operation, Operation::kHold);
  EXPECT_THAT(found.reason, HasSubstr("2 unlinked objects"));
  ASSERT_TRUE(found.held);
  EXPECT_EQ(found.held->since, clock.now());
}

TEST_F(ExplainerTest, AParkedObjectWithTheServersReason) {
  map("direction: left_to_right");
  right->add_check("persons", {"short_name", [](const memory::RowAccess& row) {
                                 return row.get("name") != "long";
                               }});
  left_has({{"key", "a"}, {"name", "long"}});
  settle(*this);
  const Explanation::Part found = part("left.people/1");
  EXPECT_EQ(found.situation, Situation::kAbsent);
  EXPECT_EQ(found.operation, Operation::kCreate);  // It would be tried again.
  ASSERT_TRUE(found.parked);
  EXPECT_THAT(found.parked->reason, HasSubstr("short_name"));
  EXPECT_EQ(found.parked->attempts, 1U);
}

TEST_F(ExplainerTest, AnObjectThatIsOutOfScope) {
  map("direction: left_to_right, where: { left: { name: x } }");
  left_has({{"key", "a"}, {"name", "x"}});
  left_has({{"key", "b"}, {"name", "y"}});
  settle(*this);
  EXPECT_EQ(part("left.people/2").situation, Situation::kOutOfScope);
  EXPECT_EQ(part("left.people/2").operation, std::nullopt);
  left_sets("a", {{"name", "y"}});
  EXPECT_EQ(part("left.people/1").situation, Situation::kOutOfScope);
  EXPECT_EQ(part("left.people/1").operation, Operation::kReport);
  EXPECT_TRUE(part("left.people/1").link);
}

TEST_F(ExplainerTest, OneThatIsGoneWithItsLinkItsTombstoneAndThenWithNothing) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "n"}});
  left_has({{"key", "b"}, {"name", "n"}});
  settle(*this);
  left->erase("people", {{"key", "a"}});
  Explanation::Part found = part("left.people/1");
  EXPECT_FALSE(explain("left.people/1").exists);
  EXPECT_EQ(found.situation, Situation::kSourceMissing);
  EXPECT_EQ(found.operation, Operation::kReport);
  EXPECT_EQ(found.counterpart, "right.persons/1");
  EXPECT_TRUE(found.link);
  EXPECT_EQ(attribute(found, "name").right_value, "n");
  EXPECT_EQ(attribute(found, "name").left_value, std::nullopt);
  settle(*this);
  found = part("left.people/1");
  EXPECT_FALSE(found.link);
  ASSERT_TRUE(found.tombstone);
  EXPECT_EQ(found.tombstone->object, "left.people/1");
  EXPECT_EQ(found.counterpart, "right.persons/1");
  // Its survivor is there, and not copied back.
  found = part("right.persons/1");
  EXPECT_EQ(found.situation, Situation::kSourceMissing);
  EXPECT_EQ(found.operation, Operation::kReport);
  ASSERT_TRUE(found.tombstone);
  EXPECT_EQ(found.tombstone->object, "left.people/1");
  right->erase("persons", {{"key", "a"}});
  settle(*this);
  EXPECT_FALSE(try_explain("left.people/1"));
  EXPECT_FALSE(try_explain("right.persons/1"));
}

TEST_F(ExplainerTest, OneThatIsGoneButStillStandsOnAWorklist) {
  map("direction: both");
  left_has({{"key", "a"}});
  left_has({{"key", "a"}});
  settle(*this);
  left->erase("people", {});
  const Explanation::Part found = part("left.people/1");
  EXPECT_FALSE(explain("left.people/1").exists);
  EXPECT_EQ(found.situation, Situation::kBothGone);
  EXPECT_EQ(found.operation, std::nullopt);
  EXPECT_TRUE(found.held);
}

TEST_F(ExplainerTest, OneThatNeverWasIsNoObject) {
  map("direction: both");
  const auto found = try_explain("left.people/77");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(found.error().message, "no such object: left.people/77");
}

// Explaining decides as a sync would.
TEST_F(ExplainerTest, WhatItSaysWouldHappenIsWhatASyncDoes) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "n"}});
  left_has({{"key", "b"}, {"name", "n"}});
  left_has({{"key", "c"}, {"name", "n"}});
  settle(*this);
  left_sets("a", {{"name", "new"}});
  right->erase("persons", {{"key", "b"}});
  left_has({{"key", "d"}});
  right_has({{"key", "d"}});
  left_has({{"key", "e"}});
  for (int id = 1; id <= 5; ++id) {
    const std::string name = "left.people/" + std::to_string(id);
    const auto expected = part(name).operation;
    sync({name});
    ASSERT_EQ(operations().empty(), !expected.has_value()) << name;
    if (expected) {
      EXPECT_EQ(operations()[0].operation, *expected) << name;
    }
  }
}

class ContributorExplainedTest : public ExplainerTest {};

TEST_F(ContributorExplainedTest, ATargetAndWhoseValueCounts) {
  define(
      "entities:\n  left.people: { updated_at: touched }\n"
      "mappings:\n  person: { left: left.people, right: right.persons, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ key ], attributes: [ name ] }\n");
  left_has({{"key", "a"}, {"name", "old"}, {"touched", "2025-01-01 00:00:00+00"}});
  left_has({{"key", "a"}, {"name", "new"}, {"touched", "2025-02-01 00:00:00+00"}});
  settle(*this);
  Explanation::Part found = part("right.persons/1");
  EXPECT_EQ(found.situation, Situation::kInSync);
  EXPECT_THAT(found.contributors, ElementsAre("left.people/1", "left.people/2"));
  EXPECT_TRUE(found.link);
  EXPECT_EQ(attribute(found, "name").elected, "left.people/2");
  found = part("left.people/1");
  EXPECT_EQ(found.situation, Situation::kInSync);
  EXPECT_EQ(found.counterpart, "right.persons/1");
  EXPECT_EQ(attribute(found, "name").left_value, "old");
  EXPECT_EQ(attribute(found, "name").right_value, "new");
  EXPECT_EQ(attribute(found, "name").elected, "left.people/2");
  left_has({{"key", "b"}});
  EXPECT_EQ(part("left.people/3").operation, Operation::kCreate);
  left_has({{"key", "a"}});
  EXPECT_EQ(part("left.people/4").operation, Operation::kLink);
  EXPECT_EQ(part("left.people/4").counterpart, "right.persons/1");
}

class DeferredExplainedTest : public ExplainerTest {};

TEST_F(DeferredExplainedTest, WhatItWaitsForIsNamed) {
  create(*left, DescribedTable("pets").id().text("name").foreign_key("owner_id", "people"));
  create(*right, DescribedTable("pets").id().text("name").foreign_key("owner_id", "persons"));
  define(
      "mappings:\n"
      "  person: { left: left.people, right: right.persons, direction: left_to_right,\n"
      "    keys: [ key ] }\n"
      "  pet: { left: left.pets, right: right.pets, direction: left_to_right, keys: [ name ],\n"
      "    attributes: [ { left: owner, right: owner, link: person } ] }\n");
  left_has({{"key", std::nullopt}});
  left->insert("pets", {{"name", "Rex"}, {"owner_id", "1"}});
  settle(*this);
  const Explanation::Part found = part("left.pets/1");
  EXPECT_EQ(found.situation, Situation::kDeferred);
  EXPECT_EQ(found.operation, Operation::kDefer);
  EXPECT_THAT(found.waits_for, ElementsAre("left.people/1"));
  EXPECT_EQ(attribute(found, "owner").left_value, 1);
  EXPECT_EQ(part("left.people/1").situation, Situation::kNoIdentity);
}

}  // namespace
}  // namespace couplet::test
