// An hour, or three minutes, of a life in production (README.md): users write on both sides,
// couplet is killed, servers restart, networks fail. From time to time everything heals and comes
// to rest, and what both databases then hold is held against what the users wrote.
//
//     soak_pgtest [--duration 60m] [--seed N]
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/soak/faults.h"
#include "tests/soak/users.h"
#include "tests/support/black_box.h"

namespace couplet::soak {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

struct Options {
  std::chrono::seconds duration{180};
  std::uint64_t seed = std::random_device{}();
  std::size_t users_each_side = 3;
  double transactions_per_second = 15;  // of each user
};
Options options;  // NOLINT: GoogleTest gives a test no other way to its command line.

constexpr seconds kBetweenLooks{60};
constexpr seconds kRestPatience{120};
constexpr std::size_t kFindingsShown = 20;

class SoakPgTest : public testing::Test {
 protected:
  SoakPgTest()
      : ledger_(tables()),
        black_box_(ledger_,
                   {[this](const std::string& sql) { return deployment_.query(0, sql); },
                    [this](const std::string& sql) { return deployment_.query(1, sql); }}) {}

  void tell(const std::string& line) const {
    fmt::print("[{:7.1f} s] {}\n", std::chrono::duration<double>(Clock::now() - began_).count(),
               line);
    std::fflush(stdout);
  }

  // Once everybody has been told of everything twice, what the first time woke is done too.
  void come_to_rest() {
    for (int round = 0; round < 2; ++round) {
      ASSERT_TRUE(deployment_.is_acknowledged_within(kRestPatience))
          << "couplet did not come to rest; it " << (deployment_.runs() ? "runs" : "has ended");
    }
  }

  void expect_all_as_written() {
    come_to_rest();
    const auto findings = black_box_.findings(deployment_.lost());
    overruled_ = black_box_.figures().overruled;
    for (std::size_t i = 0; i < findings.size() && i < kFindingsShown; ++i) {
      ADD_FAILURE() << findings[i];
    }
    EXPECT_EQ(findings.size(), 0U);
    const test::Ledger::Figures written = ledger_.figures();
    tell(fmt::format(
        "at rest: {} objects on both sides, of {} transactions; {} findings; {} "
        "attributes were last written by both sides at once, {} values gave way to an older "
        "one, on record",
        black_box_.figures().objects, written.transactions, findings.size(),
        black_box_.figures().concurrent, overruled_));
  }

  void expect_nothing_left_to_do() {
    deployment_.couplet().send(SIGTERM);
    const test::Ended ended = deployment_.couplet().wait();
    EXPECT_EQ(ended.exit_code, 0) << "signal " << ended.signal;
    const test::Ended again = deployment_.run({"reconcile", "--json"});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    const auto line = again.out.substr(again.out.rfind('\n', again.out.size() - 2) + 1);
    const auto summary = nlohmann::json::parse(line).at("summary");
    for (const char* count :
         {"create", "link", "update", "delete", "unlink", "defer", "hold", "park"}) {
      EXPECT_EQ(summary.at(count), 0) << count;
    }
    EXPECT_TRUE(summary.at("converged"));
    tell("a reconcile: " + summary.dump());
    if (HasFailure()) {
      fmt::print("{}", again.out.substr(0, 4000));
    }
  }

  void keep_what_is_there() const {
    const std::string kept = fmt::format("/tmp/couplet-soak-{}", options.seed);
    std::filesystem::copy(deployment_.folder(), kept,
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
    tell("state and log are kept in " + kept);
  }

  const Clock::time_point began_ = Clock::now();
  Deployment deployment_;
  test::Ledger ledger_;
  test::BlackBox black_box_;
  std::size_t overruled_ = 0;
};

TEST_F(SoakPgTest, WhateverFailsNothingIsLostDoubledOrRisenAgain) {
  fmt::print("seed {}\n", options.seed);
  std::fflush(stdout);
  Users users(deployment_, ledger_, options.seed, options.users_each_side,
              options.transactions_per_second);
  Faults faults(deployment_, options.seed, [this](const std::string& line) { tell(line); });
  deployment_.start();
  tell(fmt::format("started: through after {} ms", faults.probe().count()));

  const auto end = Clock::now() + options.duration;
  while (Clock::now() < end && !HasFailure()) {
    const auto look = std::min(end, Clock::now() + kBetweenLooks);
    users.resume();
    while (Clock::now() < look) {
      faults.strike();
      users.check();
    }
    users.pause();
    users.check();
    expect_all_as_written();
    for (const std::string& finding : faults.findings()) {
      ADD_FAILURE() << finding;
    }
    if (!HasFailure()) {
      std::filesystem::resize_file(deployment_.log(), 0);
    }
  }
  expect_nothing_left_to_do();

  const test::Ledger::Figures written = ledger_.figures();
  const User::Figures user = users.figures();
  const Faults::Figures& broken = faults.figures();
  std::string kinds;
  for (const auto& [kind, count] : broken.faults) {
    kinds += fmt::format(", {} {}", count, kind);
  }
  fmt::print(
      "{} transactions ({} inserts, {} updates, {} deletes; {} objects in the largest; {} rolled "
      "back)\n{} kills{}\n{} values lost on record, {} of them to an older one\n"
      "worst catch-up {} ms (after: {}); worst stop {} ms\n",
      written.transactions, written.inserts, written.updates, written.deletes, user.largest,
      user.rolled_back, broken.kills, kinds, deployment_.lost().size(), overruled_,
      broken.worst_catch_up.count(), broken.worst_after, broken.worst_stop.count());
  if (HasFailure()) {
    keep_what_is_there();
  }
}

// 90s, 3m, 1h; nothing if it is none.
std::optional<seconds> duration_of(const std::string& text) {
  std::size_t used = 0;
  const long count = std::stol("0" + text, &used);
  const std::string unit = used > 0 ? text.substr(used - 1) : text;
  const long each = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  return count > 0 && each > 0 ? std::optional(seconds(count * each)) : std::nullopt;
}

int run(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const std::string value = argv[i + 1];
    if (option == "--seed") {
      options.seed = std::stoull(value);
    } else if (const auto duration = duration_of(value); option == "--duration" && duration) {
      options.duration = *duration;
    } else {
      fmt::print(stderr, "usage: soak_pgtest [--duration 60m] [--seed N]\n");
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace couplet::soak

int main(int argc, char** argv) { return couplet::soak::run(argc, argv); }
