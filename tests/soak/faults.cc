#include "tests/soak/faults.h"

#include <fmt/format.h>

#include <csignal>
#include <thread>
#include <utility>

namespace couplet::soak {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using StopMode = test::PostgresCluster::StopMode;

namespace {

constexpr std::array<const char*, 11> kCrashPoints = {
    "live_received", "before_intent",     "after_intent",  "after_submit",
    "after_commit",  "after_results",     "after_record",  "live_synced",
    "live_recorded", "live_acknowledged", "reconcile_done"};

constexpr milliseconds kStopPatience{10'000};   // DESIGN: TERM drains and exits within 10 s
constexpr milliseconds kProbePatience{90'000};  // back-off of up to 30 s, twice, and the backlog
constexpr milliseconds kProbePause{2};

milliseconds since(Clock::time_point began) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - began);
}

}  // namespace

Faults::Faults(Deployment& deployment, std::uint64_t seed,
               std::function<void(const std::string&)> tell)
    : deployment_(deployment),
      random_(seed),
      tell_(std::move(tell)),
      sessions_{test::LastingSession(deployment.url(0)), test::LastingSession(deployment.url(1))} {}

milliseconds Faults::between(std::uint64_t least, std::uint64_t most) {
  return milliseconds(least + draw(most - least));
}

void Faults::count(const std::string& kind, const std::string& detail) {
  ++figures_.faults[kind];
  now_ += (now_.empty() ? "" : ", ") + kind + detail;
}

void Faults::kill() {
  count("kill");
  ++figures_.kills;
  deployment_.kill();
}

void Faults::kill_at_crash_point() {
  const std::string point = fmt::format("{}:{}", kCrashPoints[draw(kCrashPoints.size())],
                                        1 + draw(draw(3) == 0 ? 60 : 6));
  deployment_.kill();
  deployment_.start(point);
  // Points that need something to happen which does not happen now are not reached.
  const bool reached = deployment_.couplet().ends_within(between(4'000, 8'000));
  count(reached ? "crash point" : "crash point not reached", " " + point);
  ++figures_.kills;
  if (!reached) {
    deployment_.kill();
  }
}

void Faults::terminate() {
  count("TERM");
  // One that is only just beginning has nothing to finish, and ends as any process does.
  while (!deployment_.couplet().catches(SIGTERM)) {
    if (!deployment_.runs()) {
      return;
    }
    std::this_thread::sleep_for(kProbePause);
  }
  const auto began = Clock::now();
  deployment_.couplet().send(SIGTERM);
  const bool ended = deployment_.couplet().ends_within(kStopPatience);
  figures_.worst_stop = std::max(figures_.worst_stop, since(began));
  if (!ended) {
    findings_.emplace_back("couplet did not end within 10 s of TERM");
    deployment_.kill();
    return;
  }
  terminated_ = true;
  const test::Ended how = deployment_.couplet().wait();
  if (how.exit_code != 0) {
    findings_.push_back(fmt::format("after TERM couplet ended with exit code {}, signal {}",
                                    how.exit_code, how.signal));
  }
}

void Faults::restart_server(StopMode mode) {
  const std::size_t side = draw(2);
  count(mode == StopMode::kFast ? "server restarted" : "server crashed",
        std::string(" ") + kSides[side]);
  deployment_.cluster(side).restart(mode);
}

void Faults::cut(std::uint64_t bytes) {
  const std::size_t side = draw(2);
  test::FaultProxy& network = deployment_.network(side);
  const std::uint64_t before = network.figures().cut;
  network.cut(bytes);
  const auto deadline = Clock::now() + between(1'000, 3'000);
  while (network.figures().cut == before && Clock::now() < deadline) {
    std::this_thread::sleep_for(kProbePause);
  }
  count(network.figures().cut == before ? "cut not reached" : "cut",
        fmt::format(" {} after {} bytes", kSides[side], bytes));
}

void Faults::freeze() {
  const std::size_t side = draw(2);
  const milliseconds duration = draw(4) == 0 ? between(5'000, 9'000) : between(50, 2'000);
  count("freeze", fmt::format(" {} for {} ms", kSides[side], duration.count()));
  deployment_.network(side).freeze();
  std::this_thread::sleep_for(duration);
}

void Faults::slow_down() {
  const std::size_t side = draw(2);
  const std::uint64_t rate = 10'000 + draw(200'000);
  const milliseconds duration = between(500, 4'000);
  count("slow", fmt::format(" {} at {} bytes/s for {} ms", kSides[side], rate, duration.count()));
  deployment_.network(side).slow_down(rate);
  std::this_thread::sleep_for(duration);
}

void Faults::refuse() {
  const std::size_t side = draw(2);
  const milliseconds duration = between(100, 3'000);
  count("refused", fmt::format(" {} for {} ms", kSides[side], duration.count()));
  deployment_.network(side).refuse();
  deployment_.network(side).cut();
  std::this_thread::sleep_for(duration);
}

// Whoever has ended was killed by us, or at a crash point; anything else is its own doing.
void Faults::start_again() {
  if (deployment_.runs()) {
    return;
  }
  const test::Ended how = deployment_.couplet().wait();
  if (how.signal != SIGKILL && !std::exchange(terminated_, false)) {
    findings_.push_back(fmt::format("couplet ended by itself, with exit code {}, signal {}, in: {}",
                                    how.exit_code, how.signal, now_));
  }
  deployment_.start();
}

void Faults::strike_once() {
  start_again();
  switch (draw(12)) {
    case 0:
    case 1:
      return kill();
    case 2:
    case 3:
    case 4:
      return kill_at_crash_point();
    case 5:
      return terminate();
    case 6:
      return restart_server(StopMode::kFast);
    case 7:
      return restart_server(StopMode::kImmediate);
    case 8:
      return cut(1 + draw(draw(2) == 0 ? 2'000 : 300'000));
    case 9:
      return freeze();
    case 10:
      return slow_down();
    default:
      return draw(2) == 0 ? refuse() : cut(0);
  }
}

void Faults::heal() {
  for (const std::size_t side : {0, 1}) {
    deployment_.network(side).heal();
  }
  start_again();
}

void Faults::strike() {
  now_.clear();
  // Every third time the next one comes while the last is not healed yet, or hardly.
  strike_once();
  while (draw(3) == 0) {
    if (draw(2) == 0) {
      heal();
      std::this_thread::sleep_for(between(0, 300));
    }
    strike_once();
  }
  heal();
  const milliseconds took = probe();
  tell_(fmt::format("{}; through after {} ms", now_, took.count()));
  if (took > figures_.worst_catch_up) {
    figures_.worst_catch_up = took;
    figures_.worst_after = now_;
  }
}

milliseconds Faults::probe() {
  const auto began = Clock::now();
  const auto deadline = began + kProbePatience;
  std::array<std::string, 2> names;
  for (const std::size_t side : {0, 1}) {
    names[side] = fmt::format("{} {}", kSides[side], ++probes_);
    bool written = false;
    while (!written && Clock::now() < deadline) {
      written = sessions_[side].transaction([&] {
        sessions_[side].query("insert into probes (name) values ($1)", {names[side]});
        return true;
      });
    }
  }
  for (const std::size_t side : {0, 1}) {
    bool there = false;
    while (!there && Clock::now() < deadline) {
      start_again();
      try {
        there = !sessions_[side]
                     .query("select 1 from probes where name = $1", {names[1 - side]})
                     .empty();
      } catch (const test::StatementError& error) {
        if (!error.sqlstate.empty()) {
          throw;
        }
      }
      std::this_thread::sleep_for(kProbePause);
    }
    if (!there) {
      findings_.push_back(fmt::format("a row did not come to the {} within {} s, after: {}",
                                      kSides[side], kProbePatience.count() / 1000, now_));
    }
  }
  ++figures_.probes;
  return since(began);
}

}  // namespace couplet::soak
