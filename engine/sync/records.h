#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/object_key.h"
#include "engine/model/result.h"
#include "engine/model/situation.h"
#include "engine/model/strong_int.h"
#include "engine/ports/state_store.h"

// What the state remembers, and its bytes (docs/state-format.md). Plain data; engine/sync/state.h
// keeps it.
namespace couplet {

// What both ends of one attribute held when they were last brought into step, in canonical terms.
struct BaseSlot {
  bool known = false;
  std::array<Digest, 2> digests{};  // indexed by Side
  // Not known: we made the object on this side without the attribute, and nobody has looked since.
  // What stands there is the column's default, nobody's word.
  std::optional<Side> left_to_default = {};
  // Not known, indexed by Side: `digests` were taken from another column of that name than there is
  // now. Only of what is read under another shape than today's, never written.
  std::array<bool, 2> renewed{};
  bool operator==(const BaseSlot&) const = default;
};
using Base = std::vector<BaseSlot>;  // by slot of the pair

enum class LinkedBy : std::uint8_t { kMatched = 0, kCreated = 1, kManual = 2, kSucceeded = 3 };
const char* name_of(LinkedBy by);
std::optional<LinkedBy> linked_by_named(std::string_view name);

// What is known of each end since we last looked: the version that we saw or wrote, and the change
// time of that version. A row that still has the version has this time, whatever its `updated_at`
// says: it may be the time that we carried there.
struct EndState {
  RowVersion version;
  std::optional<Timestamp> time;
  bool operator==(const EndState&) const = default;
};

// The part that a one-to-one link and a many-to-one target have in common.
struct Agreement {
  Base base;
  std::array<EndState, 2> ends{};  // indexed by Side; many to one: only the target's is kept
  std::uint32_t incarnation = 1;
  Timestamp synced_at;
  // Oscillation guard: writes of ours in a row that only answered writes of ours.
  std::uint8_t flips = 0;
  Timestamp flips_since;
};

// One to one. Stored at the left key.
struct Link {
  ObjectKey left;
  ObjectKey right;
  LinkedBy by = LinkedBy::kMatched;
  Timestamp linked_at;
  Agreement agreement;

  [[nodiscard]] const ObjectKey& end(Side side) const { return side == Side::kLeft ? left : right; }
  ObjectKey& end(Side side) { return side == Side::kLeft ? left : right; }
};

// Many to one: an object that contributes. Stored at the contributor's key.
struct Contribution {
  ObjectKey target;
  LinkedBy by = LinkedBy::kMatched;
  Timestamp linked_at;
  // Of its identity key in the target's terms, as of when it was linked; Digest{}: it was linked by
  // hand and not looked at since, so it is as it will be found.
  Digest identity;
  Digest values;  // of everything it contributes: a difference nominates it
};

// Many to one: the contributor that came first for a slot (DESIGN section 5.5), and what it came
// first by, so that contributors under other mappings can be held against it.
struct Winner {
  ObjectKey key;  // empty: nobody; without `leads`: forgotten, as the definition has changed
  bool null = false;
  std::optional<Timestamp> time;
  // What the target then held was no value of another mapping that writes the same attribute: it
  // came before those of all of them, or is a null as they all are.
  bool leads = true;
  bool operator==(const Winner&) const = default;
};

// Many to one: the target. Stored at the target's key.
struct Target {
  Agreement agreement;
  std::vector<Winner> winners;  // by slot of the pair
};

// The survivor of a link whose other end is gone, so that it is not copied back.
struct Tombstone {
  ObjectKey gone;
  Agreement agreement;
  Timestamp at;
};

// Two objects whose link was removed by hand: kept apart until a link of them is made by hand, or
// one of them gets another identity key.
struct Separation {
  // Their identity keys under each mapping of the pair, as of then; Digest{} for one with a null in
  // it. Without the mappings under which one of the keys could not be told: what is new there is
  // not to be seen, so it ends nothing.
  struct Identities {
    std::uint16_t mapping = 0;
    std::array<Digest, 2> digests{};  // indexed by Side
  };
  std::vector<Identities> identities;
  Timestamp since;
};

// An object as a pair of entities knows it: the end of a link, or where one would be.
struct PairEnd {
  std::uint16_t pair = 0;
  Side side = Side::kLeft;
  ObjectKey key;
  auto operator<=>(const PairEnd&) const = default;
};

struct Parked {
  ErrorKind kind = ErrorKind::kRowFault;
  std::string code;
  std::string reason;
  std::string detail;
  std::uint32_t attempts = 1;
  Timestamp first_at;
  Timestamp last_at;
  Situation situation = Situation::kAbsent;  // that it was in when it failed
  ObjectKey counterpart;                     // empty: it has none
  std::vector<std::string> attributes;       // those that were refused, as far as that is told
};

struct Held {
  Situation situation = Situation::kConflict;
  std::string reason;
  Timestamp since;
  // Those who keep it held: as long as nothing changes about them, it stays so. Enough of them to
  // tell, not all: one rival, two of several counterparts. Empty: no other object is in its way.
  std::vector<PairEnd> rivals;
};

// What a deferred object waits for: links of these objects.
struct Waiting {
  using For = PairEnd;
  std::vector<For> links;
  Timestamp since;
};

struct Conflict {
  std::string attribute;
  std::array<std::string, 2> objects;  // "source.Entity/ID"
  std::array<std::string, 2> values;   // as JSON
  std::array<std::optional<Timestamp>, 2> times;
  std::string rule;
  std::optional<Side> winner;  // nullopt: held
  Timestamp at;
  // That the object was in: matched, where the two met for the first time. nullopt: a record of a
  // version that did not keep it.
  std::optional<Situation> situation;
  // Of one that was held: what settled it (a word of because::kAll or settled_by), and when;
  // `winner` is then whose value counted, where one's did. nullopt: it is held still, or the rule
  // decided at once.
  struct Settled {
    std::string by;
    Timestamp at;
    bool operator==(const Settled&) const = default;
  };
  std::optional<Settled> settled;

  // It was held, and nothing on record has settled it.
  [[nodiscard]] bool undecided() const { return !winner && !settled; }
};

// What a write transaction is about to do. Durable before the transaction can commit.
struct Intent {
  struct Entry {
    std::string mapping;
    Side side = Side::kRight;  // where it writes
    Operation operation = Operation::kUpdate;
    ObjectKey key;   // of the row written; empty: the source chooses it
    ObjectKey from;  // one to one, where `key` is empty: the object that it is made from
    struct Written {
      std::string slot;  // its name
      Digest digest;     // to be
      Digest before;     // of an update: as the row was when that was decided; else 0
      bool operator==(const Written&) const = default;
    };
    std::vector<Written> written;
    std::vector<StateBatch::Change> changes;  // what to record if it was committed
  };
  std::string source;
  BatchNumber number;
  bool marked = false;  // the transaction carries the number as a mark
  std::vector<Entry> entries;
};

// The bytes of an intent, an entry at a time: what encode(intent) gives.
class IntentWriter {
 public:
  IntentWriter(const std::string& source, BatchNumber number, bool marked, std::size_t entries);
  // Of the next entry: first this, then each of its written slots, then its changes.
  void entry(const std::string& mapping, Side side, Operation operation, const ObjectKey& key,
             const ObjectKey& from, std::size_t written);
  void written(const std::string& slot, Digest digest, Digest before);
  void changes(const std::vector<StateBatch::Change>& changes);
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// `shape` names the list of slots that the base is by (engine/sync/state.h).
std::string encode(const Link& link, std::uint16_t shape);
std::string encode(const Contribution& contribution);
std::string encode(const Target& target, std::uint16_t shape);
std::string encode(const Tombstone& tombstone, std::uint16_t shape);
std::string encode(const Separation& separation);
std::string encode(const Parked& parked);
std::string encode(const Held& held);
std::string encode(const Waiting& waiting);
std::string encode(const Conflict& conflict);
std::string encode(const Intent& intent);

// Each fails with kStateCorrupt if the bytes are not what encode gives. Bases come back by slot of
// the shape that `shape` is set to. A link's left key is not in its record and left as it is.
Result<void> decode_link(std::string_view bytes, Link& link, std::uint16_t& shape);
Result<Contribution> decode_contribution(std::string_view bytes);
Result<Target> decode_target(std::string_view bytes, std::uint16_t& shape);
Result<Tombstone> decode_tombstone(std::string_view bytes, std::uint16_t& shape);
Result<Separation> decode_separation(std::string_view bytes);
Result<Parked> decode_parked(std::string_view bytes);
Result<Held> decode_held(std::string_view bytes);
Result<Waiting> decode_waiting(std::string_view bytes);
Result<Conflict> decode_conflict(std::string_view bytes);
Result<Intent> decode_intent(std::string_view bytes);

}  // namespace couplet
