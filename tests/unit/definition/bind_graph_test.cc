// What mappings are to each other: order, circles, rings, one pair from two directions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/definition/described_tables.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Three sources with the same tables: a town has people; a person has a town, perhaps a boss, and
// perhaps a pet; a pet has an owner.
DescribedSources towns() {
  const auto made = [] {
    return std::vector<TableInfo>{
        table("towns").id().required("name").foreign_key("mayor_id", "people", true).made(),
        table("people")
            .id()
            .required("name")
            .text("kind")
            .column("rank", type_of(TypeKind::kInt32))
            .foreign_key("town_id", "towns")
            .foreign_key("boss_id", "people", true)
            .foreign_key("pet_id", "pets", true)
            .made(),
        table("pets").id().required("name").foreign_key("owner_id", "people").made(),
        table("flats").id({"street", "number"}).text("label").made(),
        table("keys")
            .id()
            .required("name")
            .column("street", type_of(TypeKind::kInt64))
            .column("number", type_of(TypeKind::kInt64))
            .constraint({"number", "street"}, "flats", {"number", "street"})
            .made(),
    };
  };
  return {made(), made(), made()};
}

struct Bound {
  BindResult result;
  std::string findings;

  const BoundMapping& mapping(const std::string& name) const {
    const auto& all = result.definition->mappings;
    return *std::find_if(all.begin(), all.end(),
                         [&](const BoundMapping& candidate) { return candidate.name == name; });
  }
  const Pair& pair(const std::string& name) const {
    return result.definition->pairs[mapping(name).pair];
  }
  std::vector<std::string> order() const {
    std::vector<std::string> names;
    for (const std::size_t index : result.definition->order) {
      names.push_back(result.definition->mappings[index].name);
    }
    return names;
  }
};

// Each line is a mapping: "name: { … }".
Bound bound(const std::vector<std::string>& lines, const std::string& entities = "") {
  std::string text =
      "version: 1\nname: n\nstate: s\nsources:\n  a: { type: postgres, url: x }\n"
      "  b: { type: postgres, url: x }\n  c: { type: postgres, url: x }\n" +
      entities + "mappings:\n";
  for (const std::string& line : lines) {
    text += "  " + line + "\n";
  }
  const LoadResult loaded = load_text(text);
  EXPECT_EQ(rendered(loaded.diagnostics), "");
  Bound out{bind_to(*loaded.definition, towns()), ""};
  for (const Diagnostic& diagnostic : out.result.diagnostics.items()) {
    if (diagnostic.code != "unused") {
      out.findings += std::to_string(diagnostic.place.line) + ":" +
                      std::to_string(diagnostic.place.column) + " " + diagnostic.message + "\n";
    }
  }
  return out;
}

const std::string kTowns =
    "towns: { left: a.towns, right: b.towns, direction: both, keys: [ name ]";
const std::string kPeople =
    "people: { left: a.people, right: b.people, direction: both, keys: [ name, { left: town, "
    "right: town, link: towns } ]";
const std::string kPets =
    "pets: { left: a.pets, right: b.pets, direction: both, keys: [ name, { left: owner, right: "
    "owner, link: people } ]";

TEST(OrderTest, WhatIsNeededComesFirstWhereverItStands) {
  EXPECT_THAT(bound({kPets + " }", kPeople + " }", kTowns + " }"}).order(),
              ElementsAre("towns", "people", "pets"));
}

TEST(OrderTest, WithoutNeedTheOrderIsThatOfTheFile) {
  const std::string rest = ", direction: both, create: false, keys: [ name ] }";
  EXPECT_THAT(
      bound({"z: { left: a.pets, right: b.pets" + rest, "y: { left: a.towns, right: b.towns" + rest,
             "x: { left: a.people, right: b.people" + rest})
          .order(),
      ElementsAre("z", "y", "x"));
}

TEST(OrderTest, AForeignKeyWrittenAsAPlainAttributeCounts) {
  EXPECT_THAT(
      bound({"people: { left: a.people, right: b.people, direction: left_to_right, keys: [ "
             "name ], attributes: [ town_id ] }",
             "towns: { left: a.towns, right: b.towns, direction: left_to_right, keys: [ id, "
             "name ] }"})
          .order(),
      ElementsAre("towns", "people"));
}

TEST(OrderTest, OptionalReferencesInACircleAreCut) {
  const Bound circle = bound(
      {kTowns + ", attributes: [ { left: mayor, right: mayor, link: people } ] }", kPeople + " }"});
  EXPECT_EQ(circle.findings, "");
  EXPECT_THAT(circle.order(), ElementsAre("towns", "people"));
  const Bound self = bound(
      {kTowns + " }", kPeople + ", attributes: [ { left: boss, right: boss, link: people } ] }"});
  EXPECT_EQ(self.findings, "");
  EXPECT_THAT(self.order(), ElementsAre("towns", "people"));
}

TEST(OrderTest, RequiredReferencesInACircleAreRefused) {
  EXPECT_EQ(bound({"towns: { left: a.towns, right: b.towns, direction: both, keys: [ name, { left: "
                   "mayor, right: mayor, link: people } ] }",
                   kPeople + " }"})
                .findings,
            "9:109 cyclic links: towns needs people, people needs towns; none could make its first "
            "link\n");
  EXPECT_EQ(bound({kTowns + " }",
                   "people: { left: a.people, right: b.people, direction: both, keys: [ name, { "
                   "left: boss, right: boss, link: people } ], attributes: [ { left: town, right: "
                   "town, link: towns } ] }"})
                .findings,
            "10:110 cyclic links: people needs its own; none could make its first link\n");
}

// Nor is it a circle only where keys are: an attribute that may not be null is required too.
TEST(OrderTest, WhoNeedsACircleIsNotBlamedForIt) {
  EXPECT_EQ(bound({kPets + " }",
                   "towns: { left: a.towns, right: b.towns, direction: both, keys: [ name, { left: "
                   "mayor, right: mayor, link: people } ] }",
                   "people: { left: a.people, right: b.people, direction: both, keys: [ name ], "
                   "attributes: [ { left: town, right: town, link: towns } ] }"})
                .findings,
            "11:126 cyclic links: people needs towns, towns needs people; none could make its "
            "first link\n");
}

// Two mappings over one pair: one of them can make links without the others.
TEST(OrderTest, APairsLinksCanBeginWithAnyOfItsMappings) {
  const Bound two = bound(
      {kTowns + " }",
       "plain: { left: a.people, right: b.people, direction: left_to_right, keys: [ name, { left: "
       "town, right: town, link: towns } ] }",
       "back: { left: a.people, right: b.people, direction: right_to_left, create: false, keys: [ "
       "name, { left: boss, right: boss, link: plain } ] }"});
  EXPECT_EQ(two.findings, "");
  EXPECT_THAT(two.order(), ElementsAre("towns", "plain", "back"));
}

TEST(RingTest, AnAttributeMustNotGoRound) {
  const auto ring = [](const std::string& last) {
    return bound({"ab: { left: a.towns, right: b.towns, direction: both, keys: [ name ] }",
                  "bc: { left: b.towns, right: c.towns, direction: both, keys: [ name ] }",
                  "ca: { left: c.towns, right: a.towns, " + last + " }"})
        .findings;
  };
  EXPECT_EQ(ring("direction: both, keys: [ name ]"),
            "11:65 two-way mappings carry one attribute round: a.towns.name, b.towns.name, "
            "c.towns.name, and back to the first; they would never come to rest\n");
  EXPECT_EQ(ring("direction: left_to_right, keys: [ name ]"), "");
  EXPECT_EQ(ring("direction: both, create: false, keys: [ { left: id, right: id } ]"), "");
}

TEST(RingTest, OpposingMappingsCloseARingToo) {
  EXPECT_EQ(
      bound({"ab: { left: a.towns, right: b.towns, direction: both, keys: [ name ] }",
             "bc: { left: b.towns, right: c.towns, direction: both, keys: [ name ] }",
             "ca: { left: c.towns, right: a.towns, direction: left_to_right, keys: [ name ] }",
             "ac: { left: a.towns, right: c.towns, direction: left_to_right, keys: [ name ] }"})
          .findings,
      "12:74 two-way mappings carry one attribute round: a.towns.name, b.towns.name, c.towns.name, "
      "and back to the first; they would never come to rest\n");
}

// The pair has the orientation of the mapping listed first; one listed the other way is turned.
TEST(TurnTest, AMappingListedTheOtherWayRoundIsTurned) {
  const Bound both = bound(
      {kTowns + " }",
       "there: { left: a.people, right: b.people, direction: left_to_right, keys: [ name ], "
       "attributes: [ rank, { left: town, right: town, link: towns } ] }",
       "back: { left: b.people, right: a.people, direction: left_to_right, keys: [ name ], "
       "conflict: left_wins, attributes: [ { left: kind, right: kind, conflict: right_wins, "
       "values: "
       "{ x: y } }, { left: town, right: town, link: towns } ], where: { left: { rank: 1 }, right: "
       "{ rank: 2 } } }"});
  EXPECT_EQ(both.findings, "");
  const BoundMapping& there = both.mapping("there");
  const BoundMapping& back = both.mapping("back");
  EXPECT_EQ(there.pair, back.pair);
  EXPECT_THAT(there.writes, ElementsAre(false, true));
  EXPECT_THAT(back.writes, ElementsAre(true, false));
  EXPECT_EQ(back.attributes[0].tie, Side::kRight);  // Its source.
  EXPECT_EQ(back.conflict, ConflictPolicy::kRightWins);
  EXPECT_EQ(back.attributes[0].conflict, ConflictPolicy::kLeftWins);
  EXPECT_THAT(back.create, ElementsAre(true, false));
  const auto value = [](const Condition& condition) {
    return std::get<EqualsAny>(condition).values[0]->back();
  };
  EXPECT_EQ(value(back.scope[0][0]), 2);  // a.people is the pair's left.
  EXPECT_EQ(value(back.scope[1][0]), 1);
  const Pair& pair = both.pair("back");
  const Slot& kind = pair.slots[back.attributes[0].slot];
  EXPECT_EQ(kind.values[0].left, "y");
  EXPECT_EQ(kind.values[0].right, "x");
  // Same paths, same link: one slot for both, written on both sides.
  EXPECT_EQ(there.keys[0].slot, back.keys[0].slot);
  EXPECT_EQ(there.attributes[1].slot, back.attributes[1].slot);
  EXPECT_EQ(pair.slots.size(), 4U);  // name, rank, town, kind
  EXPECT_TRUE(there.keys[0].carried_back[1]);
  EXPECT_TRUE(back.keys[0].carried_back[0]);
  EXPECT_FALSE(there.attributes[0].carried_back[1]);  // Nobody reads rank back.
}

TEST(TurnTest, ALinkMayBeListedTheOtherWayRound) {
  const Bound turned =
      bound({"towns: { left: b.towns, right: a.towns, direction: both, keys: [ name ] }",
             kPeople + ", where: { left: { kind: citizen } } }"});
  EXPECT_EQ(turned.findings, "");
  const Slot& town = turned.pair("people").slots[1];
  EXPECT_EQ(town.name, "town=town>towns");
  EXPECT_TRUE(town.link_flipped);
}

TEST(CreateTest, ACreateWritesTheEqualitiesOfItsSide) {
  const Bound with =
      bound({"people: { left: a.Citizen, right: b.Citizen, direction: both, keys: [ name ], "
             "attributes: [ "
             "town_id ], where: { right: { rank: 7 } } }"},
            "entities:\n  a.Citizen: { table: people, where: { kind: citizen, name: Ada } }\n"
            "  b.Citizen: { table: people, where: { kind: [ citizen, guest ], boss_id: ~ } }\n");
  EXPECT_EQ(with.findings, "");
  const BoundMapping& mapping = with.mapping("people");
  // `name` is mapped, and so written by its attribute.
  ASSERT_EQ(mapping.create_values[0].size(), 1U);
  EXPECT_EQ(mapping.create_values[0][0].column, "kind");
  EXPECT_EQ(mapping.create_values[0][0].value, "citizen");
  // One of several is no equality; null is.
  ASSERT_EQ(mapping.create_values[1].size(), 2U);
  EXPECT_EQ(mapping.create_values[1][0].column, "boss_id");
  EXPECT_EQ(mapping.create_values[1][0].value, std::nullopt);
  EXPECT_EQ(mapping.create_values[1][1].column, "rank");
  EXPECT_EQ(mapping.scope[1].size(), 3U);
}

TEST(CreateTest, WhereNothingIsCreatedNothingIsWritten) {
  const Bound with = bound(
      {"people: { left: a.people, right: b.people, direction: both, create: left, keys: [ name ], "
       "attributes: [ town_id ], where: { left: { kind: x }, right: { kind: y } } }"});
  EXPECT_EQ(with.findings, "");
  EXPECT_EQ(with.mapping("people").create_values[0].size(), 1U);
  EXPECT_THAT(with.mapping("people").create_values[1], IsEmpty());
  EXPECT_THAT(with.mapping("people").create, ElementsAre(true, false));
}

// In the order of the id, not of the foreign key.
TEST(CompositeTest, TheColumnsOfAReferenceAreThoseOfTheId) {
  const Bound flats =
      bound({"flats: { left: a.flats, right: b.flats, direction: both, keys: [ street, number ] }",
             "keys: { left: a.keys, right: b.keys, direction: both, keys: [ name ], attributes: [ "
             "{ left: "
             "flat, right: flat, link: flats } ] }"},
            "entities:\n  a.keys: { references: { flat: [ street, number ] } }\n"
            "  b.keys: { references: { flat: { columns: [ number, street ] } } }\n");
  EXPECT_EQ(flats.findings, "");
  const Slot& slot = flats.pair("keys").slots[1];
  for (const Endpoint* end : {&slot.left, &slot.right}) {
    ASSERT_EQ(end->columns.size(), 2U);
    EXPECT_EQ(end->columns[0].column, "street");
    EXPECT_EQ(end->columns[1].column, "number");
    EXPECT_TRUE(end->nullable);
    EXPECT_FALSE(end->required);
  }
}

}  // namespace
}  // namespace couplet::test
