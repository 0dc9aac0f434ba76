#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/definition/bound.h"
#include "engine/model/canonical.h"
#include "engine/ports/clock.h"
#include "engine/ports/state_store.h"
#include "engine/sync/records.h"
#include "engine/sync/shape.h"

namespace couplet {

// An object under a mapping, as the worklists know it: a linked one-to-one object by its left end,
// a contributor by its own key, anything unlinked by the side it is on.
struct Subject {
  std::size_t mapping = 0;
  Side side = Side::kLeft;
  ObjectKey key;
  auto operator<=>(const Subject&) const = default;
};

// An object whose id is another.
struct Rekeyed {
  ObjectKey before;
  ObjectKey after;
};

// The records of engine/sync/records.h over a StateStore: which key each stands at, and how bases
// that were taken under an older definition map to today's attributes. Reads see every batch that
// was committed. Writes go into a StateBatch of the caller's.
class State {
 public:
  inline static constexpr std::uint16_t kFormatVersion = 1;

  // Opens the state for this definition and these databases (Source::identity, in the order of
  // definition.sources): a state that is empty becomes theirs; ids for pairs and mappings that it
  // does not know yet are given out and kept. Synced. Errors: kStateForeign if it belongs to other
  // databases or is of a newer format, kStateCorrupt.
  static Result<std::unique_ptr<State>> open(StateStore& store, const BoundDefinition& definition,
                                             std::span<const std::string> identities,
                                             Random& random);

  // True if no run has begun to act on the state yet: it was empty, and if it is a lost one, it
  // has not been rebuilt.
  [[nodiscard]] bool fresh() const { return fresh_; }
  [[nodiscard]] const Digester& digester() const { return *digester_; }
  [[nodiscard]] std::uint16_t pair_id(std::size_t pair) const { return pair_ids_[pair]; }
  [[nodiscard]] std::uint16_t mapping_id(std::size_t mapping) const {
    return mapping_ids_[mapping];
  }
  [[nodiscard]] std::size_t mappings() const { return mapping_ids_.size(); }
  // The pair with that id, unless the definition no longer has it.
  [[nodiscard]] std::optional<std::size_t> pair_of(std::uint16_t id) const;
  [[nodiscard]] StateStore& store() { return store_; }
  [[nodiscard]] const StateStore& store() const { return store_; }
  // True if `fingerprint` is the one that the last complete run was made under.
  [[nodiscard]] bool same_definition() const { return same_definition_; }

  // Attributes that were read from other columns on that side when the state was last brought to
  // convergence: a column was dropped and one of its name added. Bases that were taken before are
  // `renewed` there.
  struct Renewed {
    std::size_t pair = 0;
    std::size_t slot = 0;
    Side side = Side::kLeft;
    ColumnRead column;  // the first that is another
  };
  [[nodiscard]] const std::vector<Renewed>& renewed() const { return renewed_; }

  // --- links ---
  // One to one, asked from either side; answers in the order of `keys`.
  Result<std::vector<std::optional<Link>>> links(std::size_t pair, Side side,
                                                 std::span<const ObjectKey> keys) const;
  Result<std::vector<std::optional<Contribution>>> contributions(
      std::size_t pair, std::span<const ObjectKey> contributors) const;
  Result<std::vector<std::optional<Target>>> targets(std::size_t pair,
                                                     std::span<const ObjectKey> targets) const;
  // The first `limit` contributors of a target, ascending.
  Result<std::vector<ObjectKey>> contributors(
      std::size_t pair, const ObjectKey& target,
      std::size_t limit = std::numeric_limits<std::size_t>::max()) const;
  // The other ends. One target of many contributors gives the first; binding refuses to ask that.
  Result<std::vector<std::optional<ObjectKey>>> translate(std::size_t pair, Side from,
                                                          std::span<const ObjectKey> keys) const;

  void put(StateBatch& batch, std::size_t pair, const Link& link) const;
  // Of a link whose ends are those that it had: the way from the right one stays.
  void put_record(StateBatch& batch, std::size_t pair, const Link& link) const;
  void erase(StateBatch& batch, std::size_t pair, const Link& link) const;
  // The same of a link whose end is gone: what stands at its ids since is left as it is.
  Result<void> erase_what_is_left(StateBatch& batch, std::size_t pair, const Link& link) const;
  void put(StateBatch& batch, std::size_t pair, const ObjectKey& contributor,
           const Contribution& contribution) const;
  void erase(StateBatch& batch, std::size_t pair, const ObjectKey& contributor,
             const ObjectKey& target) const;
  void put(StateBatch& batch, std::size_t pair, const ObjectKey& target,
           const Target& record) const;
  void erase_target(StateBatch& batch, std::size_t pair, const ObjectKey& target) const;

  // Walks all links of a pair in the order of one side's keys. Not usable after an error.
  class LinkCursor {
   public:
    [[nodiscard]] bool valid() const { return valid_; }
    void next() {
      cursor_->next();
      arrive();
    }
    // To the first link behind that of the object with this key.
    void skip_past(std::string_view key);
    // The object's key on the cursor's side.
    [[nodiscard]] std::string_view key() const { return key_; }
    // The raw record where this side holds it; else the key of the other end.
    [[nodiscard]] std::string_view value() const { return cursor_->value(); }
    [[nodiscard]] Result<void> status() const { return cursor_->status(); }

   private:
    friend class State;
    LinkCursor(std::unique_ptr<StateCursor> cursor, std::string prefix);
    void arrive();
    std::unique_ptr<StateCursor> cursor_;
    std::string prefix_;
    bool valid_ = false;
    std::string_view key_;
  };
  [[nodiscard]] LinkCursor link_cursor(std::size_t pair, Side side) const;
  // The same over the survivors on that side; the values are encoded tombstones.
  [[nodiscard]] LinkCursor tombstone_cursor(std::size_t pair, Side side) const;
  // Into `link`, whose memory a walk over many uses again.
  Result<void> decode_link_of(std::size_t pair, std::string_view left, std::string_view value,
                              Link& link) const;
  Result<Target> decode_target_of(std::size_t pair, std::string_view value) const;

  // --- tombstones, by survivor ---
  Result<std::vector<std::optional<Tombstone>>> tombstones(std::size_t pair, Side side,
                                                           std::span<const ObjectKey> keys) const;
  // Of `gone`, objects of one side: the survivor that a tombstone has for each. Walks all of them.
  Result<std::map<ObjectKey, ObjectKey>> survivors(std::size_t pair, Side side,
                                                   const std::set<ObjectKey>& gone) const;
  void put_tombstone(StateBatch& batch, std::size_t pair, Side side, const ObjectKey& key,
                     const Tombstone& tombstone) const;
  void erase_tombstone(StateBatch& batch, std::size_t pair, Side side, const ObjectKey& key) const;

  // --- separations: links removed by hand ---
  struct Apart {
    ObjectKey other;
    Separation separation;
  };
  [[nodiscard]] Result<bool> any_separations(std::size_t pair) const;
  // Whom each object on that side is kept apart from, in the order of `keys`.
  Result<std::vector<std::vector<Apart>>> separations(std::size_t pair, Side side,
                                                      std::span<const ObjectKey> keys) const;
  void put_separation(StateBatch& batch, std::size_t pair, const ObjectKey& left,
                      const ObjectKey& right, const Separation& separation) const;
  void erase_separation(StateBatch& batch, std::size_t pair, const ObjectKey& left,
                        const ObjectKey& right) const;

  // --- worklists ---
  struct Standing {
    std::optional<Parked> parked;
    std::optional<Held> held;
    std::optional<Waiting> waiting;
  };
  Result<std::vector<Standing>> standing(std::span<const Subject> subjects) const;
  // Whether any object stands there under the mapping: one look, instead of one each.
  [[nodiscard]] Result<bool> anyone_stands(std::size_t mapping) const;
  // Writes what differs between the two; nothing if nothing does.
  void replace_standing(StateBatch& batch, const Subject& subject, const Standing& before,
                        const Standing& after) const;
  // Objects on any worklist under the mapping, in batches of about `limit`, after `after`.
  Result<std::vector<Subject>> worklist(std::size_t mapping, Family family,
                                        const std::optional<Subject>& after,
                                        std::size_t limit) const;
  // Who is to be looked at though no scan would tell, until somebody has looked: a run that was
  // killed leaves them to the next one (worklist, of Family::kDirty).
  void put_dirty(StateBatch& batch, const Subject& subject) const;
  Result<void> erase_dirty(StateBatch& batch, std::span<const Subject> subjects) const;
  Result<std::uint64_t> count(std::size_t mapping, Family family) const;
  Result<std::uint64_t> count_links(std::size_t pair) const;
  // Subjects that wait for a link of this object.
  Result<std::vector<Subject>> waiters(std::size_t pair, Side side, const ObjectKey& key) const;
  // Subjects that one of these objects keeps held. One walk; of a state in which nobody is kept
  // held by another, one look.
  Result<std::vector<Subject>> held_by(std::vector<PairEnd> rivals) const;
  // Whether anybody is kept held by another at all.
  [[nodiscard]] Result<bool> anyone_is_held_by_another() const;

  // Those recorded between these two objects.
  Result<std::vector<Conflict>> conflicts(std::size_t mapping, const ObjectKey& left,
                                          const ObjectKey& right) const;
  // A conflict between the same two values is recorded once. One that was held and has a winner now
  // keeps what it was and tells who won, by what rule and when; one that comes out otherwise than
  // before takes the place of the former record.
  Result<void> put_conflict(StateBatch& batch, std::size_t mapping, const ObjectKey& left,
                            const ObjectKey& right, const std::array<Digest, 2>& digests,
                            const Conflict& conflict) const;
  // What settled a conflict that was held, and whose value counted by it.
  struct Settlement {
    std::string by;  // as in Conflict::settled
    std::optional<Side> winner;
  };
  // Asks `verdict` of every undecided conflict between these two objects, by attribute and the two
  // values' digests; nullopt: it stays held.
  using SettlementOf = std::function<std::optional<Settlement>(const std::string& attribute,
                                                               const std::array<Digest, 2>&)>;
  Result<void> settle_conflicts(StateBatch& batch, std::size_t mapping, const ObjectKey& left,
                                const ObjectKey& right, Timestamp at,
                                const SettlementOf& verdict) const;

  // A recorded conflict; `key` is its own among those of the state, and stays.
  struct ConflictEntry {
    std::string key;
    Conflict conflict;
    std::array<ObjectKey, 2> ends;  // indexed by Side
  };
  // Those under the mapping in the order of their keys, at most `limit`, after the key `after`.
  Result<std::vector<ConflictEntry>> conflicts(std::size_t mapping,
                                               const std::optional<std::string>& after,
                                               std::size_t limit) const;
  // The mapping that a worklist's key is of; nullopt: none of this definition's.
  [[nodiscard]] std::optional<std::size_t> mapping_of_key(std::string_view key) const;
  // What names the subject in a worklist, whatever becomes of the entry.
  [[nodiscard]] std::string subject_key(const Subject& subject) const;
  // The other way; nullopt: no subject of this definition's.
  [[nodiscard]] std::optional<Subject> subject_of_key(std::string_view key) const;

  // Objects of `entity` have other ids now: links, tombstones, separations and worklist entries of
  // every pair but those of `except`, whose own record says so, move along. Each is read as it
  // stands in the store: no id is among these twice, and no two of the objects are linked.
  Result<void> rekey(StateBatch& batch, std::size_t entity, std::span<const Rekeyed> rekeyed,
                     std::size_t except) const;

  // --- intents ---
  Result<std::vector<Intent>> intents() const;
  static void put(StateBatch& batch, const Intent& intent);
  static void put_intent(StateBatch& batch, const std::string& source, BatchNumber number,
                         std::string bytes);
  static void erase(StateBatch& batch, const std::string& source, BatchNumber number);

  // --- other ---
  void put_last_run(StateBatch& batch, std::size_t mapping, const std::string& json) const;
  void put_definition(StateBatch& batch) const;
  // From the next time it is opened the state is no longer fresh.
  static void put_begun(StateBatch& batch);

 private:
  State(StateStore& store, const BoundDefinition& definition)
      : store_(store), definition_(definition) {}

  [[nodiscard]] std::string pair_key(std::size_t pair, std::string_view key) const;
  [[nodiscard]] std::optional<std::size_t> mapping_of(std::uint16_t id) const;
  Result<void> assign_ids(StateBatch& batch);
  Result<void> load_shapes(StateBatch& batch);
  Result<void> rekey_separations(StateBatch& batch, std::size_t pair, Side side,
                                 std::span<const Rekeyed> rekeyed) const;
  Result<void> rekey_links(StateBatch& batch, std::size_t pair, Side side,
                           std::span<const Rekeyed> rekeyed) const;
  Result<void> rekey_entries(StateBatch& batch, std::size_t pair, Side side,
                             std::span<const Rekeyed> rekeyed) const;
  Result<void> find_renewed(std::size_t pair, StateBatch& batch,
                            std::optional<std::uint16_t> before);
  void adapt(std::size_t pair, std::uint16_t shape, Base& base) const;
  Result<void> indexed(StateCursor& cursor, const std::string& prefix,
                       std::vector<Subject>& found) const;

  StateStore& store_;
  const BoundDefinition& definition_;
  std::optional<Digester> digester_;
  bool fresh_ = false;
  bool same_definition_ = false;
  std::vector<std::uint16_t> pair_ids_;
  std::vector<std::uint16_t> mapping_ids_;
  std::vector<std::uint16_t> shapes_;  // today's shape of each pair
  // pair, shape -> for each slot of today the slot of that shape
  std::map<std::pair<std::size_t, std::uint16_t>, std::vector<SlotPlace>> older_shapes_;
  std::vector<Renewed> renewed_;
};

// Whether there is a state in the store. Errors: kStateForeign: one of another format, or of a
// definition with another name.
Result<bool> has_state_of(const StateStore& store, const std::string& name);

// Keys of the meta family that other readers of a state need.
namespace meta_key {
inline constexpr const char* kFormat = "format";
inline constexpr const char* kName = "name";
inline constexpr const char* kBegun = "begun";
inline constexpr const char* kDefinition = "definition";
inline constexpr const char* kSecret = "secret";
inline constexpr const char* kSource = "source/";    // + name -> identity
inline constexpr const char* kPair = "pair/";        // + name -> id
inline constexpr const char* kMapping = "mapping/";  // + name -> id
inline constexpr const char* kShape = "shape/";      // + pair id, shape -> slot names
inline constexpr const char* kRenewed =
    "renewed/";                                  // + pair id -> shape before the columns changed
inline constexpr const char* kLastRun = "run/";  // + mapping id -> JSON
}  // namespace meta_key

}  // namespace couplet
