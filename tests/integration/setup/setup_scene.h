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
#include "tests/support/temporary_folder.h"

namespace couplet::test {

// Two empty databases, `shop` and `billing`, a role `couplet` that may nothing, a folder to work
// in, and the program. The server is this program's own: a test may change roles and settings.
class SetupScene : public testing::Test {
 protected:
  SetupScene();

  [[nodiscard]] Ended couplet(std::vector<std::string> words) const;
  // `couplet doctor --json` with these words behind it: its findings.
  [[nodiscard]] std::vector<nlohmann::json> findings(
      const std::vector<std::string>& words = {}) const;
  // Those with this code.
  [[nodiscard]] std::vector<nlohmann::json> findings_of(const std::string& code) const;
  // Runs the fix of a finding where it was found.
  void mend(const nlohmann::json& finding) const;

  // couplet.yaml with sources shop and billing for a role, and this section of mappings.
  void write_file(const std::string& rest, const std::string& role = "couplet") const;
  [[nodiscard]] std::string read_file() const;
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "couplet.yaml"; }

  PostgresCluster& cluster_;
  TemporaryFolder folder_;
  std::map<std::string, std::optional<std::string>> environment_;
};

// Blocks ```sql of the page's text below a line that holds `after`, in order.
std::vector<std::string> sql_blocks(const std::string& page, const std::string& after);

}  // namespace couplet::test
