#include "connectors/postgres/writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/postgres/mark.h"
#include "connectors/postgres/sql_text.h"
#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

constexpr std::size_t kBatchesInFlight = 2;
// Statements of one batch that are prepared: fewer than the cache holds, so that none is displaced
// before it is used.
constexpr std::size_t kPreparedPerBatch = StatementCache::kCapacity / 2;
constexpr const char* kNoSuchStatement = "26000";
constexpr const char* kPlanIsStale = "0A000";

Command plain(std::string sql, Command::Answer answer) {
  Command command;
  command.sql = std::move(sql);
  command.prepared = false;
  command.answer = answer;
  return command;
}

WriteGroup shape_of(const WriteGroup& group) {
  WriteGroup shape;
  shape.operation = group.operation;
  shape.table = group.table;
  shape.id = group.id;
  shape.id_types = group.id_types;
  shape.returning = group.returning;
  shape.returning_types = group.returning_types;
  return shape;
}

}  // namespace

Result<void> Writer::connect() {
  if (connection_ && connection_->usable()) {
    return {};
  }
  connection_.reset();
  mark_attached_ = false;
  COUPLET_ASSIGN(std::unique_ptr<Connection> connection,
                 Connection::open(settings_, Purpose::kWrite, statements_));
  if (!mark_.empty()) {
    COUPLET_ASSIGN(const std::optional<BatchNumber> progress,
                   attach_origin(*connection, settings_.name, mark_, settings_.mark_wait));
    if (!progress) {
      return fail(ErrorKind::kPrivilege,
                  fmt::format("source {}: the role may no longer use replication origin {}",
                              settings_.name, mark_));
    }
    mark_attached_ = true;
  } else if (!held_name_.empty()) {
    COUPLET_TRY(hold_name(*connection, settings_.name, held_name_, settings_.mark_wait));
  }
  if (PQsetnonblocking(connection->native(), 1) != 0 ||
      PQenterPipelineMode(connection->native()) != 1) {
    return fail(connection->lost("starting to write"));
  }
  connection_ = std::move(connection);
  return {};
}

Result<std::optional<BatchNumber>> Writer::attach_mark(const std::string& name) {
  COUPLET_CHECK(flights_.empty());
  COUPLET_CHECK(!name.empty());
  // A session of its own: what was attached to the one before is let go with it.
  connection_.reset();
  mark_attached_ = false;
  mark_.clear();
  held_name_.clear();
  COUPLET_ASSIGN(std::unique_ptr<Connection> connection,
                 Connection::open(settings_, Purpose::kWrite, statements_));
  COUPLET_ASSIGN(const std::optional<BatchNumber> progress,
                 attach_origin(*connection, settings_.name, name, settings_.mark_wait));
  if (PQsetnonblocking(connection->native(), 1) != 0 ||
      PQenterPipelineMode(connection->native()) != 1) {
    return fail(connection->lost("attaching the mark"));
  }
  connection_ = std::move(connection);
  if (progress) {
    mark_ = name;
    mark_attached_ = true;
  } else {
    held_name_ = name;
  }
  return progress;
}

Result<void> Writer::submit(const WriteBatch& batch) {
  COUPLET_CHECK(flights_.size() < kBatchesInFlight);
  COUPLET_CHECK(flights_.empty() || !batch.before_commit);
  std::vector<TableName> tables;
  for (const WriteGroup& group : batch.groups) {
    tables.push_back(group.table);
  }
  COUPLET_TRY(relations_.load(tables));
  // A session with batches in flight is not replaced here: collect finds out what became of them.
  const bool in_use = std::any_of(flights_.begin(), flights_.end(),
                                  [](const Flight& flight) { return !flight.lost; });
  if (!in_use) {
    COUPLET_TRY(connect());
  }
  Flight flight;
  flight.number = batch.number;
  // Read committed: a row that another session changed meanwhile fails the version test, instead of
  // failing the batch. default_transaction_read_only counts: who set it wants no writes.
  flight.commands.push_back(plain("begin isolation level read committed", Command::Answer::kNone));
  Command version = plain(version_text(mark_attached_), Command::Answer::kVersion);
  if (mark_attached_) {
    version.parameters.add(oid::kLsn, mark_parameter(batch.number));
  }
  version.prepared = true;
  flight.commands.push_back(std::move(version));
  for (std::size_t i = 0; i < batch.groups.size(); ++i) {
    const WriteGroup& group = batch.groups[i];
    flight.shapes.push_back(shape_of(group));
    COUPLET_TRY(plan_group(settings_.name, *relations_.known(group.table), group, i, ask_,
                           flight.commands));
  }
  flight.commands.push_back(plain("commit", Command::Answer::kCommit));
  if (!send_work(flight)) {
    const Error error = connection_->lost("writing");
    abandon(false);
    return fail(error);
  }
  if (batch.before_commit) {
    if (auto kept = batch.before_commit(); !kept) {
      take_back(flight);
      return kept;
    }
  }
  if (!send_end(flight)) {
    flight.lost = uncertain();
    abandon(false);
  }
  flights_.push_back(std::move(flight));
  return {};
}

// Only when the socket has taken all before the end is that sent: so that a failure until here is
// known to have left no trace.
bool Writer::send_work(Flight& flight) {
  return send_preparations(flight) &&
         std::all_of(flight.commands.begin(), flight.commands.end() - 1,
                     [this](const Command& command) { return send_command(command); }) &&
         flush();
}

bool Writer::send_end(const Flight& flight) {
  return send_command(flight.commands.back()) && PQpipelineSync(connection_->native()) == 1 &&
         flush();
}

void Writer::take_back(Flight& flight) {
  flight.commands.back() = plain("rollback", Command::Answer::kNone);
  if (!send_end(flight)) {
    connection_.reset();
    return;
  }
  const Outcome outcome = read_flight(flight);
  if (outcome.broken) {
    connection_.reset();
  } else if (outcome.error) {
    recover();
  }
}

bool Writer::send_preparations(Flight& flight) {
  flight.preparing.clear();
  PGconn* native = connection_->native();
  for (std::size_t i = 0; i < flight.commands.size(); ++i) {
    Command& command = flight.commands[i];
    command.prepared = command.prepared && i < kPreparedPerBatch;
    if (!command.prepared) {
      continue;
    }
    std::vector<std::string> displaced;
    StatementCache::Entry& entry =
        connection_->cache().at(command.sql, command.parameters.types, displaced);
    for (const std::string& name : displaced) {
      connection_->count_statement();
      if (PQsendQueryParams(native, ("deallocate " + quote_identifier(name)).c_str(), 0, nullptr,
                            nullptr, nullptr, nullptr, 0) != 1) {
        return false;
      }
      flight.preparing.emplace_back();
    }
    if (entry.prepared) {
      continue;
    }
    if (PQsendPrepare(native, entry.name.c_str(), command.sql.c_str(),
                      static_cast<int>(command.parameters.types.size()),
                      command.parameters.types.data()) != 1) {
      return false;
    }
    entry.prepared = true;
    flight.preparing.push_back(entry.name);
  }
  return flight.preparing.empty() || PQpipelineSync(native) == 1;
}

bool Writer::send_command(const Command& command) {
  PGconn* native = connection_->native();
  std::vector<const char*> values;
  std::vector<int> lengths;
  const std::vector<int> formats(command.parameters.values.size(), 1);
  for (const std::string& value : command.parameters.values) {
    values.push_back(value.data());
    lengths.push_back(static_cast<int>(value.size()));
  }
  const int count = static_cast<int>(values.size());
  connection_->count_statement();
  if (!command.prepared) {
    return PQsendQueryParams(native, command.sql.c_str(), count, command.parameters.types.data(),
                             values.data(), lengths.data(), formats.data(), 1) == 1;
  }
  std::vector<std::string> displaced;
  const StatementCache::Entry& entry =
      connection_->cache().at(command.sql, command.parameters.types, displaced);
  return PQsendQueryPrepared(native, entry.name.c_str(), count, values.data(), lengths.data(),
                             formats.data(), 1) == 1;
}

bool Writer::flush() {
  while (true) {
    const int unsent = PQflush(connection_->native());
    if (unsent <= 0) {
      return unsent == 0;
    }
    if (!connection_->wait(true)) {
      return false;
    }
  }
}

Answer Writer::next_result(bool& broken) {
  Answer result(PQgetResult(connection_->native()));
  if (result.raw() == nullptr) {
    broken = PQstatus(connection_->native()) != CONNECTION_OK;
  }
  return result;
}

bool Writer::read_preparations(Flight& flight) {
  for (const std::string& name : flight.preparing) {
    bool broken = false;
    while (true) {
      const Answer result = next_result(broken);
      if (result.raw() == nullptr) {
        break;
      }
      if (result.status() == PGRES_COMMAND_OK || name.empty()) {
        continue;
      }
      connection_->cache().forget(name);
      if (result.status() == PGRES_FATAL_ERROR) {
        const ServerError error = connection_->server_error(result.raw());
        if (error.code.empty() || error.fatal) {
          return false;
        }
        if (!flight.prepare_error) {
          flight.prepare_error = error;
        }
      }
    }
    if (broken) {
      return false;
    }
  }
  if (flight.preparing.empty()) {
    return true;
  }
  bool broken = false;
  const Answer sync = next_result(broken);
  return sync.raw() != nullptr && sync.status() == PGRES_PIPELINE_SYNC;
}

Writer::Outcome Writer::read_flight(Flight& flight) {
  Outcome outcome;
  outcome.written.groups.resize(flight.shapes.size());
  for (std::size_t i = 0; i < flight.shapes.size(); ++i) {
    outcome.written.groups[i].written.reset(flight.shapes[i].id.size() +
                                            flight.shapes[i].returning.size());
  }
  if (!read_preparations(flight)) {
    outcome.broken = true;
    return outcome;
  }
  for (std::size_t i = 0; i < flight.commands.size(); ++i) {
    const Command& command = flight.commands[i];
    while (true) {
      const Answer result = next_result(outcome.broken);
      if (result.raw() == nullptr) {
        break;
      }
      if (result.status() == PGRES_FATAL_ERROR) {
        ServerError error = connection_->server_error(result.raw());
        outcome.broken = error.code.empty() || error.fatal;
        if (!outcome.error) {
          outcome.failed_at = i;
          outcome.error = std::move(error);
        }
        if (outcome.broken) {
          return outcome;
        }
        continue;
      }
      if (outcome.error || result.status() == PGRES_PIPELINE_ABORTED) {
        continue;
      }
      outcome.misread = !take(flight, command, result, outcome) || outcome.misread;
    }
    if (outcome.broken) {
      return outcome;
    }
  }
  const Answer sync = next_result(outcome.broken);
  outcome.broken = outcome.broken || sync.raw() == nullptr;
  return outcome;
}

bool Writer::take(const Flight& flight, const Command& command, const Answer& result,
                  Outcome& outcome) {
  switch (command.answer) {
    case Command::Answer::kNone:
      return true;
    case Command::Answer::kVersion:
      if (result.rows() != 1) {
        return false;
      }
      // A row's xmin is the low half of the transaction's id.
      outcome.version = RowVersion{static_cast<std::uint32_t>(
          wire::read<std::uint64_t>(result.bytes(0, 0).data()) & 0xFFFFFFFFU)};
      return true;
    case Command::Answer::kCommit:
      // COMMIT of a failed transaction succeeds, as ROLLBACK.
      return result.command() == "COMMIT";
    default:
      return take_written(command, flight.shapes[command.group], result, outcome.version,
                          outcome.written.groups[command.group].written);
  }
}

Error Writer::uncertain() const {
  Error error = connection_->lost("waiting for a commit");
  error.kind = ErrorKind::kCommitUnknown;
  return error;
}

Result<WriteOutcome> Writer::collect() {
  COUPLET_CHECK(!flights_.empty());
  Flight flight = std::move(flights_.front());
  flights_.pop_front();
  if (flight.lost) {
    return fail(std::move(*flight.lost));
  }
  Outcome outcome = read_flight(flight);
  if (!outcome.error && !outcome.broken) {
    if (outcome.misread) {  // It is committed, but what was written cannot be told from the answer.
      forget_tables(flight);
      return fail(ErrorKind::kCommitUnknown,
                  fmt::format("source {}: a table was altered while a batch was written to it",
                              settings_.name));
    }
    return std::move(outcome.written);
  }
  const std::size_t commit_at = flight.commands.size() - 1;
  const bool spoke = outcome.error && !outcome.error->code.empty();
  if (outcome.broken) {
    // The server's own farewell, where an earlier statement's answer was due, tells that the commit
    // was never reached. Without a word, or in the middle of the commit, nobody knows.
    const bool never_ran = spoke && outcome.failed_at < commit_at;
    Error error = never_ran ? to_error(settings_.name, *outcome.error) : uncertain();
    if (never_ran) {
      error.kind = ErrorKind::kTransient;
    }
    abandon(never_ran);
    return fail(std::move(error));
  }
  if (outcome.error->code == kNoSuchStatement && flight.prepare_error) {
    outcome.error = flight.prepare_error;
  }
  Error error = to_error(settings_.name, *outcome.error);
  if (error.kind == ErrorKind::kSchema || outcome.error->code == kPlanIsStale) {
    // The table is not what it was: read anew what we know of it, and plan anew.
    forget_tables(flight);
  }
  if (outcome.failed_at < commit_at) {
    recover();
  }
  return fail(std::move(error));
}

void Writer::forget_tables(const Flight& flight) {
  for (const WriteGroup& shape : flight.shapes) {
    relations_.forget(shape.table);
  }
  for (const Command& command : flight.commands) {
    std::vector<std::string> displaced;
    if (command.prepared) {
      connection_->cache().forget(
          connection_->cache().at(command.sql, command.parameters.types, displaced).name);
    }
  }
}

void Writer::recover() {
  for (Flight& behind : flights_) {
    if (!behind.lost && read_flight(behind).broken) {
      abandon(true);  // It was refused inside the failed transaction: it cannot have run.
      return;
    }
  }
  bool broken = false;
  Command rollback = plain("rollback", Command::Answer::kNone);
  if (send_command(rollback) && PQpipelineSync(connection_->native()) == 1 && flush()) {
    while (next_result(broken).raw() != nullptr) {
    }
    broken = broken || next_result(broken).raw() == nullptr;
  } else {
    broken = true;
  }
  if (broken) {
    abandon(true);
    return;
  }
  for (Flight& behind : flights_) {
    if (behind.lost) {
      continue;
    }
    behind.prepare_error.reset();
    if (!send_work(behind)) {
      abandon(true);
      return;
    }
    if (!send_end(behind)) {
      abandon(false);
      return;
    }
  }
}

void Writer::abandon(bool none_ran) {
  for (Flight& behind : flights_) {
    if (behind.lost) {
      continue;
    }
    behind.lost = uncertain();
    if (none_ran) {
      behind.lost->kind = ErrorKind::kTransient;
    }
  }
  connection_.reset();
}

}  // namespace couplet::postgres
