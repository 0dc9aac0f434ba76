#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/cli/program.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/ledger.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/temporary_folder.h"

namespace couplet::soak {

using test::Row;

inline constexpr std::array<const char*, 2> kSides = {"left", "right"};

// The tables, by their place in tables().
enum Table : std::size_t { kAccounts, kOrders, kPrices, kTables };

// A table's names on both sides: its own, those of its key and of its attributes (as in tables()).
struct Words {
  std::array<std::string, 2> table;
  std::array<std::string, 2> key;
  std::vector<std::array<std::string, 2>> attributes;
};
const Words& words(std::size_t table);
// As their users know them. Accounts and orders go both ways, an order refers to its account
// through a link; prices go from the left to the right.
std::vector<test::SharedTable> tables();

// What stands in production: two database servers, a network between them and couplet that may
// fail, and `couplet run` as a process that may be killed. Left is 0, right 1.
class Deployment {
 public:
  Deployment();

  test::PostgresCluster& cluster(std::size_t side) { return clusters_[side]; }
  test::FaultProxy& network(std::size_t side) { return *networks_[side]; }
  // Past the network that may fail.
  std::string url(std::size_t side) const { return clusters_[side].url("soak"); }
  std::vector<Row> query(std::size_t side, const std::string& sql) const {
    return clusters_[side].query("soak", sql);
  }

  // Starts `couplet run`, which kills itself where `crash_at` says (COUPLET_CRASH_AT).
  void start(const std::string& crash_at = {});
  test::Program& couplet() { return *couplet_; }
  bool runs() {
    return couplet_ != nullptr && !couplet_->ends_within(std::chrono::milliseconds(0));
  }
  void kill();
  // Runs another verb to its end.
  test::Ended run(std::vector<std::string> verb) const;

  // Waits until the servers have been told that everything so far is done; false if it takes
  // longer.
  bool is_acknowledged_within(std::chrono::seconds patience) const;
  // The stamps of what has lost to another value, as `couplet conflicts list` tells.
  std::set<std::uint64_t> lost() const;

  std::filesystem::path folder() const { return folder_.path(); }
  // Of what couplet said.
  std::filesystem::path log() const { return folder() / "couplet.log"; }

 private:
  void make_tables();
  void write_definition() const;
  test::Program::Settings program(std::vector<std::string> words) const;

  test::TemporaryFolder folder_;
  std::array<test::PostgresCluster, 2> clusters_;
  std::array<std::unique_ptr<test::FaultProxy>, 2> networks_;
  std::unique_ptr<test::Program> couplet_;
};

}  // namespace couplet::soak
