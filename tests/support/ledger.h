#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couplet::test {

// How users write an attribute, and so what its last writers may ask of it.
enum class AttributeKind {
  kStamped,  // every value is written once ever: it begins with a stamp
  kPlain,    // values come again, as references do
  kOwn       // not mapped: each side has its own
};

// A table as its users know it, called alike on both sides. Objects are known by a key that users
// give and never change.
struct SharedTable {
  struct Attribute {
    std::string name;
    AttributeKind kind = AttributeKind::kStamped;
  };
  std::string name;
  std::vector<Attribute> attributes;
  // What gives its rows on the left, on the right: the key, then the attributes in that order, in
  // the words of the left. Plain SQL.
  std::array<std::string, 2> select;
};

// What the users of two databases wrote, kept by themselves: of each object the last committed
// value of every attribute, per side, and what of the other side its writers had seen by then. It
// is all that is ever known of what must be true. Left is 0, right 1.
//
// One writer at a time has to do with an object on one side, and tells here what it has committed
// before it writes it again. Safe for concurrent use.
class Ledger {
 public:
  explicit Ledger(std::vector<SharedTable> tables);

  const std::vector<SharedTable>& tables() const { return tables_; }

  // Greater than all before it on either side; odd on the right.
  std::uint64_t next_stamp(std::size_t side);
  // The stamp that a value begins with; 0: none.
  static std::uint64_t stamp_of(std::string_view value);
  static std::size_t side_of(std::uint64_t stamp) { return stamp % 2; }

  struct Cell {
    std::size_t attribute = 0;
    std::string value;                // of a delete none
    std::optional<std::string> seen;  // what stood there when it was overwritten; of an insert none
  };
  struct Entry {
    enum class Kind { kInsert, kUpdate, kDelete };
    std::size_t table = 0;
    std::string key;
    Kind kind = Kind::kUpdate;
    std::vector<Cell> cells = {};
  };
  // Of a transaction that was committed on `side`, in its order.
  void committed(std::size_t side, const std::vector<Entry>& entries);

  // Of one attribute on one side.
  struct Last {
    std::string value;        // empty: nobody wrote it here
    std::uint64_t stamp = 0;  // of that value, where it is stamped
    std::uint64_t seen = 0;   // the newest of the other side that writers here have overwritten
  };
  struct Object {
    enum class Presence { kNeverWritten, kWritten, kDeleted };
    struct Side {
      Presence presence = Presence::kNeverWritten;  // as its users left it
      std::vector<Last> last;                       // by attribute
    };
    std::array<Side, 2> sides;
  };
  // Those of a table, by key.
  std::map<std::string, Object> objects(std::size_t table) const;

  // What writers saw that cannot be, unless the newer one is on record as having lost: that an
  // older value stood where a newer one had stood.
  struct Finding {
    std::string what;
    std::uint64_t lost = 0;  // the newer one
  };
  std::vector<Finding> findings() const;

  struct Figures {
    std::uint64_t transactions = 0, inserts = 0, updates = 0, deletes = 0;
  };
  Figures figures() const;

 private:
  bool is_stamped(const Entry& entry, const Cell& cell) const;
  void see(std::size_t side, const Entry& entry, const Cell& cell, Last& last);

  const std::vector<SharedTable> tables_;
  std::atomic<std::uint64_t> stamps_{0};
  mutable std::mutex mutex_;  // guards all below
  std::vector<std::map<std::string, Object>> objects_;
  std::vector<Finding> findings_;
  Figures figures_;
};

}  // namespace couplet::test
