#include "tests/support/lasting_session.h"

#include <libpq-fe.h>

#include <chrono>
#include <thread>

namespace couplet::test {
namespace {

constexpr auto kServerPatience = std::chrono::seconds(60);
constexpr auto kBetweenAttempts = std::chrono::milliseconds(20);
// A server that has crashed knows no such transaction yet: nothing of it was on its disk.
constexpr const char* kInTheFuture = "22023";

// What may happen to any transaction: the server goes away, or ends one of two that wait for each
// other.
bool is_weather(const std::string& sqlstate) {
  return sqlstate.empty() || sqlstate.starts_with("40") || sqlstate.starts_with("57");
}

}  // namespace

struct LastingSession::Connection {
  explicit Connection(const std::string& url) : pg(PQconnectdb(url.c_str())) {
    PQsetNoticeProcessor(
        pg, [](void*, const char*) {}, nullptr);
  }
  ~Connection() { PQfinish(pg); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  PGconn* pg;
};

LastingSession::LastingSession(std::string url) : url_(std::move(url)) {}
LastingSession::~LastingSession() = default;

void LastingSession::connect() {
  if (connection_ == nullptr) {
    auto made = std::make_unique<Connection>(url_);
    if (PQstatus(made->pg) != CONNECTION_OK) {
      throw StatementError(PQerrorMessage(made->pg), "");
    }
    connection_ = std::move(made);
  }
}

std::vector<Row> LastingSession::query(const std::string& sql,
                                       const std::vector<std::optional<std::string>>& parameters) {
  connect();
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters) {
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  const std::unique_ptr<PGresult, decltype(&PQclear)> reply(
      PQexecParams(connection_->pg, sql.c_str(), static_cast<int>(values.size()), nullptr,
                   values.data(), nullptr, nullptr, 0),
      PQclear);
  const ExecStatusType status = PQresultStatus(reply.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    const char* state = PQresultErrorField(reply.get(), PG_DIAG_SQLSTATE);
    const bool gone = PQstatus(connection_->pg) != CONNECTION_OK;
    const std::string what = std::string(PQerrorMessage(connection_->pg)) + " in: " + sql;
    const std::string code = gone || state == nullptr ? "" : state;
    if (gone) {
      connection_.reset();
    }
    throw StatementError(what, code);
  }
  std::vector<Row> rows(static_cast<std::size_t>(PQntuples(reply.get())));
  for (int row = 0; row < PQntuples(reply.get()); ++row) {
    for (int column = 0; column < PQnfields(reply.get()); ++column) {
      auto& cell = rows[static_cast<std::size_t>(row)].emplace_back();
      if (PQgetisnull(reply.get(), row, column) == 0) {
        cell = PQgetvalue(reply.get(), row, column);
      }
    }
  }
  return rows;
}

// Once nobody works on it any more, its token tells. Its id alone does not: a server that has
// crashed before anything of a transaction was on its disk gives the id to another.
bool LastingSession::was_committed(const std::string& transaction, const std::string& token) {
  const auto deadline = std::chrono::steady_clock::now() + kServerPatience;
  for (;;) {
    try {
      if (!is_in_progress(transaction)) {
        return !query("select from tokens where token = $1", {token}).empty();
      }
    } catch (const StatementError& error) {
      if (!error.sqlstate.empty() || std::chrono::steady_clock::now() > deadline) {
        throw;
      }
    }
    std::this_thread::sleep_for(kBetweenAttempts);
  }
}

bool LastingSession::is_in_progress(const std::string& transaction) {
  try {
    return query("select pg_xact_status($1::xid8)", {transaction})[0][0] == "in progress";
  } catch (const StatementError& error) {
    if (error.sqlstate == kInTheFuture) {
      return false;
    }
    throw;
  }
}

bool LastingSession::transaction(const std::function<bool()>& work) {
  std::string transaction;
  std::string token;
  try {
    query("begin");
    const Row made =
        query("insert into tokens default values returning pg_current_xact_id(), token")[0];
    transaction = made[0].value();
    token = made[1].value();
    if (!work()) {
      query("rollback");
      return false;
    }
  } catch (const StatementError& error) {
    connection_.reset();  // Which rolls it back, whatever state it is in.
    if (!is_weather(error.sqlstate)) {
      throw;
    }
    return false;
  }
  try {
    query("commit");
    return true;
  } catch (const StatementError& error) {
    if (!error.sqlstate.empty()) {
      return false;
    }
  }
  return was_committed(transaction, token);
}

}  // namespace couplet::test
