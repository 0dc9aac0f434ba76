// How much memory `couplet run` takes at most: for a transaction of a million rows, and for what
// piles up while its target does not answer.
//
// What piles up is 256 MiB, and the target is silent for a bit more than three times
// wal_sender_timeout. The full size, for which there have to be 6 GiB on the disk of /tmp:
//
//   COUPLET_BACKLOG_MIB=1024 COUPLET_SILENCE_SECONDS=600 live_memory_pgtest
//
// Resident memory is what the system has counted at most (VmHWM), program and libraries included.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

#include "tests/integration/live/live_scene.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/lasting_session.h"

namespace couplet::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

// What RocksDB may take: its cache, and beside it what storage/rocksdb says of itself.
constexpr std::size_t kCachesMib = 64 + 40;
// Beyond caches, for a transaction of a million rows.
constexpr std::size_t kTransactionMib = 128;

constexpr seconds kSenderTimeout{2};

std::int64_t from_environment(const char* name, std::int64_t otherwise) {
  const char* given = std::getenv(name);
  return given == nullptr ? otherwise : std::stoll(given);
}

// Of a table with a bigint id, in either database.
std::string digest(const TemporaryDatabase& database, const std::string& table) {
  return database
      .query(fmt::format("select count(*) || ' rows, ' ||"
                         " sum(hashtextextended(t::text, 0)::numeric) from {} t",
                         table))[0][0]
      .value();
}

class MemoryPgTest : public LivePgTest {
 protected:
  MemoryPgTest() : spacious_(std::filesystem::temp_directory_path()) {}

  // A table of this name on both sides, told of by the streams that there are.
  void make(const std::string& table, const std::string& columns) const {
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      database->exec(fmt::format("create table {} (id bigint primary key, {})", table, columns));
    }
    left_.exec(fmt::format("alter publication couplet_{}_left add table {}", name(), table));
    right_.exec(fmt::format("alter publication couplet_{}_right add table {}", name(), table));
  }
  // A state on a disk, not in memory: what is set aside there is as large as a transaction.
  void map(const std::string& mapping, const std::string& right_url) const {
    write_text(fmt::format(
        "version: 1\nname: {}\nstate: {}\nsources:\n"
        "  left: {{ type: postgres, url: \"{}\" }}\n"
        "  right: {{ type: postgres, url: \"{}\" }}\n"
        "mappings:\n{}",
        name(), (spacious_.path() / "state").string(), left_.url(kRole), right_url, mapping));
  }
  // Asked now and then, by a session of its own.
  static void wait_until(const TemporaryDatabase& database, const std::string& condition,
                         seconds patience) {
    LastingSession session(database.url());
    const auto deadline = Clock::now() + patience;
    while (session.query("select 1 where " + condition).empty()) {
      if (Clock::now() > deadline) {
        throw std::runtime_error("this never came to be: " + condition);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  void tell(const Program& program, const char* what) {
    RecordProperty(what, static_cast<int>(program.peak_mib()));
    std::cout << what << ": " << program.peak_mib() << '\n';
  }

  TemporaryFolder spacious_;
};

TEST_F(MemoryPgTest, ATransactionOfAMillionRowsIsBroughtOverInBoundedMemory) {
  constexpr int kRows = 1'000'000;
  make("things", "a text, b integer, c bigint, d timestamptz, e numeric(12,2)");
  map("  thing: { left: left.things, right: right.things, direction: both, keys: [id],\n"
      "           attributes: [a, b, c, d, e] }\n",
      right_.url(kRole));
  Program program(this->program({"run", "--quiet"}));
  left_.exec("insert into things (id, a) values (0, 'first')");
  wait_until(right_, "exists (select from things where id = 0)", seconds(60));
  tell(program, "peak_mib_before");
  left_.exec(
      fmt::format("insert into things select n, 'name of ' || n, n % 1000, n * 7,"
                  " timestamptz '2025-01-01' + n * interval '1 second',"
                  " (n % 100000) / 100.0 from generate_series(1, {}) n",
                  kRows));
  left_.exec("insert into things (id, a) values (-1, 'last')");
  wait_until(right_, "exists (select from things where id = -1)", seconds(900));
  // Within what came together the order is that of the keys: it is not the last one there.
  wait_until(right_, fmt::format("(select count(*) from things) = {}", kRows + 2), seconds(60));
  EXPECT_EQ(digest(left_, "things"), digest(right_, "things"));
  tell(program, "peak_mib");
  EXPECT_LE(program.peak_mib(), kCachesMib + kTransactionMib);
  EXPECT_EQ(stop(program).exit_code, 0);
}

class FrozenTargetPgTest : public MemoryPgTest {
 public:
  ~FrozenTargetPgTest() override {
    shared_cluster().exec("postgres", "alter role couplet reset wal_sender_timeout");
  }

 protected:
  static constexpr int kRowBytes = 8192;
  static constexpr int kRowsOfTransaction = 1000;

  FrozenTargetPgTest() : network_(shared_cluster().port()) {
    // Of the connections that are yet to be made; the right is not followed, so it keeps nothing.
    shared_cluster().exec("postgres", fmt::format("alter role couplet set wal_sender_timeout = {}",
                                                  kSenderTimeout.count() * 1000));
    right_.exec(fmt::format("select pg_drop_replication_slot('couplet_{}_right')", name()));
    make("documents", "body text");
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      // Nothing is made smaller on its way to the disk and the stream.
      database->exec("alter table documents alter body set storage external");
    }
    map("  document: { left: left.documents, right: right.documents, keys: [id],\n"
        "              direction: left_to_right, attributes: [body] }\n",
        network_.by_way(right_.url(kRole)));
  }
  // So many rows with ids from 1 on, a thousand a transaction.
  void write_documents(std::int64_t rows) const {
    left_.exec(
        fmt::format("do $$ begin for i in 0 .. {0} / {1} - 1 loop "
                    "insert into documents select n, repeat(md5(n::text), {2} / 32) "
                    "from generate_series(1 + i * {1}, (i + 1) * {1}) n; "
                    "commit; end loop; end $$",
                    rows, kRowsOfTransaction, kRowBytes));
  }
  // Who follows the left; empty: nobody does.
  [[nodiscard]] std::string follower() const {
    const auto rows = left_.query(
        "select active_pid from pg_replication_slots where database = current_database()"
        " and active");
    return rows.empty() ? "" : rows[0][0].value_or("");
  }

  FaultProxy network_;  // between couplet and the right database
};

TEST_F(FrozenTargetPgTest, WhatPilesUpWaitsAtTheSourceWhichGoesOnHearingOfUs) {
  const std::int64_t mib = from_environment("COUPLET_BACKLOG_MIB", 256);
  const seconds silence(from_environment("COUPLET_SILENCE_SECONDS", 4 * kSenderTimeout.count()));
  // A connection that moves nothing for a minute counts as lost, and others are made.
  const bool short_silence = silence < seconds(30);
  const std::int64_t rows = mib * 1024 * 1024 / kRowBytes / kRowsOfTransaction * kRowsOfTransaction;

  Program program(this->program({"run", "--quiet"}));
  left_.exec("insert into documents values (0, 'first')");
  wait_until(right_, "exists (select from documents where id = 0)", seconds(60));
  const std::string at_first = follower();
  ASSERT_NE(at_first, "");
  tell(program, "peak_mib_before");

  network_.freeze();
  const auto frozen = Clock::now();
  write_documents(rows);
  const auto written = Clock::now();
  while (Clock::now() < std::max(frozen + silence, written + 3 * kSenderTimeout)) {
    if (short_silence) {
      ASSERT_EQ(follower(), at_first) << "the source has given us up";
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  tell(program, "peak_mib_while_frozen");
  EXPECT_EQ(right_.query("select count(*) from documents")[0][0], "1");
  network_.heal();
  wait_until(right_, fmt::format("exists (select from documents where id = {})", rows),
             seconds(600));
  if (short_silence) {
    EXPECT_EQ(follower(), at_first) << "it was connected anew";
  }
  wait_until(right_, fmt::format("(select count(*) from documents) = {}", rows + 1), seconds(60));
  EXPECT_EQ(digest(left_, "documents"), digest(right_, "documents"));
  tell(program, "peak_mib");
  EXPECT_LE(program.peak_mib(), kCachesMib + kTransactionMib);
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
}

}  // namespace
}  // namespace couplet::test
