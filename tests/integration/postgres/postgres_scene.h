#pragma once

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/postgres_source.h"
#include "tests/support/temporary_database.h"

namespace couplet::test {

constexpr auto kCreate = WriteGroup::Operation::kCreate;
constexpr auto kUpdate = WriteGroup::Operation::kUpdate;
constexpr auto kDelete = WriteGroup::Operation::kDelete;

using Literals = std::vector<std::optional<std::string>>;  // nullopt: null

// A session of a user's, for transactions that stay open.
class UserSession {
 public:
  explicit UserSession(const std::string& url);
  void exec(const std::string& sql);

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

// A database, a source over it, and words to say what is asked and written.
class PostgresScene : public testing::Test {
 protected:
  TemporaryDatabase& database() { return database_; }
  PostgresSource& source() { return *source_; }
  PostgresSourceSettings settings(const std::string& user = "postgres");
  // Another session in place of the one there is.
  void reopen(const PostgresSourceSettings& settings);

  TableInfo table(const std::string& name);
  static Projection projection(const TableInfo& table, const std::vector<std::string>& columns);
  static ObjectKey key(const Projection& projection, const std::string& text);
  // Rows as their literals, each led by the id, in the order of the answer.
  std::vector<Literals> fetched(const Projection& projection, const std::vector<std::string>& keys);
  std::vector<Literals> scanned(const Projection& projection);
  RowVersion version(const TableInfo& table, const std::string& key);

  static WriteGroup group(WriteGroup::Operation operation, const TableInfo& table,
                          const std::vector<std::string>& columns,
                          const std::vector<std::string>& returning = {});
  static void add(WriteGroup& group, const Literals& id, const Literals& cells,
                  RowVersion version = {});
  Result<WriteOutcome> write(std::vector<WriteGroup> groups);
  // Of the first group of an outcome: rows as literals.
  static std::vector<Literals> written(const WriteGroup& group, const WriteOutcome& outcome);
  static std::vector<Literals> literals(const RowBatch& rows, const std::vector<Type>& types);

  // Returns when the query has a row; fails the test if that takes long.
  void wait_for(const std::string& query);
  // Ends every session of sources on this database.
  void end_sessions();

 private:
  TemporaryDatabase database_;
  std::unique_ptr<PostgresSource> source_ = std::make_unique<PostgresSource>(settings());
  std::uint64_t batches_ = 0;
};

}  // namespace couplet::test
