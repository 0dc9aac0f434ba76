#include "connectors/postgres/connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "connectors/postgres/array_parameter.h"
#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

// The text in one line: libpq breaks its messages into lines and indents some of them by a tab.
std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_blank = c == '\n' || c == '\t' || c == ' ';
    if (!is_blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) {
    line.pop_back();
  }
  return line;
}

struct Refusal {
  std::string code;
  std::string message;
};

// libpq gives no SQLSTATE of a refused connection, but writes it into the text when errors are
// verbose: "... failed: FATAL:  28P01: password authentication failed ...\nLOCATION: ...". The
// severity may be in another language, the code is not.
Refusal refusal_of(std::string_view text) {
  Refusal refusal;
  std::string kept;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t mark = line.find(":  ");
    const bool has_code =
        mark != std::string_view::npos && line.size() > mark + 10 &&
        line.substr(mark + 8, 2) == ": " &&
        line.substr(mark + 3, 5).find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
            std::string_view::npos;
    if (has_code) {
      refusal.code = line.substr(mark + 3, 5);
      kept += line.substr(0, mark + 2);
      kept += line.substr(mark + 10);
    } else if (!refusal.code.empty() && line.find(".c:") != std::string_view::npos) {
      continue;  // LOCATION, under whatever name.
    } else {
      kept += line;
    }
    kept += '\n';
  }
  refusal.message = in_one_line(kept);
  return refusal;
}

std::string advice_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kAuthentication:
      return "Check user, password and database of the source's url, and the server's pg_hba.conf.";
    case ErrorKind::kUnavailable:
      return "Check that the server runs and that host and port of the source's url are right.";
    default:
      return {};
  }
}

std::chrono::milliseconds connect_timeout(const PostgresSourceSettings& settings,
                                          const ConnectionText& text) {
  const std::string given = text.value_of("connect_timeout");
  int seconds = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), seconds);
  if (error == std::errc() && seconds > 0) {
    return std::chrono::seconds(std::max(seconds, 2));  // As libpq does: never less than 2.
  }
  return settings.connect_timeout;
}

// Drives the connect to its end. False: nobody answered in time.
bool finish_connecting(PGconn* connection, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return false;
    }
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd descriptor{PQsocket(connection), events, 0};
    const int ready = ::poll(&descriptor, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) {
      return true;  // PQstatus tells.
    }
    if (ready > 0) {
      status = PQconnectPoll(connection);
    }
  }
  return true;
}

constexpr int kIdleSessionsEndSince = 140000;  // Where a server or role is set so.

// A table was altered: the old plan gives other types. A statement that is planned anew does not.
bool is_stale(const Error& error) { return error.code == "0A000" || error.code == "26000"; }

void ignore_notice(void* /*argument*/, const PGresult* /*notice*/) {}

}  // namespace

Value Answer::at(std::size_t row, std::size_t column) const {
  const int r = static_cast<int>(row);
  const int c = static_cast<int>(column);
  if (PQgetisnull(raw(), r, c) == 1) {
    return Value::null();
  }
  return {PQgetvalue(raw(), r, c), PQgetlength(raw(), r, c)};
}

bool Answer::has_types(std::size_t from, std::span<const Type> types) const {
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (PQftype(raw(), static_cast<int>(from + i)) != answer_type(types[i])) {
      return false;
    }
  }
  return true;
}

Result<ConnectionText> session_text(const PostgresSourceSettings& settings) {
  COUPLET_ASSIGN(ConnectionText text, ConnectionText::parse(settings.name, settings.url));
  text.set("client_encoding", "UTF8");
  text.set_default("application_name", "couplet");
  // A peer whose host vanished is noticed within a minute, not after two hours.
  text.set_default("keepalives_idle", "30");
  text.set_default("keepalives_interval", "10");
  text.set_default("keepalives_count", "3");
  text.set_default("tcp_user_timeout", "60000");
  return text;
}

Result<std::unique_ptr<Connection>> Connection::open(const PostgresSourceSettings& settings,
                                                     Purpose purpose, std::uint64_t& statements) {
  COUPLET_ASSIGN(ConnectionText text, session_text(settings));
  if (purpose == Purpose::kReplication) {
    text.set("replication", "database");
  }
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : text.settings()) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  Handle handle(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (!handle) {
    return fail(ErrorKind::kInternal, "libpq has no memory for a connection");
  }
  const std::chrono::milliseconds timeout = connect_timeout(settings, text);
  PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE);
  bool answered = true;
  if (PQstatus(handle.get()) != CONNECTION_BAD) {
    answered = finish_connecting(handle.get(), timeout);
  }
  if (!answered || PQstatus(handle.get()) != CONNECTION_OK) {
    const Refusal refusal = refusal_of(PQerrorMessage(handle.get()));
    Error error;
    error.kind = kind_of_refusal(refusal.code);
    error.code = refusal.code;
    error.message = fmt::format(
        "source {}: {}", settings.name,
        answered ? text.masked(refusal.message)
                 : fmt::format("the server does not answer within {} s",
                               std::chrono::duration_cast<std::chrono::seconds>(timeout).count()));
    error.hint = advice_for(error.kind);
    return fail(std::move(error));
  }
  PQsetErrorVerbosity(handle.get(), PQERRORS_DEFAULT);
  PQsetNoticeReceiver(handle.get(), &ignore_notice, nullptr);
  std::unique_ptr<Connection> connection(
      new Connection(settings.name, std::move(text), std::move(handle), statements));
  if (purpose != Purpose::kReplication) {
    COUPLET_TRY(connection->set_up_session(settings, purpose));
  }
  return connection;
}

Result<void> Connection::set_up_session(const PostgresSourceSettings& settings, Purpose purpose) {
  std::vector<std::pair<std::string, std::string>> pinned{
      // Forms of values in text, for conditions and defaults that use it.
      {"DateStyle", "ISO, YMD"},
      {"IntervalStyle", "postgres"},
      {"TimeZone", "UTC"},
      {"bytea_output", "hex"},
      {"extra_float_digits", "1"},
      {"standard_conforming_strings", "on"},
      {"array_nulls", "on"},
      {"xmloption", "content"},
      // Each statement sees what is committed before it; the version test does the rest.
      {"default_transaction_isolation", "read committed"},
      {"statement_timeout",
       std::to_string(purpose == Purpose::kScan ? 0 : settings.statement_timeout.count())},
      {"lock_timeout", std::to_string(settings.lock_timeout.count())},
      {"idle_in_transaction_session_timeout", "0"},
      // What we hold (an origin, a lock, rows) is let go soon after we are gone without a word, as
      // a network that parts may have it: hours, where the system is left to itself.
      {"tcp_keepalives_idle", "30"},
      {"tcp_keepalives_interval", "10"},
      {"tcp_keepalives_count", "3"},
      {"tcp_user_timeout", "60000"},
      // The penalties that pin plans look like costs worth compiling for.
      {"jit", "off"}};
  if (PQserverVersion(native()) >= kIdleSessionsEndSince) {
    pinned.emplace_back("idle_session_timeout", "0");
  }
  if (purpose == Purpose::kLookUp || purpose == Purpose::kWrite) {
    pinned.emplace_back("enable_seqscan", "off");
    pinned.emplace_back("plan_cache_mode", "force_generic_plan");
  }
  if (purpose == Purpose::kSearch) {
    pinned.emplace_back("plan_cache_mode", "force_custom_plan");
  }
  if (purpose == Purpose::kWrite) {
    // A nested loop over the key's index at any size and without statistics.
    pinned.emplace_back("enable_hashjoin", "off");
    pinned.emplace_back("enable_mergejoin", "off");
  }
  if (purpose == Purpose::kSearch || purpose == Purpose::kScan) {
    pinned.emplace_back("default_transaction_read_only", "on");
  }
  std::string sql = "select ";
  for (const auto& [name, value] : pinned) {
    sql += fmt::format("set_config({}, {}, false), ", quote_literal(name), quote_literal(value));
  }
  if (!settings.schema.empty()) {
    sql += fmt::format(
        "set_config('search_path', concat_ws(', ', {}, nullif(current_setting('search_path'), "
        "'')), "
        "false), ",
        quote_literal(quote_identifier(settings.schema)));
  }
  // A commit that we were told of has to survive a crash of the server: the state relies on it.
  sql +=
      "set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then "
      "'local' else current_setting('synchronous_commit') end, false)";
  COUPLET_TRY(execute(sql));
  return {};
}

Result<Answer> Connection::answered(Answer answer) const {
  switch (answer.status()) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_COPY_OUT:
      return answer;
    default:
      return fail(error_of(answer.raw()));
  }
}

Result<Answer> Connection::execute(const std::string& sql, const Parameters& parameters) {
  std::vector<const char*> values;
  std::vector<int> lengths;
  const std::vector<int> formats(parameters.values.size(), 1);
  for (const std::string& value : parameters.values) {
    values.push_back(value.data());
    lengths.push_back(static_cast<int>(value.size()));
  }
  ++statements_;
  return answered(Answer(PQexecParams(native(), sql.c_str(), static_cast<int>(values.size()),
                                      parameters.types.data(), values.data(), lengths.data(),
                                      formats.data(), 1)));
}

Result<Answer> Connection::execute_prepared(const std::string& sql, const Parameters& parameters) {
  COUPLET_TRY(send_prepared(sql, parameters));
  Result<Answer> answer = receive();
  if (!answer && is_stale(answer.error()) && PQtransactionStatus(native()) == PQTRANS_IDLE) {
    return execute(sql, parameters);
  }
  return answer;
}

Result<void> Connection::send_prepared(const std::string& sql, const Parameters& parameters) {
  std::vector<std::string> displaced;
  StatementCache::Entry& entry = cache_.at(sql, parameters.types, displaced);
  for (const std::string& name : displaced) {
    COUPLET_TRY(execute("deallocate " + quote_identifier(name)));
  }
  if (!entry.prepared) {
    COUPLET_TRY(answered(
        Answer(PQprepare(native(), entry.name.c_str(), sql.c_str(),
                         static_cast<int>(parameters.types.size()), parameters.types.data()))));
    entry.prepared = true;
  }
  std::vector<const char*> values;
  std::vector<int> lengths;
  const std::vector<int> formats(parameters.values.size(), 1);
  for (const std::string& value : parameters.values) {
    values.push_back(value.data());
    lengths.push_back(static_cast<int>(value.size()));
  }
  ++statements_;
  sent_ = entry.name;
  if (PQsendQueryPrepared(native(), sent_.c_str(), static_cast<int>(values.size()), values.data(),
                          lengths.data(), formats.data(), 1) != 1) {
    return fail(error_of(nullptr));
  }
  return {};
}

Result<Answer> Connection::receive() {
  Answer last;
  while (PGresult* const result = PQgetResult(native())) {
    last = Answer(result);
  }
  Result<Answer> answer =
      last.raw() == nullptr ? Result<Answer>(fail(error_of(nullptr))) : answered(std::move(last));
  if (!answer && is_stale(answer.error())) {
    cache_.forget(sent_);
  }
  return answer;
}

Result<void> Connection::check(const std::string& sql) {
  ++statements_;
  COUPLET_TRY(answered(Answer(PQprepare(native(), "", sql.c_str(), 0, nullptr))));
  return {};
}

bool Connection::usable() const {
  if (PQstatus(native()) != CONNECTION_OK) {
    return false;
  }
  // The server's farewell may be waiting in the socket, and behind it the end of the stream.
  if (PQconsumeInput(native()) == 0) {
    return false;
  }
  char byte = 0;
  const ssize_t peeked = ::recv(PQsocket(native()), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return peeked != 0 && PQstatus(native()) == CONNECTION_OK;
}

bool Connection::wait(bool for_write) const {
  const auto events = static_cast<short>(for_write ? POLLIN | POLLOUT : POLLIN);
  pollfd descriptor{PQsocket(native()), events, 0};
  while (::poll(&descriptor, 1, -1) < 0) {
    if (errno != EINTR) {
      return false;
    }
  }
  if ((descriptor.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
    return PQconsumeInput(native()) == 1;
  }
  return true;
}

ServerError Connection::server_error(const PGresult* result) const {
  ServerError error;
  if (result == nullptr) {
    error.message = text_.masked(in_one_line(PQerrorMessage(native())));
    return error;
  }
  error.code = field(result, PG_DIAG_SQLSTATE);
  error.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (error.message.empty()) {
    error.message = in_one_line(PQresultErrorMessage(result));
  }
  error.message = text_.masked(error.message);
  error.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  error.hint = field(result, PG_DIAG_MESSAGE_HINT);
  error.schema = field(result, PG_DIAG_SCHEMA_NAME);
  error.table = field(result, PG_DIAG_TABLE_NAME);
  error.column = field(result, PG_DIAG_COLUMN_NAME);
  error.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  error.routine = field(result, PG_DIAG_SOURCE_FUNCTION);
  const std::string severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  error.fatal = severity == "FATAL" || severity == "PANIC";
  return error;
}

Error Connection::error_of(const PGresult* result) const {
  return to_error(source_name_, server_error(result));
}

Error Connection::lost(std::string_view doing) const {
  Error error;
  error.kind = ErrorKind::kTransient;
  error.code = "08006";
  error.message = fmt::format("source {}: the connection was lost while {}: {}", source_name_,
                              doing, text_.masked(in_one_line(PQerrorMessage(native()))));
  return error;
}

}  // namespace couplet::postgres
