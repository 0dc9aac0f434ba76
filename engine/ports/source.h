#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/model/canonical.h"
#include "engine/model/object_key.h"
#include "engine/model/result.h"
#include "engine/model/row_batch.h"
#include "engine/model/strong_int.h"
#include "engine/ports/catalog.h"
#include "engine/ports/change_stream.h"
#include "engine/ports/inspection.h"

// The contract of a system of record. Batch in, batch out: no call touches one object by itself.
// The caller owns every buffer; the callee borrows until it returns. One thread at a time uses it
// and what it made, not always the same. tests/contract/source_contract.h holds all of them to it.
namespace couplet {

// One step of a path: the columns that refer, and the columns of `table` that they equal.
struct Join {
  std::vector<std::string> columns;
  TableName table;
  std::vector<std::string> target_columns;
  bool operator==(const Join&) const = default;
};

// A column reached from the projection's table through references; no joins: its own column.
// Where a reference on the way is null or dangling, the value is null.
struct ColumnPath {
  std::vector<Join> joins;
  std::string column;
  Type type;
};

// A condition on the projection's own table.
struct EqualsAny {
  std::string column;
  Type type;
  // Values in the column's type; nullopt: null. The condition holds if the column is any of them.
  std::vector<std::optional<std::string>> values;
};
struct SqlCondition {
  std::string text;  // A boolean expression over the table's columns; false where it gives null.
};
using Condition = std::variant<EqualsAny, SqlCondition>;

// What is asked of one table. Rows in answer to it have width id.size() + columns.size(): the id,
// then the columns.
struct Projection {
  TableName table;
  std::vector<std::string> id;
  std::vector<Type> id_types;
  std::vector<ColumnPath> columns;
  std::vector<Condition> scope;  // All must hold for a row to be in scope.

  [[nodiscard]] std::size_t width() const { return id.size() + columns.size(); }
};

// A running scan, in ascending order of ObjectKey, over one snapshot. Its rows have no version.
// Another thread than the Source's may use it: it has a connection of its own.
class Scan {
 public:
  virtual ~Scan() = default;
  // Fills `out` (reset first) with the next rows, about `tuning::kBatchRows`. False when complete:
  // every row of the snapshot has been given. An error means that nothing may be concluded from
  // rows that were not seen.
  virtual Result<bool> next(RowBatch& out) = 0;
};

// Rows of values in answer to "which objects have these": column-major, one type per column.
struct ValueTable {
  std::vector<Type> types;
  RowBatch rows;  // width() == types.size()
  // What they are compared as, one per column, where that may be coarser than what is stored
  // (is_coarser): texts without their blanks at the end, times by fewer digits or by the day. Of
  // other kinds it changes nothing. Empty: by what is stored.
  std::vector<Comparison> as = {};
  // No more than so many rows are given in answer, whichever; 0: all that answer.
  std::size_t answers_most = 0;
};

// One group of rows to write to one table with one set of columns.
struct WriteGroup {
  enum class Operation : std::uint8_t { kCreate, kUpdate, kDelete };
  Operation operation = Operation::kUpdate;
  TableName table;
  std::vector<std::string> id;
  std::vector<Type> id_types;
  // Columns to write, in the order of the cells of `rows` after the id. Values are bytes of exactly
  // these types (the target column's); none is absent.
  std::vector<std::string> columns;
  std::vector<Type> column_types;
  // width() == id.size() + columns.size(). Update and delete: the id as it is now, and version(row)
  // is the version expected: a row whose version is another is refused, not written. Create: the id
  // chosen beforehand; absent id cells where the source chooses (Source::reserve_ids said so) or
  // where the id is among `columns`.
  RowBatch rows;
  // Create only: columns (indexes into `columns`) that together name the object. A row is refused
  // if one exists with equal values in all of them. Empty: no probe.
  std::vector<std::size_t> unless_exists;
  // Update only: rows whose values of `displaced_columns` (indexes into `columns`) change places
  // with others of this group or chain into them. They are moved out of the way first, inside the
  // same transaction: to null where the column may be null, else to a value that no row has.
  std::vector<std::uint32_t> displaced_rows;
  std::vector<std::size_t> displaced_columns;
  // What to give back of each row written, after BEFORE triggers and defaults.
  std::vector<std::string> returning;
  std::vector<Type> returning_types;
};

// Groups that commit together, in this order. Within a group rows are in the order of the caller.
struct WriteBatch {
  BatchNumber number;  // Committed with the transaction as the mark, where marks are attached.
  std::vector<WriteGroup> groups;
  // What has to be before it commits, called while the database may be at work on the groups: the
  // batch commits only if this succeeds, else its error is submit's and nothing was written. Not
  // called where the batch fails earlier. A batch that has one is submitted with none in flight.
  std::function<Result<void>()> before_commit = {};
};

struct GroupOutcome {
  // One row per row written: id (as it now is), then `returning`; ordinal(row) is the row's index
  // in the group, version(row) the version that it now has (a deleted row's has no meaning). A row
  // of the group that is not here was refused: its version was another, it was gone, or (create)
  // one exists.
  RowBatch written;
};
// Of a batch that committed.
struct WriteOutcome {
  std::vector<GroupOutcome> groups;
};

class Source {
 public:
  virtual ~Source() = default;

  // Names the database for good: a state that was made with another is refused. Postgres:
  // "postgres:<system identifier>/<database oid>". Errors: kUnavailable, kAuthentication.
  virtual Result<std::string> identity() = 0;

  // Tables (partitioned ones, views) by name; one that does not exist is left out. An empty schema
  // stands for the configured or first schema of the search path and is filled in the answer,
  // which is in the order of `names`.
  virtual Result<std::vector<TableInfo>> describe(std::span<const TableName> names) = 0;
  // All tables that our role can see, for suggestions.
  virtual Result<std::vector<TableName>> tables() = 0;
  // What there is to know beyond that about the source and these tables, for who sets it up. Reads
  // only, in a fixed number of statements. An empty Inspection: nothing is known.
  virtual Result<Inspection> inspect(std::span<const TableName> /*names*/) { return Inspection{}; }
  // Checks that an SQL condition is one, without reading rows. Errors: kSchema with the server's
  // sentence; kUnsupported where the source has no SQL.
  virtual Result<void> check_condition(const TableName& table, const SqlCondition& condition) = 0;

  // Starts a scan of all rows in scope. It runs on a connection of its own: the other calls may be
  // made while it runs.
  virtual Result<std::unique_ptr<Scan>> scan(const Projection& projection) = 0;

  // The rows with these ids, in scope or not, each with its version; in any order; ordinal(row) is
  // the index of its key in `keys`. One statement. No row: it is not there.
  virtual Result<void> fetch(const Projection& projection, std::span<const ObjectKey> keys,
                             RowBatch& out) = 0;

  // The rows, in scope or not, whose projection columns `by` equal the values asked for, compared
  // by what is stored (text by bytes; char without trailing blanks; numerics, times by value), or
  // as `wanted.as` says. Never called with nulls. ordinal(row) is the index of the question;
  // several rows may answer one. One statement.
  virtual Result<void> find(const Projection& projection, std::span<const std::size_t> by,
                            const ValueTable& wanted, RowBatch& out) = 0;

  // Ids for rows that are to be created, taken from the id columns' defaults, so that an intent can
  // name them before the row exists. nullopt: this table's ids have no default or our role may not
  // use it; the caller gives ids, or lets the source choose while writing.
  virtual Result<std::optional<RowBatch>> reserve_ids(const TableInfo& table,
                                                      std::span<const std::string> id,
                                                      std::span<const Type> id_types,
                                                      std::size_t count) = 0;

  // Attaches a mark of this name to write transactions (Postgres: a replication origin, made if it
  // does not exist) and gives the number of the last batch that committed with it; 0: none yet.
  // Once it answers, no transaction of an earlier process can still commit under the mark.
  // nullopt: the role may not, or the source has none: look before repeating.
  virtual Result<std::optional<BatchNumber>> attach_mark(const std::string& name) = 0;
  // Whether a mark of this name exists already, without attaching. False where there are none.
  virtual Result<bool> mark_exists(const std::string& name) = 0;

  // Opens the stream of changes from `request.from` on; what it needs is there (setup). It runs on
  // a connection of its own, beside the other calls. Errors: kUnavailable, kAuthentication,
  // kPrivilege, kSchema (with the statement that mends it), kTransient (somebody else still holds
  // it), kUnsupported: the source has no such stream.
  virtual Result<std::unique_ptr<ChangeStream>> changes(const StreamRequest& /*request*/) {
    return fail(ErrorKind::kUnsupported, "this source has no change stream");
  }
  // Asks whether reads see the effects of all these transactions (ChangeTransaction::transaction),
  // which an event may be ahead of. Does not wait for the answer.
  virtual Result<void> ask_visible(std::span<const std::uint64_t> /*transactions*/) { return {}; }
  // The answer to what was asked last; true: nothing was.
  virtual Result<bool> are_visible() { return true; }
  // A place in the stream of changes behind every transaction that a read has seen by now.
  // monostate: there is none that could be told.
  virtual Result<Position> position() { return Position{}; }

  // Writing, pipelined: submit n+1 may be called before collect of n; at most two are in flight,
  // and no row may be in both. A batch is one transaction: it commits whole or not at all.
  virtual Result<void> submit(const WriteBatch& batch) = 0;
  // The outcome of the oldest batch in flight. Errors, of the whole batch: kRowFault (some row's
  // own fault, with SQLSTATE, constraint, detail: the caller bisects), kTransient (nothing was
  // written, repeat), kCommitUnknown (the reply never came; the connection is made anew by the next
  // call), kSchema, kPrivilege, kDiskFull.
  virtual Result<WriteOutcome> collect() = 0;

  // Statements sent so far, BEGIN and COMMIT included. For the test that queries are O(batches).
  [[nodiscard]] virtual std::uint64_t statements() const = 0;
};

}  // namespace couplet
