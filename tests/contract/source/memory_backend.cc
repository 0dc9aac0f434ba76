#include "tests/contract/source/memory_backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "connectors/memory/memory_source.h"

namespace couplet::contract {
namespace {

using memory::RowAccess;
using memory::RowEvent;

std::optional<long> number(const std::optional<std::string>& literal) {
  return literal ? std::optional(std::stol(*literal)) : std::nullopt;
}

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char letter) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  });
  return text;
}

class MemoryBackend final : public SourceBackend {
 public:
  void create_table(const TableSpec& spec) override {
    TableInfo info;
    info.name.table = spec.table;
    info.kind = spec.kind;
    info.primary_key = spec.primary_key;
    info.unique_keys = spec.unique_keys;
    info.foreign_keys = spec.foreign_keys;
    for (const ColumnSpec& column : spec.columns) {
      ColumnInfo made;
      made.name = column.name;
      made.type = column.type;
      made.type_name = column.type.name;
      made.nullable = column.nullable;
      made.identity_always = column.by_default == ColumnSpec::Default::kIdentityAlways;
      info.columns.push_back(std::move(made));
    }
    database_->create_table(std::move(info));
    for (const ColumnSpec& column : spec.columns) {
      add_rules(spec.table, column);
    }
    if (spec.capitals) {
      database_->before_write(
          spec.table, [column = *spec.capitals](RowEvent, const RowAccess*, RowAccess* after) {
            if (after != nullptr && after->get(column)) {
              after->set(column, in_capitals(*after->get(column)));
            }
            return true;
          });
    }
    if (spec.refuses_minus) {
      database_->before_write(
          spec.table, [column = *spec.refuses_minus](RowEvent, const RowAccess*, RowAccess* after) {
            return after == nullptr || number(after->get(column)).value_or(0) >= 0;
          });
    }
  }

  void drop_table(const std::string& table) override { database_->drop_table(table); }

  void insert(const std::string& table, const Cells& row) override { insert_many(table, {row}); }

  void insert_many(const std::string& table, const std::vector<Cells>& rows) override {
    const auto done = database_->transaction([&](memory::MemoryTransaction& running) {
      Result<void> inserted;
      for (auto row = rows.begin(); inserted && row != rows.end(); ++row) {
        inserted = running.insert(table, *row);
      }
      return inserted;
    });
    EXPECT_TRUE(done.has_value()) << done.error().message << done.error().detail;
  }

  std::size_t update(const std::string& table, const Cells& where, const Cells& set) override {
    const auto rows = database_->try_update(table, where, set);
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    return rows.value_or(0);
  }

  std::size_t erase(const std::string& table, const Cells& where) override {
    const auto rows = database_->try_erase(table, where);
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    return rows.value_or(0);
  }

  std::vector<Cells> rows(const std::string& table) override { return database_->rows(table); }

  std::unique_ptr<Source> open() override { return std::make_unique<MemorySource>(database_); }

  [[nodiscard]] bool has_marks() const override { return true; }
  [[nodiscard]] bool has_sql() const override { return false; }
  void set_up_stream(const StreamRequest& request) override {
    database_->make_slot(request.deployment);
  }
  void tear_down_stream(const StreamRequest& request) override {
    database_->drop_slot(request.deployment);
  }
  std::string new_mark_name() override { return "mark_" + std::to_string(++marks_); }

 private:
  void add_rules(const std::string& table, const ColumnSpec& column) {
    switch (column.by_default) {
      case ColumnSpec::Default::kNone:
        break;
      case ColumnSpec::Default::kConstant:
        database_->set_default(table, column.name, memory::ConstantDefault{column.argument});
        break;
      case ColumnSpec::Default::kSequence:
      case ColumnSpec::Default::kIdentity:
      case ColumnSpec::Default::kIdentityAlways:
        database_->set_default(table, column.name, memory::SequenceDefault{});
        break;
      case ColumnSpec::Default::kRandomUuid:
        database_->set_default(table, column.name, memory::RandomUuidDefault{});
        break;
      case ColumnSpec::Default::kTwice:
        database_->set_generated(
            table, column.name, [from = column.argument](const RowAccess& row) {
              const std::optional<long> once = number(row.get(from));
              return once ? std::optional(std::to_string(2 * *once)) : std::nullopt;
            });
        break;
    }
    if (column.at_least) {
      database_->add_check(table,
                           {table + "_" + column.name + "_check",
                            [name = column.name, least = *column.at_least](const RowAccess& row) {
                              return number(row.get(name)).value_or(least) >= least;
                            }});
    }
  }

  std::shared_ptr<MemoryDatabase> database_ = std::make_shared<MemoryDatabase>();
  int marks_ = 0;
};

}  // namespace

std::unique_ptr<SourceBackend> make_memory_backend() { return std::make_unique<MemoryBackend>(); }

}  // namespace couplet::contract
