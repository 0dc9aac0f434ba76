// What `couplet status` tells of a `couplet run` beside it.
#include <gmock/gmock.h>

#include <csignal>
#include <functional>

#include "tests/integration/live/live_scene.h"
#include "tests/support/fault_proxy.h"

namespace couplet::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class StatusPgTest : public LivePgTest {
 protected:
  StatusPgTest() : network_(shared_cluster().port()) {
    write_file(kPeople, left_.url(kRole), network_.by_way(right_.url(kRole)));
    add_people(1);
  }

  [[nodiscard]] json status() const {
    const Ended told = couplet({"status", "--json"});
    EXPECT_EQ(told.exit_code, 0) << told.err;
    return json::parse(told.out);
  }
  // Asks until it is so.
  json status_when(const std::function<bool(const json&)>& is_so) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    json told = status();
    while (!is_so(told) && std::chrono::steady_clock::now() < deadline) {
      told = status();
    }
    EXPECT_TRUE(is_so(told)) << told.dump();
    return told;
  }

  // Of what lies between couplet and the right database.
  FaultProxy network_;
};

bool is_streaming(const json& status) {
  return status["sources"]["left"]["stream"]["state"] == "streaming" &&
         status["sources"]["right"]["stream"]["state"] == "streaming" &&
         status["sources"]["right"]["connected"] == true;
}

TEST_F(StatusPgTest, TellsThatItRunsThatASourceIsAwayAndThatItIsBack) {
  EXPECT_EQ(status()["running"], false);
  Program program(this->program({"run", "--quiet"}));
  wait_until_right("name = 'p1'");
  const json follows = status_when(is_streaming);
  EXPECT_EQ(follows["running"], true);
  EXPECT_EQ(follows["healthy"], true) << follows.dump();

  network_.refuse();
  network_.cut();
  const json waits = status_when([](const json& told) { return !told["healthy"]; });
  EXPECT_EQ(waits["running"], true);
  EXPECT_EQ(waits["sources"]["right"]["connected"], false);
  EXPECT_EQ(waits["problems"][0]["code"], "waiting");
  EXPECT_THAT(waits["problems"][0]["message"].get<std::string>(), HasSubstr("right"));
  EXPECT_THAT(couplet({"status", "--check", "--quiet"}).out, HasSubstr("`couplet run` waits: "));
  EXPECT_EQ(couplet({"status", "--check", "--quiet"}).exit_code, 4);

  network_.heal();
  const json again = status_when(is_streaming);
  EXPECT_EQ(again["healthy"], true) << again.dump();
  EXPECT_EQ(stop(program).exit_code, 0);
  const json stopped = status();
  EXPECT_EQ(stopped["running"], false);
  EXPECT_EQ(stopped["sources"]["right"]["stream"]["state"], "stopped");
}

TEST_F(StatusPgTest, OneThatWasKilledDoesNotRunThoughItsSocketIsStillThere) {
  Program program(this->program({"run", "--quiet"}));
  wait_until_right("name = 'p1'");
  status_when(is_streaming);
  program.send(SIGKILL);
  program.wait();
  EXPECT_TRUE(std::filesystem::exists(state() / "couplet.sock"));
  EXPECT_EQ(status()["running"], false);
  wait_until_nobody_reads(right_);
  Program again(this->program({"run", "--quiet"}));
  status_when(is_streaming);
  EXPECT_EQ(stop(again).exit_code, 0);
}

TEST_F(StatusPgTest, OneThatWaitsForADatabaseFromTheStartIsTold) {
  {
    Program before(this->program({"run", "--quiet"}));
    wait_until_right("name = 'p1'");
    EXPECT_EQ(stop(before).exit_code, 0);
  }
  network_.refuse();
  Program program(this->program({"run", "--quiet"}));
  const json waits = status_when([](const json& told) { return !told["healthy"]; });
  EXPECT_EQ(waits["problems"][0]["code"], "run_failed");
  network_.heal();
  EXPECT_EQ(status_when(is_streaming)["healthy"], true);
  EXPECT_EQ(stop(program).exit_code, 0);
}

}  // namespace
}  // namespace couplet::test
