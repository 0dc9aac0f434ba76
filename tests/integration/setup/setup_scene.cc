#include "tests/integration/setup/setup_scene.h"

#include <fmt/format.h>

#include <fstream>

namespace couplet::test {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

SetupScene::SetupScene() : cluster_(shared_cluster()), folder_(fast_parent()) {
  // What an earlier test may have left.
  for (const char* statement :
       {"drop database if exists shop with (force)", "drop database if exists billing with (force)",
        "drop database if exists old with (force)", "drop role if exists couplet",
        "drop role if exists newcomer",
        "select pg_replication_origin_drop(roname) from pg_replication_origin"}) {
    cluster_.exec("postgres", statement);
  }
  cluster_.create_database("shop");
  cluster_.create_database("billing");
  cluster_.exec("shop", "create role couplet login");
  environment_["LEFT_URL"] = cluster_.url("shop", "couplet");
  environment_["RIGHT_URL"] = cluster_.url("billing", "couplet");
}

Ended SetupScene::couplet(std::vector<std::string> words) const {
  Program::Settings settings;
  settings.words = {COUPLET_PROGRAM};
  settings.words.insert(settings.words.end(), words.begin(), words.end());
  if (words.front() != "init" && words.front() != "completion") {
    settings.words.insert(settings.words.end(), {"-c", file().string()});
  }
  settings.environment = environment_;
  return run(settings);
}

std::vector<nlohmann::json> SetupScene::findings(const std::vector<std::string>& words) const {
  std::vector<std::string> all = {"doctor", "--json"};
  all.insert(all.end(), words.begin(), words.end());
  const Ended ended = couplet(all);
  const auto json = nlohmann::json::parse(ended.out, nullptr, false);
  EXPECT_TRUE(json.is_object() && json.contains("findings")) << ended.out << ended.err;
  return json.is_object() && json.contains("findings")
             ? json.at("findings").get<std::vector<nlohmann::json>>()
             : std::vector<nlohmann::json>();
}

std::vector<nlohmann::json> SetupScene::findings_of(const std::string& code) const {
  std::vector<nlohmann::json> found = findings();
  std::erase_if(found, [&](const nlohmann::json& one) { return one.at("code") != code; });
  return found;
}

void SetupScene::mend(const nlohmann::json& finding) const {
  cluster_.exec(finding.at("source").get<std::string>(), finding.at("fix").get<std::string>());
}

void SetupScene::write_file(const std::string& rest, const std::string& role) const {
  std::ofstream(file()) << fmt::format(
      "version: 1\nname: setup\nstate: state\nsources:\n"
      "  shop: {{ type: postgres, url: \"{}\" }}\n"
      "  billing: {{ type: postgres, url: \"{}\" }}\n{}",
      cluster_.url("shop", role), cluster_.url("billing", role), rest);
}

std::string SetupScene::read_file() const { return content(file()); }

std::vector<std::string> sql_blocks(const std::string& page, const std::string& after) {
  const std::string text = content(std::filesystem::path(COUPLET_DOCS) / page);
  std::vector<std::string> blocks;
  const std::string fence = "```sql\n";
  for (std::size_t at = text.find(fence, text.find(after)); at != std::string::npos;
       at = text.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    blocks.push_back(text.substr(begin, text.find("```\n", begin) - begin));
  }
  return blocks;
}

}  // namespace couplet::test
