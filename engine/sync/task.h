#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/sync/merge.h"
#include "engine/sync/rails.h"
#include "engine/sync/records.h"
#include "engine/sync/state.h"
#include "engine/sync/view.h"

// The unit of deciding and writing: one link with both its ends, one many-to-one target with those
// who contribute, or one object that has no counterpart. Filled by the resolvers, decided, applied
// and recorded in turn.
namespace couplet {

// Two objects that were kept apart (a link removed by hand) and are no more.
struct Ends {
  ObjectKey left;
  ObjectKey right;
};

// A contributor of a many-to-one target, as far as this batch changes what is known of it.
struct Member {
  const View* view = nullptr;  // null: gone
  ObjectKey key;
  std::optional<Contribution> before;
  bool leaves = false;        // it no longer contributes to this target
  bool joins = false;         // it did not contribute to this target before
  bool stands_alone = false;  // another task of the batch decides its worklist entries
  bool moved_on = false;      // its identity key is another by now: no say until it is placed anew
  Situation situation = Situation::kInSync;
  Digest identity;
  Digest values;
  std::vector<Ends> reunited;
};

struct Task {
  enum class Act : std::uint8_t {
    kNothing,   // nothing to do, now or later: worklist entries are cleared
    kMerge,     // both ends are there: merge attributes, write what differs
    kCreate,    // make the missing end, and link
    kSever,     // one end is gone: the link becomes a tombstone
    kDropLink,  // both ends are gone
    kReport,    // as it is, policy leaves it
    kHold,
    kDefer,
    kPark,
  };
  Act act = Act::kNothing;
  Situation situation = Situation::kInSync;
  Subject subject;
  // The ends, where they are there. Many to one: the many side is in `members`.
  std::array<const View*, 2> views{};
  // Many to one: per use the contributor whose value counts; null where nobody has one.
  std::vector<const View*> elected;
  // Many to one, by use: how that one stands against those of other mappings that write the same
  // attribute. `kLeadsAnew`: it did not come first when this mapping was last decided.
  // `kBehindNull`: outvoted, but what the target holds is nobody's word: they all say null, and
  // none of them has come behind a value.
  enum class Lead : std::uint8_t { kLeads, kLeadsAnew, kOutvoted, kBehindNull };
  std::vector<Lead> leads;
  // Many to one, by use: the recorded winner cannot be seen, which is no evidence that it is gone,
  // and nobody comes before it: it stays, and so does what the target holds.
  std::vector<bool> unseen_wins;

  // What links them now. One to one: `link`, many to one: `target` at `target_key`.
  std::optional<Link> link;
  std::optional<Target> target;
  ObjectKey target_key;
  std::vector<Member> members;
  bool joins_planned = false;  // of a dry run: another batch of it makes the target already
  bool links = false;          // a link is to be made or moved, with `by`
  LinkedBy by = LinkedBy::kMatched;
  std::optional<Link> replaced;  // a link that the new one takes the place of
  // A link whose end stood at the id that a row which we write has now: gone, unless it is on its
  // way elsewhere in this batch.
  struct Outlived {
    Link link;
    bool survived = true;  // its other end may still be there
    Task* task = nullptr;  // that of the link in this batch
    bool moves = false;    // which is to take the end elsewhere
  };
  std::optional<Outlived> outlived;
  std::optional<Subject> replaced_tombstone;  // a tombstone (survivor) that it takes the place of
  std::uint32_t incarnation = 1;
  Base inherited;  // base to merge with where `links`
  std::vector<Ends> reunited;

  std::vector<Merge> merges;  // by use; filled by the decider
  std::string reason;
  std::vector<Waiting::For> waits;
  std::vector<PairEnd> rivals;  // of kHold: who keeps it held
  Error fault;                  // of kPark
  // The side of the row that is at fault: whose value is none, or that refused what was written.
  std::optional<Side> fault_side;
  ObjectKey held_by;  // the row there that holds a unique value which ours is to have; empty: none
  std::uint8_t flips = 0;
  Timestamp flips_since;  // of the first of them

  // What applying it gave.
  struct Written {
    bool done = false;
    bool refused = false;  // the row changed under us: sync it again
    ObjectKey key;         // as it now is
    RowVersion version;
    std::optional<Timestamp> carried;
    std::vector<std::optional<SlotState>> states;  // by use, what the row now holds
  };
  std::array<std::optional<Written>, 2> written{};  // indexed by Side
  bool recorded = false;  // with the arrival elsewhere of those who leave it

  // Whether the end of `outlived`, on that side, is gone.
  [[nodiscard]] bool outlives(Side side) const {
    if (!outlived) {
      return false;
    }
    const Task* other = outlived->moves ? outlived->task : nullptr;
    return other == nullptr || !other->written[index_of(side)] ||
           !other->written[index_of(side)]->done;
  }
  // The view whose value of this use counts on that side.
  [[nodiscard]] const View* holder(Side side, std::size_t use) const {
    if (!elected.empty() && views[index_of(side)] == nullptr) {
      return elected[use];
    }
    return views[index_of(side)];
  }
};

// Everything one pass over a batch of objects works on; rows and views live as long as it does.
struct TaskBatch {
  std::deque<RowBatch> rows;
  std::deque<std::vector<View>> views;
  std::vector<Task> tasks;
  std::vector<Subject> again;  // their key was taken by another task of this batch
};

// What a run lets the resolvers conclude.
struct Permissions {
  // Why creates are held (a lost state); empty: they are not.
  std::string creates_held;
  // Indexed by Side: why absence there is no evidence of a delete; empty: it is.
  std::array<std::string, 2> no_evidence;
  // Why nothing is concluded from what is not there, and its link is left alone: nobody has seen
  // the whole table, only this row was looked for. Empty: a scan has seen it. Such a look is no
  // evidence, and says so in `no_evidence` too.
  std::string looked_only;
  // Indexed by Side: objects of which a change event says that they were deleted, which is evidence
  // for them whatever the above says of their side.
  std::array<std::set<ObjectKey>, 2> deleted;
  std::map<Rail, std::string> rails;  // those that have tripped: why they hold

  // Why what is of that class is not written there; empty: it is.
  [[nodiscard]] std::string rail(LimitClass limit_class, Side side) const {
    const auto tripped = rails.find({limit_class, side});
    return tripped == rails.end() ? std::string() : tripped->second;
  }

  // Why it is no evidence that this object is not there; empty: it is.
  [[nodiscard]] std::string doubt(Side side, const ObjectKey& key) const {
    const auto& known = deleted[index_of(side)];
    return known.contains(key) ? std::string() : no_evidence[index_of(side)];
  }
};

// An object to be looked at.
struct Nominee {
  Side side = Side::kLeft;
  ObjectKey key;
  // Nominated for having no link. Where it has one by now, the link was made since, of rows that
  // were read later: nothing is left to do.
  bool unlinked = false;
  // Somebody else has changed what it reads through a path: its own row does not show that.
  bool told = false;
  auto operator<=>(const Nominee&) const = default;
};

}  // namespace couplet
