#include "connectors/memory/memory_stream.h"

#include <algorithm>
#include <variant>

#include "engine/model/packed_cells.h"
#include "engine/ports/tuning.h"

namespace couplet::memory {
namespace {

// What all marks of a deployment begin with (DESIGN section 5.10).
std::string mark_prefix(const std::string& deployment) {
  std::string prefix = "couplet_" + deployment + "_";
  for (char& c : prefix) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    } else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
      c = '_';
    }
  }
  return prefix;
}

// Whether PostgreSQL would store so long a value of this type apart.
bool varies_in_length(TypeKind kind) {
  switch (kind) {
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kJson:
    case TypeKind::kJsonb:
    case TypeKind::kBytea:
    case TypeKind::kOpaque:
      return true;
    default:
      return false;
  }
}

// Values of `apart` bytes that an update left alone are absent. Empty where the table is no longer
// as it was asked for.
std::string cells_of(const StreamedTable& asked, const MemoryTable& table, const Tuple& before,
                     const Tuple& row, std::size_t apart) {
  std::string cells;
  for (std::size_t i = 0; i < asked.columns.size(); ++i) {
    const auto position = table.position(asked.columns[i]);
    if (!position || *position >= row.size() || table.type(*position) != asked.column_types[i]) {
      return {};
    }
    const Cell& cell = row[*position];
    const bool left_alone = apart != 0 && cell && cell->size() >= apart && !before.empty() &&
                            before[*position] == cell &&
                            varies_in_length(table.type(*position).kind);
    append_cell(cells, left_alone ? Value::absent() : value_of(cell));
  }
  return cells;
}

tl::unexpected<Error> no_slot() {
  return fail(Error{ErrorKind::kSchema,
                    "nothing keeps the database's changes for us",
                    "make it with `couplet setup`",
                    {},
                    "42704",
                    {}});
}

}  // namespace

Result<std::unique_ptr<ChangeStream>> MemoryStream::open(std::shared_ptr<MemoryDatabase> database,
                                                         const StreamRequest& request) {
  std::unique_ptr<MemoryStream> stream(new MemoryStream(database, request));
  const MemoryDatabase::Lock held = database->lock();
  CommitLog& log = database->log();
  const std::optional<Lsn> begin = log.acknowledged(request.deployment);
  if (!begin) {
    return no_slot();
  }
  if (!log.hold(request.deployment, stream.get())) {
    return fail(
        Error{ErrorKind::kTransient, "another stream still holds the slot", {}, {}, "55006", {}});
  }
  if (const Lsn* from = std::get_if<Lsn>(&request.from)) {
    if (*from < *begin) {
      stream->gap_ = StreamGap{"the slot begins behind where we were: it was made again"};
    } else if (*from > log.end()) {
      stream->gap_ = StreamGap{"the database ends before where we were: it was restored"};
    } else if (!request.terms.empty() && request.terms != std::to_string(log.terms())) {
      stream->gap_ = StreamGap{"not every table was told of"};
    }
  }
  stream->terms_ = std::to_string(log.terms());
  stream->given_ = stream->begins_at_ = *begin;
  stream->opened_at_ = log.end();
  return stream;
}

MemoryStream::~MemoryStream() {
  const MemoryDatabase::Lock held = database_->lock();
  database_->log().release(this);
}

Result<bool> MemoryStream::has_lapsed() {
  const MemoryDatabase::Lock held = database_->lock();
  return terms_ != std::to_string(database_->log().terms());
}

std::optional<ChangeEvent> MemoryStream::event_of(const LoggedChange& change) const {
  const auto streamed =
      std::find_if(request_.tables.begin(), request_.tables.end(),
                   [&](const StreamedTable& table) { return table.table == change.table; });
  const TableEntry* entry = database_->find_entry(change.table);
  if (streamed == request_.tables.end() || entry == nullptr) {
    return std::nullopt;
  }
  ChangeEvent event;
  event.kind = change.kind;
  event.table = static_cast<std::size_t>(streamed - request_.tables.begin());
  const auto key_of = [&](const Tuple& row) {
    std::vector<Value> cells;
    for (const std::string& column : streamed->id) {
      cells.push_back(value_of(row[*entry->table.position(column)]));
    }
    ObjectKey key;
    COUPLET_CHECK(append_key(streamed->id_types, cells, key.bytes));
    return key;
  };
  if (!change.after.empty()) {
    event.key = key_of(change.after);
    event.cells = cells_of(*streamed, entry->table, change.before, change.after,
                           database_->stored_apart_bytes());
  }
  if (!change.before.empty()) {
    ObjectKey before = key_of(change.before);
    if (change.kind == ChangeEvent::Kind::kDelete) {
      event.key = std::move(before);
    } else if (before != event.key) {
      event.before = std::move(before);
    }
  }
  return event;
}

Result<ChangeBatch> MemoryStream::next(std::chrono::milliseconds /*wait*/) {
  COUPLET_TRY(database_->faults().enter(SourceCall::kNextChanges));
  const MemoryDatabase::Lock held = database_->lock();
  CommitLog& log = database_->log();
  if (!log.holds(request_.deployment, this)) {
    return no_slot();
  }
  ChangeBatch batch;
  std::size_t room = database_->stream_batch_events();
  for (const LoggedTransaction* logged = nullptr;
       room > 0 && (logged = log.after(given_)) != nullptr;) {
    ChangeTransaction transaction;
    transaction.transaction = logged->id;
    transaction.committed_at = logged->committed_at;
    transaction.ours = logged->mark.starts_with(mark_prefix(request_.deployment));
    transaction.end = logged->end;
    transaction.begins_at =
        database_->transactions_overlap() ? Lsn{logged->end.value - 1} : logged->end;
    transaction.version = logged->version;
    for (; given_part_ < logged->changes.size() && room > 0; ++given_part_, --room) {
      if (auto event = event_of(logged->changes[given_part_])) {
        transaction.events.push_back(std::move(*event));
      }
    }
    transaction.ended = given_part_ == logged->changes.size();
    if (transaction.ended) {
      given_ = logged->end;
      given_part_ = 0;
    }
    if (!transaction.events.empty()) {
      batch.transactions.push_back(std::move(transaction));
    } else if (transaction.ended && !batch.transactions.empty() &&
               batch.transactions.back().transaction == logged->id) {
      batch.transactions.back().ended = true;
    }
  }
  if (given_ == log.end() && idle_ < given_) {
    idle_ = given_;
    batch.idle_at = given_;
  }
  return batch;
}

void MemoryStream::acknowledge(const Position& position) {
  const MemoryDatabase::Lock held = database_->lock();
  if (const Lsn* lsn = std::get_if<Lsn>(&position);
      lsn != nullptr && database_->log().holds(request_.deployment, this)) {
    database_->log().acknowledge(request_.deployment, *lsn);
  }
}

}  // namespace couplet::memory
