#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/postgres_cluster.h"

namespace couplet::bench {

// A connection that is kept. Throws what the server says.
class Session {
 public:
  explicit Session(const std::string& url);
  void exec(const std::string& sql);
  std::string value(const std::string& sql);  // the first of the first row; empty: none

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

// What is written to a table.
enum class Work : std::uint8_t {
  kInserts,      // transactions of 1000 rows, ids in order
  kBulkUpdates,  // transactions of 1000 rows, ids in order
  kUpdates,      // transactions of one row, all over the table
  kHotUpdates,   // the same, over 1000 of its rows
  kOneUpdate,    // all in one transaction
};

// Two durable servers. On the first database `origin`, which is written to; on the second `native`,
// which a subscription keeps, and `synced`, which is Couplet's. All have table `things`: a bigint
// id and five attributes.
class Databases {
 public:
  explicit Databases(std::uint64_t rows);

  Session& origin() { return origin_; }
  Session& native() { return native_; }
  Session& synced() { return synced_; }
  [[nodiscard]] std::string origin_url() const { return source_.socket_url("origin"); }
  [[nodiscard]] std::string synced_url() const { return target_.socket_url("synced"); }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

  static constexpr const char* kColumns =
      "a text, b integer, c bigint, d timestamptz, e numeric(12,2)";
  // Rows 1 to rows(), and one with the largest id of all, by which is told how far a side is.
  void fill(Session& session, const std::string& table) const;
  // Makes what `write` needs for a table that has columns id, b and d.
  void allow_work(Session& session, const std::string& table);
  void write(Session& session, const std::string& table, Work work, std::uint64_t events);

  // The last transaction so far: counts up in `column` of the row with the largest id.
  std::uint64_t tick(Session& session, const std::string& table);
  [[nodiscard]] static bool has_come(Session& session, const std::string& table,
                                     const std::string& column, std::uint64_t tick);

  // Alike before each run: no row that vacuum would take away, no page that is yet to be logged
  // whole but by a checkpoint just now.
  void settle(const std::string& table);
  void start_native();
  void stop_native();
  // The process that applies there.
  int native_process();
  // Sum over all rows; equal where two tables are.
  static std::string sum(Session& session, const std::string& table);

 private:
  std::uint64_t rows_;
  std::uint64_t inserted_ = 0;
  std::uint64_t ticks_ = 0;
  test::PostgresCluster source_;
  test::PostgresCluster target_;
  Session origin_;
  Session native_;
  Session synced_;
};

}  // namespace couplet::bench
