// `couplet run` and real file systems without space: the one of its state, and one of a database.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/integration/live/live_scene.h"
#include "tests/support/small_disk.h"

namespace couplet::test {
namespace {

class FullDiskPgTest : public LivePgTest {
 protected:
  FullDiskPgTest() {
    write_text(fmt::format(
        "version: 1\nname: {}\nstate: {}\nsources:\n"
        "  left: {{ type: postgres, url: \"{}\" }}\n"
        "  right: {{ type: postgres, url: \"{}\" }}\n"
        "mappings:{}",
        name(), (disk_.path() / "state").string(), left_.url(kRole), right_.url(kRole), kPeople));
    add_people(10);
  }
  void SetUp() override {
    ASSERT_TRUE(disk_.mounted()) << "may not mount a file system: run it as root";
    disk_.leave(kLittle);
  }

  // It says what it says in log().
  [[nodiscard]] Program::Settings following() const {
    Program::Settings settings = program({"run"});
    settings.log_file = log_file();
    return settings;
  }
  [[nodiscard]] std::size_t count_told(const std::string& sentence) const {
    std::ifstream file(log_file());
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);) {
      count += line.find(sentence) != std::string::npos ? 1 : 0;
    }
    return count;
  }
  void wait_until_told(const std::string& sentence, std::size_t times) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (count_told(sentence) < times) {
      if (std::chrono::steady_clock::now() > deadline) {
        throw std::runtime_error("it never said: " + sentence);
      }
    }
  }
  // More than fits into pages that have been begun.
  void add_long_names(const std::string& first, int count) const {
    left_.exec(
        fmt::format("insert into people (name, age) select '{} ' || n || repeat('x', 1500),"
                    " n from generate_series(1, {}) n",
                    first, count));
  }

  // MiB. With little space no log is begun that has its space reserved.
  static constexpr std::size_t kAll = 24;
  static constexpr std::size_t kLittle = 2;
  SmallDisk disk_{kAll};

 private:
  [[nodiscard]] std::string log_file() const { return (folder_.path() / "log").string(); }
};

TEST_F(FullDiskPgTest, AStateWithoutSpaceWaitsForItThroughKillsAndStopsAndLosesNothing) {
  const std::string full = "no space for the state";
  auto program = std::make_unique<Program>(following());
  wait_until_right("name = 'p10'");
  disk_.leave(0);
  add_long_names("a", 500);
  right_.exec("update persons set years = years + 100 where name = 'p1'");
  wait_until_told(full, 1);

  program->send(SIGKILL);
  EXPECT_EQ(program->wait().signal, SIGKILL);
  program = std::make_unique<Program>(following());
  wait_until_told(full, 2);
  add_long_names("b", 10);
  program->send(SIGTERM);
  EXPECT_TRUE(program->ends_within(std::chrono::seconds(10)));
  EXPECT_EQ(program->wait().exit_code, 0);

  program = std::make_unique<Program>(following());
  wait_until_told(full, 3);
  right_.exec("insert into persons (name, years) values ('late', 1)");
  disk_.leave(kAll);
  wait_until_left("name = 'late'");
  wait_until_left("name = 'p1' and age = 101");
  wait_until_right("name like 'b 10x%'");
  wait_until_acknowledged(left_);
  wait_until_acknowledged(right_);
  EXPECT_EQ(count_told(full), 3U);
  EXPECT_EQ(stop(*program).exit_code, 0);
  expect_nothing_left_to_do();
}

// The same process, which has its state open when the disk comes to be full.
TEST_F(FullDiskPgTest, AStateThatRunsOutOfSpaceGoesOnInTheSameProcess) {
  Program program(following());
  wait_until_right("name = 'p10'");
  for (std::size_t round = 1; round <= 3; ++round) {
    disk_.leave(0);
    add_long_names(std::to_string(round), 500);
    wait_until_told("no space for the state", round);
    disk_.leave(kLittle);
    wait_until_right(fmt::format("name like '{} 500x%'", round));
    wait_until_told("there is space on the disk again", round);
  }
  EXPECT_EQ(stop(program).exit_code, 0);
  expect_nothing_left_to_do();
}

class FullTablespacePgTest : public FullDiskPgTest {
 public:
  ~FullTablespacePgTest() override {
    if (disk_.mounted()) {
      right_.exec("drop table persons");
      shared_cluster().exec("postgres", "drop tablespace small");
    }
  }

 protected:
  FullTablespacePgTest() {
    if (!disk_.mounted()) {
      return;
    }
    // Owned by whom the server runs as.
    struct stat server = {};
    ::stat(shared_cluster().socket_directory().c_str(), &server);
    const std::filesystem::path place = small_.path() / "tablespace";
    std::filesystem::create_directory(place);
    for (const std::filesystem::path& path : {small_.path(), place}) {
      if (::chown(path.c_str(), server.st_uid, server.st_gid) != 0) {
        throw std::runtime_error("cannot give " + path.string() + " to the server");
      }
    }
    shared_cluster().exec("postgres",
                          fmt::format("create tablespace small location '{}'", place.string()));
    right_.exec("alter table persons set tablespace small");
  }

  SmallDisk small_{4};
};

TEST_F(FullTablespacePgTest, ADatabaseWithoutSpaceIsWaitedForToldOnceAndLosesNothing) {
  Program program(following());
  wait_until_right("name = 'p10'");
  small_.leave(0);
  add_long_names("a", 500);
  wait_until_told("it is tried again until it passes", 1);
  right_.exec("delete from persons where name = 'p1'");  // Needs no space.
  left_.exec("update people set age = age + 100 where name = 'p2'");
  small_.leave(4);
  wait_until_right("name like 'a 500x%'");
  wait_until_right("name = 'p2' and years = 102");
  wait_until_told("there is space on the disk again", 1);
  wait_until_acknowledged(left_);
  EXPECT_EQ(count_told("it is tried again until it passes"), 1U);
  EXPECT_EQ(stop(program).exit_code, 0);
  left_.exec("delete from people where name = 'p1'");
  EXPECT_EQ(lefts(), rights());
}

}  // namespace
}  // namespace couplet::test
