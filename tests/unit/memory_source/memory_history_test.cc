#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "tests/unit/memory_source/people.h"

namespace couplet::memory {
namespace {

struct Step {
  int action = 0;
  int id = 0;
  int value = 0;
  bool abort = false;
};

rc::Gen<Step> any_step() {
  return rc::gen::build<Step>(
      rc::gen::set(&Step::action, rc::gen::inRange(0, 4)),
      rc::gen::set(&Step::id, rc::gen::inRange(1, 8)),
      rc::gen::set(&Step::value, rc::gen::inRange(0, 5)),
      rc::gen::set(&Step::abort, rc::gen::weightedElement<bool>({{3, false}, {1, true}})));
}

std::optional<std::string> literal(int number) {
  return number == 0 ? std::nullopt : std::optional(std::to_string(number));
}

std::size_t found_by(Source& source, std::size_t by, TypeKind kind, const std::string& value) {
  ValueTable wanted;
  wanted.types = {type_of(kind)};
  wanted.rows.reset(1);
  wanted.rows.begin_row();
  wanted.rows.push(bytes_of(kind, value));
  RowBatch rows;
  const std::vector<std::size_t> columns{by};
  RC_ASSERT(source.find(projection_of({"code", "boss_id"}), columns, wanted, rows).has_value());
  return rows.rows();
}

// Whatever users do, and whether it commits: keys hold, references lead somewhere, and an index
// that was kept up through it all answers like one that is made now.
RC_GTEST_PROP(MemoryDatabaseHistory, KeysReferencesAndIndexesHoldThroughAnyHistory, ()) {
  const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
  const auto database = database_of_people();
  MemorySource source(database);
  for (int value = 1; value < 8; ++value) {  // Makes the indexes, to be kept up from here on.
    RC_ASSERT(found_by(source, 0, TypeKind::kInt32, std::to_string(value)) == 0U);
    RC_ASSERT(found_by(source, 1, TypeKind::kInt64, std::to_string(value)) == 0U);
  }
  for (const Step& step : steps) {
    const std::vector<Cells> before = database->rows("people");
    const auto done = database->transaction([&](MemoryTransaction& transaction) -> Result<void> {
      const Cells where{{"id", std::to_string(step.id)}};
      switch (step.action) {
        case 0:
          COUPLET_TRY(transaction.insert(
              "people", {{"id", std::to_string(step.id)}, {"code", literal(step.value)}}));
          break;
        case 1:
          COUPLET_TRY(transaction.update("people", where, {{"code", literal(step.value)}}));
          break;
        case 2:
          COUPLET_TRY(transaction.update("people", where, {{"boss_id", literal(step.value)}}));
          break;
        default:
          COUPLET_TRY(transaction.erase("people", where));
          break;
      }
      if (step.abort) {
        return fail(ErrorKind::kInterrupted, "regretted");
      }
      return {};
    });
    const std::vector<Cells> rows = database->rows("people");
    if (!done) {
      RC_ASSERT(rows == before);
    }
    std::map<std::string, std::size_t> ids;
    std::map<std::string, std::size_t> codes;
    std::map<std::string, std::size_t> bosses;
    for (const Cells& row : rows) {
      ++ids[*row.at("id")];
      codes[row.at("code").value_or("null")] += 1;
      bosses[row.at("boss_id").value_or("null")] += 1;
    }
    for (int value = 1; value < 8; ++value) {
      const std::string text = std::to_string(value);
      RC_ASSERT(codes[text] <= 1U);
      RC_ASSERT(bosses[text] == 0U || ids[text] == 1U);
      RC_ASSERT(found_by(source, 0, TypeKind::kInt32, text) == codes[text]);
      RC_ASSERT(found_by(source, 1, TypeKind::kInt64, text) == bosses[text]);
    }
  }
}

}  // namespace
}  // namespace couplet::memory
