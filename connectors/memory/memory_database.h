#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/memory/commit_log.h"
#include "connectors/memory/memory_faults.h"
#include "connectors/memory/memory_table.h"
#include "connectors/memory/memory_transaction.h"
#include "connectors/memory/table_rules.h"
#include "engine/model/result.h"
#include "engine/model/strong_int.h"
#include "engine/ports/catalog.h"

namespace couplet::memory {

struct DatabaseSettings {
  std::string identity = "memory:1";
  std::string schema = "public";  // Where a table without one is looked for.
  std::uint64_t seed = 1;         // Of random ids.
  std::function<Timestamp()> now = [] { return Timestamp{}; };  // What commits are stamped with.
  std::size_t stream_batch_events = 1000;  // More of one transaction come in several parts.
  // Texts and the like of so many bytes are stored apart, as by PostgreSQL's TOAST: a stream leaves
  // them out of an update that left them alone. 0: none are.
  std::size_t stored_apart_bytes = 0;
  // Each transaction has written its rows before the one in front of it committed, and commits
  // right behind: it begins at that one's end. Else at its own end.
  bool transactions_overlap = false;
  bool marks = true;  // False: as where a role may not make replication origins.
};

// A whole database, for tests and simulation: what a server would be. MemorySources are sessions of
// it and may come and go; everything here stays, marks too. Transactions run one after the other.
// Safe for concurrent use, but not from the callbacks given to it, which run under its lock.
//
// A table is named "table" or "schema.table"; a name that has a dot of its own needs its schema.
class MemoryDatabase {
 public:
  explicit MemoryDatabase(DatabaseSettings settings = {});

  // --- The schema. What is off here is a broken test: CHECK.

  // An empty schema is filled in, in foreign keys too; a primary key that is not among the unique
  // keys is put there. `has_default`, `generated` and `user_triggers` follow from what is set
  // below.
  void create_table(TableInfo info);
  void drop_table(std::string_view table);
  // Drops a column and adds one of its name and type with this default: it has another number, and
  // rows hold the default without having been written.
  void renew_column(std::string_view table, std::string_view column,
                    const std::optional<std::string>& literal = std::nullopt);
  void set_default(std::string_view table, std::string_view column, ColumnDefault value);
  // GENERATED ALWAYS AS (…) STORED. May read all columns that are not generated.
  void set_generated(std::string_view table, std::string_view column, GeneratedColumn generate);
  void add_check(std::string_view table, CheckConstraint check);
  void before_write(std::string_view table, BeforeHook hook);
  void after_write(std::string_view table, AfterHook hook);
  // Changes what describe says of the table; what is done with it stays as it was, but for rights.
  void alter(std::string_view table, const std::function<void(TableInfo&)>& change);
  // From now on changes are kept for this deployment's stream; again: as if it was made anew.
  void make_slot(const std::string& deployment);
  void drop_slot(const std::string& deployment);
  // From now on the slots are not told of the table's changes; or are again.
  void tell(std::string_view table, bool told);
  // How far it was acknowledged. CHECKs that there is one.
  [[nodiscard]] Lsn acknowledged(const std::string& deployment) const;
  // More events of one transaction than that come in several parts, from now on.
  void set_stream_batch_events(std::size_t events);
  // As if the files had been put onto another server.
  void set_identity(std::string identity);

  // --- Users. Each a transaction of its own, committed when it returns. The first three CHECK that
  // it can be done; the others say why not, and then nothing has changed.

  void insert(std::string_view table, const Cells& row);
  std::size_t update(std::string_view table, const Cells& where, const Cells& set);
  std::size_t erase(std::string_view table, const Cells& where);
  Result<void> try_insert(std::string_view table, const Cells& row);
  Result<std::size_t> try_update(std::string_view table, const Cells& where, const Cells& set);
  Result<std::size_t> try_erase(std::string_view table, const Cells& where);
  // Several statements that commit together; rolled back if `work` ends in an error.
  Result<void> transaction(const std::function<Result<void>(MemoryTransaction&)>& work);
  void truncate(std::string_view table);
  // The same as `transaction`, told to streams before anyone can read what it wrote (as where a
  // commit waits for a standby); until show_hidden. It holds its rows: who writes one would wait,
  // so it must be shown before (CHECKed).
  Result<void> hidden_transaction(const std::function<Result<void>(MemoryTransaction&)>& work);
  void show_hidden();
  [[nodiscard]] bool hides() const;
  // A write to a table of somebody else's: only the end of the log moves.
  void write_elsewhere();
  // All rows, sorted as std::map sorts; char(n) without its blanks.
  [[nodiscard]] std::vector<Cells> rows(std::string_view table) const;
  [[nodiscard]] std::size_t count(std::string_view table) const;
  // Transactions of anyone that wrote something.
  [[nodiscard]] std::uint64_t transactions() const;

  MemoryFaults& faults() { return faults_; }

  // --- For the other files of this folder, which hold the lock.

  using Lock = std::unique_lock<std::mutex>;
  [[nodiscard]] Lock lock() const { return Lock(mutex_); }
  [[nodiscard]] const std::string& identity() const { return settings_.identity; }
  [[nodiscard]] TableName resolved(TableName name) const;
  [[nodiscard]] const std::map<TableName, std::unique_ptr<TableEntry>>& tables() const {
    return tables_;
  }
  // nullptr: there is none.
  [[nodiscard]] TableEntry* find_entry(const TableName& name) const;
  // Errors: kSchema, 42P01.
  [[nodiscard]] Result<TableEntry*> entry(const TableName& name) const;
  [[nodiscard]] Result<TableEntry*> entry(std::string_view name) const;
  // Errors: kSchema, 42703.
  static Result<std::size_t> position(const MemoryTable& table, std::string_view column);
  static Result<std::vector<std::size_t>> positions(const MemoryTable& table,
                                                    std::span<const std::string> columns);
  // Errors: kSchema, 428C9: a generated column.
  static Result<void> check_writable(const MemoryTable& table, std::size_t column);

  [[nodiscard]] CommitLog& log() { return log_; }
  [[nodiscard]] Timestamp now() const { return settings_.now(); }
  [[nodiscard]] std::size_t stream_batch_events() const { return settings_.stream_batch_events; }
  [[nodiscard]] std::size_t stored_apart_bytes() const { return settings_.stored_apart_bytes; }
  [[nodiscard]] bool transactions_overlap() const { return settings_.transactions_overlap; }
  [[nodiscard]] bool is_hidden(std::uint64_t transaction) const {
    return hidden_ids_.contains(transaction);
  }
  // Whether a hidden transaction holds the row at this place.
  [[nodiscard]] bool holds(const MemoryTable& table, RowPlace place) const;
  RowVersion next_version();
  // A new value of the column's default; null if it has none.
  Result<Cell> default_of(TableEntry& entry, std::size_t column);
  // Whether the row's reference is null or leads to a row.
  [[nodiscard]] Result<bool> reference_holds(const TableEntry& child, const ForeignKey& key,
                                             const Tuple& row) const;
  [[nodiscard]] std::vector<std::pair<const TableEntry*, const ForeignKey*>> references_to(
      const TableName& table) const;
  // Whether rows of `child` refer to the values of `gone`, which no row of `parent` has any more.
  [[nodiscard]] Result<bool> leaves_orphans(const TableEntry& child, const ForeignKey& key,
                                            const TableEntry& parent, const Tuple& gone) const;

  // A mark is held by one session at a time. Errors: kUnavailable, 55006: another has it.
  Result<BatchNumber> hold_mark(const std::string& name, const void* session);
  void advance_mark(const std::string& name, BatchNumber number);  // Never back.
  void release_marks(const void* session);
  [[nodiscard]] bool offers_marks() const { return settings_.marks; }
  [[nodiscard]] bool has_mark(const std::string& name) const { return marks_.contains(name); }

 private:
  struct Mark {
    BatchNumber last;
    const void* session = nullptr;
  };

  TableEntry& existing(std::string_view table) const;
  TableName parsed(std::string_view name) const;

  mutable std::mutex mutex_;
  DatabaseSettings settings_;
  std::map<TableName, std::unique_ptr<TableEntry>> tables_;
  std::map<std::string, Mark> marks_;
  RowVersion last_version_{};
  CommitLog log_;
  std::vector<MemoryTransaction::HiddenRow> hidden_;
  std::set<std::uint64_t> hidden_ids_;
  std::mt19937_64 random_;
  MemoryFaults faults_;
};

}  // namespace couplet::memory

namespace couplet {
using memory::MemoryDatabase;
}  // namespace couplet
