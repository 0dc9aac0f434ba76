#include "connectors/sqlite/asked_rows.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>

namespace couplet::sqlite {
namespace {

// xBestIndex to xFilter: whether all columns are given.
constexpr int kByValues = 1;
constexpr double kManyRows = 1000;

struct Table : sqlite3_vtab {
  int width = 0;
};

struct Cursor : sqlite3_vtab_cursor {
  const AskedRows* rows = nullptr;
  const std::vector<std::uint32_t>* found = nullptr;  // Null: all.
  std::size_t next = 0;

  [[nodiscard]] std::size_t row() const { return found == nullptr ? next : (*found)[next]; }
  [[nodiscard]] bool ended() const {
    return rows == nullptr || next >= (found == nullptr ? rows->rows() : found->size());
  }
};

void append_number(std::int64_t number, std::string& out) {
  out += 'n';
  out += std::to_string(number);
}

void append_real(double number, std::string& out) {
  constexpr double kBound = 9223372036854775808.0;  // 2^63
  if (number >= -kBound && number < kBound && number == std::floor(number)) {
    append_number(static_cast<std::int64_t>(number), out);
    return;
  }
  out += fmt::format("r{:a}", number);
}

void append_bytes(char mark, std::string_view bytes, std::string& out) {
  out += mark;
  out += std::to_string(bytes.size());
  out += ':';
  out += bytes;
}

// nullopt where one is null: that equals nothing.
std::optional<std::string> hash_key(const AskedRows& rows, std::size_t row) {
  std::string key;
  for (std::size_t i = 0; i < rows.width(); ++i) {
    const StoredValue& value = rows.at(row, i);
    switch (value.storage) {
      case StorageClass::kNull:
        return std::nullopt;
      case StorageClass::kInteger:
        append_number(value.integer, key);
        break;
      case StorageClass::kReal:
        append_real(value.real, key);
        break;
      case StorageClass::kText:
        append_bytes('t', value.bytes, key);
        break;
      case StorageClass::kBlob:
        append_bytes('b', value.bytes, key);
        break;
    }
  }
  return key;
}

std::optional<std::string> hash_key(sqlite3_value** values, std::size_t count) {
  std::string key;
  for (std::size_t i = 0; i < count; ++i) {
    switch (sqlite3_value_type(values[i])) {
      case SQLITE_NULL:
        return std::nullopt;
      case SQLITE_INTEGER:
        append_number(sqlite3_value_int64(values[i]), key);
        break;
      case SQLITE_FLOAT:
        append_real(sqlite3_value_double(values[i]), key);
        break;
      case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[i]));
        append_bytes('t', {text, static_cast<std::size_t>(sqlite3_value_bytes(values[i]))}, key);
        break;
      }
      default: {
        const auto* blob = static_cast<const char*>(sqlite3_value_blob(values[i]));
        const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[i]));
        append_bytes('b', blob == nullptr ? std::string_view() : std::string_view(blob, size), key);
        break;
      }
    }
  }
  return key;
}

int connect(sqlite3* connection, void* width, int /*count*/, const char* const* /*words*/,
            sqlite3_vtab** made, char** /*error*/) {
  auto* table = new Table();
  table->width = *static_cast<const int*>(width);
  std::string columns = "create table asked(\"couplet$i\"";
  for (int i = 0; i < table->width; ++i) {
    columns += fmt::format(", \"couplet$k{}\"", i);
  }
  columns += ", \"couplet$rows\" hidden)";
  *made = table;
  const int declared = sqlite3_declare_vtab(connection, columns.c_str());
  sqlite3_vtab_config(connection, SQLITE_VTAB_DIRECTONLY);
  return declared;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<Table*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab* base, sqlite3_index_info* info) {
  const int width = static_cast<Table*>(base)->width;
  int pointer = -1;
  std::vector<int> keys(static_cast<std::size_t>(width), -1);
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (constraint.op != SQLITE_INDEX_CONSTRAINT_EQ || constraint.usable == 0) {
      continue;
    }
    if (constraint.iColumn == width + 1) {
      pointer = i;
    } else if (constraint.iColumn >= 1) {
      keys[static_cast<std::size_t>(constraint.iColumn - 1)] = i;
    }
  }
  if (pointer < 0) {
    return SQLITE_CONSTRAINT;  // The rows have to be given.
  }
  info->aConstraintUsage[pointer].argvIndex = 1;
  info->aConstraintUsage[pointer].omit = 1;
  bool all = true;
  for (const int key : keys) {
    all = all && key >= 0;
  }
  if (all) {
    info->idxNum = kByValues;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      info->aConstraintUsage[keys[i]].argvIndex = static_cast<int>(i) + 2;
    }
  }
  info->estimatedCost = all ? 1 : kManyRows;
  info->estimatedRows = all ? 1 : static_cast<sqlite3_int64>(kManyRows);
  return SQLITE_OK;
}

int open(sqlite3_vtab* /*table*/, sqlite3_vtab_cursor** made) {
  *made = new Cursor();
  return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* base, int plan, const char* /*name*/, int /*count*/,
           sqlite3_value** values) {
  auto* cursor = static_cast<Cursor*>(base);
  cursor->rows = static_cast<const AskedRows*>(sqlite3_value_pointer(values[0], kAskedRowsPointer));
  cursor->next = 0;
  cursor->found =
      plan == kByValues && cursor->rows != nullptr ? &cursor->rows->equal_to(values + 1) : nullptr;
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  ++static_cast<Cursor*>(cursor)->next;
  return SQLITE_OK;
}

int ended(sqlite3_vtab_cursor* cursor) { return static_cast<Cursor*>(cursor)->ended() ? 1 : 0; }

// The rows outlive the statement, so nothing of them is copied.
int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int index) {
  const auto* cursor = static_cast<Cursor*>(base);
  if (index == 0) {
    sqlite3_result_int64(context, static_cast<sqlite3_int64>(cursor->row()));
    return SQLITE_OK;
  }
  if (static_cast<std::size_t>(index) > cursor->rows->width()) {
    return SQLITE_OK;
  }
  const StoredValue& value = cursor->rows->at(cursor->row(), static_cast<std::size_t>(index - 1));
  switch (value.storage) {
    case StorageClass::kNull:
      break;
    case StorageClass::kInteger:
      sqlite3_result_int64(context, value.integer);
      break;
    case StorageClass::kReal:
      sqlite3_result_double(context, value.real);
      break;
    case StorageClass::kText:
      sqlite3_result_text64(context, value.bytes.data(), value.bytes.size(), nullptr, SQLITE_UTF8);
      break;
    case StorageClass::kBlob:
      sqlite3_result_blob64(context, value.bytes.data(), value.bytes.size(), nullptr);
      break;
  }
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  *id = static_cast<sqlite3_int64>(static_cast<Cursor*>(cursor)->row());
  return SQLITE_OK;
}

sqlite3_module make_module() {
  sqlite3_module made{};
  made.xConnect = connect;  // No xCreate: it exists without being made.
  made.xBestIndex = best_index;
  made.xDisconnect = disconnect;
  made.xDestroy = disconnect;
  made.xOpen = open;
  made.xClose = close;
  made.xFilter = filter;
  made.xNext = next;
  made.xEof = ended;
  made.xColumn = column;
  made.xRowid = rowid;
  return made;
}

std::string module_name(std::size_t width) { return fmt::format("couplet_asked_{}", width); }

}  // namespace

const std::vector<std::uint32_t>& AskedRows::equal_to(sqlite3_value** values) const {
  static const std::vector<std::uint32_t> kNone;
  if (!indexed_) {
    for (std::size_t row = 0; row < rows(); ++row) {
      if (const auto key = hash_key(*this, row)) {
        by_values_[*key].push_back(static_cast<std::uint32_t>(row));
      }
    }
    indexed_ = true;
  }
  const auto key = hash_key(values, width_);
  const auto found = key ? by_values_.find(*key) : by_values_.end();
  return found == by_values_.end() ? kNone : found->second;
}

int register_asked_rows(sqlite3* connection, std::size_t width) {
  static const sqlite3_module kModule = make_module();
  auto shared = std::make_unique<int>(static_cast<int>(width));
  return sqlite3_create_module_v2(connection, module_name(width).c_str(), &kModule,
                                  shared.release(),
                                  [](void* given) { delete static_cast<int*>(given); });
}

std::string asked_text(std::size_t width) {
  return fmt::format("{}(?1) AS {}", module_name(width), kAsked);
}
std::string asked_key(std::size_t index) {
  return fmt::format("{}.\"couplet$k{}\"", kAsked, index);
}
std::string asked_ordinal() { return fmt::format("{}.\"couplet$i\"", kAsked); }

}  // namespace couplet::sqlite
