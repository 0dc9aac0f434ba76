#pragma once

#include <map>
#include <set>
#include <unordered_set>

#include "engine/sync/decider.h"
#include "engine/sync/reader.h"
#include "engine/sync/separations.h"

namespace couplet {

// The same for a many-to-one mapping: which target each nominated contributor belongs to now, and
// for each target so touched whose value counts in each attribute (DESIGN section 5.5). Adds one
// task per target, and one per contributor that has none.
class ManyToOneResolver {
 public:
  ManyToOneResolver(const DecisionContext& context, Reader& reader, TaskBatch& batch)
      : context_(context),
        definition_(context.definition),
        state_(context.state),
        plan_(context.plan),
        permissions_(context.permissions),
        reader_(reader),
        batch_(batch),
        kept_(state_, plan_, permissions_),
        many_(*plan_.entities->many),
        one_(other(many_)) {}

  Result<void> resolve(std::span<const Nominee> nominees);

 private:
  // Contributors that want one target: all of one identity key.
  struct Group {
    std::vector<Member> members;
    std::vector<const View*> candidates;
    std::optional<Error> fault;
  };
  struct Touched {                // a target
    std::vector<Member> members;  // of this batch
    const View* view = nullptr;
    bool looked_at = false;
    std::optional<Tombstone> tombstone;
    bool renamed = false;
    // By pair of a competitor: what is recorded of this target there; null: nothing.
    std::map<std::size_t, const Target*> competing;
    // Likewise, where this mapping has left it before: what is kept of that other one's leaving it.
    std::map<std::size_t, const Tombstone*> left_by;
  };

  Result<void> load(std::span<const Nominee> nominees);
  void place(Member member);
  // The links that its identity key waits for.
  std::vector<Waiting::For> identity_waits(const View& view) const;
  // Whether a contributor says where it belongs. One that does not stays where it is, and stands on
  // a worklist.
  static bool says_where(const Identity& identity, std::span<const Waiting::For> waits);
  Result<void> find_targets();
  Result<void> place_group(Group& group);
  // Takes out the members whose link to a candidate was removed by hand.
  Result<void> keep_apart(Group& group);
  // True for a target that users renamed and whose contributors give it its own key back: under the
  // new name it is nobody's. Looks closer only at one that was renamed.
  Result<bool> gets_its_key_back(const View& target);
  Result<std::map<std::size_t, std::vector<std::optional<Target>>>> competing(
      std::span<const ObjectKey> targets) const;
  [[nodiscard]] std::set<std::size_t> competing_pairs() const;
  // A linked one that is not placed anew stays a contributor; its values may have changed.
  void stay(Member member);
  void leave(const Member& member);
  void join(Group& group, const ObjectKey& target);
  // True if every contributor of the target now has the group's identity.
  Result<bool> all_moved(const ObjectKey& target, Digest identity, Group& group);
  void lone(const Member& member, Task::Act act, Situation situation, std::string reason = {},
            std::optional<Error> fault = {});
  Result<void> finish_targets();
  Result<void> finish(const ObjectKey& key, Touched& touched, std::optional<Target> record);
  // Contributors of the task's target that are not among its members; at most about `limit`.
  Result<std::vector<ObjectKey>> others(const Task& task, std::size_t limit) const;
  Result<void> target_gone(Task task);
  Result<void> succeed(Task task, const View& successor);
  Result<void> elect(Task& task, bool all);
  [[nodiscard]] bool has_fallen_back(const Task& task, const View& winner) const;
  [[nodiscard]] bool renamed_together(const Task& task, std::span<const ObjectKey> voters,
                                      const Reader::Found& found) const;
  // By use: who has no say, since it says what the target was called before.
  using Behind = std::vector<std::unordered_set<const View*>>;
  [[nodiscard]] Behind behind_its_name(const Task& task, std::span<const Member* const> electors,
                                       std::span<const ObjectKey> unseen) const;
  // `settled`: who is elected for parts of the identity key whatever this view says; null: nobody.
  void vote(const View& view, Task& task, const std::vector<const View*>* settled = nullptr,
            const Behind* behind = nullptr) const;
  void keep_unseen(Task& task, std::span<const ObjectKey> unseen) const;
  void take_over(Task& task, const Touched& touched) const;
  // Holds the elected against those of other mappings that write the same attribute.
  void weigh(Task& task, const Touched& touched) const;
  // The same, of a target that is not among those of the batch.
  Result<void> weigh(Task& task) const;
  Task create_task(std::vector<Member> members);
  [[nodiscard]] static bool better(std::size_t use, const View& a, const View& b);

  const DecisionContext& context_;
  const BoundDefinition& definition_;
  const State& state_;
  const MappingPlan& plan_;
  const Permissions& permissions_;
  Reader& reader_;
  TaskBatch& batch_;
  KeptApart kept_;
  Side many_;
  Side one_;
  std::map<std::uint64_t, Group> groups_;  // by identity digest
  std::map<ObjectKey, Touched> touched_;   // by target key
  std::map<ObjectKey, bool> placed_;       // contributors of this batch
};

// Why who wants the name of a target is held; behind the name of that target.
inline constexpr const char* kGetsItsKeyBackReason =
    " has this identity key now, is linked to others, and gets their key back from them";

// Of everything in a contributor that could change the outcome of an election.
Digest contribution_digest(const Digester& digester, std::span<const SlotState> slots,
                           bool in_scope);
Digest contribution_digest(const Digester& digester, const View& view);

}  // namespace couplet
