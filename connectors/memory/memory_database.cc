#include "connectors/memory/memory_database.h"

#include <algorithm>
#include <cstdio>
#include <span>
#include <utility>

#include "connectors/memory/column_fit.h"
#include "engine/model/literal.h"

namespace couplet::memory {
namespace {

tl::unexpected<Error> schema_fault(const char* code, std::string message) {
  return fail(Error{ErrorKind::kSchema, std::move(message), {}, {}, code, {}});
}

// A test that set its scene wrong should say how before it stops.
template <typename T>
void check_done(const Result<T>& result, std::string_view what, std::string_view table) {
  if (!result) {
    std::fprintf(stderr, "%.*s %.*s: %s (%s) %s\n", static_cast<int>(what.size()), what.data(),
                 static_cast<int>(table.size()), table.data(), result.error().message.c_str(),
                 result.error().code.c_str(), result.error().detail.c_str());
  }
  COUPLET_CHECK(result.has_value());
}

std::vector<std::size_t> known_positions(const MemoryTable& table,
                                         std::span<const std::string> columns) {
  std::vector<std::size_t> found;
  for (const std::string& column : columns) {
    const std::optional<std::size_t> position = table.position(column);
    COUPLET_CHECK(position.has_value());
    found.push_back(*position);
  }
  return found;
}

}  // namespace

MemoryDatabase::MemoryDatabase(DatabaseSettings settings)
    : settings_(std::move(settings)), random_(settings_.seed) {}

// --- The schema

void MemoryDatabase::create_table(TableInfo info) {
  const Lock held = lock();
  info.name = resolved(std::move(info.name));
  for (ForeignKey& key : info.foreign_keys) {
    key.table = resolved(std::move(key.table));
  }
  const bool listed = std::any_of(info.unique_keys.begin(), info.unique_keys.end(),
                                  [](const UniqueKey& key) { return key.primary; });
  if (!info.primary_key.empty() && !listed) {
    UniqueKey primary{info.name.table + "_pkey", info.primary_key, false, true};
    info.unique_keys.insert(info.unique_keys.begin(), std::move(primary));
  }
  std::uint32_t number = 0;
  for (ColumnInfo& column : info.columns) {
    column.number = ++number;
    if (std::find(info.primary_key.begin(), info.primary_key.end(), column.name) !=
        info.primary_key.end()) {
      column.nullable = false;
    }
  }
  const TableName name = info.name;
  auto made = std::make_unique<TableEntry>(TableEntry{MemoryTable(std::move(info)), {}});
  for (const UniqueKey& key : made->table.info().unique_keys) {
    known_positions(made->table, key.columns);
  }
  for (const ForeignKey& key : made->table.info().foreign_keys) {
    known_positions(made->table, key.columns);
    const TableEntry* target = key.table == name ? made.get() : find_entry(key.table);
    COUPLET_CHECK(target != nullptr);
    known_positions(target->table, key.target_columns);
  }
  COUPLET_CHECK(tables_.emplace(name, std::move(made)).second);
}

void MemoryDatabase::drop_table(std::string_view table) {
  const Lock held = lock();
  COUPLET_CHECK(tables_.erase(parsed(table)) == 1);
}

void MemoryDatabase::renew_column(std::string_view table, std::string_view column,
                                  const std::optional<std::string>& literal) {
  const Lock held = lock();
  MemoryTable& stored = existing(table).table;
  const std::string name(column);
  const std::size_t position = known_positions(stored, {&name, 1}).front();
  std::uint32_t last = 0;
  for (const ColumnInfo& info : stored.info().columns) {
    last = std::max(last, info.number);
  }
  stored.info().columns[position].number = last + 1;
  for (const auto& [place, row] : std::map<RowPlace, StoredRow>(stored.rows())) {
    StoredRow renewed = row;
    RowAccess(stored, renewed.cells).set(column, literal);
    stored.put(place, std::move(renewed));
  }
  log_.append({0, {}, now(), {{stored.info().name, ChangeEvent::Kind::kTable, {}, {}}}, {}, {}});
}

void MemoryDatabase::set_default(std::string_view table, std::string_view column,
                                 ColumnDefault value) {
  const Lock held = lock();
  TableEntry& entry = existing(table);
  const std::string name(column);
  const std::size_t position = known_positions(entry.table, {&name, 1}).front();
  entry.table.info().columns[position].has_default = true;
  entry.rules.defaults.insert_or_assign(position, std::move(value));
}

void MemoryDatabase::set_generated(std::string_view table, std::string_view column,
                                   GeneratedColumn generate) {
  const Lock held = lock();
  TableEntry& entry = existing(table);
  const std::string name(column);
  const std::size_t position = known_positions(entry.table, {&name, 1}).front();
  entry.table.info().columns[position].has_default = true;
  entry.table.info().columns[position].generated = true;
  entry.rules.generated.insert_or_assign(position, std::move(generate));
}

void MemoryDatabase::add_check(std::string_view table, CheckConstraint check) {
  const Lock held = lock();
  existing(table).rules.checks.push_back(std::move(check));
}

void MemoryDatabase::before_write(std::string_view table, BeforeHook hook) {
  const Lock held = lock();
  TableEntry& entry = existing(table);
  entry.table.info().user_triggers = true;
  entry.rules.before.push_back(std::move(hook));
}

void MemoryDatabase::after_write(std::string_view table, AfterHook hook) {
  const Lock held = lock();
  TableEntry& entry = existing(table);
  entry.table.info().user_triggers = true;
  entry.rules.after.push_back(std::move(hook));
}

void MemoryDatabase::alter(std::string_view table, const std::function<void(TableInfo&)>& change) {
  const Lock held = lock();
  TableEntry& entry = existing(table);
  TableInfo changed = entry.table.info();
  change(changed);
  COUPLET_CHECK(changed.name == entry.table.info().name &&
                changed.columns.size() == entry.table.info().columns.size());
  entry.table.info() = std::move(changed);
  log_.append(
      {0, {}, now(), {{entry.table.info().name, ChangeEvent::Kind::kTable, {}, {}}}, {}, {}});
}

void MemoryDatabase::make_slot(const std::string& deployment) {
  const Lock held = lock();
  log_.make_slot(deployment);
}

void MemoryDatabase::drop_slot(const std::string& deployment) {
  const Lock held = lock();
  log_.drop_slot(deployment);
}

void MemoryDatabase::tell(std::string_view table, bool told) {
  const Lock held = lock();
  log_.tell(existing(table).table.info().name, told);
}

Lsn MemoryDatabase::acknowledged(const std::string& deployment) const {
  const Lock held = lock();
  const std::optional<Lsn> position = log_.acknowledged(deployment);
  COUPLET_CHECK(position.has_value());
  return *position;
}

void MemoryDatabase::set_stream_batch_events(std::size_t events) {
  const Lock held = lock();
  settings_.stream_batch_events = events;
}

void MemoryDatabase::set_identity(std::string identity) {
  const Lock held = lock();
  settings_.identity = std::move(identity);
}

// --- Users

Result<void> MemoryDatabase::transaction(
    const std::function<Result<void>(MemoryTransaction&)>& work) {
  const Lock held = lock();
  MemoryTransaction running(*this);
  COUPLET_TRY(work(running));
  running.commit();
  return {};
}

Result<void> MemoryDatabase::try_insert(std::string_view table, const Cells& row) {
  return transaction([&](MemoryTransaction& running) { return running.insert(table, row); });
}

Result<std::size_t> MemoryDatabase::try_update(std::string_view table, const Cells& where,
                                               const Cells& set) {
  std::size_t rows = 0;
  COUPLET_TRY(transaction([&](MemoryTransaction& running) -> Result<void> {
    COUPLET_ASSIGN(rows, running.update(table, where, set));
    return {};
  }));
  return rows;
}

Result<std::size_t> MemoryDatabase::try_erase(std::string_view table, const Cells& where) {
  std::size_t rows = 0;
  COUPLET_TRY(transaction([&](MemoryTransaction& running) -> Result<void> {
    COUPLET_ASSIGN(rows, running.erase(table, where));
    return {};
  }));
  return rows;
}

void MemoryDatabase::insert(std::string_view table, const Cells& row) {
  check_done(try_insert(table, row), "insert into", table);
}

std::size_t MemoryDatabase::update(std::string_view table, const Cells& where, const Cells& set) {
  const Result<std::size_t> rows = try_update(table, where, set);
  check_done(rows, "update of", table);
  return *rows;
}

std::size_t MemoryDatabase::erase(std::string_view table, const Cells& where) {
  const Result<std::size_t> rows = try_erase(table, where);
  check_done(rows, "delete from", table);
  return *rows;
}

void MemoryDatabase::truncate(std::string_view table) {
  check_done(transaction([&](MemoryTransaction& running) { return running.truncate(table); }),
             "truncate", table);
}

Result<void> MemoryDatabase::hidden_transaction(
    const std::function<Result<void>(MemoryTransaction&)>& work) {
  const Lock held = lock();
  MemoryTransaction running(*this);
  COUPLET_TRY(work(running));
  std::uint64_t id = 0;
  for (MemoryTransaction::HiddenRow& row : running.commit_hidden(id)) {
    hidden_.push_back(std::move(row));
  }
  hidden_ids_.insert(id);
  return {};
}

void MemoryDatabase::show_hidden() {
  const Lock held = lock();
  for (MemoryTransaction::HiddenRow& hidden : hidden_) {
    if (hidden.row) {
      hidden.table->put(hidden.place, std::move(*hidden.row));
    } else {
      hidden.table->remove(hidden.place);
    }
  }
  hidden_.clear();
  hidden_ids_.clear();
}

bool MemoryDatabase::holds(const MemoryTable& table, RowPlace place) const {
  return std::any_of(hidden_.begin(), hidden_.end(), [&](const auto& hidden) {
    return hidden.table == &table && hidden.place == place;
  });
}

bool MemoryDatabase::hides() const {
  const Lock held = lock();
  return !hidden_ids_.empty();
}

void MemoryDatabase::write_elsewhere() {
  const Lock held = lock();
  log_.append({});
}

std::vector<Cells> MemoryDatabase::rows(std::string_view table) const {
  const Lock held = lock();
  const MemoryTable& read = existing(table).table;
  std::vector<Cells> all;
  for (const auto& [place, row] : read.rows()) {
    Cells cells;
    for (std::size_t i = 0; i < read.width(); ++i) {
      cells.emplace(read.info().columns[i].name,
                    row.cells[i] ? std::optional(format_literal(read.type(i), Value(*row.cells[i])))
                                 : std::nullopt);
    }
    all.push_back(std::move(cells));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::size_t MemoryDatabase::count(std::string_view table) const {
  const Lock held = lock();
  return existing(table).table.rows().size();
}

std::uint64_t MemoryDatabase::transactions() const {
  const Lock held = lock();
  return last_version_.value;
}

// --- Names

TableName MemoryDatabase::resolved(TableName name) const {
  if (name.schema.empty()) {
    name.schema = settings_.schema;
  }
  return name;
}

TableName MemoryDatabase::parsed(std::string_view name) const {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) {
    return {settings_.schema, std::string(name)};
  }
  return {std::string(name.substr(0, dot)), std::string(name.substr(dot + 1))};
}

TableEntry* MemoryDatabase::find_entry(const TableName& name) const {
  const auto found = tables_.find(resolved(name));
  return found == tables_.end() ? nullptr : found->second.get();
}

Result<TableEntry*> MemoryDatabase::entry(const TableName& name) const {
  if (TableEntry* found = find_entry(name)) {
    return found;
  }
  return schema_fault("42P01", "relation \"" + to_string(name) + "\" does not exist");
}

Result<TableEntry*> MemoryDatabase::entry(std::string_view name) const {
  return entry(parsed(name));
}

TableEntry& MemoryDatabase::existing(std::string_view table) const {
  const Result<TableEntry*> found = entry(table);
  check_done(found, "use of", table);
  return **found;
}

Result<std::size_t> MemoryDatabase::position(const MemoryTable& table, std::string_view column) {
  if (const std::optional<std::size_t> found = table.position(column)) {
    return *found;
  }
  return schema_fault("42703", "column \"" + std::string(column) + "\" of relation \"" +
                                   to_string(table.info().name) + "\" does not exist");
}

Result<std::vector<std::size_t>> MemoryDatabase::positions(const MemoryTable& table,
                                                           std::span<const std::string> columns) {
  std::vector<std::size_t> found;
  for (const std::string& column : columns) {
    COUPLET_ASSIGN(const std::size_t at, position(table, column));
    found.push_back(at);
  }
  return found;
}

Result<void> MemoryDatabase::check_writable(const MemoryTable& table, std::size_t column) {
  const ColumnInfo& info = table.info().columns[column];
  if (info.generated) {
    return schema_fault("428C9", "column \"" + info.name + "\" is a generated column");
  }
  return {};
}

// --- Values

RowVersion MemoryDatabase::next_version() {
  ++last_version_.value;
  return last_version_;
}

Result<Cell> MemoryDatabase::default_of(TableEntry& entry, std::size_t column) {
  const auto found = entry.rules.defaults.find(column);
  if (found == entry.rules.defaults.end()) {
    return Cell();
  }
  const Type& type = entry.table.type(column);
  std::optional<std::string> literal;
  if (auto* sequence = std::get_if<SequenceDefault>(&found->second)) {
    literal = std::to_string(sequence->next++);
  } else if (const auto* constant = std::get_if<ConstantDefault>(&found->second)) {
    literal = constant->literal;
  } else if (const auto* callback = std::get_if<CallbackDefault>(&found->second)) {
    literal = (*callback)();
  } else {
    std::string bytes;
    for (int i = 0; i < 16; ++i) {
      bytes.push_back(static_cast<char>(random_() & 0xFFU));
    }
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0FU) | 0x40U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3FU) | 0x80U);
    return Cell(std::move(bytes));
  }
  if (!literal) {
    return Cell();
  }
  std::string bytes;
  auto parsed_literal = parse_literal(without_limits(type), *literal, bytes);
  if (!parsed_literal) {  // A sequence that left its column's range, say.
    return fail(row_fault("22003", entry.table.info().columns[column].name,
                          parsed_literal.error().message));
  }
  return Cell(std::move(bytes));
}

// --- References

Result<bool> MemoryDatabase::reference_holds(const TableEntry& child, const ForeignKey& key,
                                             const Tuple& row) const {
  COUPLET_ASSIGN(const TableEntry* const target, entry(key.table));
  const std::vector<std::size_t> from = known_positions(child.table, key.columns);
  if (std::any_of(from.begin(), from.end(), [&](std::size_t column) { return !row[column]; })) {
    return true;  // MATCH SIMPLE.
  }
  const std::vector<std::size_t> to = known_positions(target->table, key.target_columns);
  const std::optional<std::string> wanted = target->table.lookup_key(to, child.table, row, from);
  return wanted && !target->table.matches(to, *wanted).empty();
}

std::vector<std::pair<const TableEntry*, const ForeignKey*>> MemoryDatabase::references_to(
    const TableName& table) const {
  std::vector<std::pair<const TableEntry*, const ForeignKey*>> found;
  for (const auto& [name, child] : tables_) {
    for (const ForeignKey& key : child->table.info().foreign_keys) {
      if (key.table == table) {
        found.emplace_back(child.get(), &key);
      }
    }
  }
  return found;
}

Result<bool> MemoryDatabase::leaves_orphans(const TableEntry& child, const ForeignKey& key,
                                            const TableEntry& parent, const Tuple& gone) const {
  const std::vector<std::size_t> from = known_positions(child.table, key.columns);
  const std::vector<std::size_t> to = known_positions(parent.table, key.target_columns);
  const std::optional<std::string> target = parent.table.lookup_key(gone, to);
  if (!target || !parent.table.matches(to, *target).empty()) {
    return false;
  }
  const std::optional<std::string> wanted = child.table.lookup_key(from, parent.table, gone, to);
  return wanted && !child.table.matches(from, *wanted).empty();
}

// --- Marks

Result<BatchNumber> MemoryDatabase::hold_mark(const std::string& name, const void* session) {
  Mark& mark = marks_[name];
  if (mark.session != nullptr && mark.session != session) {
    return fail(Error{ErrorKind::kUnavailable,
                      "the mark \"" + name + "\" is in use by another session",
                      {},
                      {},
                      "55006",
                      {}});
  }
  mark.session = session;
  return mark.last;
}

void MemoryDatabase::advance_mark(const std::string& name, BatchNumber number) {
  Mark& mark = marks_.at(name);
  mark.last = std::max(mark.last, number);
}

void MemoryDatabase::release_marks(const void* session) {
  for (auto& [name, mark] : marks_) {
    if (mark.session == session) {
      mark.session = nullptr;
    }
  }
}

}  // namespace couplet::memory
