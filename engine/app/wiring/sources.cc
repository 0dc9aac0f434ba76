#include "engine/app/wiring/sources.h"

#include <chrono>
#include <filesystem>

#include "connectors/postgres/postgres_source.h"
#include "connectors/postgres/stream_setup.h"
#include "connectors/sqlite/sqlite_source.h"
#include "connectors/sqlite/stream_setup.h"
#include "engine/app/threads.h"
#include "engine/definition/stream_needs.h"

namespace couplet {
namespace {

// Of a deployment: what is kept for us in a server is named by both names. Empty: none is.
PostgresSourceSettings postgres_settings(const std::string& deployment,
                                         const SourceDefinition& source) {
  PostgresSourceSettings settings;
  settings.name = source.name;
  settings.url = source.postgres.url.reveal();
  settings.schema = source.postgres.schema.value_or("");
  if (!deployment.empty()) {
    StreamNeeds names = stream_names(deployment, source);
    settings.slot = std::move(names.slot);
    settings.publication = std::move(names.publication);
    settings.own_marks = std::move(names.mark_prefix);
  }
  settings.statement_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::microseconds(source.postgres.statement_timeout_us));
  return settings;
}

SqliteSourceSettings sqlite_settings(const std::string& deployment,
                                     const SourceDefinition& source) {
  SqliteSourceSettings settings;
  settings.name = source.name;
  settings.path = source.sqlite.path;
  settings.busy_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::microseconds(source.sqlite.busy_timeout_us));
  settings.poll = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::microseconds(source.sqlite.poll_us));
  if (!deployment.empty()) {
    settings.log = stream_names(deployment, source).slot;
  }
  return settings;
}

std::unique_ptr<Source> make_source(const std::string& deployment, const SourceDefinition& source) {
  switch (source.type) {
    case SourceType::kPostgres:
      return std::make_unique<PostgresSource>(postgres_settings(deployment, source));
    case SourceType::kSqlite:
      return std::make_unique<SqliteSource>(sqlite_settings(deployment, source));
  }
  return nullptr;
}

// In YAML, whatever the name: in single quotes nothing is special but the quote itself.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? "''" : std::string(1, c);
  }
  return out + "'";
}

bool is_postgres(const std::string& url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://") ||
         (url.find("://") == std::string::npos && url.find('=') != std::string::npos);
}

}  // namespace

std::vector<std::unique_ptr<Source>> make_sources(const Definition& definition) {
  std::vector<std::unique_ptr<Source>> sources;
  for (const SourceDefinition& source : definition.sources) {
    sources.push_back(make_source(definition.name, source));
  }
  return sources;
}

std::unique_ptr<StreamSetup> make_stream_setup(const Definition& definition, std::size_t source) {
  const SourceDefinition& given = definition.sources[source];
  switch (given.type) {
    case SourceType::kPostgres:
      return std::make_unique<PostgresStreamSetup>(postgres_settings(definition.name, given));
    case SourceType::kSqlite:
      return std::make_unique<SqliteStreamSetup>(sqlite_settings(definition.name, given));
  }
  return nullptr;
}

Result<UrlSource> source_of_url(const std::string& name, const std::string& url,
                                const std::string& given_as, const std::string& variable,
                                const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!is_postgres(url) && !std::filesystem::is_regular_file(url, ignored)) {
    return fail(ErrorKind::kInvalidArgument,
                given_as + " is neither a URL of a database nor a file that is there",
                "postgresql://user@host/database, \"host=… dbname=… user=…\", or the path of a "
                "SQLite file");
  }
  SourceDefinition source;
  source.name = name;
  if (!is_postgres(url)) {
    source.type = SourceType::kSqlite;
    source.sqlite.path = url;
    // As the file reads what the variable holds, which may be relative: to the file's folder.
    const bool says_variable =
        given_as == variable && std::filesystem::equivalent(folder / url, url, ignored);
    return UrlSource{make_source({}, source),
                     {{"type", "sqlite"},
                      {"path", says_variable ? "{ env: " + variable + " }"
                                             : quoted(std::filesystem::absolute(url))}}};
  }
  source.type = SourceType::kPostgres;
  source.postgres.url = Secret::connection(url);
  return UrlSource{make_source({}, source),
                   {{"type", "postgres"}, {"url", "{ env: " + variable + " }"}}};
}

Result<std::vector<std::string>> identify(const std::vector<std::unique_ptr<Source>>& sources) {
  std::vector<Result<std::string>> asked(sources.size());
  std::vector<std::function<void()>> questions;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    questions.emplace_back([&, i] { asked[i] = sources[i]->identity(); });
  }
  on_threads(questions);  // Each has to connect first.
  std::vector<std::string> identities;
  for (Result<std::string>& answer : asked) {
    COUPLET_ASSIGN(std::string identity, std::move(answer));
    identities.push_back(std::move(identity));
  }
  return identities;
}

Result<BindResult> bind_to_sources(const Definition& definition,
                                   const std::vector<std::unique_ptr<Source>>& sources) {
  COUPLET_ASSIGN(BindResult bound,
                 bind(
                     definition,
                     [&](std::size_t source, std::span<const TableName> names) {
                       return sources[source]->describe(names);
                     },
                     [&](std::size_t source) { return sources[source]->tables(); }));
  COUPLET_TRY(check_conditions(bound, sources));
  return bound;
}

Result<BindResult> bind_as_if_allowed(const Definition& definition,
                                      const std::vector<std::unique_ptr<Source>>& sources,
                                      DescribedTables& tables) {
  COUPLET_ASSIGN(BindResult bound,
                 bind(
                     definition,
                     [&](std::size_t source,
                         std::span<const TableName> names) -> Result<std::vector<TableInfo>> {
                       COUPLET_ASSIGN(auto described, sources[source]->describe(names));
                       for (TableInfo& table : described) {
                         tables[{source, table.name}] = table;
                         table = with_every_right(std::move(table));
                       }
                       return described;
                     },
                     [&](std::size_t source) { return sources[source]->tables(); }));
  COUPLET_TRY(check_conditions(bound, sources));
  return bound;
}

Result<void> check_conditions(BindResult& bound,
                              const std::vector<std::unique_ptr<Source>>& sources) {
  for (const SqlCheck& check : bound.sql_checks) {
    auto checked = sources[check.source]->check_condition(check.table, check.condition);
    if (checked) {
      continue;
    }
    Error& error = checked.error();
    if (error.kind != ErrorKind::kSchema && error.kind != ErrorKind::kUnsupported &&
        error.kind != ErrorKind::kPrivilege) {
      return fail(std::move(error));
    }
    bound.diagnostics.error(check.place, "invalid_condition", error.message, error.hint);
  }
  return {};
}

}  // namespace couplet
