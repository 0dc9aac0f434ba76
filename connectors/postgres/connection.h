#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/postgres/connection_text.h"
#include "connectors/postgres/parameters.h"
#include "connectors/postgres/settings.h"
#include "connectors/postgres/sqlstate.h"
#include "connectors/postgres/statement_cache.h"
#include "engine/model/result.h"
#include "engine/model/row_batch.h"
#include "engine/model/type.h"

namespace couplet::postgres {

// What a session is for; decides its planner settings (README, "Sessions").
enum class Purpose : std::uint8_t {
  kLookUp,  // Rows by an index: never a scan of the table, whatever the statistics say.
  kSearch,  // Rows by columns that may have no index: the planner's own choice.
  kScan,    // COPY of a whole table: no statement timeout.
  kWrite,   // Pinned plans; the mark is attached to it.
  // A walsender of the database: takes no prepared statements and no settings.
  kReplication,
};

// The rows that a statement gave, in binary format.
class Answer {
 public:
  Answer() = default;
  explicit Answer(PGresult* result) : result_(result) {}

  [[nodiscard]] PGresult* raw() const { return result_.get(); }
  [[nodiscard]] ExecStatusType status() const { return PQresultStatus(result_.get()); }
  [[nodiscard]] std::size_t rows() const { return static_cast<std::size_t>(PQntuples(raw())); }
  [[nodiscard]] std::size_t columns() const { return static_cast<std::size_t>(PQnfields(raw())); }
  // Lives as long as the answer.
  [[nodiscard]] Value at(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::string_view bytes(std::size_t row, std::size_t column) const {
    return at(row, column).bytes();
  }
  // Whether the columns from number `from` on are of these types. A column that was altered since
  // it was described is not.
  [[nodiscard]] bool has_types(std::size_t from, std::span<const Type> types) const;
  [[nodiscard]] std::string_view command() const { return PQcmdStatus(raw()); }

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

// One session. Used by one thread at a time.
class Connection {
 public:
  // `statements` counts what is sent, for as long as the connection lives. Errors: kUnavailable
  // (nobody answers, or the server takes no sessions now), kAuthentication (also an unknown
  // database), kPrivilege, kInvalidArgument (the URL). No message holds a secret.
  static Result<std::unique_ptr<Connection>> open(const PostgresSourceSettings& settings,
                                                  Purpose purpose, std::uint64_t& statements);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() = default;

  // Runs a statement and waits. An error leaves the session usable unless `usable` says otherwise.
  Result<Answer> execute(const std::string& sql, const Parameters& parameters = {});
  // The same through a prepared statement that is kept for the next time.
  Result<Answer> execute_prepared(const std::string& sql, const Parameters& parameters);
  // Its two halves: nothing else may be run between them.
  Result<void> send_prepared(const std::string& sql, const Parameters& parameters);
  Result<Answer> receive();
  // Parses and analyses a statement without running it.
  Result<void> check(const std::string& sql);

  // False if the server has ended the session or the socket broke, as far as one can know without
  // sending anything.
  [[nodiscard]] bool usable() const;

  // For what the functions above lack: pipelines and COPY. Whoever sends by it counts.
  [[nodiscard]] PGconn* native() const { return connection_.get(); }
  void count_statement() { ++statements_; }
  StatementCache& cache() { return cache_; }

  [[nodiscard]] ServerError server_error(const PGresult* result) const;
  // Of a result, or (nullptr) of the connection itself.
  [[nodiscard]] Error error_of(const PGresult* result) const;
  [[nodiscard]] Error lost(std::string_view doing) const;
  // Waits until the socket can be read or, if asked, written. False when the connection broke.
  [[nodiscard]] bool wait(bool for_write) const;

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  using Handle = std::unique_ptr<PGconn, Finish>;

  Connection(std::string source_name, ConnectionText text, Handle handle, std::uint64_t& statements)
      : source_name_(std::move(source_name)),
        text_(std::move(text)),
        connection_(std::move(handle)),
        statements_(statements) {}
  Result<Answer> answered(Answer answer) const;
  Result<void> set_up_session(const PostgresSourceSettings& settings, Purpose purpose);

  std::string source_name_;
  ConnectionText text_;
  Handle connection_;
  std::uint64_t& statements_;
  StatementCache cache_;
  std::string sent_;  // name of the statement whose answer is to be received
};

// The text with what every session of ours needs, for connections that another library opens.
Result<ConnectionText> session_text(const PostgresSourceSettings& settings);

}  // namespace couplet::postgres
