#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/object_key.h"
#include "engine/model/position.h"
#include "engine/model/result.h"
#include "engine/model/strong_int.h"
#include "engine/model/type.h"
#include "engine/ports/bell.h"
#include "engine/ports/catalog.h"

// What a source tells of its own changes, in the order in which they were committed. An event is a
// hint: "this object changed". At least once: after a crash, whole transactions come again.
namespace couplet {

// Whose changes are wanted, and by what they are named.
struct StreamedTable {
  TableName table;
  std::vector<std::string> id;
  std::vector<Type> id_types;
  // Own columns of it whose values are wanted with each insert and update (ChangeEvent::cells), as
  // Source::fetch would read them. Empty: none are.
  std::vector<std::string> columns = {};
  std::vector<Type> column_types = {};
};

struct StreamRequest {
  // `name` of the definition: what the source keeps for us is named by it, and so are our marks
  // (Source::attach_mark), by which our own writes are told.
  std::string deployment;
  std::vector<StreamedTable> tables;
  // End of the last transaction whose every effect is durable here; monostate: none yet.
  Position from;
  // ChangeStream::terms as of when `from` was reached; empty: not known.
  std::string terms = {};
  // Where transactions that the source sends before they have committed wait, in files without a
  // name; empty: the system's temporary folder.
  std::string spool_folder;
};

struct ChangeEvent {
  enum class Kind : std::uint8_t {
    kInsert,
    kUpdate,
    kDelete,
    kTruncate,  // of the whole table: never evidence that an object was deleted
    kTable,     // the table is another than it was before: its columns are to be looked at again
    kUnnamed,   // an object of the table was changed or deleted, and the source cannot tell which:
                // only a reconcile finds it
  };
  Kind kind = Kind::kUpdate;
  std::size_t table = 0;            // index into StreamRequest::tables
  ObjectKey key;                    // empty: kTruncate, kTable, kUnnamed
  std::optional<ObjectKey> before;  // kUpdate: the key that the object had, where it was another
  // kInsert, kUpdate: StreamedTable::columns as the change left them (engine/model/packed_cells.h);
  // absent: the source did not send it. Empty: they were not asked for, or cannot be told.
  std::string cells = {};

  // Of what it holds, beside its own size.
  [[nodiscard]] std::size_t bytes() const {
    return key.bytes.size() + cells.size() + (before ? before->bytes.size() : 0);
  }
};

// A transaction, or a part of a large one: its events up to `ended`.
struct ChangeTransaction {
  std::vector<ChangeEvent> events;
  std::uint64_t transaction = 0;  // its id, for Source::ask_visible
  Timestamp committed_at;
  bool ours = false;   // written under one of our own marks
  bool ended = false;  // its last part: `end` is its place
  Position end;
  // Of a part too: a place behind all transactions that ended before this one, and not behind its
  // end. monostate: not known yet.
  Position begins_at;
  // Of the rows that it has written, as Source::fetch would tell it. Where it is another (a part of
  // a transaction that can be rolled back alone may have its own), a write that names it is
  // refused.
  RowVersion version;
};

// What came, in order. About `tuning::kBatchRows` events, fewer where they are large.
struct ChangeBatch {
  std::vector<ChangeTransaction> transactions;
  // No transaction is open, and the source has nothing up to here that was not given. It may be
  // further than the last transaction: others write to tables that nobody maps.
  std::optional<Position> idle_at;
  [[nodiscard]] bool empty() const { return transactions.empty() && !idle_at; }
};

// Why a stream does not go on where we were. What happened in between is told by no event: only a
// reconcile finds it.
struct StreamGap {
  std::string reason;  // a sentence: "slot couplet_x_left was made again", …
};

// One thread calls next, another may acknowledge. What the source wants to hear from time to time,
// it hears from a thread of the stream's own, which waits for nobody.
class ChangeStream {
 public:
  virtual ~ChangeStream() = default;
  // Compares where the source begins with where we were. Empty: it goes on there.
  [[nodiscard]] virtual std::optional<StreamGap> gap() const = 0;
  // Where it begins: all that is behind that place is told. Where there is a gap it is not where we
  // were.
  [[nodiscard]] virtual Position begins_at() const = 0;
  // A place behind everything that had committed when the stream was opened. monostate: not known.
  [[nodiscard]] virtual Position opened_at() const { return {}; }
  // Under which the source tells us what it tells: opaque, another text where it was another for a
  // while, say because a table was left out. As of when the stream was opened.
  [[nodiscard]] virtual std::string terms() const { return {}; }
  // Asks the source whether they are others by now: what was not told meanwhile is a gap for the
  // stream that is opened next. On the thread of next. Errors: as next.
  virtual Result<bool> has_lapsed() { return false; }
  // What has come; waits up to `wait` for the first of it. Empty: nothing came, or what came is
  // kept for a moment, for much more to come with it. Errors: kUnavailable, kTransient (connect
  // again), kSchema (the publication, a slot that is lost).
  // After an error the stream is of no use.
  virtual Result<ChangeBatch> next(std::chrono::milliseconds wait) = 0;
  // From now on the bell is rung whenever there is something for `next`, an error too. It outlives
  // the stream. False: this stream has nobody who would; it has to be asked.
  virtual bool ring_for(Bell& /*bell*/) { return false; }
  // All effects up to there are durable: the source may forget what it keeps for us. Never goes
  // back. Safe beside next.
  virtual void acknowledge(const Position& position) = 0;
};

}  // namespace couplet
