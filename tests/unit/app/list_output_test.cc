#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "engine/app/output/list_json.h"
#include "engine/app/output/list_text.h"

namespace couplet {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kMorning = 823'162'500'000'000;  // 2026-01-31T08:15:00Z

LinkItem link() { return {"l.A/1", "r.B/2", LinkedBy::kManual, {kMorning}, std::nullopt, 1}; }

ParkedItem parked() {
  ParkedItem item{"8f0zk3aq", {}, "l.A/1", {}, "r.B/2"};
  item.parked.situation = Situation::kSourceChanged;
  item.parked.attributes = {"name"};
  item.parked.reason = "a text is too long\nfor its column\x1b[2J";
  item.parked.detail = "value \"secret\" too long";
  item.parked.code = "22001";
  item.parked.first_at = item.parked.last_at = {kMorning};
  return item;
}

ConflictItem conflict() {
  ConflictItem item{"8f0zk3ar", 0, {}};
  item.conflict.attribute = "name";
  item.conflict.objects = {"l.A/1", "r.B/2"};
  item.conflict.values = {"\"Ada\"", "7"};
  item.conflict.times = {Timestamp{kMorning}, std::nullopt};
  item.conflict.rule = "last_write_wins";
  item.conflict.winner = Side::kLeft;
  item.conflict.at = {kMorning};
  item.conflict.situation = Situation::kMatched;
  return item;
}

TEST(ListTextTest, AnItemIsALine) {
  EXPECT_EQ(link_line(link()), "l.A/1 = r.B/2  manual 2026-01-31T08:15:00.000000Z");
  EXPECT_EQ(removed_line({"l.A/1", "r.B/2", true, true}), "/ l.A/1 = r.B/2  kept apart");
  EXPECT_EQ(removed_line({"l.A/1", "r.B/2", false, true}),
            "/ l.A/1 = r.B/2  not linked; kept apart");
  EXPECT_EQ(removed_line({"l.A/1", "r.B/2", true, false}), "/ l.A/1 = r.B/2  an end is gone");
  HeldItem held{"8f0zk3as", {}, "l.A/1", {Situation::kDuplicate, "2 objects", {kMorning}, {}}};
  EXPECT_EQ(held_line(held, "m", 4), "8f0zk3as  m     l.A/1  duplicate: 2 objects");
  EXPECT_EQ(held_line(held, "m", 0), "8f0zk3as  m  l.A/1  duplicate: 2 objects");
  EXPECT_EQ(conflict_line(conflict(), "m", 0),
            "8f0zk3ar  m  l.A/1 \"Ada\" / r.B/2 7  name: last_write_wins: left");
}

TEST(ListTextTest, WhatAServerSaidIsNeitherALineOfItsOwnNorShownInLists) {
  EXPECT_EQ(parked_line(parked(), "m", 0),
            "8f0zk3aq  m  l.A/1 → r.B/2  source_changed, row_refused: name: a text is too long for "
            "its column [2J");
  EXPECT_THAT(parked_text(parked(), "m"),
              HasSubstr("\n  counterpart: r.B/2\n  situation: source_changed\n"));
  EXPECT_THAT(parked_text(parked(), "m"), HasSubstr("\n  refused: name\n"));
  EXPECT_THAT(parked_json(parked(), "m", false), Not(HasSubstr("secret")));
  EXPECT_THAT(parked_json(parked(), "m", true), HasSubstr(R"(value \"secret\" too long)"));
  EXPECT_THAT(parked_text(parked(), "m"), HasSubstr("\n  detail: value \"secret\" too long\n"));
}

TEST(ListTextTest, TheLastLineSaysHowManyAndHowToGoOn) {
  EXPECT_EQ(listed_line({1, std::nullopt}, "link", "links"), "1 link.");
  EXPECT_EQ(listed_line({100, "l0001"}, "link", "links"), "100 links; more with --after l0001");
  EXPECT_EQ(listed_json({0, std::nullopt}), R"({"summary":{"items":0,"next":null}})");
  EXPECT_EQ(listed_json({5, "l01"}), R"({"summary":{"items":5,"next":"l01"}})");
}

TEST(ListJsonTest, ShapesAreThoseOfTheReference) {
  EXPECT_EQ(link_json(link()),
            R"({"left":"l.A/1","right":"r.B/2","by":"manual",)"
            R"("linked_at":"2026-01-31T08:15:00.000000Z","synced_at":null,"incarnation":1})");
  EXPECT_EQ(parked_json(parked(), "m", false),
            R"({"id":"8f0zk3aq","mapping":"m","object":"l.A/1","counterpart":"r.B/2",)"
            R"("situation":"source_changed","kind":"row_refused","refused":["name"],)"
            R"("reason":"a text is too long\nfor its column\u001b[2J","attempts":1,)"
            R"("first_at":"2026-01-31T08:15:00.000000Z","last_at":"2026-01-31T08:15:00.000000Z"})");
  EXPECT_EQ(conflict_json(conflict(), "m"),
            R"({"id":"8f0zk3ar","mapping":"m","situation":"matched","attribute":"name",)"
            R"("left":{"object":"l.A/1","value":"Ada","time":"2026-01-31T08:15:00.000000Z"},)"
            R"("right":{"object":"r.B/2","value":7,"time":null},"rule":"last_write_wins",)"
            R"("winner":"left","at":"2026-01-31T08:15:00.000000Z","held":false,"settled":null})");
}

TEST(ListJsonTest, AHeldConflictHasNoWinner) {
  ConflictItem held = conflict();
  held.held = true;
  held.conflict.winner.reset();
  held.conflict.values[0] = "not json";
  held.conflict.situation.reset();
  const auto json = nlohmann::json::parse(conflict_json(held, "m"));
  EXPECT_EQ(json["winner"], nullptr);
  EXPECT_EQ(json["situation"], nullptr);
  EXPECT_EQ(json["held"], true);
  EXPECT_EQ(json["settled"], nullptr);
  EXPECT_EQ(json["left"]["value"], "not json");
}

TEST(ListTextTest, AConflictThatWasHeldTellsWhatSettledIt) {
  ConflictItem item = conflict();
  item.conflict.rule = "hold";
  item.conflict.winner.reset();
  const auto line = [&] {
    const std::string text = conflict_line(item, "m", 0);
    return text.substr(text.find("hold: "));
  };
  item.held = true;
  EXPECT_EQ(line(), "hold: held");
  item.held = false;
  EXPECT_EQ(line(), "hold: held no more") << "nobody knows what took it off the list";
  EXPECT_THAT(conflict_json(item, "m"),
              HasSubstr(R"("held":false,"settled":{"by":null,"at":null})"));
  item.conflict.settled = Conflict::Settled{"equal", {kMorning}};
  EXPECT_EQ(line(), "hold: settled 2026-01-31T08:15:00.000000Z: both sides were made equal");
  item.conflict.settled->by = "changed";
  item.conflict.winner = Side::kRight;
  EXPECT_EQ(line(),
            "hold: settled 2026-01-31T08:15:00.000000Z: one side was set back, right counts");
  item.conflict.settled->by = "left_wins";
  item.conflict.winner = Side::kLeft;
  EXPECT_EQ(line(), "hold: settled 2026-01-31T08:15:00.000000Z by left_wins: left");
  EXPECT_THAT(conflict_json(item, "m"),
              HasSubstr(R"("rule":"hold","winner":"left","at":"2026-01-31T08:15:00.000000Z",)"
                        R"("held":false,"settled":{"by":"left_wins",)"
                        R"("at":"2026-01-31T08:15:00.000000Z"})"));
}

TEST(ListJsonTest, AnObjectsLinksTellBaseAndBothEnds) {
  ObjectLinks links;
  links.object = "l.A/1";
  links.exists = true;
  ObjectLinks::One one;
  one.link = link();
  one.mappings = {"m"};
  one.exists = {true, false};
  one.attributes = {{"name", "title", true, true, std::nullopt}};
  links.links.push_back(one);
  links.kept_apart = {"r.B/3"};
  const auto json = nlohmann::json::parse(links_json(links, {R"({"object":"left.people/1"})"}));
  EXPECT_EQ(json["links"][0]["attributes"][0]["left_changed"], true);
  EXPECT_EQ(json["links"][0]["attributes"][0]["right_changed"], nullptr);
  EXPECT_EQ(json["links"][0]["right_exists"], false);
  EXPECT_EQ(json["kept_apart"][0], "r.B/3");
  EXPECT_EQ(json["ends"][0]["object"], "left.people/1");
  EXPECT_EQ(links_text(links),
            "l.A/1: exists\n"
            "l.A/1 = r.B/2  manual 2026-01-31T08:15:00.000000Z\n"
            "  of m; incarnation 1; last in step never\n"
            "  the right does not exist\n"
            "  name = title: left changed, right -\n"
            "kept apart from r.B/3");
}

}  // namespace
}  // namespace couplet
