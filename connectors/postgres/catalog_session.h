#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <pqxx/pqxx>
#include <string>
#include <utility>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/settings.h"
#include "connectors/postgres/sql_text.h"
#include "connectors/postgres/sqlstate.h"
#include "engine/model/result.h"

// Questions to the system catalogs, through libpqxx.
namespace couplet::postgres {

inline bool truth(const pqxx::field& field) { return !field.is_null() && field.c_str()[0] == 't'; }

inline std::string text(const pqxx::field& field) {
  return field.is_null() ? std::string() : field.c_str();
}

// One session through libpqxx: counts statements, turns exceptions into errors.
class CatalogSession {
 public:
  CatalogSession(const PostgresSourceSettings& settings, const ConnectionText& text_of_connection,
                 std::uint64_t& statements)
      : statements_(statements), connection_(text_of_connection.to_text()), work_(connection_) {
    statements_ += 2;  // BEGIN and ROLLBACK.
    run("set transaction isolation level repeatable read, read only");
    run("select set_config('statement_timeout', $1, true)",
        std::to_string(settings.statement_timeout.count()));
    if (!settings.schema.empty()) {
      run("select set_config('search_path', "
          "concat_ws(', ', $1::text, nullif(current_setting('search_path'), '')), true)",
          quote_identifier(settings.schema));
    }
  }

  template <typename... Arguments>
  pqxx::result run(const std::string& sql, const Arguments&... arguments) {
    ++statements_;
    return work_.exec_params(sql, arguments...);
  }
  [[nodiscard]] int server_version() const { return connection_.server_version(); }
  // As it was told when we connected.
  [[nodiscard]] int backend_pid() const { return connection_.backendpid(); }

 private:
  std::uint64_t& statements_;
  pqxx::connection connection_;
  pqxx::work work_;  // Rolled back when it goes: it only read.
};

// Runs `question` with a session of its own. libpqxx's exceptions end here.
template <typename Question>
auto ask(const PostgresSourceSettings& settings, std::uint64_t& statements, Question question)
    -> Result<decltype(question(std::declval<CatalogSession&>()))> {
  COUPLET_ASSIGN(const ConnectionText connection_text, session_text(settings));
  try {
    CatalogSession session(settings, connection_text, statements);
    return question(session);
  } catch (const pqxx::transaction_rollback& error) {  // Which in libpqxx 6 is no sql_error.
    return fail(ErrorKind::kTransient,
                fmt::format("source {}: {}", settings.name, connection_text.masked(error.what())));
  } catch (const pqxx::sql_error& error) {
    const bool refused = dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr;
    ServerError server;
    server.code = refused ? "42501" : error.sqlstate();  // libpqxx 6 keeps no code of that one.
    if (server.code == "XX000") {  // "cache lookup failed": what is read is dropped meanwhile.
      server.code.clear();
    }
    server.message = connection_text.masked(error.what());
    return fail(to_error(settings.name, server));
  } catch (const pqxx::broken_connection& error) {
    // libpqxx does not say why it was refused: a connection of ours does.
    COUPLET_TRY(Connection::open(settings, Purpose::kLookUp, statements));
    return fail(ErrorKind::kTransient,
                fmt::format("source {}: {}", settings.name, connection_text.masked(error.what())));
  } catch (const pqxx::failure& error) {
    return fail(ErrorKind::kInternal,
                fmt::format("source {}: {}", settings.name, connection_text.masked(error.what())));
  }
}

}  // namespace couplet::postgres
