#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/soak/deployment.h"
#include "tests/support/lasting_session.h"

namespace couplet::soak {

// Breaks a deployment in ways drawn by chance, one after the other, each of which is healed again;
// and looks, after each, whether a row that is written on one side comes to the other. Of one
// thread.
class Faults {
 public:
  // `tell` gets a line for each.
  Faults(Deployment& deployment, std::uint64_t seed, std::function<void(const std::string&)> tell);

  // One of them, or several at once, until it is healed and a row has come through both ways.
  void strike();
  // A row each way, with nothing broken: how long it took.
  std::chrono::milliseconds probe();

  struct Figures {
    std::map<std::string, std::uint64_t> faults;  // by kind
    std::uint64_t kills = 0;                      // SIGKILL, crash points among them
    std::uint64_t probes = 0;
    std::chrono::milliseconds worst_catch_up{0};  // from healed until a new row has come through
    std::string worst_after;                      // which faults
    std::chrono::milliseconds worst_stop{0};      // from TERM to the end
  };
  const Figures& figures() const { return figures_; }
  // What was not as it should be, a sentence each.
  const std::vector<std::string>& findings() const { return findings_; }

 private:
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  std::chrono::milliseconds between(std::uint64_t least, std::uint64_t most);
  void kill();
  void kill_at_crash_point();
  void terminate();
  void restart_server(test::PostgresCluster::StopMode mode);
  void cut(std::uint64_t bytes);
  void freeze();
  void slow_down();
  void refuse();
  void strike_once();
  void start_again();
  void heal();
  void count(const std::string& kind, const std::string& detail = {});

  Deployment& deployment_;
  std::mt19937_64 random_;
  std::function<void(const std::string&)> tell_;
  std::array<test::LastingSession, 2> sessions_;
  std::string now_;          // the faults at hand
  bool terminated_ = false;  // by us, and not started again yet
  std::uint64_t probes_ = 0;
  Figures figures_;
  std::vector<std::string> findings_;
};

}  // namespace couplet::soak
