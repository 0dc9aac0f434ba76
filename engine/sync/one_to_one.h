#pragma once

#include "engine/sync/reader.h"
#include "engine/sync/separations.h"

namespace couplet {

// Finds for each nominee of a one-to-one mapping what it is linked to or could be, and in which
// situation it is (DESIGN section 5.2); merging attributes comes after. Adds one task per link or
// unlinked object; objects that another task of the batch has claimed go to `batch.again`.
class OneToOneResolver {
 public:
  OneToOneResolver(const BoundDefinition& definition, const State& state, const MappingPlan& plan,
                   const Permissions& permissions, Reader& reader, TaskBatch& batch)
      : definition_(definition),
        state_(state),
        plan_(plan),
        permissions_(permissions),
        reader_(reader),
        batch_(batch) {}

  Result<void> resolve(std::span<const Nominee> nominees);

 private:
  // An object without a link, or a link with one end, that asks who stands where.
  struct Seeker {
    const View* view = nullptr;
    std::optional<Link> link;  // the other end of it is gone
    std::optional<Tombstone> tombstone;
    Identity identity;
    std::vector<const View*> candidates;
    std::vector<const View*> rivals;
    std::optional<Error> fault;
    bool kept_apart = false;  // from a candidate, which is therefore none
    // Stands where the gone end stood, and is no successor: it is linked, or out of scope.
    const View* occupant = nullptr;
  };
  using Links = std::unordered_map<ObjectKey, Link>;  // by the key asked with

  [[nodiscard]] bool knows_all(const Link& link) const;
  Result<void> load_links(Side side, std::span<const ObjectKey> keys, Links& links) const;
  Result<void> place_linked(std::vector<Link> links);
  Result<void> place_unlinked(Side side, std::span<const ObjectKey> keys);
  // What an unlinked object is before anyone is asked; nullopt: it has to ask.
  std::optional<Task> settled_alone(const Seeker& seeker) const;
  Result<void> ask(Side side);
  Result<void> answer(Side side, std::vector<Seeker>& seekers);
  static void keep_apart(const KeptApart& kept, Seeker& seeker);
  Task judge(Seeker& seeker, const Links& candidate_links,
             const std::unordered_map<ObjectKey, Tombstone>& candidate_tombstones,
             const Reader::Found& occupants) const;
  Task judge_gone(Seeker& seeker) const;
  Task judge_absent(const Seeker& seeker) const;
  Task succession(Seeker& seeker, const View& newcomer, const Link& replaced) const;
  void forget_nulls(const View& newcomer, Agreement& agreement) const;
  void forget_paths(Side newcomer, Base& base) const;
  void add(Task task);
  static Task settle(Task task, Task::Act act, Situation situation, std::string reason = {});
  // Held: `most` of these tell as long as they stay as they are that it stays so.
  Task hold(Task task, Situation situation, std::string reason,
            const std::vector<const View*>& rivals, std::size_t most) const;
  // Why it is held, with the names of who is in the way and the way out.
  [[nodiscard]] std::string several_have_it(const std::vector<const View*>& candidates) const;
  [[nodiscard]] std::string linked_to_another(const View& candidate, const ObjectKey& holder) const;
  [[nodiscard]] Task task_of(const View& view) const;

  const BoundDefinition& definition_;
  const State& state_;
  const MappingPlan& plan_;
  const Permissions& permissions_;
  Reader& reader_;
  TaskBatch& batch_;
  std::array<std::vector<Seeker>, 2> seekers_;  // by the side that the seeker is on
  std::array<std::unordered_map<ObjectKey, bool>, 2> claimed_;
  std::unordered_map<std::uint64_t, bool> created_;  // identity digests of creates
};

// The links that a reference of `view` waits for: those of its slots that hold no sendable value,
// among those for which `counts` says so.
std::vector<Waiting::For> missing_links(const BoundDefinition& definition, const State& state,
                                        const MappingPlan& plan, const View& view,
                                        const std::function<bool(std::size_t use)>& counts);

}  // namespace couplet
