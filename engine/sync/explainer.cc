#include "engine/sync/explainer.h"

#include <algorithm>

#include "engine/sync/object_lookup.h"
#include "engine/sync/object_sync.h"
#include "engine/sync/standing.h"

namespace couplet {
namespace {

using Act = Task::Act;

constexpr std::size_t kContributorsTold = 10;

bool is_member(const Task& task, const ObjectKey& key) {
  return std::any_of(task.members.begin(), task.members.end(),
                     [&](const Member& member) { return member.key == key && !member.leaves; });
}

// The task of the batch that speaks of the object: its own, else one that it is a part of.
const Task* task_about(const TaskBatch& batch, const MappingPlan& plan, Side side,
                       const ObjectKey& key) {
  const Task* found = nullptr;
  for (const Task& task : batch.tasks) {
    if (task.subject.side == side && task.subject.key == key) {
      return &task;
    }
    const bool linked = task.link && task.link->end(side) == key;
    const bool target =
        plan.entities->many && side != *plan.entities->many && task.target_key == key;
    if (linked || target || is_member(task, key)) {
      found = &task;
    }
  }
  return found;
}

bool writes_to(const Task& task, Side side) {
  return std::any_of(task.merges.begin(), task.merges.end(), [&](const Merge& merge) {
    return merge.outcome == Merge::Outcome::kWrite && merge.to == side;
  });
}

std::optional<Operation> operation_of(const Task& task) {
  switch (task.act) {
    case Act::kMerge:
      return task.links || std::any_of(task.members.begin(), task.members.end(),
                                       [](const Member& member) { return member.joins; })
                 ? std::optional(Operation::kLink)
             : writes_to(task, Side::kLeft) || writes_to(task, Side::kRight)
                 ? std::optional(Operation::kUpdate)
                 : std::nullopt;
    case Act::kCreate:
      return Operation::kCreate;
    case Act::kSever:
      return Operation::kUnlink;
    case Act::kHold:
      return Operation::kHold;
    case Act::kDefer:
      return Operation::kDefer;
    case Act::kPark:
      return Operation::kPark;
    case Act::kReport:
      return Operation::kReport;
    case Act::kNothing:
    case Act::kDropLink:
      return std::nullopt;
  }
  return std::nullopt;
}

// One direction of a two-way merge, from the point of view of who is written there.
void narrow(const MappingPlan& plan, const Task& task, Side target, Explanation::Part& part) {
  part.writes = {};
  part.writes[index_of(target)] = true;
  if (task.act != Act::kMerge || task.links) {
    return;
  }
  bool conflict = false;
  bool moved = false;
  bool changed = false;  // the target, which the other direction carries
  for (std::size_t use = 0; use < task.merges.size(); ++use) {
    const Merge& merge = task.merges[use];
    const bool here = merge.outcome == Merge::Outcome::kWrite && merge.to == target;
    conflict = conflict || (here && merge.rule != nullptr && !merge.first_contact) ||
               merge.outcome == Merge::Outcome::kHold;
    moved = moved || (here && plan.uses[use]->identity);
    changed = changed || (target == Side::kLeft ? merge.changed_left : merge.changed_right);
  }
  const bool written = writes_to(task, target);
  part.operation = written ? std::optional(Operation::kUpdate) : std::nullopt;
  part.situation = conflict  ? Situation::kConflict
                   : moved   ? Situation::kMoved
                   : written ? Situation::kSourceChanged
                   : changed ? Situation::kTargetChanged
                             : Situation::kInSync;
}

std::optional<nlohmann::json> value_of(const MappingPlan& plan, const View* view, std::size_t use) {
  if (view == nullptr || plan.side(view->side).slots[use].columns.empty()) {
    return std::nullopt;
  }
  for (const std::size_t column : plan.side(view->side).slots[use].columns) {
    if (view->cell(column).is_absent()) {
      return std::nullopt;
    }
  }
  return value_json(plan, *view, use);
}

}  // namespace

struct Explainer::Scene {
  const MappingPlan& plan;
  Side side;
  const ObjectKey& key;
  const Task* task;  // null: the decider has nothing to say of it
  const View* own;   // the object itself; null: it is gone

  [[nodiscard]] bool contributes() const {
    return plan.entities->many && side == *plan.entities->many;
  }
  [[nodiscard]] bool is_target() const { return plan.entities->many && !contributes(); }
};

Result<Explanation> Explainer::explain(const NamedObject& object) {
  COUPLET_ASSIGN(const auto known,
                 look_up(definition_, state_, sources_, syncer_.plans(), {&object, 1}));
  Explanation explanation;
  explanation.object = object_name(definition_.entities[object.entity], object.key);
  explanation.exists = known[0].exists;
  if (!known[0].exists && !known[0].remembered) {
    return fail(Error{ErrorKind::kNotFound,
                      "no such object: " + explanation.object,
                      "it has no row, and the state knows nothing of it",
                      {},
                      "no_such_object",
                      {}});
  }
  for (const std::size_t mapping : definition_.order) {
    const MappingPlan& plan = syncer_.plans()[mapping];
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (plan.entities->entities[index_of(side)] == object.entity) {
        COUPLET_TRY(explain_under(plan, side, object.key, explanation));
      }
    }
  }
  return explanation;
}

Result<void> Explainer::explain_under(const MappingPlan& plan, Side side, const ObjectKey& key,
                                      Explanation& explanation) {
  const std::array<Nominee, 1> nominee{{{side, key}}};
  TaskBatch batch;
  Permissions permissions = ObjectSync::permissions_of_a_look();
  permissions.creates_held = syncer_.why_creates_are_held();
  COUPLET_TRY(syncer_.decide(plan.mapping, nominee, permissions, batch));
  Scene scene{plan, side, key, task_about(batch, plan, side, key), nullptr};
  for (const auto& views : batch.views) {
    for (const View& view : views) {
      if (view.side == side && view.key == key) {
        scene.own = &view;
      }
    }
  }
  Explanation::Part part;
  part.mapping = plan.mapping;
  part.writes = plan.bound->writes;
  if (scene.task != nullptr) {
    const Task& task = *scene.task;
    part.situation = task.situation;
    part.operation = operation_of(task);
    part.reason = task.act == Act::kPark ? task.fault.message : task.reason;
    part.waits_for = names_of(definition_, state_, Waiting{task.waits, {}});
    for (const Member& member : task.members) {
      if (member.key == key && scene.contributes() && task.act == Act::kMerge &&
          part.situation == Situation::kInSync) {
        part.situation = member.situation;
      }
    }
  }
  COUPLET_TRY(add_counterpart(scene, part));
  COUPLET_TRY(add_link(scene, part));
  COUPLET_TRY(add_tombstone(scene, part));
  COUPLET_TRY(add_worklists(scene, part));
  add_attributes(scene, part);
  const bool both = scene.task != nullptr && scene.task->views[0] != nullptr &&
                    scene.task->views[1] != nullptr && plan.bound->two_way();
  if (!both) {
    explanation.parts.push_back(std::move(part));
    return {};
  }
  for (const Side target : {Side::kRight, Side::kLeft}) {
    Explanation::Part direction = part;
    narrow(plan, *scene.task, target, direction);
    explanation.parts.push_back(std::move(direction));
  }
  return {};
}

Result<void> Explainer::add_counterpart(const Scene& scene, Explanation::Part& part) const {
  const Side there = other(scene.side);
  if (scene.is_target()) {
    COUPLET_ASSIGN(const auto found,
                   state_.contributors(scene.plan.pair, scene.key, kContributorsTold));
    for (const ObjectKey& contributor : found) {
      part.contributors.push_back(object_name(scene.plan, there, contributor));
    }
    return {};
  }
  if (scene.task == nullptr) {
    return {};
  }
  ObjectKey key;
  if (const View* view = scene.task->views[index_of(there)]) {
    key = view->key;
  } else if (scene.task->link) {
    key = scene.task->link->end(there);
  } else if (scene.contributes()) {
    key = scene.task->target_key;
  }
  if (key.empty() && scene.contributes()) {
    COUPLET_ASSIGN(const auto contribution, state_.contributions(scene.plan.pair, {&scene.key, 1}));
    key = contribution[0] ? contribution[0]->target : ObjectKey{};
  }
  if (!key.empty() && !is_planned(key)) {
    part.counterpart = object_name(scene.plan, there, key);
  }
  return {};
}

Result<void> Explainer::add_link(const Scene& scene, Explanation::Part& part) const {
  const std::size_t pair = scene.plan.pair;
  Explanation::LinkFacts facts;
  const auto agreed = [&](const Agreement& agreement) {
    facts.synced_at = agreement.synced_at;
    facts.incarnation = agreement.incarnation;
  };
  if (!scene.plan.entities->many) {
    COUPLET_ASSIGN(const auto links, state_.links(pair, scene.side, {&scene.key, 1}));
    if (!links[0]) {
      return {};
    }
    facts.by = links[0]->by;
    facts.linked_at = links[0]->linked_at;
    agreed(links[0]->agreement);
  } else {
    ObjectKey contributor = scene.key;
    if (scene.is_target()) {
      COUPLET_ASSIGN(const auto first, state_.contributors(pair, scene.key, 1));
      if (first.empty()) {
        return {};
      }
      contributor = first[0];
    }
    COUPLET_ASSIGN(const auto contributions, state_.contributions(pair, {&contributor, 1}));
    if (!contributions[0]) {
      return {};
    }
    facts.by = contributions[0]->by;
    facts.linked_at = contributions[0]->linked_at;
    COUPLET_ASSIGN(const auto targets, state_.targets(pair, {&contributions[0]->target, 1}));
    if (targets[0]) {
      agreed(targets[0]->agreement);
    }
  }
  facts.identity = nlohmann::json::object();
  const View* shown = scene.own;
  if (shown == nullptr && scene.task != nullptr) {
    shown = scene.task->views[index_of(other(scene.side))];
  }
  for (std::size_t use = 0; shown != nullptr && use < scene.plan.uses.size(); ++use) {
    if (scene.plan.uses[use]->identity) {
      facts.identity[scene.plan.slot(use).end(shown->side).text] =
          value_json(scene.plan, *shown, use);
    }
  }
  part.link = std::move(facts);
  return {};
}

Result<void> Explainer::add_tombstone(const Scene& scene, Explanation::Part& part) const {
  const std::size_t pair = scene.plan.pair;
  const Side there = other(scene.side);
  COUPLET_ASSIGN(const auto own, state_.tombstones(pair, scene.side, {&scene.key, 1}));
  if (own[0]) {
    part.tombstone = {
        own[0]->gone.empty() ? std::string() : object_name(scene.plan, there, own[0]->gone),
        own[0]->at};
    return {};
  }
  if (scene.own != nullptr) {
    return {};
  }
  COUPLET_ASSIGN(const auto survivors, state_.survivors(pair, scene.side, {scene.key}));
  const auto survivor = survivors.find(scene.key);
  if (survivor == survivors.end()) {
    return {};
  }
  COUPLET_ASSIGN(const auto of_survivor, state_.tombstones(pair, there, {&survivor->second, 1}));
  if (of_survivor[0]) {
    part.situation = Situation::kSourceMissing;
    part.reason = "it is gone, and its link was severed; what it was linked to is kept";
    part.counterpart = object_name(scene.plan, there, survivor->second);
    part.tombstone = {object_name(scene.plan, scene.side, scene.key), of_survivor[0]->at};
  }
  return {};
}

Result<void> Explainer::add_worklists(const Scene& scene, Explanation::Part& part) const {
  // A linked one-to-one object stands on the worklists by its left end.
  std::vector<Subject> subjects{{scene.plan.mapping, scene.side, scene.key}};
  std::array<ObjectKey, 2> ends;
  ends[index_of(scene.side)] = scene.key;
  if (!scene.plan.entities->many) {
    COUPLET_ASSIGN(const auto links, state_.links(scene.plan.pair, scene.side, {&scene.key, 1}));
    if (links[0]) {
      ends = {links[0]->left, links[0]->right};
      subjects.push_back({scene.plan.mapping, Side::kLeft, links[0]->left});
    }
  } else if (scene.contributes()) {
    COUPLET_ASSIGN(const auto found, state_.contributions(scene.plan.pair, {&scene.key, 1}));
    if (found[0]) {
      ends[index_of(other(scene.side))] = found[0]->target;
    }
  }
  COUPLET_ASSIGN(const auto standing, state_.standing(subjects));
  for (const State::Standing& entry : standing) {
    part.held = entry.held ? entry.held : part.held;
    part.parked = entry.parked ? entry.parked : part.parked;
    if (part.waits_for.empty() && entry.waiting) {
      part.waits_for = names_of(definition_, state_, *entry.waiting);
    }
  }
  if (!ends[0].empty() && !ends[1].empty()) {
    COUPLET_ASSIGN(part.conflicts, state_.conflicts(scene.plan.mapping, ends[0], ends[1]));
  }
  return {};
}

void Explainer::add_attributes(const Scene& scene, Explanation::Part& part) const {
  const MappingPlan& plan = scene.plan;
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    Explanation::Attribute attribute;
    attribute.left = plan.slot(use).left.text;
    attribute.right = plan.slot(use).right.text;
    std::array<const View*, 2> views{};
    if (scene.task != nullptr) {
      const Task& task = *scene.task;
      views = {task.holder(Side::kLeft, use), task.holder(Side::kRight, use)};
      if (use < task.merges.size()) {
        const Merge& merge = task.merges[use];
        attribute.left_changed = merge.changed_left;
        attribute.right_changed = merge.changed_right;
        attribute.winner = merge.winner;
        attribute.rule = merge.because;
      }
      if (plan.entities->many && use < task.elected.size() && task.elected[use] != nullptr) {
        attribute.elected = object_name(plan, *plan.entities->many, task.elected[use]->key);
      }
    }
    if (scene.own != nullptr) {
      views[index_of(scene.side)] = scene.own;
    }
    attribute.left_value = value_of(plan, views[0], use);
    attribute.right_value = value_of(plan, views[1], use);
    part.attributes.push_back(std::move(attribute));
  }
}

}  // namespace couplet
