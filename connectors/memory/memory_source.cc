#include "connectors/memory/memory_source.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "connectors/memory/batch_writer.h"
#include "connectors/memory/memory_scan.h"
#include "connectors/memory/memory_stream.h"
#include "connectors/memory/projection_reader.h"

namespace couplet::memory {
namespace {

constexpr std::size_t kInFlightMax = 2;

// The answers to find, by the canonical values that were asked for.
using Questions = std::map<std::string, std::vector<std::uint32_t>>;

}  // namespace

MemorySource::MemorySource(std::shared_ptr<MemoryDatabase> database)
    : database_(std::move(database)) {}

MemorySource::~MemorySource() {
  const MemoryDatabase::Lock held = database_->lock();
  database_->release_marks(this);
}

// --- The catalog

Result<std::string> MemorySource::identity() {
  ++statements_;
  COUPLET_TRY(database_->faults().enter(SourceCall::kIdentity));
  const MemoryDatabase::Lock held = database_->lock();
  return database_->identity();
}

Result<std::vector<TableInfo>> MemorySource::describe(std::span<const TableName> names) {
  ++statements_;
  COUPLET_TRY(database_->faults().enter(SourceCall::kDescribe));
  const MemoryDatabase::Lock held = database_->lock();
  std::vector<TableInfo> found;
  for (const TableName& name : names) {
    if (const TableEntry* entry = database_->find_entry(name)) {
      found.push_back(entry->table.info());
    }
  }
  return found;
}

Result<std::vector<TableName>> MemorySource::tables() {
  ++statements_;
  COUPLET_TRY(database_->faults().enter(SourceCall::kTables));
  const MemoryDatabase::Lock held = database_->lock();
  std::vector<TableName> names;
  for (const auto& [name, entry] : database_->tables()) {
    names.push_back(name);
  }
  return names;
}

Result<Inspection> MemorySource::inspect(std::span<const TableName> names) {
  COUPLET_ASSIGN(const std::vector<TableInfo> described, describe(names));
  Inspection found;
  found.product = "memory";
  for (const TableInfo& info : described) {
    TableInspection table;
    table.name = info.name;
    for (const UniqueKey& key : info.unique_keys) {
      table.indexes.push_back({key.name, key.columns, !key.deferrable});
    }
    found.tables.push_back(std::move(table));
  }
  return found;
}

Result<void> MemorySource::check_condition(const TableName& /*table*/,
                                           const SqlCondition& /*condition*/) {
  return fail(ErrorKind::kUnsupported, "a memory source has no conditions in SQL");
}

// --- Reading

Result<std::unique_ptr<Scan>> MemorySource::scan(const Projection& projection) {
  ++statements_;
  COUPLET_TRY(database_->faults().enter(SourceCall::kScan));
  const MemoryDatabase::Lock held = database_->lock();
  COUPLET_ASSIGN(const ProjectionReader reader, ProjectionReader::make(*database_, projection));
  return std::make_unique<MemoryScan>(database_, reader);
}

Result<void> MemorySource::fetch(const Projection& projection, std::span<const ObjectKey> keys,
                                 RowBatch& out) {
  ++statements_;
  out.reset(projection.width());
  COUPLET_TRY(database_->faults().enter(SourceCall::kFetch));
  const MemoryDatabase::Lock held = database_->lock();
  COUPLET_ASSIGN(const ProjectionReader reader, ProjectionReader::make(*database_, projection));
  const MemoryTable& table = reader.table();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    std::string arena;
    std::vector<Value> id;
    COUPLET_TRY(decode_key(projection.id_types, keys[i].bytes, arena, id));
    std::string key;
    for (std::size_t c = 0; c < id.size(); ++c) {
      append_lookup_piece(table.comparison(reader.id()[c]), projection.id_types[c], id[c], key);
    }
    for (const RowPlace place : table.matches(reader.id(), key)) {
      reader.append(*table.at(place), static_cast<std::uint32_t>(i), out);
    }
  }
  return {};
}

Result<void> MemorySource::find(const Projection& projection, std::span<const std::size_t> by,
                                const ValueTable& wanted, RowBatch& out) {
  ++statements_;
  out.reset(projection.width());
  COUPLET_TRY(database_->faults().enter(SourceCall::kFind));
  COUPLET_CHECK(by.size() == wanted.types.size() && wanted.rows.width() == by.size());
  const MemoryDatabase::Lock held = database_->lock();
  COUPLET_ASSIGN(const ProjectionReader reader, ProjectionReader::make(*database_, projection));
  const MemoryTable& table = reader.table();

  std::vector<Comparison> as;
  std::vector<std::size_t> own;  // Positions, as far as an index of the table can answer.
  for (std::size_t i = 0; i < by.size(); ++i) {
    const auto comparison = wanted.as.empty()
                                ? comparison_between(reader.type(by[i]), wanted.types[i])
                                : std::optional(wanted.as[i]);
    if (!comparison) {
      return fail(ErrorKind::kInvalidArgument, std::string("find compares ") +
                                                   name_of(reader.type(by[i]).kind) + " with " +
                                                   name_of(wanted.types[i].kind));
    }
    as.push_back(*comparison);
    const std::optional<std::size_t> position = reader.own_position(by[i]);
    if (position && table.comparison(*position) == *comparison) {
      own.push_back(*position);
    }
  }

  Questions questions;
  for (std::size_t row = 0; row < wanted.rows.rows(); ++row) {
    std::string key;
    for (std::size_t i = 0; i < by.size(); ++i) {
      const Value value = wanted.rows.at(row, i);
      COUPLET_CHECK(value.has_bytes());
      append_lookup_piece(as[i], wanted.types[i], value, key);
    }
    questions[key].push_back(static_cast<std::uint32_t>(row));
  }

  const auto answer = [&](const StoredRow& row, const std::vector<std::uint32_t>& ordinals) {
    std::string id;
    if (reader.append_key(row, id)) {
      for (const std::uint32_t ordinal : ordinals) {
        if (wanted.answers_most == 0 || out.rows() < wanted.answers_most) {
          reader.append(row, ordinal, out);
        }
      }
    }
  };
  if (own.size() == by.size()) {
    for (const auto& [key, ordinals] : questions) {
      for (const RowPlace place : table.matches(own, key)) {
        answer(*table.at(place), ordinals);
      }
    }
    return {};
  }
  for (const auto& [place, row] : table.rows()) {
    std::string key;
    bool null = false;
    for (std::size_t i = 0; i < by.size() && !null; ++i) {
      const Value value = reader.cell(row, by[i]);
      null = value.is_null();
      if (!null) {
        append_lookup_piece(as[i], reader.type(by[i]), value, key);
      }
    }
    const auto found = null ? questions.end() : questions.find(key);
    if (found != questions.end()) {
      answer(row, found->second);
    }
  }
  return {};
}

// --- Writing

Result<std::optional<RowBatch>> MemorySource::reserve_ids(const TableInfo& table,
                                                          std::span<const std::string> id,
                                                          std::span<const Type> id_types,
                                                          std::size_t count) {
  ++statements_;
  COUPLET_CHECK(id.size() == id_types.size());
  COUPLET_TRY(database_->faults().enter(SourceCall::kReserveIds));
  const MemoryDatabase::Lock held = database_->lock();
  COUPLET_ASSIGN(TableEntry* const entry, database_->entry(table.name));
  std::vector<std::size_t> columns;
  for (const std::string& name : id) {
    COUPLET_ASSIGN(const std::size_t position, MemoryDatabase::position(entry->table, name));
    if (!entry->rules.defaults.contains(position)) {
      return std::nullopt;
    }
    columns.push_back(position);
  }
  RowBatch ids(id.size());
  for (std::size_t row = 0; row < count; ++row) {
    ids.begin_row();
    for (const std::size_t column : columns) {
      COUPLET_ASSIGN(const Cell cell, database_->default_of(*entry, column));
      ids.push(value_of(cell));
    }
  }
  return ids;
}

Result<std::optional<BatchNumber>> MemorySource::attach_mark(const std::string& name) {
  ++statements_;
  COUPLET_CHECK(in_flight_.empty());
  COUPLET_TRY(database_->faults().enter(SourceCall::kAttachMark));
  if (!database_->offers_marks()) {
    return std::nullopt;
  }
  const MemoryDatabase::Lock held = database_->lock();
  COUPLET_ASSIGN(const BatchNumber last, database_->hold_mark(name, this));
  mark_ = name;
  return last;
}

Result<bool> MemorySource::mark_exists(const std::string& name) {
  ++statements_;
  COUPLET_TRY(database_->faults().enter(SourceCall::kMarkExists));
  const MemoryDatabase::Lock held = database_->lock();
  return database_->has_mark(name);
}

// --- Changes

Result<std::unique_ptr<ChangeStream>> MemorySource::changes(const StreamRequest& request) {
  ++statements_;
  COUPLET_TRY(database_->faults().enter(SourceCall::kChanges));
  return MemoryStream::open(database_, request);
}

Result<void> MemorySource::ask_visible(std::span<const std::uint64_t> transactions) {
  asked_.assign(transactions.begin(), transactions.end());
  return {};
}

Result<bool> MemorySource::are_visible() {
  ++statements_;
  COUPLET_TRY(database_->faults().enter(SourceCall::kAreVisible));
  const MemoryDatabase::Lock held = database_->lock();
  return std::none_of(asked_.begin(), asked_.end(),
                      [&](std::uint64_t id) { return database_->is_hidden(id); });
}

Result<Position> MemorySource::position() {
  ++statements_;
  const MemoryDatabase::Lock held = database_->lock();
  return database_->log().end();
}

std::set<MemorySource::RowName> MemorySource::rows_of(const WriteBatch& batch) {
  std::set<RowName> rows;
  for (const WriteGroup& group : batch.groups) {
    std::vector<Value> id(group.id.size());
    for (std::size_t row = 0; row < group.rows.rows(); ++row) {
      for (std::size_t i = 0; i < id.size(); ++i) {
        id[i] = group.rows.at(row, i);
      }
      std::string key;
      if (append_key(group.id_types, id, key)) {
        rows.emplace(group.table, std::move(key));
      }
    }
  }
  return rows;
}

void MemorySource::run(InFlight& flight) {
  flight.outcome = run_batch(*database_, flight.batch, mark_);
  flight.batch = {};
  const Result<WriteOutcome>& outcome = *flight.outcome;
  broken_ = broken_ || (!outcome && outcome.error().kind == ErrorKind::kCommitUnknown);
}

Result<void> MemorySource::submit(const WriteBatch& batch) {
  COUPLET_CHECK(in_flight_.size() < kInFlightMax);
  statements_ += std::accumulate(batch.groups.begin(), batch.groups.end(), std::uint64_t{2},
                                 [](std::uint64_t sum, const WriteGroup& group) {
                                   return sum + (group.displaced_rows.empty() ? 1 : 2);
                                 });
  COUPLET_TRY(database_->faults().enter(SourceCall::kSubmit));
  if (batch.before_commit) {
    COUPLET_CHECK(in_flight_.empty());
    COUPLET_TRY(batch.before_commit());
  }

  InFlight flight{batch, rows_of(batch), std::nullopt};
  bool waits = database_->faults().executes_at_collect();
  if (!in_flight_.empty()) {
    const InFlight& earlier = in_flight_.front();
    COUPLET_CHECK(std::none_of(flight.rows.begin(), flight.rows.end(),
                               [&](const RowName& row) { return earlier.rows.contains(row); }));
    waits = waits || !earlier.outcome;  // Batches run in the order in which they were submitted.
  }
  in_flight_.push_back(std::move(flight));
  if (broken_) {
    in_flight_.back().outcome = fail(Error{ErrorKind::kCommitUnknown,
                                           "the connection was lost before the batch was answered",
                                           {},
                                           {},
                                           "08006",
                                           {}});
  } else if (!waits) {
    run(in_flight_.back());
  }
  return {};
}

Result<WriteOutcome> MemorySource::collect() {
  COUPLET_CHECK(!in_flight_.empty());
  InFlight flight = std::move(in_flight_.front());
  in_flight_.pop_front();
  if (!flight.outcome) {
    run(flight);
    if (broken_ && !in_flight_.empty() && !in_flight_.front().outcome) {
      in_flight_.front().outcome =
          fail(Error{ErrorKind::kCommitUnknown,
                     "the connection was lost before the batch was answered",
                     {},
                     {},
                     "08006",
                     {}});
    }
  }
  broken_ = broken_ && !in_flight_.empty();
  return std::move(*flight.outcome);
}

}  // namespace couplet::memory
