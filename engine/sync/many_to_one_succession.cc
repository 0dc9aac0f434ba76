// ManyToOneResolver: a target that is gone while objects contribute to it (DESIGN section 5.2).
#include <algorithm>
#include <array>

#include "engine/sync/left_to_default.h"
#include "engine/sync/many_to_one.h"
#include "engine/sync/object_name.h"
#include "engine/sync/one_to_one.h"

namespace couplet {

// Contributors are there, their target is not: a successor, or it is made again.
Result<void> ManyToOneResolver::target_gone(Task task) {
  task.situation = Situation::kTargetMissing;
  COUPLET_TRY(elect(task, true));
  // Who leaves has no part in what comes, but the recorder has to know of it.
  std::stable_partition(task.members.begin(), task.members.end(),
                        [](const Member& member) { return !member.leaves; });
  // Whose identity key a new target would have; null: nobody has one.
  const View* speaker = task.elected[0];
  bool kept_apart = false;
  if (speaker != nullptr) {
    std::array<Reader::Question, 1> question{{{speaker, {}, {}}}};
    COUPLET_TRY(reader_.find(one_, question));
    COUPLET_TRY(kept_.load(many_, {&speaker, 1}, reader_));
    kept_apart = std::erase_if(question[0].answers, [&](const View* view) {
                   return kept_.between(speaker->key, view->key);
                 }) > 0;
    if (question[0].answers.size() == 1 && question[0].answers[0]->in_scope) {
      const View& successor = *question[0].answers[0];
      COUPLET_ASSIGN(const bool goes_back, gets_its_key_back(successor));
      if (!goes_back) {
        return succeed(std::move(task), successor);
      }
      task.act = Task::Act::kHold;
      task.situation = Situation::kAlreadyLinked;
      task.reason = first_names(plan_, {&successor}) + kGetsItsKeyBackReason;
      task.rivals = first_ends(state_.pair_id(plan_.pair), {&successor}, 1);
      batch_.tasks.push_back(std::move(task));
      return {};
    }
    if (!question[0].answers.empty()) {  // One more would not make it clearer.
      const bool several = question[0].answers.size() > 1;
      task.act = several ? Task::Act::kHold : Task::Act::kReport;
      task.situation = several ? Situation::kAmbiguous : Situation::kOutOfScope;
      task.reason = several ? first_names(plan_, question[0].answers) +
                                  " could each take the place of the one that is gone: change the "
                                  "key of all but one, or remove them"
                            : "the object with this identity key is out of scope";
      batch_.tasks.push_back(std::move(task));
      return {};
    }
  }
  if (speaker == nullptr) {
    task.act = Task::Act::kReport;
    task.situation = Situation::kNoIdentity;
    task.reason = "the target is gone, and no contributor has an identity key";
  } else if (!plan_.bound->create[index_of(one_)]) {
    task.act = Task::Act::kReport;
  } else if (kept_apart) {
    task.act = Task::Act::kReport;
    task.reason = kKeptApartReason;
  } else if (!permissions_.creates_held.empty()) {
    task.act = Task::Act::kHold;
    task.reason = permissions_.creates_held;
  } else if (const std::string why = hidden_counterpart(plan_.side(one_)); !why.empty()) {
    task.act = Task::Act::kHold;
    task.reason = why;
  } else if (std::string tripped = permissions_.rail(LimitClass::kRecreate, one_);
             !tripped.empty()) {
    task.act = Task::Act::kHold;
    task.reason = std::move(tripped);
  } else {
    task.act = Task::Act::kCreate;
    task.links = true;
    task.by = LinkedBy::kCreated;
    ++task.incarnation;
    for (Member& member : task.members) {
      if (!member.leaves) {
        member.joins = true;
        member.situation = Situation::kTargetMissing;
      }
    }
    task.target->agreement.base.assign(plan_.entities->slots.size(), {});
  }
  batch_.tasks.push_back(std::move(task));
  return {};
}

// `successor` stands where the target stood: it takes over, or if it has contributors of its own,
// the others join them.
Result<void> ManyToOneResolver::succeed(Task task, const View& successor) {
  if (touched_.contains(successor.key)) {  // Another task of this batch is about it.
    for (const Member& member : task.members) {
      if (!member.leaves) {
        batch_.again.push_back({plan_.mapping, many_, member.key});
      }
    }
    return {};
  }
  COUPLET_ASSIGN(auto known, state_.targets(plan_.pair, {&successor.key, 1}));
  const Situation situation = known[0] ? Situation::kAlreadyLinked : Situation::kSucceeded;
  for (Member& member : task.members) {
    if (!member.leaves) {
      member.joins = true;
      member.situation = situation;
    }
  }
  task.views[index_of(one_)] = &successor;
  task.target_key = successor.key;
  task.situation = situation;
  task.act = Task::Act::kMerge;
  if (known[0]) {
    task.target = std::move(known[0]);
    task.incarnation = task.target->agreement.incarnation;
    COUPLET_TRY(elect(task, true));
  } else {
    task.links = true;
    task.by = LinkedBy::kSucceeded;
    ++task.incarnation;
    forget_defaults(one_, task.target->agreement.base);
  }
  COUPLET_TRY(weigh(task));
  batch_.tasks.push_back(std::move(task));
  return {};
}

}  // namespace couplet
