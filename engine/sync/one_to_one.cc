#include "engine/sync/one_to_one.h"

#include <algorithm>

#include "engine/model/planted_bug.h"
#include "engine/sync/left_to_default.h"
#include "engine/sync/nominated_keys.h"
#include "engine/sync/object_name.h"

namespace couplet {
namespace {

using Act = Task::Act;

Link new_link(const View& a, const View& b) {
  Link link;
  link.end(a.side) = a.key;
  link.end(b.side) = b.key;
  return link;
}

}  // namespace

std::vector<Waiting::For> missing_links(const BoundDefinition& definition, const State& state,
                                        const MappingPlan& plan, const View& view,
                                        const std::function<bool(std::size_t use)>& counts) {
  std::vector<Waiting::For> missing;
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    const SlotView& slot = view.slots[use];
    if (!slot.reference || slot.translated || !counts(use) ||
        !can_translate(definition, plan.slot(use), view.side)) {
      continue;
    }
    missing.push_back({state.pair_id(*plan.slot(use).link), link_side(plan.slot(use), view.side),
                       *slot.reference});
  }
  return missing;
}

Task OneToOneResolver::settle(Task task, Act act, Situation situation, std::string reason) {
  task.act = act;
  task.situation = situation;
  task.reason = std::move(reason);
  return task;
}

Task OneToOneResolver::task_of(const View& view) const {
  Task task;
  task.subject = {plan_.mapping, view.side, view.key};
  task.views[index_of(view.side)] = &view;
  return task;
}

Task OneToOneResolver::hold(Task task, Situation situation, std::string reason,
                            const std::vector<const View*>& rivals, std::size_t most) const {
  task.rivals = first_ends(state_.pair_id(plan_.pair), rivals, most);
  return settle(std::move(task), Act::kHold, situation, std::move(reason));
}

// Both ends, whatever the task takes the place of, and the identity key of what it creates belong
// to one task of a batch.
void OneToOneResolver::add(Task task) {
  std::array<std::vector<ObjectKey>, 2> keys;
  keys[index_of(task.subject.side)].push_back(task.subject.key);
  for (const std::optional<Link>* link : {&task.link, &task.replaced}) {
    if (*link) {
      keys[0].push_back((*link)->left);
      keys[1].push_back((*link)->right);
    }
  }
  bool taken = false;
  if (task.act == Act::kCreate) {
    const View& source = *task.views[task.views[0] == nullptr ? 1 : 0];
    taken =
        !created_.emplace(identity_of(plan_, state_.digester(), source).digest.value, true).second;
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    std::erase_if(keys[index_of(side)], [](const ObjectKey& key) { return key.empty(); });
    for (const ObjectKey& key : keys[index_of(side)]) {
      taken = taken || claimed_[index_of(side)].contains(key);
    }
  }
  if (taken) {
    // Of a succession the link asks again: the newcomer, which others may have a claim to, would
    // not lead to it.
    batch_.again.push_back(task.replaced ? Subject{plan_.mapping, Side::kLeft, task.replaced->left}
                                         : task.subject);
    return;
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    for (const ObjectKey& key : keys[index_of(side)]) {
      claimed_[index_of(side)].emplace(key, true);
    }
  }
  batch_.tasks.push_back(std::move(task));
}

// Whether a sync of this mapping has agreed on all of its attributes.
bool OneToOneResolver::knows_all(const Link& link) const {
  return std::all_of(plan_.uses.begin(), plan_.uses.end(),
                     [&](const SlotUse* use) { return link.agreement.base[use->slot].known; });
}

Result<void> OneToOneResolver::load_links(Side side, std::span<const ObjectKey> keys,
                                          Links& links) const {
  COUPLET_ASSIGN(auto found, state_.links(plan_.pair, side, keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (found[i]) {
      links.emplace(keys[i], std::move(*found[i]));
    }
  }
  return {};
}

Result<void> OneToOneResolver::resolve(std::span<const Nominee> nominees) {
  std::vector<Link> linked;
  std::unordered_map<ObjectKey, bool> seen_links;
  std::array<std::vector<ObjectKey>, 2> unlinked;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const auto [keys, nominated_unlinked] = nominated_keys(nominees, side);
    COUPLET_ASSIGN(auto links, state_.links(plan_.pair, side, keys));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!links[i]) {
        unlinked[index_of(side)].push_back(keys[i]);
      } else if (!(nominated_unlinked[i] && knows_all(*links[i])) && !is_planned(links[i]->left) &&
                 !is_planned(links[i]->right) && seen_links.emplace(links[i]->left, true).second) {
        linked.push_back(std::move(*links[i]));
      }
    }
  }
  COUPLET_TRY(place_linked(std::move(linked)));
  for (const Side side : {Side::kLeft, Side::kRight}) {
    COUPLET_TRY(place_unlinked(side, unlinked[index_of(side)]));
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    COUPLET_TRY(ask(side));
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    COUPLET_TRY(answer(side, seekers_[index_of(side)]));
  }
  return {};
}

Result<void> OneToOneResolver::place_linked(std::vector<Link> links) {
  std::array<std::vector<ObjectKey>, 2> keys;
  for (const Link& link : links) {
    keys[0].push_back(link.left);
    keys[1].push_back(link.right);
  }
  COUPLET_ASSIGN(const auto left, reader_.fetch(Side::kLeft, keys[0]));
  COUPLET_ASSIGN(const auto right, reader_.fetch(Side::kRight, keys[1]));
  for (Link& link : links) {
    const auto at_left = left.find(link.left);
    const auto at_right = right.find(link.right);
    const bool is_left = at_left != left.end();
    const bool is_right = at_right != right.end();
    if (is_left != is_right) {
      Seeker seeker;
      seeker.view = is_left ? at_left->second : at_right->second;
      seeker.identity = identity_of(plan_, state_.digester(), *seeker.view);
      seeker.link = std::move(link);
      seekers_[index_of(seeker.view->side)].push_back(std::move(seeker));
      continue;
    }
    Task task;
    task.subject = {plan_.mapping, Side::kLeft, link.left};
    task.incarnation = link.agreement.incarnation;
    task.link = std::move(link);
    if (!is_left) {
      // Where only one end is known to be deleted, the other one's own event is yet to come.
      const std::string left_doubt = permissions_.doubt(Side::kLeft, task.link->left);
      const std::string kept = permissions_.looked_only.empty() ? std::string()
                               : left_doubt.empty()
                                   ? permissions_.doubt(Side::kRight, task.link->right)
                                   : left_doubt;
      add(settle(std::move(task), kept.empty() ? Act::kDropLink : Act::kReport,
                 Situation::kBothGone, kept));
      continue;
    }
    task.views = {at_left->second, at_right->second};
    if (!task.views[0]->in_scope || !task.views[1]->in_scope) {
      add(settle(std::move(task), Act::kReport, Situation::kOutOfScope));
    } else {
      add(settle(std::move(task), Act::kMerge, Situation::kInSync));
    }
  }
  return {};
}

Result<void> OneToOneResolver::place_unlinked(Side side, std::span<const ObjectKey> keys) {
  if (keys.empty()) {
    return {};
  }
  COUPLET_ASSIGN(const auto found, reader_.fetch(side, keys));
  COUPLET_ASSIGN(auto tombstones, state_.tombstones(plan_.pair, side, keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto view = found.find(keys[i]);
    if (view == found.end()) {
      Task task;
      task.subject = {plan_.mapping, side, keys[i]};
      if (tombstones[i] && permissions_.doubt(side, keys[i]).empty()) {
        task.replaced_tombstone = task.subject;  // The survivor is gone too.
      }
      add(settle(std::move(task), Act::kNothing, Situation::kBothGone));
      continue;
    }
    Seeker seeker;
    seeker.view = view->second;
    seeker.tombstone = std::move(tombstones[i]);
    seeker.identity = identity_of(plan_, state_.digester(), *seeker.view);
    if (auto task = settled_alone(seeker)) {
      add(std::move(*task));
    } else {
      seekers_[index_of(side)].push_back(std::move(seeker));
    }
  }
  return {};
}

std::optional<Task> OneToOneResolver::settled_alone(const Seeker& seeker) const {
  const View& view = *seeker.view;
  Task task = task_of(view);
  if (!view.in_scope || !plan_.bound->writes[index_of(other(view.side))]) {
    return settle(std::move(task), Act::kNothing, Situation::kOutOfScope);
  }
  switch (seeker.identity.kind) {
    case Identity::Kind::kNull:
      return settle(std::move(task), Act::kReport, Situation::kNoIdentity,
                    "a part of its identity key is null");
    case Identity::Kind::kFault:
      task.fault = unusable_identity(plan_, view);
      task.fault_side = view.side;
      return settle(std::move(task), Act::kPark, Situation::kAbsent);
    case Identity::Kind::kUnresolved:
    case Identity::Kind::kComplete:
      break;
  }
  task.waits = missing_links(definition_, state_, plan_, view,
                             [&](std::size_t use) { return plan_.uses[use]->identity; });
  if (!task.waits.empty()) {
    return settle(std::move(task), Act::kDefer, Situation::kDeferred);
  }
  return std::nullopt;
}

// Counterparts of those on `side` are on the other; rivals are beside them. One statement a side.
Result<void> OneToOneResolver::ask(Side side) {
  std::vector<Reader::Question> questions;
  std::vector<std::pair<Seeker*, bool>> asking;  // seeker, whether for rivals
  for (Seeker& seeker : seekers_[index_of(other(side))]) {
    if (seeker.identity.kind == Identity::Kind::kComplete) {
      questions.push_back({seeker.view, {}, {}});
      asking.emplace_back(&seeker, false);
    }
  }
  for (Seeker& seeker : seekers_[index_of(side)]) {
    if (!seeker.link && !plan_.side(side).rivals.empty()) {
      questions.push_back({seeker.view, {}, {}});
      asking.emplace_back(&seeker, true);
    }
  }
  COUPLET_TRY(reader_.find(side, questions));
  for (std::size_t i = 0; i < asking.size(); ++i) {
    auto& [seeker, rivals] = asking[i];
    (rivals ? seeker->rivals : seeker->candidates) = std::move(questions[i].answers);
    if (questions[i].fault) {
      seeker->fault = std::move(questions[i].fault);
    }
  }
  return {};
}

// Whose link was removed by hand is no candidate; nor is a rival who may not have the one
// candidate.
void OneToOneResolver::keep_apart(const KeptApart& kept, Seeker& seeker) {
  const ObjectKey& own = seeker.view->key;
  seeker.kept_apart =
      std::erase_if(seeker.candidates,
                    [&](const View* view) { return kept.between(own, view->key); }) > 0 ||
      kept.from_unseen(own);
  if (seeker.candidates.size() == 1) {
    std::erase_if(seeker.rivals, [&](const View* rival) {
      return kept.between(rival->key, seeker.candidates.front()->key);
    });
  }
}

Result<void> OneToOneResolver::answer(Side side, std::vector<Seeker>& seekers) {
  std::vector<const View*> separable;
  for (const Seeker& seeker : seekers) {
    separable.push_back(seeker.view);
    separable.insert(separable.end(), seeker.rivals.begin(), seeker.rivals.end());
  }
  KeptApart kept(state_, plan_, permissions_);
  COUPLET_TRY(kept.load(side, separable, reader_));
  std::vector<ObjectKey> candidates;
  std::vector<ObjectKey> rivals;
  for (Seeker& seeker : seekers) {
    keep_apart(kept, seeker);
    for (const View* view : seeker.candidates) {
      candidates.push_back(view->key);
    }
    for (const View* view : seeker.rivals) {
      rivals.push_back(view->key);
    }
  }
  Links candidate_links;
  COUPLET_TRY(load_links(other(side), candidates, candidate_links));
  Links rival_links;
  COUPLET_TRY(load_links(side, rivals, rival_links));
  COUPLET_ASSIGN(auto found_tombstones, state_.tombstones(plan_.pair, other(side), candidates));
  COUPLET_ASSIGN(const auto rival_tombstones, state_.tombstones(plan_.pair, side, rivals));
  std::unordered_map<ObjectKey, Tombstone> tombstones;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (found_tombstones[i]) {
      tombstones.emplace(candidates[i], std::move(*found_tombstones[i]));
    }
  }
  std::unordered_map<ObjectKey, bool> severed;
  for (std::size_t i = 0; i < rivals.size(); ++i) {
    if (rival_tombstones[i]) {
      severed.emplace(rivals[i], true);
    }
  }
  // Whether those who hold a candidate are still there.
  std::vector<ObjectKey> holders;
  for (const auto& [key, link] : candidate_links) {
    if (!is_planned(link.end(side))) {
      holders.push_back(link.end(side));
    }
  }
  COUPLET_ASSIGN(const auto occupants, reader_.fetch(side, holders));
  for (Seeker& seeker : seekers) {
    std::erase_if(seeker.rivals, [&](const View* rival) {
      // Who has lost its counterpart gets no new one made, but may be the one that is there.
      return rival->key == seeker.view->key || !rival->in_scope ||
             rival_links.contains(rival->key) ||
             (severed.contains(rival->key) && seeker.candidates.empty()) ||
             identity_of(plan_, state_.digester(), *rival).digest != seeker.identity.digest;
    });
    Task task = judge(seeker, candidate_links, tombstones, occupants);
    task.reunited = kept.ended(*seeker.view);
    add(std::move(task));
  }
  return {};
}

std::string OneToOneResolver::several_have_it(const std::vector<const View*>& candidates) const {
  return std::to_string(candidates.size()) + " objects on the other side have " +
         this_identity_key(plan_, candidates.front()->side) + ": " +
         first_names(plan_, candidates) + "; change the key of all but one, or remove them";
}

std::string OneToOneResolver::linked_to_another(const View& candidate,
                                                const ObjectKey& holder) const {
  return first_names(plan_, {&candidate}) + ", which has " +
         this_identity_key(plan_, candidate.side) + ", is linked to " +
         (is_planned(holder) ? std::string("another, which is to be created")
                             : object_name(plan_, other(candidate.side), holder)) +
         ": change one of the keys, or part the two with `couplet links remove`";
}

Task OneToOneResolver::judge(Seeker& seeker, const Links& candidate_links,
                             const std::unordered_map<ObjectKey, Tombstone>& candidate_tombstones,
                             const Reader::Found& occupants) const {
  const View& view = *seeker.view;
  if (seeker.link) {
    // A newcomer in the place of the end that is gone is its successor.
    seeker.occupant = seeker.candidates.empty() ? nullptr : seeker.candidates.front();
    std::erase_if(seeker.candidates, [&](const View* candidate) {
      return !candidate->in_scope || candidate_links.contains(candidate->key) ||
             candidate_tombstones.contains(candidate->key);
    });
    if (seeker.candidates.size() == 1 && view.in_scope && !planted("no_succession")) {
      return succession(seeker, *seeker.candidates.front(), *seeker.link);
    }
    return judge_gone(seeker);
  }
  Task task = task_of(view);
  if (seeker.fault) {
    task.fault = *seeker.fault;
    task.fault_side = view.side;
    return settle(std::move(task), Act::kPark, Situation::kAbsent);
  }
  if (seeker.kept_apart && seeker.candidates.empty()) {
    return settle(std::move(task), Act::kReport, Situation::kMatched, kKeptApartReason);
  }
  if (!seeker.rivals.empty() && !planted("no_rivals")) {
    return hold(std::move(task), Situation::kDuplicate,
                std::to_string(seeker.rivals.size() + 1) + " unlinked objects have " +
                    this_identity_key(plan_, view.side) + ", also " +
                    first_names(plan_, seeker.rivals) +
                    ": change the key of all but one, or remove them",
                seeker.rivals, 1);
  }
  if (seeker.candidates.size() > 1) {
    return hold(std::move(task), Situation::kAmbiguous, several_have_it(seeker.candidates),
                seeker.candidates, 2);
  }
  if (seeker.candidates.empty()) {
    if (seeker.tombstone && !planted("ignore_tombstone")) {
      return settle(std::move(task), Act::kReport, Situation::kSourceMissing,
                    "its counterpart is gone; it is not copied back");
    }
    return judge_absent(seeker);
  }
  const View& candidate = *seeker.candidates.front();
  if (const auto held = candidate_links.find(candidate.key); held != candidate_links.end()) {
    const ObjectKey& holder = held->second.end(view.side);
    if (is_planned(holder) || occupants.contains(holder)) {
      return hold(std::move(task), Situation::kAlreadyLinked, linked_to_another(candidate, holder),
                  seeker.candidates, 1);
    }
    seeker.link = held->second;
    return succession(seeker, view, held->second);
  }
  if (!candidate.in_scope) {
    return settle(std::move(task), Act::kReport, Situation::kOutOfScope,
                  "the object with this identity key is out of scope");
  }
  task.link = new_link(view, candidate);
  task.views[index_of(candidate.side)] = &candidate;
  task.links = true;
  if (const auto tombstone = candidate_tombstones.find(candidate.key);
      tombstone != candidate_tombstones.end()) {
    task.replaced_tombstone = Subject{plan_.mapping, candidate.side, candidate.key};
    task.by = LinkedBy::kSucceeded;
    task.incarnation = tombstone->second.agreement.incarnation + 1;
    task.link->agreement = tombstone->second.agreement;
    task.link->agreement.ends[index_of(view.side)] = {view.version, view.changed_at};
    forget_nulls(view, task.link->agreement);
    return settle(std::move(task), Act::kMerge, Situation::kSucceeded);
  }
  if (seeker.tombstone) {
    task.replaced_tombstone = Subject{plan_.mapping, view.side, view.key};
    task.incarnation = seeker.tombstone->agreement.incarnation + 1;
    task.link->agreement = seeker.tombstone->agreement;
    task.link->agreement.ends[index_of(candidate.side)] = {candidate.version, candidate.changed_at};
    forget_nulls(candidate, task.link->agreement);
    task.by = LinkedBy::kSucceeded;
    return settle(std::move(task), Act::kMerge, Situation::kSucceeded);
  }
  task.by = LinkedBy::kMatched;
  return settle(std::move(task), Act::kMerge, Situation::kMatched);
}

Task OneToOneResolver::judge_absent(const Seeker& seeker) const {
  Task task = task_of(*seeker.view);
  const Side target = other(seeker.view->side);
  if (!plan_.bound->create[index_of(target)]) {
    return settle(std::move(task), Act::kReport, Situation::kAbsent,
                  "creating is switched off there");
  }
  if (!permissions_.creates_held.empty()) {
    return settle(std::move(task), Act::kHold, Situation::kAbsent, permissions_.creates_held);
  }
  if (const std::string why = hidden_counterpart(plan_.side(target)); !why.empty()) {
    return settle(std::move(task), Act::kHold, Situation::kAbsent, why);
  }
  if (const std::string why = permissions_.rail(LimitClass::kCreate, target); !why.empty()) {
    return settle(std::move(task), Act::kHold, Situation::kAbsent, why);
  }
  task.link.emplace();
  task.link->end(seeker.view->side) = seeker.view->key;
  task.links = true;
  task.by = LinkedBy::kCreated;
  return settle(std::move(task), Act::kCreate, Situation::kAbsent);
}

}  // namespace couplet
