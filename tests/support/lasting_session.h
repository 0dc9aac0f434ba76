#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/postgres_cluster.h"

namespace couplet::test {

// What a server said to a statement; `sqlstate` is empty where the connection is gone.
struct StatementError : std::runtime_error {
  StatementError(const std::string& what, std::string state)
      : std::runtime_error(what), sqlstate(std::move(state)) {}
  std::string sqlstate;
};

// By which a transaction is known again.
inline constexpr const char* kTokens =
    "create table tokens (token uuid primary key default gen_random_uuid())";

// A user's lasting connection to a server that may go away: it connects at the first statement, and
// again after an end. Of one thread.
class LastingSession {
 public:
  explicit LastingSession(std::string url);
  ~LastingSession();
  LastingSession(const LastingSession&) = delete;
  LastingSession& operator=(const LastingSession&) = delete;

  // Throws StatementError. Parameters are $1, $2, …, as text.
  std::vector<Row> query(const std::string& sql,
                         const std::vector<std::optional<std::string>>& parameters = {});

  // Runs `work` in one transaction and commits, unless it returns false. True: it is committed.
  // False too where it was rolled back because the server went away, or for a deadlock. A server
  // that goes away at the commit is asked what became of it, once it is there again. Throws
  // StatementError for any other mistake, and where the server stays away. The database has the
  // table of kTokens.
  bool transaction(const std::function<bool()>& work);

 private:
  struct Connection;
  void connect();
  bool was_committed(const std::string& transaction, const std::string& token);
  bool is_in_progress(const std::string& transaction);

  std::string url_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace couplet::test
