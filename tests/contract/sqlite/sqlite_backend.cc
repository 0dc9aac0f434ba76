#include "tests/contract/sqlite/sqlite_backend.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "connectors/sqlite/sqlite_source.h"
#include "connectors/sqlite/stream_setup.h"
#include "tests/support/sqlite_file.h"

namespace couplet::contract {
namespace {

using Default = ColumnSpec::Default;
using test::SqliteFile;

std::string name_text(std::string_view name) { return test::sqlite_name(name); }
std::string text_literal(std::string_view text) { return test::sqlite_literal(text); }

std::string list(const std::vector<std::string>& names) {
  std::vector<std::string> each;
  for (const std::string& name : names) {
    each.push_back(name_text(name));
  }
  return fmt::format("({})", fmt::join(each, ", "));
}

bool is_number(TypeKind kind) {
  return kind == TypeKind::kInt16 || kind == TypeKind::kInt32 || kind == TypeKind::kInt64 ||
         kind == TypeKind::kNumeric || kind == TypeKind::kFloat32 || kind == TypeKind::kFloat64;
}

// As an application writes it.
std::string value_text(const Type& type, const std::optional<std::string>& literal) {
  if (!literal) {
    return "null";
  }
  if (type.kind == TypeKind::kBool) {
    return *literal == "true" ? "1" : "0";
  }
  if (type.kind == TypeKind::kBytea) {
    return "x'" + literal->substr(2) + "'";
  }
  if (is_number(type.kind)) {
    return *literal == "Infinity" ? "9e999" : *literal == "-Infinity" ? "-9e999" : *literal;
  }
  return text_literal(*literal);
}

std::string declared(const Type& type) {
  if (type.kind == TypeKind::kEnum) {
    return "text";
  }
  // Words behind the parentheses are no type's name to SQLite, unless it is quoted.
  return type.name.find(" time zone") == std::string::npos ? type.name : name_text(type.name);
}

std::string column_text(const TableSpec& spec, const ColumnSpec& column) {
  const bool counted = column.by_default == Default::kSequence ||
                       column.by_default == Default::kIdentity ||
                       column.by_default == Default::kIdentityAlways;
  if (counted) {
    return name_text(column.name) + " integer primary key autoincrement";
  }
  std::string text = name_text(column.name) + " " + declared(column.type);
  if (column.by_default == Default::kConstant) {
    text += " default " + value_text(column.type, column.argument);
  } else if (column.by_default == Default::kRandomUuid) {
    text +=
        " default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || "
        "substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || "
        "hex(randomblob(6))))";
  } else if (column.by_default == Default::kTwice) {
    text += fmt::format(" generated always as (2 * {}) stored", name_text(column.argument));
  }
  if (!column.nullable) {
    text += " not null";
  }
  if (column.at_least) {
    text += fmt::format(" constraint {} check ({} >= {})",
                        name_text(spec.table + "_" + column.name + "_check"),
                        name_text(column.name), *column.at_least);
  }
  return text;
}

class SqliteBackend final : public SourceBackend {
 public:
  explicit SqliteBackend(const std::string& journal_mode) {
    file_.exec("pragma journal_mode = " + journal_mode);
  }

  void create_table(const TableSpec& spec) override {
    specs_[spec.table] = spec;
    std::vector<std::string> parts;
    bool key_is_told = false;
    for (const ColumnSpec& column : spec.columns) {
      parts.push_back(column_text(spec, column));
      key_is_told = key_is_told || parts.back().find(" primary key") != std::string::npos;
    }
    if (!spec.primary_key.empty() && !key_is_told) {
      parts.push_back("primary key " + list(spec.primary_key));
    }
    for (const ForeignKey& key : spec.foreign_keys) {
      parts.push_back(fmt::format("foreign key {} references {} {}", list(key.columns),
                                  name_text(key.table.table), list(key.target_columns)));
    }
    exec(fmt::format("create table {} ({})", name_text(spec.table), fmt::join(parts, ", ")));
    for (const UniqueKey& key : spec.unique_keys) {
      exec(fmt::format("create unique index {} on {} {}", name_text(key.name),
                       name_text(spec.table), list(key.columns)));
    }
    if (spec.capitals) {
      for (const char* event : {"insert", "update"}) {
        exec(
            fmt::format("create trigger {0} after {1} on {2} begin update {2} set {3} = upper({3}) "
                        "where rowid = new.rowid; end",
                        name_text(spec.table + "_" + event), event, name_text(spec.table),
                        name_text(*spec.capitals)));
      }
    }
    if (spec.refuses_minus) {
      for (const char* event : {"insert", "update"}) {
        exec(
            fmt::format("create trigger {} before {} on {} when new.{} < 0 begin "
                        "select raise(ignore); end",
                        name_text(spec.table + "_" + event), event, name_text(spec.table),
                        name_text(*spec.refuses_minus)));
      }
    }
  }

  void drop_table(const std::string& table) override { exec("drop table " + name_text(table)); }

  void insert(const std::string& table, const Cells& row) override { insert_many(table, {row}); }

  void insert_many(const std::string& table, const std::vector<Cells>& rows) override {
    std::string sql = "begin;";
    for (const Cells& row : rows) {
      std::vector<std::string> names;
      std::vector<std::string> values;
      for (const auto& [name, value] : row) {
        names.push_back(name);
        values.push_back(value_text(type_of(table, name), value));
      }
      sql += row.empty() ? fmt::format("insert into {} default values;", name_text(table))
                         : fmt::format("insert into {} {} values ({});", name_text(table),
                                       list(names), fmt::join(values, ", "));
    }
    exec(sql + "commit");
  }

  std::size_t update(const std::string& table, const Cells& where, const Cells& set) override {
    std::vector<std::string> assignments;
    for (const auto& [name, value] : set) {
      assignments.push_back(
          fmt::format("{} = {}", name_text(name), value_text(type_of(table, name), value)));
    }
    return counted(fmt::format("update {} set {} where {}", name_text(table),
                               fmt::join(assignments, ", "), condition(table, where)));
  }

  std::size_t erase(const std::string& table, const Cells& where) override {
    return counted(
        fmt::format("delete from {} where {}", name_text(table), condition(table, where)));
  }

  std::vector<Cells> rows(const std::string& table) override {
    std::vector<Cells> result;
    try {
      for (const auto& row : file_.query("select * from " + name_text(table))) {
        Cells cells;
        const auto& columns = specs_.at(table).columns;
        for (std::size_t i = 0; i < columns.size(); ++i) {
          cells[columns[i].name] = row.at(i);
        }
        result.push_back(std::move(cells));
      }
    } catch (const std::runtime_error& error) {
      ADD_FAILURE() << error.what();
    }
    std::sort(result.begin(), result.end());
    return result;
  }

  std::unique_ptr<Source> open() override { return std::make_unique<SqliteSource>(settings()); }

  void set_up_stream(const StreamRequest& request) override {
    tear_down_stream(request);
    carry_out(SqliteStreamSetup(settings()).plan_setup(needs(request)));
  }
  void tear_down_stream(const StreamRequest& request) override {
    carry_out(SqliteStreamSetup(settings()).plan_teardown(needs(request)));
  }

  [[nodiscard]] bool has_marks() const override { return false; }
  [[nodiscard]] bool has_sql() const override { return true; }
  std::string new_mark_name() override { return "mark"; }

  // Integers and doubles have one width, decimals as many digits as a double keeps.
  [[nodiscard]] bool has_type(const Type& type) const override {
    constexpr int kDigitsKept = 15;
    switch (type.kind) {
      case TypeKind::kBool:
      case TypeKind::kInt64:
      case TypeKind::kFloat64:
      case TypeKind::kText:
      case TypeKind::kVarchar:
      case TypeKind::kChar:
      case TypeKind::kDate:
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampTz:
      case TypeKind::kUuid:
      case TypeKind::kJson:
      case TypeKind::kJsonb:
      case TypeKind::kBytea:
        return true;
      case TypeKind::kNumeric:
        return type.precision > 0 && type.precision <= kDigitsKept;
      default:
        return false;
    }
  }
  [[nodiscard]] bool holds(const Type& /*type*/, const std::string& literal) const override {
    return literal != "NaN";
  }
  [[nodiscard]] std::string comes_back_as(const Type& /*type*/,
                                          const std::string& literal) const override {
    return literal == "-0" ? "0" : literal;
  }
  [[nodiscard]] bool versions_tell_every_write() const override { return false; }
  [[nodiscard]] bool has_partitions() const override { return false; }
  [[nodiscard]] bool has_identity_always() const override { return false; }
  [[nodiscard]] bool has_sequences_in_keys() const override { return false; }
  [[nodiscard]] bool has_typed_conditions() const override { return false; }

 private:
  [[nodiscard]] SqliteSourceSettings settings() const {
    SqliteSourceSettings settings;
    settings.name = "contract";
    settings.path = file_.path();
    settings.log = "couplet_contract_contract";
    settings.poll = std::chrono::milliseconds(1);
    return settings;
  }

  static StreamNeeds needs(const StreamRequest& request) {
    StreamNeeds needs;
    needs.slot = "couplet_contract_contract";
    for (const StreamedTable& table : request.tables) {
      needs.tables.push_back({table.table, table.id});
    }
    return needs;
  }

  void carry_out(const Result<StreamPlan>& plan) const {
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    SqliteStreamSetup setup(settings());
    for (const SetupStep& step : plan->steps) {
      const auto done = setup.carry_out(step);
      EXPECT_TRUE(done.has_value()) << step.sql << ": " << done.error().message;
    }
  }

  [[nodiscard]] Type type_of(const std::string& table, const std::string& column) const {
    for (const ColumnSpec& spec : specs_.at(table).columns) {
      if (spec.name == column) {
        return spec.type;
      }
    }
    return text();
  }

  [[nodiscard]] std::string condition(const std::string& table, const Cells& where) const {
    std::string text = "true";
    for (const auto& [name, value] : where) {
      text +=
          fmt::format(" and {} is {}", name_text(name), value_text(type_of(table, name), value));
    }
    return text;
  }

  void exec(const std::string& sql) {
    try {
      file_.exec(sql);
    } catch (const std::runtime_error& error) {
      ADD_FAILURE() << error.what() << "\nin: " << sql.substr(0, 500);
    }
  }

  std::size_t counted(const std::string& sql) {
    exec(sql);
    return std::stoul(file_.query("select changes()").at(0).at(0).value_or("0"));
  }

  SqliteFile file_;
  std::map<std::string, TableSpec> specs_;
};

}  // namespace

std::unique_ptr<SourceBackend> make_sqlite_backend(const std::string& journal_mode) {
  return std::make_unique<SqliteBackend>(journal_mode);
}

}  // namespace couplet::contract
