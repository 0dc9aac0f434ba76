#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/canonical.h"
#include "engine/model/situation.h"
#include "engine/model/type.h"
#include "engine/ports/catalog.h"
#include "engine/ports/source.h"

// The definition bound to the catalogs: every name resolved, every check of DESIGN section 3 made.
// Plain data: what the sync core works from. Indexes are into the vectors of BoundDefinition.
namespace couplet {

enum class Policy : std::uint8_t { kEnforce, kFollow, kInit };
enum class ConflictPolicy : std::uint8_t { kLastWriteWins, kLeftWins, kRightWins, kHold };
enum class DeletePolicy : std::uint8_t { kNever, kOrphans, kIntent };
enum class Action : std::uint8_t { kDefault, kReport, kHold };

struct BoundEntity {
  std::string name;        // "daphne.VlanServiceProvider"
  std::size_t source = 0;  // index into BoundDefinition::sources
  TableInfo table;
  std::vector<std::string> id;
  std::vector<Type> id_types;
  std::optional<std::string> updated_at;
  Type updated_at_type;              // a timestamp type, if updated_at
  bool updated_at_writable = false;  // not generated
  std::vector<Condition> scope;      // the entity's own `where`
};

// A reference that a path goes through.
struct PathStep {
  std::vector<ColumnPath> columns;  // that refer, reached from the entity; empty: of unknown types
  TableName table;                  // where they lead
  std::vector<std::string> target_columns;  // what they equal there
};

// A column that a value is read from, or by; its number as of ColumnInfo.
struct ColumnRead {
  TableName table;
  std::string column;
  std::uint32_t number = 0;
};

// One end of an attribute: what is read there, and, where it is a plain attribute or reference of
// the entity itself, what may be written.
struct Endpoint {
  enum class Kind : std::uint8_t {
    kNone,       // the side that a `const` is not written to
    kColumn,     // one column
    kReference,  // a reference: the columns hold the id of an object of `entity`
    kSelf,       // the object itself: the columns are its id; never written
  };
  Kind kind = Kind::kNone;
  std::string text;  // as written: "parent.parent.name"
  std::vector<ColumnPath>
      columns;                   // kColumn: one. Else one per id column of `entity`, in id order.
  std::vector<PathStep> steps;   // to the object that holds them, in order; empty: the entity's own
  std::vector<ColumnRead> read;  // the columns of the references on the way, then `columns`
  std::size_t entity = 0;        // kReference, kSelf: the entity referred to
  bool writable = false;         // no joins, not generated, not self
  bool required =
      false;  // not null without default, or in the entity's `required`: a create needs it
  bool nullable = true;
  // The change time of the object that holds the value (the last object on the path), if that
  // entity has `updated_at`.
  std::optional<ColumnPath> updated_at;
};

// One line of a `values` map, in the columns' own types; nullopt: null.
struct ValuePair {
  std::optional<std::string> left;
  std::optional<std::string> right;
};

// An attribute of a pair of entities: what the base keeps digests of. Mappings over one pair share
// slots: the same two paths with the same link, values and const are one slot.
struct Slot {
  std::string
      name;  // stable over runs: "region=parent.parent.name", with ">link" or "#const" behind
  Endpoint left;
  Endpoint right;
  Comparison comparison;  // of plain columns, after `values` was applied
  // The pair whose links translate the references, and the side in whose terms they are compared
  // (the written side of a one-way slot, else right).
  std::optional<std::size_t> link;
  // Orientation of the link pair: true if the slot's left end refers to the link pair's right
  // entity.
  bool link_flipped = false;
  Side canonical = Side::kRight;
  std::vector<ValuePair> values;  // empty: none
  // The constant's bytes in the written column's type, if the slot is one; inner nullopt: null.
  std::optional<std::optional<std::string>> constant;

  [[nodiscard]] const Endpoint& end(Side side) const { return side == Side::kLeft ? left : right; }
};

// How one mapping uses a slot.
struct SlotUse {
  std::size_t slot = 0;
  bool identity = false;
  // Indexed by Side: the mapping may write the slot there.
  std::array<bool, 2> writes = {false, false};
  Policy policy = Policy::kEnforce;
  ConflictPolicy conflict = ConflictPolicy::kLastWriteWins;
  // Who wins where times do not tell: as the mapping says, else the attribute's source, else left.
  Side tie = Side::kLeft;
  // Indexed by Side: a change made there is carried to the other side by another mapping (over the
  // same pair the other way round, or one that reads by a path what this one writes: DESIGN 5.3),
  // so this mapping never writes it back.
  std::array<bool, 2> carried_back = {false, false};
};

// Two entities that mappings relate. Links belong to it.
struct Pair {
  std::string name;  // "daphne.VlanServiceProvider|desire.CloudServiceProvider"
  std::array<std::size_t, 2> entities = {0, 0};
  // Many to one: the side whose objects contribute. nullopt: one to one.
  std::optional<Side> many;
  std::vector<Slot> slots;
  std::vector<std::size_t> mappings;  // in the order of the file
};

struct Limit {
  std::optional<std::uint64_t> count;  // both must be exceeded; one that is absent always is
  std::optional<double> percent;
};
enum class LimitClass : std::uint8_t { kCreate, kRecreate, kUpdate, kDelete };

struct BoundMapping {
  std::string name;
  std::size_t pair = 0;  // left and right are those of the pair: a mapping listed the other way
                         // round was turned
  std::array<bool, 2> writes = {false, false};  // indexed by Side: it may write there
  std::vector<SlotUse> keys;
  std::vector<SlotUse> attributes;
  std::array<bool, 2> create = {true, true};  // objects may be created there (and writes[] allows)
  ConflictPolicy conflict = ConflictPolicy::kLastWriteWins;
  DeletePolicy delete_policy = DeletePolicy::kNever;
  // The conditions of the entity and of the mapping's `where` together.
  std::array<std::vector<Condition>, 2> scope;
  // Equalities of the written side's conditions that a create writes, because no attribute of the
  // mapping is mapped to that column: column, type, value.
  struct Written {
    std::string column;
    Type type;
    std::optional<std::string> value;
  };
  std::array<std::vector<Written>, 2> create_values;
  std::map<LimitClass, Limit> limits;  // defaults filled in
  std::map<Situation, Action> actions;

  [[nodiscard]] bool two_way() const { return writes[0] && writes[1]; }
};

struct BoundDefinition {
  std::string name;
  std::int64_t clock_skew_us = 2'000'000;
  std::vector<std::string> sources;  // names
  // By source, as its `stream` says: nullopt, what is read there is followed; true, what is written
  // there too; false, nothing.
  std::vector<std::optional<bool>> streams;
  std::vector<BoundEntity> entities;
  std::vector<Pair> pairs;
  std::vector<BoundMapping> mappings;  // in the order of the file
  // Indexes of mappings, those that others need (by a link or a foreign key) first; stable in the
  // order of the file. Circles of optional references are cut.
  std::vector<std::size_t> order;
  // A digest of everything that decisions depend on, as hex. Absence seen under another fingerprint
  // is no evidence.
  std::string fingerprint;
};

}  // namespace couplet
