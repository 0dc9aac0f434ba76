#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/shape.h"

namespace couplet::simulation {

// A law of DESIGN section 13 that does not hold, and where.
struct Violation {
  std::string law;
  std::string what;
};

// Rows by `tag`, by table of the shape.
using Rows = std::map<std::string, memory::Cells>;
using Snapshot = std::vector<Rows>;

// "(null)" for a null.
std::string shown(const std::optional<std::string>& value);

// Where a path of the shape ends: a table's column.
struct ColumnAt {
  std::size_t table = 0;
  std::string column;
  auto operator<=>(const ColumnAt&) const = default;
};
// nullopt: `self`.
std::optional<ColumnAt> end_of(const Shape& shape, const std::string& table,
                               const std::string& path, bool reference);

// What users wrote and what the engine made of it, seen from the databases alone. Whoever writes
// next, the other's changes are told first: so each difference between two snapshots is known to be
// a user's or the engine's. Holds the engine to the laws that need not wait for rest: what nobody
// maps is untouched, nothing is deleted, no value comes from nowhere, no object is doubled, and
// what a user has deleted does not come back.
class Chronicle {
 public:
  explicit Chronicle(const Shape& shape);

  // The databases after a transaction of the engine's, and of a user's.
  void engine_wrote(const Snapshot& now);
  void user_wrote(const Snapshot& now);
  // How far the engine has got ("after_results"), and how its run ended: where the databases offer
  // no marks, nobody can tell a row that it made and did not record, and that a user has deleted
  // since, from one that it never made.
  void engine_reached(std::string_view moment);
  void run_ended(bool killed, bool power_loss);
  // The state is lost: links are found again by identity key alone.
  void state_lost();
  // Whether what the engine makes from now on may not be made: a lost state is not rebuilt yet.
  void hold_creates(bool held) { creates_held_ = held; }
  // A run came to rest since.
  void came_to_rest();
  // From the conflict log: the value that lost, and the one that won; nullopt: null.
  void conflict(const std::optional<std::string>& loser, const std::optional<std::string>& winner);

  // A value that a user wrote into an attribute: it occurs nowhere else.
  struct Write {
    std::size_t table = 0;
    std::string tag;  // of its row
    std::string column;
    bool null = false;  // of one that was written over: by a null
    // That null may lose: it never overwrites at first contact.
    bool may_return = false;
  };
  [[nodiscard]] const std::map<std::string, Write>& writes() const { return writes_; }
  // The row in which a user wrote another value over this one; nullptr: nobody did.
  [[nodiscard]] const Write* overwritten(const std::string& value) const;
  // Whether a user gave a row that held this value another id: it is another object since.
  [[nodiscard]] bool departed(const std::string& value) const {
    return departed_values_.contains(value);
  }
  // Whether a user deleted a row that held this value: what is inserted in its place takes over.
  [[nodiscard]] bool deleted(const std::string& value) const {
    return deleted_values_.contains(value);
  }
  [[nodiscard]] bool lost(const std::string& value) const { return losers_.contains(value); }
  [[nodiscard]] bool won(const std::string& value) const { return winners_.contains(value); }
  // Whether a conflict between these two, nulls included, is on record.
  [[nodiscard]] bool contested(const std::optional<std::string>& one,
                               const std::optional<std::string>& two) const;
  // Whether a user deleted a row of the table whose identity key a user had changed: what is made
  // in its place, for those who are linked to it, has the key of one of them.
  [[nodiscard]] bool renamed_and_deleted_any(std::size_t table) const {
    return renamed_and_deleted_.contains(table);
  }
  [[nodiscard]] bool deleted_any(std::size_t table) const { return deleted_any_.contains(table); }
  // Whether a user gave a row of the table another identity key, and whether it was this one.
  [[nodiscard]] bool rekeyed_any(std::size_t table) const {
    return std::any_of(rekeyed_.begin(), rekeyed_.end(),
                       [&](const auto& row) { return row.first == table; });
  }
  [[nodiscard]] bool rekeyed(std::size_t table, const std::string& tag) const {
    return rekeyed_.contains({table, tag});
  }
  // False once rows and objects may no longer be told from each other.
  [[nodiscard]] bool lineage_known() const { return lineage_known_; }
  [[nodiscard]] const Snapshot& now() const { return now_; }
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

 private:
  // What the engine may do with a table.
  struct Rights {
    std::set<std::string> update;
    std::set<std::string> insert;  // columns given to a new row
    bool creates = false;
    bool two_way = false;  // one-to-one mappings write it and read it
    bool stamped = false;
    std::vector<std::string> keys;  // own columns that tell its objects apart
  };

  void make_rights();
  void make_provenance();
  void check_insert(std::size_t table, const std::string& tag, const memory::Cells& row,
                    const Snapshot& after);
  void check_update(std::size_t table, const std::string& tag, const memory::Cells& before,
                    const memory::Cells& row);
  void check_value(std::size_t table, const std::string& column,
                   const std::optional<std::string>& value, const std::string& where);
  void check_stamps(const Snapshot& after);
  void violated(std::string law, std::string what);
  [[nodiscard]] std::string name(std::size_t table, const std::string& tag) const;
  [[nodiscard]] std::optional<std::string> key_part(const Snapshot& rows, std::size_t table,
                                                    const memory::Cells& row,
                                                    const std::string& name, bool reference) const;
  [[nodiscard]] bool keys_agree(const Snapshot& rows) const;
  void note_delete(std::size_t table, const memory::Cells& row);
  void note_write(std::size_t table, const std::string& tag, const std::string& column,
                  const std::optional<std::string>& value);

  const Shape& shape_;
  std::vector<Rights> rights_;
  std::vector<std::set<std::string>> written_;             // provenance sets, by group of columns
  std::vector<std::map<std::string, std::size_t>> group_;  // by table: column: group
  Snapshot now_;
  std::map<std::string, Write> writes_;
  std::map<std::string, Write> overwritten_;
  std::set<std::string> losers_;
  std::set<std::string> winners_;
  std::set<std::pair<std::string, std::string>> contests_;
  std::vector<std::set<std::string>> deleted_stamps_;  // by table
  std::set<std::string> deleted_values_;
  std::set<std::size_t> deleted_any_;
  std::set<std::size_t> renamed_and_deleted_;
  std::set<std::string> departed_values_;
  std::set<std::pair<std::size_t, std::string>> rekeyed_;  // table, tag
  bool creates_held_ = false;
  bool lineage_known_ = true;
  bool forgotten_ = false;  // the state was lost and is not built up again yet
  // Rows that the engine made: not recorded yet, recorded but not synced; and the stamps of those
  // of the second kind that a user deleted.
  std::set<std::pair<std::size_t, std::string>> unrecorded_;
  std::set<std::pair<std::size_t, std::string>> unsynced_;
  std::set<std::pair<std::size_t, std::string>> deleted_unsynced_;
  // Stamps of those that a user edited before anybody recorded them, under an id that users choose:
  // without a mark they may be the user's own (DESIGN section 6, "look before repeating").
  std::set<std::string> perhaps_not_ours_;
  // What the engine wrote over where the databases offer no marks, not recorded yet: a user who
  // writes it again before the next run does what nobody can tell from a write that never was.
  std::map<std::pair<std::size_t, std::string>, memory::Cells> unrecorded_before_;
  std::map<std::pair<std::size_t, std::string>, memory::Cells> unsynced_before_;
  bool syncing_ = false;
  std::vector<Violation> violations_;
};

}  // namespace couplet::simulation
