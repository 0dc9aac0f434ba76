#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/postgres/postgres_source.h"
#include "tests/support/temporary_database.h"

namespace couplet::test {

// A database whose changes are streamed, and words to say what came. The table `fence` is among
// those asked for: what was committed before a row of it is read up to it.
class StreamScene : public testing::Test {
 public:
  ~StreamScene() override;

 protected:
  explicit StreamScene(PostgresCluster& cluster = shared_cluster());

  TemporaryDatabase& database() { return database_; }
  PostgresSource& source() { return *source_; }
  PostgresSourceSettings settings(const std::string& user = "postgres") const;
  const std::string& slot() const { return slot_; }

  // Makes publication and slot; `tables` as in `create publication … for table people, …`.
  void publish(const std::string& tables, const std::string& with = "");
  void make_slot();
  void drop_slot();

  // Of these tables as they are now, and of `fence`.
  StreamRequest request(const std::vector<std::string>& tables, Position from = {});
  Result<std::unique_ptr<ChangeStream>> try_open(const StreamRequest& request);
  // Opens in place of what was open; ids are then shown by this request's types.
  void open(const StreamRequest& request);
  void close() { stream_.reset(); }
  ChangeStream& stream() { return *stream_; }

  // Whole transactions, as their events: "insert people/1", "update people/3 (was 2)",
  // "truncate people", "table people", "unnamed people"; `ours` and ends as they came. That
  // a table is told of for the first time is left out.
  struct Told {
    std::vector<std::string> events;
    std::uint64_t transaction = 0;
    bool ours = false;
    Lsn end;
    std::size_t parts = 0;
  };
  // All that was committed up to now.
  std::vector<Told> told();
  // The same, each transaction's events in one list.
  std::vector<std::string> events();
  // Until `done`. Fails the test when that takes long.
  std::vector<Told> told_until(const std::function<bool(const Told&)>& done);
  std::string shown(const ChangeEvent& event) const;
  // The next error; what comes before it is dropped.
  Error error_of_stream();

  // Returns when the query has a row; fails the test if that takes long.
  void wait_for(const std::string& query);
  Lsn lsn(const std::string& query);  // One cell of type pg_lsn.

 private:
  TemporaryDatabase database_;
  std::string slot_;
  std::unique_ptr<PostgresSource> source_;
  std::unique_ptr<ChangeStream> stream_;
  StreamRequest request_;
  Told unfinished_;
  std::set<std::size_t> told_of_;  // tables
  int fences_ = 0;
};

}  // namespace couplet::test
