#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connectors/memory/memory_table.h"
#include "engine/model/position.h"
#include "engine/model/strong_int.h"
#include "engine/ports/change_stream.h"

namespace couplet::memory {

struct LoggedChange {
  TableName table;
  ChangeEvent::Kind kind = ChangeEvent::Kind::kUpdate;
  Tuple before;  // of an update and a delete
  Tuple after;   // of an insert and an update
};

struct LoggedTransaction {
  std::uint64_t id = 0;
  std::string mark;  // empty: a user's
  Timestamp committed_at;
  std::vector<LoggedChange> changes;
  RowVersion version;  // of the rows that it wrote
  Lsn end;
};

// What a database's write-ahead log and its slots are to a server: the transactions in the order in
// which they committed, for as long as a slot has not acknowledged them. Nothing is kept while
// there is no slot. Not thread-safe: MemoryDatabase's lock guards it.
class CommitLog {
 public:
  // A slot keeps what commits from now on; one that is there is made anew.
  void make_slot(const std::string& deployment);
  void drop_slot(const std::string& deployment);
  // How far it has acknowledged; nullopt: there is none.
  [[nodiscard]] std::optional<Lsn> acknowledged(const std::string& deployment) const;
  void acknowledge(const std::string& deployment, Lsn position);  // Never back.
  // One stream holds a slot at a time. False: another does.
  bool hold(const std::string& deployment, const void* stream);
  void release(const void* stream);
  [[nodiscard]] bool holds(const std::string& deployment, const void* stream) const;

  // Changes of the table are left out from now on, of every slot; or told again.
  void tell(const TableName& table, bool told);
  // Another number with each of those.
  [[nodiscard]] std::uint64_t terms() const { return terms_; }

  [[nodiscard]] bool keeps() const { return !slots_.empty(); }
  // Gives it its place and id; what has no changes is somebody else's write.
  std::uint64_t append(LoggedTransaction transaction);
  [[nodiscard]] Lsn end() const { return end_; }
  // The first transaction behind a place; null: there is none yet.
  [[nodiscard]] const LoggedTransaction* after(Lsn position) const;

 private:
  struct Slot {
    Lsn acknowledged;
    const void* stream = nullptr;
  };
  std::map<std::string, Slot> slots_;
  std::deque<LoggedTransaction> kept_;
  std::set<TableName> untold_;
  std::uint64_t terms_ = 1;
  Lsn end_{100};
  std::uint64_t last_id_ = 700;
};

}  // namespace couplet::memory
