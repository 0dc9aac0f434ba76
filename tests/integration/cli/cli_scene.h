#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/cli/program.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/temporary_database.h"
#include "tests/support/temporary_folder.h"

namespace couplet::test {

// The role that couplet runs as: it owns nothing and has the grants of docs/reference/privileges.md
// for a database that is read and written, on what a test makes in the schema public.
inline constexpr const char* kRole = "couplet";

// Two databases with people in them, `left` and `right`, a couplet.yaml that maps left.people to
// right.persons both ways, and the program to run on it.
class CliTest : public testing::Test {
 protected:
  CliTest();

  // A file with these sources and this section of mappings.
  void write_file(const std::string& mappings);
  void write_file(const std::string& mappings, const std::string& left_url,
                  const std::string& right_url);
  void write_text(const std::string& text) const;

  [[nodiscard]] Program::Settings program(std::vector<std::string> words) const;
  // Runs couplet with these words and this scene's file.
  [[nodiscard]] Ended couplet(std::vector<std::string> words) const;

  // `count` people on the left, named p1, p2, ….
  void add_people(int count) const;
  // Of the deployment: its own, since a server's replication origins are seen by all databases.
  [[nodiscard]] std::string name() const { return left_.name(); }
  [[nodiscard]] std::filesystem::path state() const { return folder_.path() / "state"; }

  TemporaryFolder folder_;
  TemporaryDatabase left_;
  TemporaryDatabase right_;
  std::map<std::string, std::optional<std::string>> environment_;
};

// Asks until the answer has a row.
void wait_for_row(const PostgresCluster& cluster, const std::string& database,
                  const std::string& sql);

// Each line of JSON Lines.
std::vector<nlohmann::json> lines_of(const std::string& out);
// The last of them, its "summary" or "error".
nlohmann::json summary_of(const std::string& out);
nlohmann::json error_of(const std::string& out);

inline constexpr const char* kPeople = R"(
  person: { left: left.people, right: right.persons, direction: both, keys: [name],
            attributes: [ { left: age, right: years } ] }
)";

}  // namespace couplet::test
