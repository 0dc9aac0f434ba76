#include "connectors/postgres/change_assembler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/ports/tuning.h"

namespace couplet::postgres {
namespace {

tl::unexpected<Error> makes_no_sense(std::string what) {
  Error error;
  error.kind = ErrorKind::kTransient;
  error.code = "pgoutput";
  error.message = "the stream of changes makes no sense: " + std::move(what);
  return fail(std::move(error));
}

ChangeEvent of_table(ChangeEvent::Kind kind, std::size_t table) {
  ChangeEvent event;
  event.kind = kind;
  event.table = table;
  return event;
}

// What is said of a whole table need not be said twice in a row.
bool repeats(const std::vector<ChangeEvent>& events, const ChangeEvent& event) {
  return !events.empty() && event.key.empty() && events.back().kind == event.kind &&
         events.back().table == event.table;
}

ChangeEvent::Kind kind_of(pgoutput::Change::Kind kind) {
  switch (kind) {
    case pgoutput::Change::Kind::kInsert:
      return ChangeEvent::Kind::kInsert;
    case pgoutput::Change::Kind::kUpdate:
      return ChangeEvent::Kind::kUpdate;
    case pgoutput::Change::Kind::kDelete:
      break;
  }
  return ChangeEvent::Kind::kDelete;
}

// The event of a change, by what of it can be read.
ChangeEvent event_of(const StreamedRelation& relation, const pgoutput::Change& change) {
  using Kind = pgoutput::Change::Kind;
  ChangeEvent event = of_table(kind_of(change.kind), *relation.table);
  std::string before;
  const bool old_id = change.old != pgoutput::Change::Old::kNone && relation.id_in_identity &&
                      relation.read_key(change.before, before);
  if (change.kind == Kind::kDelete) {
    event.key.bytes = std::move(before);
    return old_id ? event : of_table(ChangeEvent::Kind::kUnnamed, *relation.table);
  }
  // An id that is kept out of the row stands in the old one, which then always comes.
  const bool new_id = relation.read_key(change.after, event.key.bytes);
  if (!new_id && !old_id) {
    return of_table(ChangeEvent::Kind::kUnnamed, *relation.table);
  }
  event.cells = relation.read_row(change.after);
  if (!new_id) {
    event.key.bytes = std::move(before);
  } else if (old_id && before != event.key.bytes) {
    event.before = ObjectKey{std::move(before)};
  }
  return event;
}

// An old tuple says that what names a row has changed. Where it does not hold the id, the id may
// have changed with it.
bool hides_the_old_id(const StreamedRelation& relation, const pgoutput::Change& change) {
  return change.kind == pgoutput::Change::Kind::kUpdate &&
         change.old != pgoutput::Change::Old::kNone && !relation.id_in_identity;
}

}  // namespace

Result<void> ChangeAssembler::take(const pgoutput::Message& message) {
  COUPLET_CHECK(!draining());
  return std::visit([this](const auto& one) { return on(one); }, message);
}

void ChangeAssembler::keepalive(Lsn end) {
  if (!open_ && !draining()) {
    const auto* last = ready_.idle_at ? std::get_if<Lsn>(&*ready_.idle_at) : nullptr;
    ready_.idle_at = last == nullptr ? end : std::max(*last, end);
  }
}

Result<void> ChangeAssembler::drain() {
  COUPLET_ASSIGN(const bool more, draining_->events.take(tuning::kBatchRows, current_.events));
  for (const ChangeEvent& event : current_.events) {
    bytes_ += event.bytes();
  }
  give_part(!more, draining_end_);
  if (!more) {
    draining_.reset();
  }
  return {};
}

// What of `current_` is there goes out.
void ChangeAssembler::give_part(bool ended, Lsn end) {
  if (ended && current_.events.empty() && !any_given_) {
    ready_.idle_at = end;  // It changed nothing of ours.
    return;
  }
  ChangeTransaction part;
  part.events.swap(current_.events);
  part.transaction = current_.transaction;
  part.committed_at = current_.committed_at;
  part.ours = current_.ours;
  part.ended = ended;
  part.begins_at = current_.begins_at;
  part.version = current_.version;
  if (ended) {
    part.end = end;
  }
  any_given_ = true;
  ready_bytes_ = std::exchange(bytes_, 0) + (ready_.transactions.empty() ? 0 : ready_bytes_);
  ready_.transactions.push_back(std::move(part));
  ready_.idle_at.reset();
}

bool ChangeAssembler::should_go() const {
  return !ready_.transactions.empty() && ready_bytes_ >= tuning::kBatchBytes;
}

Result<void> ChangeAssembler::on(const pgoutput::Begin& begin) {
  if (open_ || block_ != nullptr) {
    return makes_no_sense("a transaction begins inside of another");
  }
  open_ = true;
  any_given_ = false;
  current_.transaction = begin.xid;
  current_.committed_at = begin.committed_at;
  current_.begins_at = begin.commit;
  current_.version = {begin.xid};
  current_.ours = false;
  return {};
}

Result<void> ChangeAssembler::on(const pgoutput::Commit& commit) {
  if (!open_) {
    return makes_no_sense("a transaction ends that did not begin");
  }
  open_ = false;
  give_part(true, commit.end);
  return {};
}

bool ChangeAssembler::is_ours(std::string_view origin) const {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return origin.size() > own_marks_.size() && origin.starts_with(own_marks_) &&
         std::all_of(origin.begin() + static_cast<std::ptrdiff_t>(own_marks_.size()), origin.end(),
                     is_digit);
}

Result<void> ChangeAssembler::on(const pgoutput::Origin& origin) {
  if (block_ != nullptr) {
    block_->ours = is_ours(origin.name);
  } else {
    current_.ours = is_ours(origin.name);
  }
  return {};
}

const StreamedRelation* ChangeAssembler::known(Oid relation) const {
  if (block_ != nullptr) {
    const auto own = block_->relations.find(relation);
    if (own != block_->relations.end()) {
      return own->second.get();
    }
  }
  const auto found = known_.find(relation);
  return found == known_.end() ? nullptr : found->second.get();
}

Result<void> ChangeAssembler::on(const pgoutput::Relation& relation) {
  COUPLET_ASSIGN(auto now, relations_.read(relation));
  if (open_ || block_ != nullptr) {  // Else there is nothing yet that it could be part of.
    for (const std::size_t table : RelationReader::told(known(relation.relation), *now)) {
      COUPLET_TRY(add(relation.xid, of_table(ChangeEvent::Kind::kTable, table)));
    }
  }
  if (block_ != nullptr) {
    block_->relations[relation.relation] = std::move(now);
    return {};
  }
  // Newer than what any open transaction was told: when such a one commits, it must not bring back
  // what was. (Only one that holds the table alone can have altered it, and then no other is here.)
  for (auto& [xid, streamed] : streamed_) {
    streamed->relations.erase(relation.relation);
  }
  known_[relation.relation] = std::move(now);
  return {};
}

Result<void> ChangeAssembler::on(const pgoutput::TypeName& /*name*/) const { return {}; }

Result<void> ChangeAssembler::on(const pgoutput::LogicalMessage& /*message*/) const { return {}; }

Result<void> ChangeAssembler::on(const pgoutput::Change& change) {
  const StreamedRelation* relation = known(change.relation);
  if (relation == nullptr) {
    return makes_no_sense(
        fmt::format("a change of table {}, of which nothing was told", change.relation));
  }
  if (!relation->table) {
    return {};
  }
  if (hides_the_old_id(*relation, change)) {
    COUPLET_TRY(add(change.xid, of_table(ChangeEvent::Kind::kUnnamed, *relation->table)));
  }
  return add(change.xid, event_of(*relation, change));
}

Result<void> ChangeAssembler::on(const pgoutput::Truncate& truncate) {
  std::vector<std::size_t> tables;
  for (const Oid oid : truncate.relations) {
    const StreamedRelation* relation = known(oid);
    if (relation == nullptr) {
      return makes_no_sense(
          fmt::format("a truncation of table {}, of which nothing was told", oid));
    }
    if (relation->table &&
        std::find(tables.begin(), tables.end(), *relation->table) == tables.end()) {
      tables.push_back(*relation->table);
    }
  }
  for (const std::size_t table : tables) {
    COUPLET_TRY(add(truncate.xid, of_table(ChangeEvent::Kind::kTruncate, table)));
  }
  return {};
}

Result<void> ChangeAssembler::add(pgoutput::Xid xid, ChangeEvent event) {
  if (block_ != nullptr) {
    return block_->events.add(xid, event);
  }
  if (!open_) {
    return makes_no_sense("a change outside of any transaction");
  }
  if (!repeats(current_.events, event)) {
    bytes_ += event.bytes();
    current_.events.push_back(std::move(event));
  }
  if (current_.events.size() >= tuning::kBatchRows || bytes_ >= tuning::kBatchBytes) {
    give_part(false, {});
  }
  return {};
}

Result<void> ChangeAssembler::on(const pgoutput::StreamStart& start) {
  if (open_) {
    return makes_no_sense("a block begins inside of a transaction");
  }
  auto found = streamed_.find(start.xid);
  if (found == streamed_.end()) {
    if (!start.first) {
      return makes_no_sense("a transaction goes on whose beginning was not sent");
    }
    found = streamed_.emplace(start.xid, std::make_unique<Streamed>(spool_folder_)).first;
  }
  block_ = found->second.get();
  return {};
}

Result<void> ChangeAssembler::on(const pgoutput::StreamStop& /*stop*/) {
  block_ = nullptr;
  return {};
}

Result<void> ChangeAssembler::on(const pgoutput::StreamCommit& commit) {
  const auto found = streamed_.find(commit.xid);
  if (found == streamed_.end() || block_ != nullptr || open_) {
    return makes_no_sense("a streamed transaction ends that did not begin");
  }
  draining_ = std::move(found->second);
  streamed_.erase(found);
  draining_end_ = commit.end;
  for (auto& [oid, relation] : draining_->relations) {
    known_[oid] = std::move(relation);
  }
  any_given_ = false;
  current_.transaction = commit.xid;
  current_.begins_at = commit.commit;
  current_.version = {commit.xid};
  current_.committed_at = commit.committed_at;
  current_.ours = draining_->ours;
  return {};
}

Result<void> ChangeAssembler::on(const pgoutput::StreamAbort& abort) {
  const auto found = streamed_.find(abort.xid);
  if (found == streamed_.end()) {
    return {};  // Nothing of it was sent.
  }
  if (block_ != nullptr) {
    return makes_no_sense("a transaction is rolled back inside of a block");
  }
  if (abort.xid == abort.subtransaction) {
    streamed_.erase(found);
    return {};
  }
  // Tables that it altered stay as they were told until the server tells of them anew, which it
  // does before it sends another change of them.
  found->second->events.abort(abort.subtransaction);
  return {};
}

Result<void> ChangeAssembler::on(const pgoutput::Prepared& prepared) const {
  return fail(ErrorKind::kSchema,
              fmt::format("the slot tells of prepared transaction {} before it has committed",
                          prepared.name),
              "Make the slot anew without two_phase: couplet teardown, then couplet setup.");
}

}  // namespace couplet::postgres
