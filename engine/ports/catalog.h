#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/type.h"

// What a source says of its tables. Names are as the catalog spells them: no quoting, no folding.
namespace couplet {

struct TableName {
  std::string schema;  // Empty for a source without schemas.
  std::string table;
  auto operator<=>(const TableName&) const = default;
};
std::string to_string(const TableName& name);  // "schema.table", or "table"

struct ColumnInfo {
  std::string name;
  // Tells the column from an earlier one of its name in the same table: never given to another
  // column of it. 0: the source cannot tell.
  std::uint32_t number = 0;
  // nullopt: a type that Couplet does not know yet; `type_name` says which.
  std::optional<Type> type;
  std::string type_name;
  // What makes values that differ equal to the source, and so the same to its unique keys:
  // "collation nocase", "type citext", "collation nocase of unique index users_email". Empty:
  // nothing does.
  std::string equated_by;
  bool nullable = true;      // False too where a domain forbids null.
  bool has_default = false;  // A default, an identity, or generated.
  bool generated = false;    // GENERATED ALWAYS AS (…) STORED: never writable.
  bool identity_always =
      false;  // GENERATED ALWAYS AS IDENTITY: written with OVERRIDING SYSTEM VALUE.
  bool may_select =
      true;  // What our role may do with this column, by the table's or its own right.
  bool may_insert = true;
  bool may_update = true;

  bool operator==(const ColumnInfo&) const = default;
};

struct ForeignKey {
  std::string constraint;
  std::vector<std::string> columns;
  TableName table;
  std::vector<std::string> target_columns;
  bool deferrable = false;

  bool operator==(const ForeignKey&) const = default;
};

// Where a column's default, or its identity, takes its values from.
struct SequenceInfo {
  std::string column;
  TableName name;
  bool identity = false;  // takes its values whatever our role may
  bool may_use = true;

  bool operator==(const SequenceInfo&) const = default;
};

// A unique constraint or index over plain columns, without a predicate.
struct UniqueKey {
  std::string name;
  std::vector<std::string> columns;
  bool deferrable = false;
  bool primary = false;

  bool operator==(const UniqueKey&) const = default;
};

struct TableInfo {
  TableName name;
  enum class Kind : std::uint8_t { kTable, kPartitionedTable, kView, kOther } kind = Kind::kTable;
  std::vector<ColumnInfo> columns;
  std::vector<std::string> primary_key;  // Empty if there is none.
  std::vector<ForeignKey> foreign_keys;
  std::vector<UniqueKey> unique_keys;  // The primary key is among them.
  std::vector<SequenceInfo> sequences;
  bool user_triggers = false;  // Row triggers of its users, enabled.
  std::string role;            // Whose rights these are; empty: the source has none to grant.
  bool may_use_schema = true;  // If not, our role may do nothing with the table.
  bool row_security = false;   // Policies narrow what our role sees: absence is no evidence.
  bool may_select = true;
  bool may_insert = true;
  bool may_update = true;
  bool may_delete = true;

  [[nodiscard]] const ColumnInfo* column(std::string_view column_name) const;
  bool operator==(const TableInfo&) const = default;
};

// The table as a role that may do everything with it would see it.
TableInfo with_every_right(TableInfo table);

}  // namespace couplet
