// The tree is the architecture: what no compiler checks of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace couplet::test {
namespace {

using testing::IsEmpty;
using testing::Not;

const std::filesystem::path kRoot = COUPLET_SOURCE_DIR;

// What git tracks, as paths from the root.
std::vector<std::string> tracked_files() {
  const std::string command =
      "git -c safe.directory='*' -C '" + kRoot.string() + "' ls-files --cached";
  std::vector<std::string> files;
  std::string line;
  FILE* output = popen(command.c_str(), "r");
  for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    if (std::filesystem::exists(kRoot / line)) {  // Not if it was deleted just now.
      files.push_back(line);
    }
    line.clear();
  }
  pclose(output);
  return files;
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

bool is_code(std::string_view path) { return path.ends_with(".h") || path.ends_with(".cc"); }

// "engine/model" of "engine/model/value.h": the first two folders.
std::string folder_of(const std::string& path) {
  const std::size_t second = path.find('/', path.find('/') + 1);
  return second == std::string::npos ? "" : path.substr(0, second);
}

struct Include {
  std::string file;
  std::string name;
  bool quoted = false;

  std::string text() const { return file + " includes " + name; }
};

std::vector<Include> includes() {
  static const std::regex kDirective(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  std::vector<Include> found;
  for (const std::string& file : tracked_files()) {
    if (!is_code(file)) {
      continue;
    }
    for (const std::string& line : lines_of(kRoot / file)) {
      std::smatch match;
      if (std::regex_match(line, match, kDirective)) {
        found.push_back({file, match[2], match[1] == "\""});
      }
    }
  }
  return found;
}

TEST(LayeringTest, ArrowsRunOneWay) {
  // Folder: what it may include, beside itself.
  std::map<std::string, std::set<std::string>> allowed = {
      {"engine/model", {}},
      {"engine/ports", {"engine/model"}},
      {"engine/definition", {"engine/model", "engine/ports"}},
      {"engine/sync", {"engine/model", "engine/ports", "engine/definition"}},
  };
  allowed["engine/live"] = allowed["engine/reconcile"] = allowed["engine/admin"] =
      allowed["engine/sync"];
  allowed["engine/live"].insert("engine/sync");
  allowed["engine/reconcile"].insert("engine/sync");
  allowed["engine/admin"].insert({"engine/sync", "engine/live", "engine/reconcile"});

  std::vector<std::string> violations;
  for (const Include& include : includes()) {
    const std::string from = folder_of(include.file);
    const std::string to = folder_of(include.name);
    const bool engine = from.starts_with("engine/");
    const bool end = from.starts_with("connectors/") || from.starts_with("storage/");
    if (!include.quoted || (!engine && !end) || from == to || from == "engine/app") {
      continue;
    }
    const std::set<std::string> may =
        end ? std::set<std::string>{"engine/model", "engine/ports"} : allowed[from];
    if (!may.contains(to)) {
      violations.push_back(include.text());
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

TEST(LayeringTest, AnEndsLibraryStaysInItsFolder) {
  const std::map<std::string, std::regex> homes = {
      {"connectors/postgres", std::regex("pqxx/.*|libpq-fe.h|libpq/.*|postgres_ext.h")},
      {"connectors/kafka", std::regex("librdkafka/.*|rdkafka.*")},
      {"connectors/sqlite", std::regex("sqlite3.*")},
      {"storage/rocksdb", std::regex("rocksdb/.*")},
  };
  std::vector<std::string> violations;
  for (const Include& include : includes()) {
    for (const auto& [home, library] : homes) {
      const std::string from = folder_of(include.file);
      if (!include.quoted && std::regex_match(include.name, library) && from != home &&
          !from.starts_with("tests/")) {
        violations.push_back(include.text());
      }
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

// Time, randomness and threads are passed in, so that a history can be replayed from a seed
// (tests/simulation). engine/app alone takes them from the machine.
TEST(LayeringTest, TheEngineTakesNoTimeChanceOrThreadByItself) {
  static const std::regex kFromTheMachine(
      R"(_clock::now|\btime\(nullptr|clock_gettime|gettimeofday|random_device|mt19937|\brand\()"
      R"(|std::j?thread\b|std::async|sleep_for|sleep_until)");
  std::vector<std::string> violations;
  for (const std::string& file : tracked_files()) {
    if (!is_code(file) || !file.starts_with("engine/") || file.starts_with("engine/app/")) {
      continue;
    }
    for (const std::string& line : lines_of(kRoot / file)) {
      if (std::regex_search(line, kFromTheMachine)) {
        violations.push_back(std::string(file).append(": ").append(line));
      }
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

TEST(LayeringTest, QuotedIncludesStartAtTheRoot) {
  std::vector<std::string> violations;
  for (const Include& include : includes()) {
    if (include.quoted && !std::filesystem::exists(kRoot / include.name)) {
      violations.push_back(include.text());
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

TEST(LayeringTest, AFileHoldsOneIdea) {
  constexpr std::size_t kLinesMax = 600;
  std::vector<std::string> violations;
  for (const std::string& file : tracked_files()) {
    if (is_code(file) && lines_of(kRoot / file).size() > kLinesMax) {
      violations.push_back(file);
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

TEST(LayeringTest, EachFolderHasAReadmeOfOneScreen) {
  constexpr std::size_t kLinesMax = 60;
  std::set<std::string> folders = {"docker", "docs", "tests"};
  for (const std::string& file : tracked_files()) {
    const std::string folder = folder_of(file);
    if (folder.starts_with("engine/") || folder.starts_with("connectors/") ||
        folder.starts_with("storage/") || folder.starts_with("tests/")) {
      folders.insert(folder);
    }
  }
  std::vector<std::string> violations;
  for (const std::string& folder : folders) {
    const std::size_t lines = lines_of(kRoot / folder / "README.md").size();
    if (lines == 0 || lines > kLinesMax) {
      violations.push_back(folder + "/README.md has " + std::to_string(lines) + " lines");
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

TEST(LayeringTest, TheTopLevelHoldsWhatTheDesignLists) {
  const std::set<std::string> listed = {"engine",         "connectors", "storage",
                                        "tests",          "docker",     "docs",
                                        "CMakeLists.txt", "README.md",  "CMakePresets.json"};
  const std::vector<std::string> files = tracked_files();
  ASSERT_THAT(files, Not(IsEmpty()));
  std::set<std::string> violations;
  for (const std::string& file : files) {
    const std::string entry = file.substr(0, file.find('/'));
    if (!entry.starts_with('.') && !listed.contains(entry)) {
      violations.insert(entry);
    }
  }
  EXPECT_THAT(violations, IsEmpty());
}

}  // namespace
}  // namespace couplet::test
