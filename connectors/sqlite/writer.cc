#include "connectors/sqlite/writer.h"

#include <fmt/format.h>

#include "connectors/sqlite/constraint_names.h"
#include "connectors/sqlite/group_writer.h"

namespace couplet::sqlite {

Result<Database*> Writer::database() {
  if (!database_) {
    COUPLET_ASSIGN(database_, Database::open(settings_, Purpose::kWrite, statements_));
  }
  return database_.get();
}

Result<void> Writer::submit(const WriteBatch& batch) {
  Result<void> kept;
  auto outcome = run(batch, kept);
  if (!kept) {
    return kept;
  }
  outcomes_.push_back(std::move(outcome));
  return {};
}

Result<WriteOutcome> Writer::collect() {
  COUPLET_CHECK(!outcomes_.empty());
  Result<WriteOutcome> outcome = std::move(outcomes_.front());
  outcomes_.pop_front();
  return outcome;
}

Result<WriteOutcome> Writer::run(const WriteBatch& batch, Result<void>& kept) {
  COUPLET_ASSIGN(const Catalog* const catalog, reader_.catalog());
  COUPLET_ASSIGN(Database* const writer, database());
  COUPLET_TRY(writer->execute("BEGIN IMMEDIATE"));
  auto outcome = run_groups(*catalog, batch, kept);
  if (outcome) {
    return outcome;
  }
  // Before the roll-back: what broke a foreign key is seen in the transaction alone.
  Error error = named(std::move(outcome.error()), batch);
  writer->roll_back();
  if (writer->in_transaction()) {
    database_.reset();
  }
  return fail(std::move(error));
}

Result<WriteOutcome> Writer::run_groups(const Catalog& catalog, const WriteBatch& batch,
                                        Result<void>& kept) {
  COUPLET_TRY(database_->execute("PRAGMA defer_foreign_keys = ON"));
  WriteOutcome outcome;
  for (const WriteGroup& group : batch.groups) {
    COUPLET_ASSIGN(const Relation* const relation, catalog.at(group.table));
    COUPLET_ASSIGN(GroupOutcome written, write_group(*database_, *relation, group));
    outcome.groups.push_back(std::move(written));
  }
  if (batch.before_commit) {
    kept = batch.before_commit();
    COUPLET_TRY(kept);
  }
  if (auto committed = database_->execute("COMMIT"); !committed) {
    // An I/O error on the way to the disk leaves open on which side of it the commit lies.
    const bool unclear = (database_->library_error().code & 0xFF) == SQLITE_IOERR;
    if (unclear) {
      committed.error().kind = ErrorKind::kCommitUnknown;
    }
    return fail(std::move(committed.error()));
  }
  return outcome;
}

Error Writer::named(Error error, const WriteBatch& batch) const {
  Catalog catalog;  // As it is in this transaction: what refuses may be new.
  if (error.kind != ErrorKind::kRowFault || error.code.empty() || !catalog.read(*database_)) {
    return error;
  }
  if (error.code == "23503") {
    error.constraint = broken_foreign_key(*database_, catalog, batch.groups);
  } else if (!error.constraint.empty()) {
    error.constraint = constraint_named(catalog, error);
  }
  if (!error.constraint.empty()) {
    error.message += ": " + error.constraint;
  }
  return error;
}

}  // namespace couplet::sqlite
