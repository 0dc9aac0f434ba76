#include "tests/integration/sqlite/sqlite_scene.h"

#include <fmt/format.h>

#include <fstream>

namespace couplet::test {

SqliteTest::SqliteTest() : folder_(fast_parent()) {}

void SqliteTest::write_file(const std::string& mappings) {
  write_file(mappings, left_.path(), right_.path());
}

void SqliteTest::write_file(const std::string& mappings, const std::filesystem::path& left,
                            const std::filesystem::path& right) {
  write_text(
      fmt::format("version: 1\nname: sqlite\nstate: state\nsources:\n"
                  "  left: {{ type: sqlite, path: \"{}\", busy_timeout: 50ms }}\n"
                  "  right: {{ type: sqlite, path: \"{}\", busy_timeout: 50ms }}\n"
                  "mappings:{}",
                  left.string(), right.string(), mappings));
}

void SqliteTest::write_text(const std::string& text) const {
  std::ofstream(folder_.path() / "couplet.yaml") << text;
}

void SqliteTest::make_people() {
  left_.exec("create table people (id integer primary key, name text not null, age integer)");
  right_.exec("create table persons (id integer primary key, name text not null, years integer)");
  write_file(kPeople);
}

Ended SqliteTest::couplet(std::vector<std::string> words) const {
  Program::Settings settings;
  settings.words = {COUPLET_PROGRAM};
  settings.words.insert(settings.words.end(), words.begin(), words.end());
  settings.words.emplace_back("--config");
  settings.words.push_back((folder_.path() / "couplet.yaml").string());
  settings.environment = environment_;
  return run(settings);
}

nlohmann::json SqliteTest::reconciled() const {
  const Ended ended = couplet({"reconcile", "--json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  return summary_of(ended.out);
}

}  // namespace couplet::test
