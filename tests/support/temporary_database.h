#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/postgres_cluster.h"

namespace couplet::test {

// An empty database with a name of its own, dropped with the object.
class TemporaryDatabase {
 public:
  explicit TemporaryDatabase(PostgresCluster& cluster = shared_cluster());
  ~TemporaryDatabase();
  TemporaryDatabase(const TemporaryDatabase&) = delete;
  TemporaryDatabase& operator=(const TemporaryDatabase&) = delete;

  PostgresCluster& cluster() const { return cluster_; }
  const std::string& name() const { return name_; }
  std::string url(std::string_view user = "postgres") const { return cluster_.url(name_, user); }

  void exec(std::string_view sql) const { cluster_.exec(name_, sql); }
  std::vector<Row> query(std::string_view sql) const { return cluster_.query(name_, sql); }

  void log_statements() const { cluster_.log_statements(name_); }
  std::vector<LoggedStatement> statements_logged() const {
    return cluster_.statements_logged(name_);
  }

 private:
  PostgresCluster& cluster_;
  std::string name_;
};

}  // namespace couplet::test
