#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/parameters.h"
#include "connectors/postgres/relation.h"
#include "connectors/postgres/write_text.h"
#include "engine/ports/source.h"

namespace couplet::postgres {

// One statement of a batch, complete: it can be sent again when its transaction did not happen.
struct Command {
  enum class Answer : std::uint8_t {
    kNone,   // Nothing to read.
    kByRow,  // Ordinal, id, returning.
    kByIdOrOrder,
    kByOrder,  // See CreateForm.
    kVersion,  // pg_current_xact_id, the mark's set-up besides.
    kCommit,
  };
  std::string sql;
  Parameters parameters;
  bool prepared = true;  // BEGIN and COMMIT are not.
  Answer answer = Answer::kNone;
  std::size_t group = 0;
  // Index in the group of each row sent. Empty: the same as the ordinal.
  std::vector<std::uint32_t> rows;
  // kByIdOrOrder: the ids chosen, to recognise rows by when some were refused.
  std::vector<ObjectKey> keys;
};

// Asks the database something before the batch is sent.
using Ask = std::function<Result<Answer>(const std::string& sql, const Parameters& parameters)>;

// The commands that write one group, appended to `out`. Errors: kRowFault or kUnsupported where
// displaced rows cannot be moved, and what `ask` fails with.
Result<void> plan_group(const std::string& source_name, const Relation& relation,
                        const WriteGroup& group, std::size_t index, const Ask& ask,
                        std::vector<Command>& out);

// Appends the rows that `answer` shows as written, which now have `version`. False if the answer
// has not the shape expected.
bool take_written(const Command& command, const WriteGroup& shape, const Answer& answer,
                  RowVersion version, RowBatch& written);

}  // namespace couplet::postgres
