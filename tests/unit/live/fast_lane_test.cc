// The fast lane may only be faster, never different (DESIGN section 5.1): each history runs in two
// worlds, one of which reads every row, and everything that both come to is compared.
#include <gmock/gmock.h>

#include <set>

#include "tests/simulation/dice.h"
#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using memory::SourceCall;
using simulation::Dice;

// A link as the state has it, but for the versions of rows: a write that is refused takes one.
std::string text_of(const Link& link, const State::LinkCursor& cursor) {
  std::string text = std::string(cursor.key()) + "|" + link.right.bytes + "|" + name_of(link.by) +
                     "|" + std::to_string(link.linked_at.value);
  const Agreement& agreement = link.agreement;
  for (const BaseSlot& slot : agreement.base) {
    text += "|" + std::to_string(slot.known) + " " + std::to_string(slot.digests[0].value) + " " +
            std::to_string(slot.digests[1].value);
  }
  for (const EndState& end : agreement.ends) {
    text += "|" + (end.time ? std::to_string(end.time->value) : "-");
  }
  return text + "|" + std::to_string(agreement.incarnation) + " " +
         std::to_string(agreement.flips) + " " + std::to_string(agreement.flips_since.value) + " " +
         std::to_string(agreement.synced_at.value);
}

// Teams and their staff on the left, groups and their workers on the right.
class LaneWorld : public LiveWorld {
 public:
  LaneWorld(bool reads_all, bool marks) : LiveWorld(marks), reads_all_(reads_all) {}

  [[nodiscard]] bool wants_values() const override { return reads_all_; }

  struct Shape {
    bool unique_key = true;
    bool unique_code = true;
    bool times = false;  // both sides tell when a row was changed
    bool refers = true;  // staff to teams, in the mapping
  };
  void make(const Shape& shape, const std::string& options, const std::string& mail) {
    times_ = shape.times;
    create(*left, DescribedTable("teams").id().text("name"));
    create(*right, DescribedTable("groups").id().text("title"));
    DescribedTable staff = DescribedTable("staff")
                               .id()
                               .text("key")
                               .text("name")
                               .text("mail")
                               .column("age", type_of(TypeKind::kInt32))
                               .column("touched", type_of(TypeKind::kTimestampTz))
                               .foreign_key("team_id", "teams", true);
    if (shape.unique_key) {  // Then nobody can be a rival, and the fast lane may create.
      staff.info().unique_keys.push_back({"staff_key", {"key"}, false, false});
    }
    create(*left, staff);
    DescribedTable workers = DescribedTable("workers")
                                 .id()
                                 .text("code")
                                 .text("name")
                                 .text("mail")
                                 .column("years", type_of(TypeKind::kInt64))
                                 .column("touched", type_of(TypeKind::kTimestampTz))
                                 .foreign_key("group_id", "groups", true);
    if (shape.unique_code) {
      workers.info().unique_keys.push_back({"workers_code", {"code"}, false, false});
    }
    create(*right, workers);
    define(
        std::string(shape.times ? "entities:\n  left.staff: { updated_at: touched }\n"
                                  "  right.workers: { updated_at: touched }\n"
                                : "") +
        "mappings:\n"
        "  team: { left: left.teams, right: right.groups, direction: left_to_right,\n"
        "    keys: [ { left: name, right: title } ] }\n"
        "  member: { left: left.staff, right: right.workers, " +
        options +
        ",\n"
        "    keys: [ { left: key, right: code } ],\n"
        "    attributes: [ " +
        // Ids that the database chooses tell in which order rows were made, which may be another.
        (shape.unique_key ? "{ left: id, right: id }, " : "") + "name, { left: mail, right: mail" +
        mail + " }, { left: age, right: years }" +
        (shape.refers ? ",\n      { left: team, right: group, link: team }" : "") + " ] }\n");
  }
  // What users say of the time, where they are asked for it.
  [[nodiscard]] Cells at(Cells cells, const std::string& day) const {
    if (times_ && day != "0") {
      cells["touched"] = "2025-12-2" + day + " 00:00:00+00";
    }
    return cells;
  }

  // Everything that is there and that is remembered.
  std::vector<std::string> all() {
    std::vector<std::string> found;
    for (const auto& [database, table] :
         {std::pair{left, "teams"}, {left, "staff"}, {right, "groups"}, {right, "workers"}}) {
      for (const Cells& row : database->rows(table)) {
        std::string text = table;
        for (const auto& [name, value] : row) {
          text += " " + name + "=" + value.value_or("-");
        }
        found.push_back(text);
      }
    }
    const auto read = by_hand([&](State& state, const std::vector<Source*>&) -> Result<void> {
      for (std::size_t pair = 0; pair < definition().pairs.size(); ++pair) {
        for (auto cursor = state.link_cursor(pair, Side::kLeft); cursor.valid(); cursor.next()) {
          Link link;
          COUPLET_TRY(state.decode_link_of(pair, cursor.key(), cursor.value(), link));
          found.push_back("link " + text_of(link, cursor));
        }
      }
      for (const Family family :
           {Family::kDirty, Family::kWaiting, Family::kParked, Family::kHeld, Family::kConflicts}) {
        const auto cursor = state.store().cursor(family);
        for (cursor->seek({}); cursor->valid(); cursor->next()) {
          found.push_back(std::string(name_of(family)) + " " + std::string(cursor->key()) + " " +
                          std::string(cursor->value()));
        }
      }
      return {};
    });
    EXPECT_TRUE(read.has_value());
    return found;
  }
  // What was told, whatever the order within a batch; without values, which the fast lane does not
  // have.
  [[nodiscard]] std::vector<std::string> told() const {
    std::vector<std::string> sorted;
    for (const OperationReport& report : operations()) {
      std::string text = std::string(name_of(report.operation)) + " " + name_of(report.situation) +
                         " " + report.from + " " + report.to + " " + report.reason;
      for (const AttributeChange& change : report.attributes) {
        text += " " + change.name;
      }
      sorted.push_back(text);
    }
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

 private:
  bool reads_all_;
  bool times_ = false;
};

using Deed = std::function<void(LaneWorld&)>;

// Something that users do, to a row that may not be there, and which may be refused.
Deed deed(Dice& dice) {
  const std::string key(1, static_cast<char>('a' + dice.below(8)));
  const std::string value = std::to_string(dice.below(4));
  const std::optional<std::string> or_null =
      dice.chance(15) ? std::optional<std::string>() : std::optional(value);
  const std::string plain = dice.one_of(std::vector<std::string>{"name", "mail"});
  const std::string day = std::to_string(dice.below(6));  // 0: not told
  switch (dice.below(12)) {
    case 0:
      return [=](LaneWorld& world) {
        (void)world.left->try_insert(
            "staff",
            world.at({{"key", key}, {"name", or_null}, {"age", value}, {"team_id", "1"}}, day));
      };
    case 1:
      return [=](LaneWorld& world) { (void)world.left->try_erase("staff", {{"key", key}}); };
    case 2:
      return [=](LaneWorld& world) {
        (void)world.left->try_update("staff", {{"key", key}}, {{"key", "k" + value}});
      };
    case 3:
      return [=](LaneWorld& world) {
        (void)world.left->try_update("staff", {{"key", key}}, {{"id", "10" + value}});
      };
    case 4: {
      const std::string team = std::to_string(1 + dice.below(3));
      return [=](LaneWorld& world) {
        (void)world.left->try_update("staff", {{"key", key}}, {{"team_id", team}});
      };
    }
    case 5:
      return [=](LaneWorld& world) {
        (void)world.left->try_insert("teams", {{"name", "team " + value}});
      };
    case 6:
      return [=](LaneWorld& world) {
        (void)world.right->try_update("workers", {{"code", key}},
                                      world.at({{plain, or_null}}, day));
      };
    case 7:
      return [=](LaneWorld& world) {
        (void)world.right->try_update("workers", {{"code", key}}, {{"group_id", std::nullopt}});
      };
    case 8:
      return [=](LaneWorld& world) {
        if (value == "0") {
          (void)world.right->try_erase("workers", {{"code", key}});
        }
      };
    default:
      return [=](LaneWorld& world) {
        (void)world.left->try_update("staff", {{"key", key}},
                                     world.at({{plain, or_null}, {"age", value}}, day));
      };
  }
}

class FastLaneTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FastLaneTest, ComesToWhatTheFullLaneComesTo) {
  for (std::uint64_t seed = GetParam() * 100; seed < GetParam() * 100 + 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const bool marks = dice.chance(80);
    LaneWorld full(true, marks);
    LaneWorld fast(false, marks);
    const LaneWorld::Shape shape{dice.chance(70), dice.chance(50), dice.chance(50),
                                 dice.chance(70)};
    const std::string options =
        dice.one_of(std::vector<std::string>{"direction: left_to_right", "direction: both"}) +
        dice.one_of(std::vector<std::string>{"", "", ", conflict: left_wins",
                                             ", conflict: right_wins", ", conflict: hold"});
    const std::string mail =
        dice.one_of(std::vector<std::string>{"", "", "", ", policy: follow", ", policy: init"});
    SCOPED_TRACE(options + mail);
    for (LaneWorld* world : {&full, &fast}) {
      world->make(shape, options, mail);
      world->left->insert("teams", {{"name", "first"}});
    }
    for (int life = 0; life < 8; ++life) {
      std::vector<Deed> before;
      for (std::size_t count = 1 + dice.below(8); count > 0; --count) {
        before.push_back(deed(dice));
      }
      const Deed later = deed(dice);
      const bool goes_on = dice.chance(50);
      for (LaneWorld* world : {&full, &fast}) {
        for (const Deed& one : before) {
          one(*world);
        }
        if (goes_on) {
          world->after_steps(2, [=] { later(*world); });
        }
        world->live();
      }
      ASSERT_EQ(full.told(), fast.told()) << "life " << life;
      ASSERT_EQ(full.all(), fast.all()) << "life " << life;
    }
  }
}

// Of either end: what the event brings and what the state knows are all that there is to know.
TEST(FastLaneReads, NoRowForAPlainUpdateAndAPlainCreate) {
  LaneWorld world(false, true);
  world.make({}, "direction: left_to_right", "");
  world.left->insert("teams", {{"name", "first"}});
  world.left->insert("staff", {{"key", "a"}, {"name", "Ada"}, {"team_id", "1"}});
  world.live();
  world.left->update("staff", {{"key", "a"}}, {{"name", "Ada L."}, {"age", "36"}});
  world.left->insert("staff", {{"key", "b"}, {"name", "Bob"}, {"mail", "b@x"}, {"team_id", "1"}});
  for (const auto& database : {world.left, world.right}) {
    for (const SourceCall call : {SourceCall::kFetch, SourceCall::kFind, SourceCall::kScan}) {
      database->faults().fail_next(
          call, Error{ErrorKind::kUnsupported, "nobody is to read", {}, {}, {}, {}}, 1000);
    }
  }
  const auto lived = world.try_live();
  ASSERT_TRUE(lived.has_value()) << lived.error().message;
  EXPECT_THAT(world.right->rows("workers"),
              testing::UnorderedElementsAre(memory::Cells{{"id", "1"},
                                                          {"code", "a"},
                                                          {"name", "Ada L."},
                                                          {"mail", {}},
                                                          {"years", "36"},
                                                          {"touched", {}},
                                                          {"group_id", "1"}},
                                            memory::Cells{{"id", "2"},
                                                          {"code", "b"},
                                                          {"name", "Bob"},
                                                          {"mail", "b@x"},
                                                          {"years", {}},
                                                          {"touched", {}},
                                                          {"group_id", "1"}}));
}

TEST(FastLaneReads, NothingIsMadeWhereACounterpartMayBeHiddenFromUs) {
  for (const bool unique_code : {true, false}) {
    LaneWorld world(false, true);
    world.make({.unique_code = unique_code}, "direction: left_to_right", "");
    world.right->alter("workers", [](TableInfo& table) { table.row_security = true; });
    world.rebind();
    world.live();
    world.left->insert("staff", {{"key", "a"}});
    world.live();
    // Where the database refuses a second one, it is safe.
    EXPECT_EQ(world.right->count("workers"), unique_code ? 1U : 0U);
    EXPECT_EQ(world.count_lines("row level security of table public.workers may hide") != 0,
              !unique_code);
  }
}

// A base that was taken from a row that was read may be newer than an event that is yet to come.
TEST(FastLaneReads, AnOlderEventIsNoChangeOfWhatHasBeenReadSince) {
  LaneWorld world(false, true);
  world.make({}, "direction: left_to_right", "");
  world.left->insert("teams", {{"name", "first"}});
  world.left->insert("staff", {{"key", "a"}, {"name", "0"}, {"team_id", "1"}});
  world.live();
  world.left->update("staff", {{"key", "a"}}, {{"name", "1"}});
  world.left->update("staff", {{"key", "a"}}, {{"name", "2"}});
  world.reconcile();  // By hand, before the stream tells of either.
  std::vector<std::string> names;
  world.right->faults().before(SourceCall::kSubmit, [&] {
    for (const memory::Cells& row : world.right->rows("workers")) {
      names.push_back(row.at("name").value_or("-"));
    }
  });
  world.live();
  EXPECT_THAT(names, testing::IsEmpty()) << "it was written again";
  EXPECT_EQ(world.right->rows("workers").front().at("name"), "2");
}

class FastPeople : public LiveWorld {
 public:
  [[nodiscard]] bool wants_values() const override { return false; }
};

TEST(FastLaneReads, NoRowForPlainUpdatesOfBothSidesOfAMappingThatCarriesBothWays) {
  FastPeople world;
  world.define(
      "mappings:\n  person: { left: left.people, right: right.persons, direction: both,\n"
      "    keys: [ key ], attributes: [ name, mail ] }\n");
  world.left_has({{"key", "a"}, {"name", "Ada"}});
  world.left_has({{"key", "b"}, {"name", "Bob"}});
  world.live();
  world.left_sets("a", {{"name", "Ada L."}});
  world.right_sets("b", {{"name", "Bob M."}});
  for (const auto& database : {world.left, world.right}) {
    for (const SourceCall call : {SourceCall::kFetch, SourceCall::kFind, SourceCall::kScan}) {
      database->faults().fail_next(
          call, Error{ErrorKind::kUnsupported, "nobody is to read", {}, {}, {}, {}}, 1000);
    }
  }
  const auto lived = world.try_live();
  ASSERT_TRUE(lived.has_value()) << lived.error().message;
  EXPECT_THAT(world.lefts(), testing::ElementsAre("a Ada L. -", "b Bob M. -"));
  EXPECT_EQ(world.rights(), world.lefts());
}

// The first part of a transaction may hold what its last part changes again.
TEST(FastLaneReads, NothingIsWrittenThatATransactionHeldOnlyBeforeItsEnd) {
  FastPeople world;
  world.map("direction: left_to_right");
  world.left_has({{"key", "a"}, {"name", "Ada"}});
  world.live();
  world.left->set_stream_batch_events(1);
  const auto written = world.left->transaction([](memory::MemoryTransaction& one) -> Result<void> {
    COUPLET_TRY(one.update("people", {{"key", "a"}}, {{"name", "aside"}}));
    COUPLET_TRY(one.insert("people", {{"key", "b"}, {"name", "aside"}}));
    COUPLET_TRY(one.update("people", {}, {{"name", "final"}}));
    return {};
  });
  ASSERT_TRUE(written.has_value());
  std::set<std::string> names;
  world.crash_points.reached = [&](const char*) {
    for (const memory::Cells& row : world.right->rows("persons")) {
      names.insert(row.at("name").value_or("-"));
    }
  };
  world.live();
  EXPECT_THAT(names, testing::ElementsAre("Ada", "final"));
  EXPECT_THAT(world.rights(), testing::ElementsAre("a final -", "b final -"));
}

TEST(FastLaneReads, NoRowForAChangeTimeThatTravelsAlongAndIsNeverMovedBack) {
  FastPeople world;
  world.map("direction: both");
  world.left_has({{"key", "a"}, {"name", "Ada"}, {"touched", "2025-12-20 00:00:00+00"}});
  world.live();
  const auto fails_to_read = [&] {
    for (const SourceCall call : {SourceCall::kFetch, SourceCall::kFind, SourceCall::kScan}) {
      world.right->faults().fail_next(
          call, Error{ErrorKind::kUnsupported, "nobody is to read", {}, {}, {}, {}}, 1000);
    }
  };
  const auto touched = [&] { return world.right->rows("persons").front().at("touched"); };
  world.left_sets("a", {{"name", "later"}, {"touched", "2025-12-22 00:00:00+00"}});
  fails_to_read();
  world.live();
  EXPECT_THAT(world.rights(), testing::ElementsAre("a later -"));
  EXPECT_EQ(touched(), "2025-12-22 00:00:00+00");
  world.left_sets("a", {{"name", "set back"}, {"touched", "2025-12-21 00:00:00+00"}});
  world.live();
  EXPECT_THAT(world.rights(), testing::ElementsAre("a set back -"));
  EXPECT_EQ(touched(), "2025-12-22 00:00:00+00");
}

// An event brings a row that is gone by the time of another event, which does not say so of it.
TEST(FastLaneReads, ARowOfATableThatWasTruncatedMeanwhileIsNotMade) {
  LaneWorld world(false, true);
  world.make({}, "direction: left_to_right", "");
  world.left->insert("teams", {{"name", "first"}});
  world.live();
  world.left->insert("staff", {{"key", "a"}, {"name", "Ada"}, {"team_id", "1"}});
  world.left->truncate("staff");
  world.live();
  EXPECT_EQ(world.right->count("workers"), 0U);
}

// A look has found it gone, and its link is severed: an older event does not bring it back.
TEST(FastLaneReads, AnOlderEventOfARowThatALookFoundGoneMakesNothing) {
  LaneWorld world(false, true);
  world.make({}, "direction: left_to_right", "");
  world.left->insert("teams", {{"name", "first"}});
  world.left->insert("staff", {{"key", "a"}, {"name", "Ada"}, {"team_id", "1"}});
  world.schedule.emplace().every_us = 3'600'000'000;
  world.live();
  world.left->set_stream_batch_events(1);  // So that what comes last comes in a batch of its own.
  world.after_steps(1, [&] {
    world.left->update("staff", {{"key", "a"}}, {{"name", "older"}});
    world.left->update("staff", {{"key", "a"}}, {{"age", "1"}});
    world.left->erase("staff", {{"key", "a"}});
    world.right->erase("workers", {{"code", "a"}});
    world.clock.sleep_us(3'600'000'000);  // Now a reconcile comes first.
  });
  world.live();
  EXPECT_EQ(world.right->count("workers"), 0U);
}

// One lane has read a row by then, the other has not: what they tell of it may differ, not what
// comes of it.
TEST_P(FastLaneTest, ComesToTheSameRowsWhereUsersWriteBetweenLookAndWrite) {
  for (std::uint64_t seed = GetParam() * 100; seed < GetParam() * 100 + 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    LaneWorld full(true, true);
    LaneWorld fast(false, true);
    for (LaneWorld* world : {&full, &fast}) {
      world->make({}, "direction: left_to_right", "");
      world->left->insert("teams", {{"name", "first"}});
      for (const char* key : {"a", "b", "c"}) {
        world->left->insert("staff", {{"key", key}, {"name", key}, {"team_id", "1"}});
      }
      world->live();
    }
    for (int life = 0; life < 8; ++life) {
      std::vector<std::pair<std::string, memory::Cells>> edits;
      for (std::size_t count = 1 + dice.below(4); count > 0; --count) {
        edits.emplace_back(dice.one_of(std::vector<std::string>{"a", "b", "c"}),
                           memory::Cells{{dice.one_of(std::vector<std::string>{"name", "mail"}),
                                          std::to_string(dice.below(9))}});
      }
      const std::string key = dice.one_of(std::vector<std::string>{"a", "b", "c"});
      const bool erases = dice.chance(20);
      const std::string value = "r" + std::to_string(dice.below(9));
      for (LaneWorld* world : {&full, &fast}) {
        for (const auto& [edited, cells] : edits) {
          (void)world->left->try_update("staff", {{"key", edited}}, cells);
        }
        world->right->faults().before(SourceCall::kSubmit, [=] {
          if (erases) {
            (void)world->right->try_erase("workers", {{"code", key}});
          } else {
            (void)world->right->try_update("workers", {{"code", key}}, {{"name", value}});
          }
        });
        world->live();
        world->right->faults().heal();
        world->reconcile();
      }
      ASSERT_EQ(full.right->rows("workers"), fast.right->rows("workers")) << "life " << life;
      ASSERT_EQ(fast.reconcile().summary.operations(), 0U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FastLaneTest, testing::Range<std::uint64_t>(0, 5));

}  // namespace
}  // namespace couplet::test
