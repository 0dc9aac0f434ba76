// What a batch asks for is read while the batch before is written (engine/sync/read_ahead.h).
#include <gmock/gmock.h>

#include "engine/ports/tuning.h"
#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using memory::SourceCall;
using testing::Each;
using testing::ElementsAre;

class ReadAheadTest : public testing::Test, public PeopleWorld {
 protected:
  // As many people as that on both sides, in step.
  void people_in_step(std::size_t count) {
    map("direction: both");
    const auto filled = left->transaction([&](memory::MemoryTransaction& all) -> Result<void> {
      for (std::size_t i = 0; i < count; ++i) {
        COUPLET_TRY(all.insert("people", {{"key", std::to_string(i)}, {"name", "old"}}));
      }
      return {};
    });
    ASSERT_TRUE(filled);
    settle(*this);
  }
  [[nodiscard]] std::size_t renamed() const {
    const auto names = column(*right, "persons", "name");
    return static_cast<std::size_t>(std::count(names.begin(), names.end(), "new"));
  }
};

TEST_F(ReadAheadTest, TheNextBatchIsReadBeforeThisOneIsAnswered) {
  people_in_step(3 * tuning::kBatchRows);
  left->update("people", {}, {{"name", "new"}});
  right->faults().execute_at_collect(true);
  std::vector<std::size_t> seen;
  for (int fetch = 0; fetch < 3; ++fetch) {
    right->faults().before(SourceCall::kFetch, [&] { seen.push_back(renamed()); });
  }
  EXPECT_EQ(settle(*this).count(Operation::kUpdate), 3 * tuning::kBatchRows);
  EXPECT_THAT(seen, ElementsAre(0U, 0U, tuning::kBatchRows));
  EXPECT_EQ(lefts(), rights());
}

TEST_F(ReadAheadTest, ItTakesNoStatementMore) {
  const auto statements_of = [this](std::size_t changed) {
    left->update("people", {}, {{"name", std::to_string(changed)}});
    settle(*this);
    return statements[index_of(Side::kRight)];
  };
  people_in_step(2 * tuning::kBatchRows);
  const std::uint64_t both = statements_of(1);
  left->update("people", {{"key", "7"}}, {{"name", "one"}});
  settle(*this);
  // A look and a transaction of four statements more than for one object.
  EXPECT_LE(both, statements[index_of(Side::kRight)] + 5);
}

// Both ends of each are nominated, and the second time it stands in the batch behind that which
// wrote it: what was read ahead would look like a user's change back.
TEST_F(ReadAheadTest, WhatWasWrittenMeanwhileIsReadAgain) {
  people_in_step(3 * tuning::kBatchRows / 2);
  left->update("people", {}, {{"name", "new"}});
  right->update("persons", {}, {{"mail", "new@x"}});
  settle(*this);
  EXPECT_EQ(lefts(), rights());
  EXPECT_THAT(column(*left, "people", "mail"), Each("new@x"));
  EXPECT_THAT(column(*right, "persons", "name"), Each("new"));
  EXPECT_EQ(settle(*this).operations(), 0U);
}

TEST_F(ReadAheadTest, WhatAUserWritesMeanwhileIsRefusedAndReadAgain) {
  people_in_step(3 * tuning::kBatchRows);
  left->update("people", {}, {{"name", "new"}});
  // The next batch has been read when this one's transaction begins to be waited for.
  right->faults().execute_at_collect(true);
  left->faults().before(
      SourceCall::kFetch,
      [&] {
        right->update("persons", {}, {{"mail", "user@x"}});
      },
      2);
  settle(*this);
  settle(*this);
  EXPECT_EQ(lefts(), rights());
  EXPECT_THAT(column(*left, "people", "mail"), Each("user@x"));
  EXPECT_THAT(column(*right, "persons", "name"), Each("new"));
}

TEST_F(ReadAheadTest, WhatWasReadForABatchThatFailsIsNotUsed) {
  people_in_step(3 * tuning::kBatchRows);
  left->update("people", {}, {{"name", "new"}});
  for (const bool took_effect : {true, false}) {
    right->faults().lose_commit(took_effect, 1);
  }
  settle(*this);
  EXPECT_EQ(lefts(), rights());
  EXPECT_EQ(renamed(), 3 * tuning::kBatchRows);
  EXPECT_EQ(settle(*this).operations(), 0U);
}

}  // namespace
}  // namespace couplet::test
