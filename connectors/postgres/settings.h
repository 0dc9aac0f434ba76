#pragma once

#include <chrono>
#include <string>

namespace couplet {

// What a PostgresSource is made from. Holds a secret: never print `url`.
struct PostgresSourceSettings {
  std::string name;    // Of the source in the definition: "daphne". Begins every message.
  std::string url;     // libpq URL or key=value text, the secret resolved.
  std::string schema;  // Where tables without a schema are; empty: first of the search path.
  // Of the change stream; empty where none is asked for. Both are in the database already.
  std::string slot;
  std::string publication;
  // What the names of our own replication origins are, before a number: "couplet_<name>_<source>_".
  std::string own_marks;
  std::chrono::milliseconds statement_timeout{60'000};  // 0: none. Scans have none.
  // How long a write waits for a row that another session holds, before the batch is repeated.
  std::chrono::milliseconds lock_timeout{20'000};
  // For one server to answer a connect; `connect_timeout` in the URL wins.
  std::chrono::milliseconds connect_timeout{10'000};
  // How long attach_mark waits for an earlier process's session to end. A server whose client host
  // vanished keeps such a session until its TCP keepalives give up.
  std::chrono::milliseconds mark_wait{30'000};
};

}  // namespace couplet
