#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "connectors/sqlite/database.h"
#include "connectors/sqlite/reader.h"
#include "engine/ports/source.h"

namespace couplet::sqlite {

// Batches, each a transaction that holds the file's write lock from its begin on (BEGIN IMMEDIATE),
// so that what is compared stays as it is until it is set. It runs when it is submitted; what came
// of it waits to be collected. Foreign keys are checked by the commit, whatever they say
// themselves: rows of a batch may refer to each other in any order.
class Writer {
 public:
  Writer(const SqliteSourceSettings& settings, Reader& reader, std::uint64_t& statements)
      : settings_(settings), reader_(reader), statements_(statements) {}

  Result<Database*> database();
  Result<void> submit(const WriteBatch& batch);
  Result<WriteOutcome> collect();

 private:
  // `kept`: what before_commit gave.
  Result<WriteOutcome> run(const WriteBatch& batch, Result<void>& kept);
  Result<WriteOutcome> run_groups(const Catalog& catalog, const WriteBatch& batch,
                                  Result<void>& kept);
  // Names the constraint that refused, as the catalog's names go.
  Error named(Error error, const WriteBatch& batch) const;

  const SqliteSourceSettings& settings_;
  Reader& reader_;
  std::uint64_t& statements_;
  std::unique_ptr<Database> database_;
  std::deque<Result<WriteOutcome>> outcomes_;
};

}  // namespace couplet::sqlite
