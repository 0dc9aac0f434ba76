// Unique values that change places among more rows than a batch holds.
#include <gmock/gmock.h>

#include <numeric>
#include <random>
#include <stdexcept>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using memory::RowAccess;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

// Rows by `name`, in order of id; `key` is unique on the right.
class ExchangingWorld : public PeopleWorld {
 public:
  ExchangingWorld(int rows, bool nullable, const std::string& options = "direction: left_to_right",
                  bool marks = true)
      : PeopleWorld(marks), rows_(rows), places_(static_cast<std::size_t>(rows)) {
    right->alter("persons", [&](TableInfo& info) {
      info.unique_keys.push_back({"persons_key", {"key"}, false, false});
      for (ColumnInfo& column : info.columns) {
        column.nullable = column.nullable && (nullable || column.name != "key");
      }
    });
    map(options);
    std::iota(places_.begin(), places_.end(), 0);
  }
  // Which of the keys each row has.
  void shuffle(std::uint32_t seed) {
    std::mt19937 random(seed);
    for (std::size_t i = places_.size() - 1; i > 0; --i) {
      std::swap(places_[i], places_[random() % (i + 1)]);
    }
  }
  void fill() {
    for (int i = 0; i < rows_; ++i) {
      left_has({{"key", key(places_[static_cast<std::size_t>(i)])}, {"name", std::to_string(i)}});
    }
    settle(*this);
  }
  // Everyone takes the key that is `by` further on; beyond the last, with a circle, from the first.
  void move(int by, bool circle) {
    for (int i = 0; i < rows_; ++i) {
      const int to = places_[static_cast<std::size_t>(i)] + by;
      left->update("people", {{"name", std::to_string(i)}},
                   {{"key", key(circle ? (to + rows_) % rows_ : to)}});
    }
  }
  static std::string key(int place) { return std::to_string(100'000 + place); }
  [[nodiscard]] std::uint64_t written() const { return statements[1]; }

 private:
  int rows_;
  std::vector<int> places_;
};

TEST(ExchangesTest, ACircleLongerThanABatchIsWritten) {
  for (const bool nullable : {true, false}) {
    ExchangingWorld world(1200, nullable);
    world.fill();
    world.move(1, true);
    const Summary summary = settle(world);
    EXPECT_EQ(summary.count(Operation::kUpdate), 1200U);
    EXPECT_EQ(summary.count(Operation::kPark), 0U);
    EXPECT_EQ(world.lefts(), world.rights());
    EXPECT_LE(world.written(), 60U);
    EXPECT_EQ(settle(world).operations(), 0U);
  }
}

TEST(ExchangesTest, AChainOfAnyLengthAndOrderTakesAFewStatementsABatch) {
  for (const int by : {1, -1}) {
    for (const std::uint32_t seed : {0U, 7U}) {
      SCOPED_TRACE(std::to_string(by) + (seed == 0 ? " in order" : " shuffled by 7"));
      ExchangingWorld world(5000, true);
      if (seed != 0) {
        world.shuffle(seed);
      }
      world.fill();
      world.move(by, false);
      const Summary summary = settle(world);
      EXPECT_EQ(summary.count(Operation::kUpdate), 5000U);
      EXPECT_EQ(summary.count(Operation::kPark), 0U);
      EXPECT_EQ(world.lefts(), world.rights());
      EXPECT_LE(world.written(), 200U);
    }
  }
}

TEST(ExchangesTest, ManyCirclesAcrossBatchesAreWritten) {
  ExchangingWorld world(3000, true, "direction: both");
  world.shuffle(3);
  world.fill();
  world.move(1500, true);  // 1,500 pairs
  EXPECT_EQ(settle(world).count(Operation::kPark), 0U);
  EXPECT_EQ(world.lefts(), world.rights());
  EXPECT_LE(world.written(), 150U);
  EXPECT_EQ(settle(world).operations(), 0U);
}

// A value goes to one row: one of the circle, which cannot be written without it. Whoever else
// wants it waits, and keeps nobody from moving.
TEST(ExchangesTest, ACircleIsWrittenThoughAnotherWantsAValueOfItToo) {
  for (const int circle : {2, 1200}) {
    for (const std::size_t batch : {std::size_t{1}, std::size_t{1000}}) {
      SCOPED_TRACE(std::to_string(circle) + " in batches of " + std::to_string(batch));
      ExchangingWorld world(circle + 1, true);
      world.batch_rows = batch;
      world.fill();
      for (int i = 0; i < circle; ++i) {
        world.left->update("people", {{"name", std::to_string(i)}},
                           {{"key", ExchangingWorld::key((i + 1) % circle)}});
      }
      world.left->update("people", {{"name", std::to_string(circle)}},
                         {{"key", ExchangingWorld::key(0)}});
      const Summary summary = settle(world);
      EXPECT_EQ(summary.count(Operation::kUpdate), static_cast<std::uint64_t>(circle));
      EXPECT_EQ(summary.count(Operation::kPark), 1U);
      EXPECT_THAT(world.lines(),
                  Contains(AllOf(
                      HasSubstr("left.people/" + std::to_string(circle + 1) + " "),
                      HasSubstr("right.persons/" + std::to_string(circle) + " holds its value"))));
      EXPECT_EQ(settle(world).operations(), 0U);
    }
  }
}

TEST(ExchangesTest, OfTwoThatWantTheSameValueOneGetsIt) {
  ExchangingWorld world(3, true);
  world.fill();
  world.left->update("people", {{"name", "0"}}, {{"key", ExchangingWorld::key(9)}});
  for (const char* name : {"1", "2"}) {
    world.left->update("people", {{"name", name}}, {{"key", ExchangingWorld::key(0)}});
  }
  const Summary summary = settle(world);
  EXPECT_EQ(summary.count(Operation::kUpdate), 2U);
  EXPECT_EQ(summary.count(Operation::kPark), 1U);
  EXPECT_EQ(settle(world).operations(), 0U);
}

// Its last row wants what somebody else has: nobody can move, and everybody is told for whom.
TEST(ExchangesTest, AChainThatIsBlockedParksAndNamesWhoIsInTheWay) {
  ExchangingWorld world(2500, true);
  world.fill();
  world.right_has({{"key", ExchangingWorld::key(2500)}, {"name", "not ours"}});
  world.move(1, false);
  const Summary summary = settle(world);
  EXPECT_EQ(summary.count(Operation::kPark), 2500U);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_LE(world.written(), 150U);
  EXPECT_THAT(world.lines(), Contains(AllOf(HasSubstr("left.people/2500 "),
                                            HasSubstr("right.persons/2501 holds its value"))));
  EXPECT_THAT(world.lines(), Contains(AllOf(HasSubstr("left.people/17 "),
                                            HasSubstr("right.persons/18 holds its value"))));
  world.right->erase("persons", {{"name", "not ours"}});
  EXPECT_EQ(settle(world).count(Operation::kPark), 0U);
  EXPECT_EQ(world.lefts(), world.rights());
}

// One row of the chain is refused for a reason of its own: those behind it go on, those before it
// wait for its value.
TEST(ExchangesTest, ARowOfAChainThatIsRefusedParksWithItsOwnReason) {
  ExchangingWorld world(1000, true);
  world.fill();
  const std::string banned = ExchangingWorld::key(301);
  world.right->add_check("persons", {"not_this", [banned](const RowAccess& row) {
                                       return row.get("key") != banned || row.get("name") != "300";
                                     }});
  world.move(1, false);
  const Summary summary = settle(world);
  EXPECT_EQ(summary.count(Operation::kUpdate), 699U);
  EXPECT_EQ(summary.count(Operation::kPark), 301U);
  EXPECT_THAT(world.lines(), Contains(AllOf(HasSubstr("left.people/301 "), HasSubstr("not_this"))));
  EXPECT_THAT(world.lines(), Contains(AllOf(HasSubstr("left.people/300 "),
                                            HasSubstr("right.persons/301 holds its value"))));
  EXPECT_LE(world.written(), 400U);
}

// Half of a batch clashes with rows that stay: no statement a row.
TEST(ExchangesTest, ManyRowsThatClashParkInAFewStatements) {
  ExchangingWorld world(0, true);
  for (int i = 0; i < 1000; ++i) {
    const std::string key = ExchangingWorld::key(i);
    world.left_has({{"key", key}, {"name", std::to_string(i)}});
  }
  world.fill();
  for (int i = 0; i < 1000; i += 2) {
    const std::string taken = ExchangingWorld::key(5000 + i);
    world.right_has({{"key", taken}, {"name", "not ours"}});
    world.left->update("people", {{"name", std::to_string(i)}}, {{"key", taken}});
    world.left->update("people", {{"name", std::to_string(i + 1)}}, {{"mail", "m"}});
  }
  const Summary summary = settle(world);
  EXPECT_EQ(summary.count(Operation::kPark), 500U);
  EXPECT_EQ(summary.count(Operation::kUpdate), 500U);
  EXPECT_LE(world.written(), 100U);
}

TEST(ExchangesTest, AStopIsHeededWhileARefusedBatchIsCutUpAndNothingIsLost) {
  PeopleWorld world;
  world.map("direction: left_to_right");
  world.right->add_check("persons",
                         {"no_eve", [](const RowAccess& row) { return row.get("name") != "Eve"; }});
  for (int i = 0; i < 1000; ++i) {
    world.left_has({{"key", std::to_string(i)}, {"name", i % 2 == 0 ? "Eve" : "Ada"}});
  }
  const auto stopped = [&] { return world.right->transactions() >= 3; };
  world.stop_requested = stopped;
  Reconciler::Settings settings;
  settings.stop_requested = stopped;
  const Reconciler::Report report = world.reconcile(settings);
  EXPECT_TRUE(report.interrupted);
  const std::size_t written = world.right->count("persons");
  EXPECT_EQ(report.summary.count(Operation::kCreate), written);
  EXPECT_LE(world.right->transactions(), 4U);
  world.stop_requested = [] { return false; };
  const Summary summary = settle(world);
  EXPECT_EQ(summary.count(Operation::kCreate), 500U - written);
  EXPECT_EQ(summary.count(Operation::kPark), 500U);
  EXPECT_EQ(world.right->count("persons"), 500U);
}

TEST(ExchangesTest, AStopBetweenBatchesThatClashIsHeeded) {
  ExchangingWorld world(5000, true);
  world.fill();
  world.move(1, false);
  const std::uint64_t before = world.right->transactions();
  const auto stopped = [&] { return world.right->transactions() > before + 2; };
  world.stop_requested = stopped;
  Reconciler::Settings settings;
  settings.stop_requested = stopped;
  EXPECT_TRUE(world.reconcile(settings).interrupted);
  EXPECT_LE(world.right->transactions(), before + 4);
  world.stop_requested = [] { return false; };
  settle(world);
  EXPECT_EQ(world.lefts(), world.rights());
}

struct KilledInTheCircle : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Kills the run at the `nth` passage of the point, then lets it go on.
void kill_and_go_on(ExchangingWorld& world, const std::string& point, int nth) {
  int passed = 0;
  world.crash_points.reached = [&](const char* name) {
    if (name == point && ++passed == nth) {
      throw KilledInTheCircle(name);
    }
  };
  EXPECT_THROW((void)world.try_reconcile(), KilledInTheCircle);
  world.crash_points.reached = [](const char*) {};
  settle(world);
}

TEST(ExchangesTest, AKillWhileALongCircleIsWrittenLosesAndDoublesNothing) {
  // Two batches are tried, those two once more, then all at once.
  for (const bool marks : {true, false}) {
    for (const auto& [point, nth] :
         std::vector<std::pair<std::string, int>>{{"after_intent", 1},
                                                  {"before_intent", 5},
                                                  {"after_intent", 5},
                                                  {"after_submit", 5},
                                                  {"after_commit", 5},
                                                  {"after_results", 1}}) {
      SCOPED_TRACE(point + " " + std::to_string(nth) + (marks ? " with marks" : ""));
      ExchangingWorld world(1100, true, "direction: both", marks);
      world.fill();
      world.move(1, true);
      kill_and_go_on(world, point, nth);
      EXPECT_EQ(world.right->count("persons"), 1100U);
      EXPECT_EQ(world.lefts(), world.rights());
      const Summary again = world.reconcile().summary;
      EXPECT_EQ(again.operations(), 0U);
      EXPECT_EQ(again.count(Operation::kPark) + again.count(Operation::kConflict), 0U);
    }
  }
}

}  // namespace
}  // namespace couplet::test
