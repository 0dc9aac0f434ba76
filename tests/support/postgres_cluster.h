#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couplet::test {

class PostgresCluster;

struct PostgresSettings {
  bool durable = false;  // fsync and its kin; off, a test of SQL runs several times faster.
  bool password_required = false;  // SCRAM for every connection; `url` then carries the password.
  std::map<std::string, std::string> parameters;  // For postgresql.conf, beyond the harness's own.
  // A copy of that server, which follows it until it is promoted or the other is gone.
  const PostgresCluster* standby_of = nullptr;
};

// One statement as the server logged it.
struct LoggedStatement {
  std::string application;  // application_name of the connection.
  std::string text;
};

using Row = std::vector<std::optional<std::string>>;

// A private PostgreSQL server: its own directory under /tmp, its own port on 127.0.0.1 and Unix
// socket, superuser `postgres`, UTF-8, wal_level logical. The newest server under
// /usr/lib/postgresql is taken.
//
// It is gone when the object is, and also when the test is killed: a supervisor in a session of its
// own holds the server, and stops it and removes the directory when the test lets go of its pipe.
// PostgreSQL refuses to run as root; a test that is root runs the server as user postgres.
//
// Everything throws std::runtime_error with what the server said: a test cannot go on without it.
// Safe for concurrent use, but for start, stop and restart.
class PostgresCluster {
 public:
  explicit PostgresCluster(const PostgresSettings& settings = {});
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  int port() const { return port_; }
  const std::string& password() const { return password_; }  // Empty unless one is required.
  std::filesystem::path socket_directory() const { return directory_; }
  std::filesystem::path log_file() const { return directory_ / "server.log"; }

  // Connection URLs over TCP and over the Unix socket.
  std::string url(std::string_view database, std::string_view user = "postgres") const;
  std::string socket_url(std::string_view database, std::string_view user = "postgres") const;

  void create_database(std::string_view name) const;
  void drop_database(std::string_view name) const;  // Ends the sessions that use it.

  // Each on a connection of its own, as the superuser. `exec` takes several statements, `query`
  // returns the rows of the last.
  void exec(std::string_view database, std::string_view sql) const;
  std::vector<Row> query(std::string_view database, std::string_view sql) const;

  enum class StopMode {
    kFast,
    kImmediate
  };  // Immediate is a crash: recovery runs at the next start.
  void stop(StopMode mode = StopMode::kFast);
  void start();
  void restart(StopMode mode = StopMode::kFast);

  // Sessions that connect to `database` from now on have every statement logged; one `execute` of a
  // prepared statement counts as one. The harness's own are left out.
  void log_statements(std::string_view database) const;
  std::vector<LoggedStatement> statements_logged(std::string_view database) const;

 private:
  class Supervisor;

  void command(const std::string& line);

  std::filesystem::path directory_;
  std::string password_;
  int port_ = 0;
  std::unique_ptr<Supervisor> supervisor_;
};

// The server that the tests of one program share, started at the first call. A test that stops the
// server, changes its settings or its roles starts its own.
PostgresCluster& shared_cluster();

// `name` as an SQL identifier, quoted.
std::string quoted(std::string_view name);

}  // namespace couplet::test
