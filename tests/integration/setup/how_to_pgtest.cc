// docs/how-to/your-own-databases.md and change-streams.md: their commands are run as printed and
// print what they show.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <functional>
#include <regex>
#include <sstream>

#include "tests/integration/setup/setup_scene.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;

constexpr const char* kPage = "how-to/your-own-databases.md";
constexpr const char* kStreamsPage = "how-to/change-streams.md";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::string page(const char* path) {
  std::ifstream file(std::filesystem::path(COUPLET_DOCS) / path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Step {
  std::string command;
  std::string shown;
};

// The commands of the page's console blocks, each with what stands below it.
std::vector<Step> steps(const char* path) {
  std::vector<Step> found;
  bool inside = false;
  for (const std::string& line : lines_of(page(path))) {
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      found.push_back({line.substr(2), ""});
    } else if (inside) {
      found.back().shown += line + "\n";
    }
  }
  return found;
}

// What may differ from run to run, and from server to server.
std::string stable(std::string text) {
  text = std::regex_replace(text, std::regex(R"([0-9]+\.[0-9] s\.)"), "N s.");
  return std::regex_replace(text, std::regex(R"(PostgreSQL [0-9.]+)"), "PostgreSQL N");
}

// Whether `out` has the pieces of `shown` between lines of `...`, in order.
bool shows(const std::string& out, const std::string& shown) {
  std::size_t at = 0;
  std::string piece;
  const auto fits = [&] {
    const std::size_t found = out.find(piece, at);
    at = found == std::string::npos ? found : found + piece.size();
    piece.clear();
    return found != std::string::npos;
  };
  for (const std::string& line : lines_of(shown)) {
    if (line != "...") {
      piece += line + "\n";
    } else if (!piece.empty() && !fits()) {
      return false;
    }
  }
  return piece.empty() || fits();
}

class HowToTest : public SetupScene {
 protected:
  HowToTest() {
    const auto tables = sql_blocks(kPage, "# Two databases");
    cluster_.exec("shop", "drop role couplet");
    for (const char* database : {"shop", "billing"}) {
      cluster_.exec(database, "revoke all on schema public from public");
    }
    cluster_.exec("shop", tables.at(0));
    cluster_.exec("billing", tables.at(1));
    // `psql shop` is the owner of the tables, on this server.
    environment_["PGHOST"] = "127.0.0.1";
    environment_["PGPORT"] = std::to_string(cluster_.port());
    environment_["PGUSER"] = "postgres";
    environment_["PATH"] =
        std::filesystem::path(COUPLET_PROGRAM).parent_path().string() + ":" + ::getenv("PATH");
  }

  [[nodiscard]] Ended shell(const std::string& command) const {
    Program::Settings settings;
    settings.words = {"/bin/bash", "-c",
                      "cd '" + folder_.path().string() + "' && { " + command + "\n} 2>&1"};
    settings.environment = environment_;
    return run(settings);
  }

  void expect_shown(const Step& step) const {
    const Ended ended = shell(step.command);
    EXPECT_EQ(ended.exit_code, 0) << step.command << "\n" << ended.out;
    const std::string out = stable(ended.out);
    EXPECT_TRUE(step.shown.empty() ? out.empty() : shows(out, stable(step.shown)))
        << "$ " << step.command << "\nprints\n"
        << ended.out << "not\n"
        << step.shown;
  }

  // Up to the command that begins so, itself included.
  void follow(const std::string& last) const {
    for (const Step& step : steps(kPage)) {
      if (!step.command.starts_with("export ")) {
        ASSERT_EQ(shell(step.command).exit_code, 0) << step.command;
      }
      if (step.command.starts_with(last)) {
        return;
      }
    }
    FAIL() << "the page has no " << last;
  }
};

TEST_F(HowToTest, ItsCommandsPrintWhatItShows) {
  const std::vector<Step> all = steps(kPage);
  ASSERT_GT(all.size(), 10U);
  for (const Step& step : all) {
    if (step.command.starts_with("export ")) {
      EXPECT_THAT(step.command, testing::AllOf(HasSubstr("LEFT_URL="), HasSubstr(" RIGHT_URL=")));
      continue;  // Of this server; the scene has set them.
    }
    expect_shown(step);
  }
  const std::string accounts = "select email, name, {} from {} order by 1";
  EXPECT_EQ(
      cluster_.query("shop", fmt::format(fmt::runtime(accounts), "phone", "customers")),
      cluster_.query("billing", fmt::format(fmt::runtime(accounts), "telephone", "accounts")));
}

// It goes on where the first page ends.
TEST_F(HowToTest, ThePageOfChangeStreamsPrintsWhatItShows) {
  follow("couplet reconcile");
  const std::vector<Step> all = steps(kStreamsPage);
  ASSERT_GT(all.size(), 5U);
  for (const Step& step : all) {
    expect_shown(step);
  }
  EXPECT_TRUE(cluster_.query("postgres", "select from pg_replication_slots").empty());
}

// The table of mistakes: each is made, and what is said holds what the page says.
TEST_F(HowToTest, EachMistakeIsAnsweredAsItSays) {
  using Mistake = std::function<Ended()>;
  const auto edit = [&](const std::string& from, const std::string& to) {
    std::string text = read_file();
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << " is not in\n" << text;
    std::ofstream(file()) << text.replace(at, from.size(), to);
  };
  const std::map<std::string, Mistake> mistakes = {
      {"the role sees no table yet",
       [&] {
         cluster_.exec("shop", "create role newcomer login");
         return shell("LEFT_URL=${LEFT_URL/couplet/newcomer} couplet init");
       }},
      {"`LEFT_URL` is not set", [&] { return shell("unset LEFT_URL; couplet plan"); }},
      {"the server does not run, or the port is wrong",
       [&] { return shell("LEFT_URL=postgresql://couplet@127.0.0.1:1/shop couplet plan"); }},
      {"the database, the role or the password is wrong",
       [&] { return shell("LEFT_URL=${LEFT_URL/shop/shpo} couplet plan"); }},
      {"`couplet init` a second time", [&] { return shell("couplet init -o couplet.yaml"); }},
      {"left and right are one database",
       [&] { return shell("RIGHT_URL=$LEFT_URL couplet init"); }},
      {"a grant is missing",
       [&] {
         cluster_.exec(
             "billing",
             "revoke update (email, name, telephone, updated_at) on accounts from couplet");
         Ended ended = shell("couplet plan");
         cluster_.exec("billing", "grant update on accounts to couplet");
         return ended;
       }},
      {"an option is misspelt",
       [&] {
         edit("direction: both", "direktion: both");
         return shell("couplet validate");
       }},
      {"a column is misspelt",
       [&] {
         edit("- name\n", "- nmae\n");
         return shell("couplet plan");
       }},
      {"two runs at once", [&] { return shell("flock -n state/couplet.lock couplet reconcile"); }},
      {"a word that Couplet does not know", [&] { return shell("couplet reconcil"); }},
  };
  follow("couplet reconcile");
  const std::string good = read_file();
  std::size_t seen = 0;
  for (const std::string& line : lines_of(page(kPage))) {
    static const std::regex kRow(R"(\| (.+) \| `(.+)` ?\|)");
    std::smatch row;
    if (!std::regex_match(line, row, kRow)) {
      continue;
    }
    ++seen;
    SCOPED_TRACE(row[1].str());
    const auto mistake = mistakes.find(row[1]);
    ASSERT_NE(mistake, mistakes.end()) << "nobody makes it";
    const Ended ended = mistake->second();
    EXPECT_NE(ended.exit_code, 0);
    EXPECT_THAT(ended.out, HasSubstr(row[2].str()));
    std::ofstream(file()) << good;
  }
  EXPECT_EQ(seen, mistakes.size());
}

}  // namespace
}  // namespace couplet::test
