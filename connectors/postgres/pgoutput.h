#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "connectors/postgres/parameters.h"
#include "engine/model/position.h"
#include "engine/model/row_batch.h"
#include "engine/model/strong_int.h"

// The messages of the output plugin pgoutput (manual, "Logical Replication Message Formats").
// Everything is borrowed: it lives until the decoder is given the next message.
namespace couplet::postgres::pgoutput {

using Xid = std::uint32_t;

struct Begin {
  Lsn commit;  // Where the transaction's commit is.
  Timestamp committed_at;
  Xid xid = 0;
};
struct Commit {
  Lsn commit;
  Lsn end;
  Timestamp committed_at;
};
struct Origin {
  Lsn commit;  // On the server that the transaction came from.
  std::string_view name;
};

struct Column {
  bool identity = false;  // Part of the replica identity.
  std::string_view name;
  Oid type = 0;
  std::int32_t modifier = -1;
};
struct Relation {
  Xid xid = 0;  // Inside a stream block; else 0. So it is with the messages below.
  Oid relation = 0;
  std::string_view schema;  // pg_catalog is written out.
  std::string_view table;
  char identity = 'd';  // d(efault), n(othing), f(ull), i(ndex)
  std::span<const Column> columns;
};
struct TypeName {
  Xid xid = 0;
  Oid type = 0;
  std::string_view schema;
  std::string_view name;
};

struct Cell {
  Value value;           // Absent: unchanged, and kept out of the row (TOAST).
  bool is_text = false;  // The type's text, not its binary form.
};
using Tuple = std::span<const Cell>;

struct Change {
  enum class Kind : std::uint8_t { kInsert, kUpdate, kDelete };
  // A key tuple is as wide as the table: what is no part of the identity stands there as null.
  enum class Old : std::uint8_t { kNone, kKey, kFull };
  Kind kind = Kind::kInsert;
  Xid xid = 0;
  Oid relation = 0;
  Old old = Old::kNone;
  Tuple before;  // Empty unless `old` says that there is one.
  Tuple after;   // Empty for a delete.
};
struct Truncate {
  Xid xid = 0;
  bool cascade = false;
  bool restart_identity = false;
  std::span<const Oid> relations;
};
struct LogicalMessage {
  Xid xid = 0;
  bool transactional = false;
  Lsn at;
  std::string_view prefix;
  std::string_view content;
};

struct StreamStart {
  Xid xid = 0;
  bool first = false;
};
struct StreamStop {};
struct StreamCommit {
  Xid xid = 0;
  Lsn commit;
  Lsn end;
  Timestamp committed_at;
};
struct StreamAbort {
  Xid xid = 0;
  Xid subtransaction = 0;  // The same as `xid`: the whole of it.
};

// Of a slot that tells of prepared transactions before they commit, which ours never does.
struct Prepared {
  char type = 'b';  // b(egin), P(repare), K (commit), r(ollback), p (prepare of a streamed one)
  Xid xid = 0;
  std::string_view name;
};

using Message =
    std::variant<Begin, Commit, Origin, Relation, TypeName, Change, Truncate, LogicalMessage,
                 StreamStart, StreamStop, StreamCommit, StreamAbort, Prepared>;

}  // namespace couplet::postgres::pgoutput
