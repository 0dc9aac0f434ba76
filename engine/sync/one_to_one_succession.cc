// OneToOneResolver: one end of a link is gone: a successor takes its place, or nothing does.
#include <algorithm>

#include "engine/model/planted_bug.h"
#include "engine/sync/left_to_default.h"
#include "engine/sync/object_name.h"
#include "engine/sync/one_to_one.h"

namespace couplet {
namespace {

using Act = Task::Act;

}  // namespace

// A null at the newcomer counts as first contact: it may be a column that was left out. What it has
// is its own word.
void OneToOneResolver::forget_nulls(const View& newcomer, Agreement& agreement) const {
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    if (newcomer.slots[use].state.kind == SlotState::Kind::kNull) {
      agreement.base[plan_.uses[use]->slot].known = false;
    }
  }
  forget_defaults(newcomer.side, agreement.base);
  forget_paths(newcomer.side, agreement.base);
}

// What the survivor shows through a path was written for another object, or moved without one that
// would have carried it: where the newcomer has something else, it has not changed that.
void OneToOneResolver::forget_paths(Side newcomer, Base& base) const {
  const auto forget = [&](const std::vector<SlotUse>& uses) {
    for (const SlotUse& use : uses) {
      const auto& columns = plan_.entities->slots[use.slot].end(other(newcomer)).columns;
      if (use.writes[index_of(newcomer)] && use.carried_back[index_of(newcomer)] &&
          std::any_of(columns.begin(), columns.end(),
                      [](const ColumnPath& column) { return !column.joins.empty(); })) {
        base[use.slot].known = false;
      }
    }
  };
  for (const std::size_t mapping : plan_.entities->mappings) {
    forget(definition_.mappings[mapping].keys);
    forget(definition_.mappings[mapping].attributes);
  }
}

// `newcomer` stands where the gone end of `replaced` stood.
Task OneToOneResolver::succession(Seeker& seeker, const View& newcomer,
                                  const Link& replaced) const {
  const Side gone = newcomer.side;
  Task task;
  task.situation = Situation::kSucceeded;
  task.act = Act::kMerge;
  task.links = true;
  task.by = LinkedBy::kSucceeded;
  task.replaced = replaced;
  task.link = replaced;
  task.link->end(gone) = newcomer.key;
  task.link->agreement.ends[index_of(gone)] = {newcomer.version, newcomer.changed_at};
  task.incarnation = replaced.agreement.incarnation + 1;
  task.subject = {plan_.mapping, Side::kLeft, task.link->left};
  task.views[index_of(gone)] = &newcomer;
  const View* survivor = seeker.view == &newcomer ? seeker.candidates.front() : seeker.view;
  task.views[index_of(other(gone))] = survivor;
  forget_nulls(newcomer, task.link->agreement);
  if (!survivor->in_scope) {
    return settle(std::move(task), Act::kReport, Situation::kOutOfScope);
  }
  return task;
}

Task OneToOneResolver::judge_gone(Seeker& seeker) const {
  const View& view = *seeker.view;
  const Side gone = other(view.side);
  Task task;
  task.subject = {plan_.mapping, Side::kLeft, seeker.link->left};
  task.views[index_of(view.side)] = &view;
  task.incarnation = seeker.link->agreement.incarnation;
  task.link = seeker.link;
  if (!view.in_scope) {
    return settle(std::move(task), Act::kReport, Situation::kOutOfScope);
  }
  if (seeker.candidates.size() > 1) {
    return hold(std::move(task), Situation::kAmbiguous,
                first_names(plan_, seeker.candidates) +
                    " could each take the place of the one that is gone: change the key of all "
                    "but one, or remove them",
                seeker.candidates, 2);
  }
  if (plan_.bound->writes[index_of(view.side)] && !planted("resurrect")) {
    // This mapping reads the side where it is gone: a source that is missing.
    if (const std::string why = permissions_.doubt(gone, seeker.link->end(gone)); !why.empty()) {
      return settle(std::move(task), Act::kReport, Situation::kSourceMissing, why);
    }
    return settle(std::move(task), Act::kSever, Situation::kSourceMissing);
  }
  if (plan_.pair_two_way) {
    // The mapping of this pair that reads that side decides.
    return settle(std::move(task), Act::kNothing, Situation::kSourceMissing);
  }
  if (seeker.identity.kind == Identity::Kind::kNull) {
    return settle(std::move(task), Act::kReport, Situation::kNoIdentity,
                  "its counterpart is gone, and a part of its identity key is null");
  }
  if (!plan_.bound->create[index_of(gone)]) {
    return settle(std::move(task), Act::kReport, Situation::kTargetMissing,
                  "creating is switched off there");
  }
  if (seeker.kept_apart) {  // One more would double the object that it is kept apart from.
    return settle(std::move(task), Act::kReport, Situation::kTargetMissing, kKeptApartReason);
  }
  if (seeker.occupant != nullptr) {  // Of one more there would be two with this identity key.
    return seeker.occupant->in_scope
               ? settle(std::move(task), Act::kHold, Situation::kAlreadyLinked,
                        "its counterpart is gone, and " + first_names(plan_, {seeker.occupant}) +
                            ", which has " + this_identity_key(plan_, gone) +
                            ", is linked to another: change one of the keys")
               : settle(std::move(task), Act::kReport, Situation::kOutOfScope,
                        "the object with this identity key is out of scope");
  }
  if (!permissions_.creates_held.empty()) {
    return settle(std::move(task), Act::kHold, Situation::kTargetMissing,
                  permissions_.creates_held);
  }
  if (const std::string why = hidden_counterpart(plan_.side(gone)); !why.empty()) {
    return settle(std::move(task), Act::kHold, Situation::kTargetMissing, why);
  }
  if (const std::string why = permissions_.rail(LimitClass::kRecreate, gone); !why.empty()) {
    return settle(std::move(task), Act::kHold, Situation::kTargetMissing, why);
  }
  task.replaced = task.link;
  task.links = true;
  task.by = LinkedBy::kCreated;
  ++task.incarnation;
  return settle(std::move(task), Act::kCreate, Situation::kTargetMissing);
}

}  // namespace couplet
