// `couplet init` on SQLite files: paths that come from the environment stay there.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/integration/sqlite/sqlite_scene.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class SqliteInitTest : public SqliteTest {
 protected:
  SqliteInitTest() {
    left_.exec("create table people (id integer primary key, name text not null unique)");
    right_.exec("create table people (id integer primary key, name text not null unique)");
  }
  [[nodiscard]] std::string file() const { return (folder_.path() / "couplet.yaml").string(); }
  [[nodiscard]] std::string written(std::vector<std::string> options) const {
    Program::Settings settings;
    settings.words = {COUPLET_PROGRAM, "init", "-o", file()};
    settings.words.insert(settings.words.end(), options.begin(), options.end());
    settings.environment = environment_;
    std::filesystem::remove(file());
    const Ended ended = run(settings);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    std::ifstream text(file());
    return {std::istreambuf_iterator<char>(text), {}};
  }
};

TEST_F(SqliteInitTest, APathFromTheEnvironmentIsReferredTo) {
  environment_["LEFT_URL"] = left_.path().string();
  environment_["RIGHT_URL"] = right_.path().string();
  const std::string text = written({});
  EXPECT_THAT(text, HasSubstr("path: { env: LEFT_URL }"));
  EXPECT_THAT(text, HasSubstr("path: { env: RIGHT_URL }"));
  EXPECT_THAT(text, Not(HasSubstr(left_.path().string())));
  const Ended planned = couplet({"plan"});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  environment_["LEFT_URL"] = std::nullopt;
  const Ended unset = couplet({"plan"});
  EXPECT_EQ(unset.exit_code, 2);
  EXPECT_THAT(unset.err, HasSubstr("the environment variable LEFT_URL is not set"));
  EXPECT_THAT(unset.err, HasSubstr("export LEFT_URL=... where couplet runs"));
  EXPECT_THAT(unset.err, Not(HasSubstr("--no-secrets")));
}

TEST_F(SqliteInitTest, APathThatIsGivenByOptionIsWritten) {
  const std::string text =
      written({"--left", left_.path().string(), "--right", right_.path().string()});
  EXPECT_THAT(text, HasSubstr("path: '" + left_.path().string() + "'"));
  EXPECT_THAT(text, Not(HasSubstr("env:")));
}

}  // namespace
}  // namespace couplet::test
