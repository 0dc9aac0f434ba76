#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/relation_cache.h"
#include "connectors/postgres/write_plan.h"
#include "engine/ports/source.h"

namespace couplet::postgres {

// Batches in a libpq pipeline: each is BEGIN, its groups, COMMIT and a Sync; the server is at work
// on the groups while before_commit is called. Their answers are read when they are collected.
// Statements that are new are prepared in a Sync segment of their own before it, so that a batch
// that fails does not take them with it.
//
// After a batch failed, the server is inside a failed transaction, and the batch behind it in the
// pipeline was refused unread. Both are mended before the failure is reported: the second is sent
// again, and knows nothing of the first.
class Writer {
 public:
  Writer(const PostgresSourceSettings& settings, RelationCache& relations, Ask ask,
         std::uint64_t& statements)
      : settings_(settings), relations_(relations), ask_(std::move(ask)), statements_(statements) {}

  Result<std::optional<BatchNumber>> attach_mark(const std::string& name);
  Result<void> submit(const WriteBatch& batch);
  Result<WriteOutcome> collect();

 private:
  struct Flight {
    BatchNumber number;
    std::vector<WriteGroup> shapes;  // Without rows.
    std::vector<Command> commands;
    // Names of the statements that were sent to be prepared ahead of it, in order.
    std::vector<std::string> preparing;
    std::optional<ServerError> prepare_error;  // Why one of them could not be.
    // Set when its connection is gone: what collect answers.
    std::optional<Error> lost;
  };
  // What a segment of the pipeline came to.
  struct Outcome {
    std::optional<ServerError> error;  // The first.
    std::size_t failed_at = 0;         // Index of the command.
    bool broken = false;               // The connection is gone.
    bool misread = false;              // An answer was not of the columns and types asked for.
    RowVersion version;                // Of all rows that the transaction writes.
    WriteOutcome written;
  };

  Result<void> connect();
  // Sends a flight's statements but the last, which ends its transaction. False: the connection
  // broke, and the transaction has left no trace.
  bool send_work(Flight& flight);
  // The last, and the Sync. False: the connection broke.
  bool send_end(const Flight& flight);
  // Ends a transaction whose statements were sent without a trace. Nothing else is in flight.
  void take_back(Flight& flight);
  bool send_preparations(Flight& flight);
  bool send_command(const Command& command);
  // Hands what is queued to the socket, reading what comes meanwhile: else both ends may wait for
  // the other to read.
  bool flush();
  // The next result of the pipeline, waiting for it; nullptr between statements; `broken` is set
  // when there will be none.
  Answer next_result(bool& broken);
  bool read_preparations(Flight& flight);
  Outcome read_flight(Flight& flight);
  // Ends the failed transaction and sends the flights behind it again.
  void recover();
  // Puts what a statement answered into the outcome. False: it is not what was asked for.
  static bool take(const Flight& flight, const Command& command, const Answer& result,
                   Outcome& outcome);
  // What we know of the tables is out of date, and so are the plans.
  void forget_tables(const Flight& flight);
  [[nodiscard]] Error uncertain() const;
  // The connection is gone, and with it what was in flight behind the batch just collected.
  void abandon(bool none_ran);

  const PostgresSourceSettings& settings_;
  RelationCache& relations_;
  Ask ask_;
  std::uint64_t& statements_;
  std::unique_ptr<Connection> connection_;
  std::string mark_;       // Empty: none wanted.
  std::string held_name_;  // Where there is no mark to have.
  bool mark_attached_ = false;
  std::deque<Flight> flights_;
};

}  // namespace couplet::postgres
