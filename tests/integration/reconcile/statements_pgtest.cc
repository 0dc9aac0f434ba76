// Queries are O(batches): a reconcile of 10,000 objects with deep paths takes at most 40 statements
// a side beyond one per page of 1,000 and kind of query.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

constexpr int kObjects = 10'000;
constexpr int kPages = kObjects / 1000;
constexpr int kKinds = 6;  // scan, fetch, find, apply with its BEGIN and COMMIT
constexpr int kBeside = 40;

std::string quickstart_file(const char* name) {
  std::ifstream file(std::string(COUPLET_SOURCE_DIR "/docs/quickstart/") + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class StatementsTest : public CliTest {
 protected:
  StatementsTest() {
    left_.exec(quickstart_file("daphne.sql"));
    right_.exec(quickstart_file("desire.sql"));
    std::string text = quickstart_file("couplet.yaml");
    write_text(text);
    environment_["DAPHNE_URL"] = left_.url(kRole);
    environment_["DESIRE_URL"] = right_.url(kRole);
    EXPECT_EQ(couplet({"reconcile"}).exit_code, 0);
  }

  static int statements(const TemporaryDatabase& database) {
    int count = 0;
    for (const LoggedStatement& statement : database.statements_logged()) {
      count += statement.application.starts_with("couplet") ? 1 : 0;
    }
    return count;
  }

  // Runs only the mapping with the deep paths, and counts.
  std::pair<int, int> reconcile_import(int expected_creates) {
    left_.log_statements();
    right_.log_statements();
    const int left_before = statements(left_);
    const int right_before = statements(right_);
    const Ended ended = couplet({"reconcile", "nic_import", "--json"});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(summary_of(ended.out).at("create"), expected_creates);
    return {statements(left_) - left_before, statements(right_) - right_before};
  }
};

TEST_F(StatementsTest, ADeepMappingOfTenThousandTakesAFewStatementsAPage) {
  right_.exec(
      "insert into nics (name, handover_id) select 'deep-' || n, 1 + n % 5 "
      "from generate_series(1, " +
      std::to_string(kObjects) + ") n");
  const auto [left_first, right_first] = reconcile_import(kObjects);
  RecordProperty("left_statements_first", left_first);
  RecordProperty("right_statements_first", right_first);
  EXPECT_GT(left_first, 0);
  EXPECT_LE(left_first, kPages * kKinds + kBeside);
  EXPECT_LE(right_first, kPages * kKinds + kBeside);
  const auto [left_equal, right_equal] = reconcile_import(0);
  EXPECT_LE(left_equal, kPages + kBeside);
  EXPECT_LE(right_equal, kPages + kBeside);
}

}  // namespace
}  // namespace couplet::test
