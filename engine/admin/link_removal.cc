#include "engine/admin/link_removal.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/admin/link_admission.h"
#include "engine/ports/tuning.h"
#include "engine/sync/reader.h"
#include "engine/sync/separations.h"

namespace couplet {
namespace {

tl::unexpected<Error> not_found(std::string message, std::string hint, const char* code) {
  return fail(Error{ErrorKind::kNotFound, std::move(message), std::move(hint), {}, code, {}});
}

}  // namespace

Result<std::vector<LinkRemoval::LinkEnds>> LinkRemoval::links_at(std::size_t pair, Side side,
                                                                 const ObjectKey& key,
                                                                 std::size_t limit) const {
  const std::optional<Side> many = definition_.pairs[pair].many;
  std::vector<ObjectKey> others;
  if (many && side != *many) {
    COUPLET_ASSIGN(others, state_.contributors(pair, key, limit));
  } else {
    COUPLET_ASSIGN(const auto other_key, state_.translate(pair, side, {&key, 1}));
    if (other_key[0]) {
      others.push_back(*other_key[0]);
    }
  }
  std::vector<LinkEnds> links;
  for (const ObjectKey& other_key : others) {
    links.push_back(side == Side::kLeft ? LinkEnds{key, other_key} : LinkEnds{other_key, key});
  }
  return links;
}

Result<LinkRemoval::Removed> LinkRemoval::remove(const std::string& left, const std::string& right,
                                                 std::optional<std::size_t> mapping,
                                                 Timestamp now) {
  COUPLET_ASSIGN(const ProposedLink wanted, propose_link(definition_, left, right, mapping));
  const std::optional<Side> many = definition_.pairs[wanted.pair].many;
  const Side side = many.value_or(Side::kLeft);
  COUPLET_ASSIGN(const auto linked, state_.translate(wanted.pair, side, {&wanted.end(side), 1}));
  LinkEnds ends{wanted.left, wanted.right, linked[0] && *linked[0] == wanted.end(other(side))};
  if (!ends.linked) {
    const LinkAdmission admission(definition_, state_, sources_);
    COUPLET_ASSIGN(const auto verdicts, admission.judge({&wanted, 1}));
    if (!verdicts[0]) {
      return fail(verdicts[0].error());  // One does not exist, or is linked to another.
    }
  }
  COUPLET_ASSIGN(auto removed, remove_batch(wanted.pair, {&ends, 1}, now));
  return std::move(removed.front());
}

Result<void> LinkRemoval::remove_all(const std::string& object, std::optional<std::size_t> mapping,
                                     Timestamp now,
                                     const std::function<void(const Removed&)>& tell) {
  COUPLET_ASSIGN(const NamedObject named, parse_object(definition_, object));
  bool any = false;
  for (std::size_t pair = 0; pair < definition_.pairs.size(); ++pair) {
    if (mapping && definition_.mappings[*mapping].pair != pair) {
      continue;
    }
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (definition_.pairs[pair].entities[index_of(side)] != named.entity) {
        continue;
      }
      for (;;) {
        COUPLET_ASSIGN(const auto links, links_at(pair, side, named.key, tuning::kBatchRows));
        if (links.empty()) {
          break;
        }
        COUPLET_ASSIGN(const auto removed, remove_batch(pair, links, now));
        std::for_each(removed.begin(), removed.end(), tell);
        any = true;
      }
    }
  }
  if (!any) {
    return not_found(object + " has no link", "`couplet links list` tells which there are",
                     "no_link");
  }
  return {};
}

Result<std::vector<LinkRemoval::Ended>> LinkRemoval::look_at(std::size_t pair,
                                                             std::span<const LinkEnds> links,
                                                             Timestamp now) const {
  std::vector<Ended> ended(links.size());
  std::array<std::vector<ObjectKey>, 2> keys;
  for (const LinkEnds& link : links) {
    keys[0].push_back(link.left);
    keys[1].push_back(link.right);
  }
  for (std::vector<ObjectKey>& list : keys) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  for (const std::size_t mapping : definition_.pairs[pair].mappings) {
    const MappingPlan& plan = plans_[mapping];
    TaskBatch batch;
    Reader reader(definition_, state_, sources_, plan, batch);
    COUPLET_ASSIGN(const auto lefts, reader.fetch(Side::kLeft, keys[0]));
    COUPLET_ASSIGN(const auto rights, reader.fetch(Side::kRight, keys[1]));
    for (std::size_t i = 0; i < links.size(); ++i) {
      const auto left = lefts.find(links[i].left);
      const auto right = rights.find(links[i].right);
      ended[i].exists = {left != lefts.end(), right != rights.end()};
      if (left == lefts.end() || right == rights.end()) {
        continue;
      }
      std::optional<Separation>& separation = ended[i].separation;
      if (!separation) {
        separation.emplace();
        separation->since = now;
      }
      if (auto identities = identities_of(state_, plan, *left->second, *right->second)) {
        separation->identities.push_back(*identities);
      }
    }
  }
  return ended;
}

Result<void> LinkRemoval::erase_links(std::size_t pair, std::span<const LinkEnds> links,
                                      std::span<const Ended> ended, Timestamp now,
                                      StateBatch& changes) const {
  std::vector<ObjectKey> lefts;
  for (const LinkEnds& ends : links) {
    lefts.push_back(ends.left);
  }
  COUPLET_ASSIGN(const auto records, state_.links(pair, Side::kLeft, lefts));
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (!links[i].linked || !records[i]) {
      continue;
    }
    state_.erase(changes, pair, *records[i]);
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (ended[i].exists[index_of(side)] && !ended[i].exists[index_of(other(side))]) {
        state_.put_tombstone(changes, pair, side, records[i]->end(side),
                             {records[i]->end(other(side)), records[i]->agreement, now});
      }
    }
  }
  return {};
}

Result<std::vector<LinkRemoval::Removed>> LinkRemoval::remove_batch(std::size_t pair,
                                                                    std::span<const LinkEnds> links,
                                                                    Timestamp now) {
  COUPLET_ASSIGN(const auto ended, look_at(pair, links, now));
  const Pair& entities = definition_.pairs[pair];
  StateBatch changes;
  std::vector<Removed> removed;
  std::vector<LinkEnds> linked;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const std::optional<Separation>& separation = ended[i].separation;
    if (separation) {
      state_.put_separation(changes, pair, links[i].left, links[i].right, *separation);
    }
    if (links[i].linked) {
      linked.push_back(links[i]);
    }
    removed.push_back({object_name(definition_.entities[entities.entities[0]], links[i].left),
                       object_name(definition_.entities[entities.entities[1]], links[i].right),
                       links[i].linked, separation.has_value()});
  }
  if (entities.many) {
    COUPLET_TRY(erase_contributions(pair, linked, changes));
  } else {
    COUPLET_TRY(erase_links(pair, links, ended, now, changes));
  }
  COUPLET_TRY(state_.store().commit(changes, Durability::kSynced));
  return removed;
}

// The value of one that no longer contributes does not count any more: who stays is looked at
// again, so that the target's values are elected anew. A target without contributors is none; then
// those of other mappings that write the same attributes are.
Result<void> LinkRemoval::erase_contributions(std::size_t pair, std::span<const LinkEnds> links,
                                              StateBatch& changes) const {
  const Side many = *definition_.pairs[pair].many;
  std::map<ObjectKey, std::set<ObjectKey>> leaving;  // by target
  for (const LinkEnds& ends : links) {
    const ObjectKey& contributor = many == Side::kLeft ? ends.left : ends.right;
    const ObjectKey& target = many == Side::kLeft ? ends.right : ends.left;
    state_.erase(changes, pair, contributor, target);
    leaving[target].insert(contributor);
  }
  std::set<std::size_t> competing;  // pairs
  for (const std::size_t mapping : definition_.pairs[pair].mappings) {
    for (const auto& competitors : plans_[mapping].competitors) {
      for (const Competitor& competitor : competitors) {
        competing.insert(competitor.pair);
      }
    }
  }
  competing.erase(pair);
  for (const auto& left : leaving) {
    COUPLET_ASSIGN(const bool any, look_again(pair, left.first, left.second, changes));
    if (any) {
      continue;
    }
    state_.erase_target(changes, pair, left.first);
    for (const std::size_t other_pair : competing) {
      COUPLET_TRY(look_again(other_pair, left.first, {}, changes));
    }
  }
  return {};
}

// Has one contributor of the target nominated by the next comparison; false: it has none.
Result<bool> LinkRemoval::look_again(std::size_t pair, const ObjectKey& target,
                                     const std::set<ObjectKey>& gone, StateBatch& changes) const {
  COUPLET_ASSIGN(auto staying, state_.contributors(pair, target, gone.size() + 1));
  std::erase_if(staying, [&](const ObjectKey& key) { return gone.contains(key); });
  if (staying.empty()) {
    return false;
  }
  COUPLET_ASSIGN(auto contributions, state_.contributions(pair, {&staying.front(), 1}));
  if (contributions[0]) {
    contributions[0]->values = {};
    state_.put(changes, pair, staying.front(), *contributions[0]);
  }
  return true;
}

}  // namespace couplet
