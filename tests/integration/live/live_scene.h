#pragma once

#include <string>
#include <vector>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {

// The scene of people and persons, with what `couplet run` needs of both databases.
class LivePgTest : public CliTest {
 public:
  ~LivePgTest() override;

 protected:
  LivePgTest();

  [[nodiscard]] std::vector<Row> lefts() const;
  [[nodiscard]] std::vector<Row> rights() const;
  void wait_until_right(const std::string& condition) const;
  void wait_until_left(const std::string& condition) const;
  // Until the server has been told that everything so far is done.
  static void wait_until_acknowledged(const TemporaryDatabase& database);
  // A server hears of a client that was killed a little later.
  static void wait_until_nobody_reads(const TemporaryDatabase& database);
  // How many rows of it were ever written.
  static std::string written(const TemporaryDatabase& database, const std::string& table);
  static Ended stop(Program& program);
  void expect_nothing_left_to_do() const;

 private:
  void prepare(const TemporaryDatabase& database, const std::string& source,
               const std::string& table) const;
};

}  // namespace couplet::test
