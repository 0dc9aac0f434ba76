#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/memory/memory_table.h"
#include "engine/model/result.h"

// What a table does by itself when rows are written: defaults, generated columns, checks, triggers.
namespace couplet::memory {

class MemoryTransaction;

// A row as callbacks see it: values as engine/model/literal.h writes them. Borrows table and row.
// A column that does not exist is a broken test: CHECK.
class RowAccess {
 public:
  RowAccess(const MemoryTable& table, Tuple& row) : table_(table), row_(row) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view column) const;
  // CHECKs that `literal` is one of the column's type.
  void set(std::string_view column, const std::optional<std::string>& literal);

 private:
  const MemoryTable& table_;
  Tuple& row_;
};

enum class RowEvent : std::uint8_t { kInsert, kUpdate, kDelete };

// A BEFORE … FOR EACH ROW trigger: may change `after` (null on delete). False: the row is skipped,
// silently. An error fails the transaction; its kind should be kRowFault, its code a SQLSTATE.
using BeforeHook =
    std::function<Result<bool>(RowEvent event, const RowAccess* before, RowAccess* after)>;
// An AFTER … FOR EACH ROW trigger, run at the end of the statement: may write through
// `transaction`, which is the one that runs it, and must not touch the MemoryDatabase itself.
using AfterHook = std::function<Result<void>(MemoryTransaction& transaction, RowEvent event,
                                             const RowAccess* before, const RowAccess* after)>;

struct SequenceDefault {
  std::int64_t next = 1;  // Does not go back when a transaction does.
};
struct ConstantDefault {
  std::optional<std::string> literal;
};
struct RandomUuidDefault {};
using CallbackDefault = std::function<std::optional<std::string>()>;  // Gives a literal.
using ColumnDefault =
    std::variant<SequenceDefault, ConstantDefault, RandomUuidDefault, CallbackDefault>;

using GeneratedColumn = std::function<std::optional<std::string>(const RowAccess& row)>;

struct CheckConstraint {
  std::string name;
  std::function<bool(const RowAccess& row)> holds;  // True where SQL would give null.
};

struct TableRules {
  std::map<std::size_t, ColumnDefault> defaults;  // By position of the column.
  std::map<std::size_t, GeneratedColumn> generated;
  std::vector<CheckConstraint> checks;
  std::vector<BeforeHook> before;
  std::vector<AfterHook> after;
};

}  // namespace couplet::memory
