#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/memory/memory_database.h"
#include "engine/model/situation.h"
#include "engine/ports/tuning.h"

// What a history is played on: tables on two sides, and a definition over them. Plain data that the
// oracle reads; the engine sees the tables and the text of `definition`.
namespace couplet::simulation {

struct Column {
  enum class Use : std::uint8_t {
    kKey,        // part of an identity key: few values, so that both sides meet
    kStamp,      // written once, when a user makes the row, with a text that no other row has
    kAttribute,  // each user's write has a text that no other has
    kReference,  // the id of a row of `to`
    kScope,      // mapped by nobody: "x" where a `where` asks for it
  };
  Use use = Use::kAttribute;
  std::string name;
  bool nullable = true;
  std::string to;
};

// Beside `columns` every table has `tag`, which names a row for good, and `note`, which only users
// write: nobody maps them. `id`, unless the first key column is the primary key. `touched`, where
// `has_time`: the change time.
struct Table {
  Side side = Side::kLeft;
  std::string name;
  std::vector<Column> columns;
  bool natural_id = false;
  bool has_time = false;
  bool keys_unique = false;  // a unique constraint over key columns and references in `unique`
  std::vector<std::string> unique;
  bool declared_references = false;  // references without foreign keys: they may dangle

  [[nodiscard]] const Column* column(std::string_view column_name) const;
};

// One line of `keys` or `attributes`.
struct Field {
  std::string left;  // a path
  std::string right;
  bool identity = false;
  std::string link;  // mapping whose links translate it; empty: plain
  bool to_left = false;
  bool to_right = false;
  std::string policy = "enforce";
  std::string conflict;  // empty: the mapping's

  [[nodiscard]] const std::string& path(Side side) const {
    return side == Side::kLeft ? left : right;
  }
  [[nodiscard]] bool writes(Side side) const { return side == Side::kLeft ? to_left : to_right; }
};

struct Mapping {
  std::string name;
  std::string left;  // a table
  std::string right;
  bool to_left = false;
  bool to_right = false;
  bool many_to_one = false;  // left objects contribute
  std::vector<Field> fields;
  std::string conflict = "last_write_wins";
  std::string tie;           // empty: the default
  std::string create;        // empty: both
  bool scoped_left = false;  // where: { left: { kind: x } }
  bool scoped_right = false;

  [[nodiscard]] const std::string& table(Side side) const {
    return side == Side::kLeft ? left : right;
  }
  [[nodiscard]] bool writes(Side side) const { return side == Side::kLeft ? to_left : to_right; }
  [[nodiscard]] bool scoped(Side side) const {
    return side == Side::kLeft ? scoped_left : scoped_right;
  }
  [[nodiscard]] bool creates(Side side) const;
};

struct Shape {
  std::string name;
  std::vector<Table> tables;  // parents first
  std::vector<Mapping> mappings;
  bool marks = true;                            // the databases offer marks
  std::size_t batch_rows = tuning::kBatchRows;  // of the engine's batches
  // --- of histories with lives
  std::size_t stored_apart_bytes = 0;  // memory::DatabaseSettings
  bool transactions_overlap = false;   // the same

  [[nodiscard]] const Table& table(std::string_view table_name) const;
  [[nodiscard]] const Mapping& mapping(std::string_view mapping_name) const;
  // Whether mappings over this pair of tables write both sides.
  [[nodiscard]] bool pair_two_way(const Mapping& mapping) const;
  // Whether the mappings over this pair together carry the field both ways.
  [[nodiscard]] bool two_way(const Mapping& mapping, const Field& field) const;
  // The whole couplet.yaml.
  [[nodiscard]] std::string definition() const;
};

// The table without rows, its sequences at 1.
void create(MemoryDatabase& database, const Table& table);

}  // namespace couplet::simulation
