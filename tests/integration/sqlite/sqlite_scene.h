#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/cli/cli_scene.h"
#include "tests/integration/cli/program.h"
#include "tests/support/sqlite_file.h"
#include "tests/support/temporary_folder.h"

namespace couplet::test {

// Two SQLite files, `left` and `right`, a couplet.yaml, and the program to run on them.
class SqliteTest : public testing::Test {
 protected:
  SqliteTest();

  // The file with sources `left` and `right` and this section of mappings (and what follows).
  void write_file(const std::string& mappings);
  void write_file(const std::string& mappings, const std::filesystem::path& left,
                  const std::filesystem::path& right);
  void write_text(const std::string& text) const;
  // people and persons, mapped both ways by name, with age and years.
  void make_people();

  [[nodiscard]] Ended couplet(std::vector<std::string> words) const;
  // Reconciles, which has to go well; the summary.
  [[nodiscard]] nlohmann::json reconciled() const;

  TemporaryFolder folder_;
  SqliteFile left_;
  SqliteFile right_;
  std::map<std::string, std::optional<std::string>> environment_;
};

}  // namespace couplet::test
