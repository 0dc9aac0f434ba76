#include "engine/admin/link_admission.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "engine/ports/tuning.h"
#include "engine/sync/object_name.h"

namespace couplet {

Result<ProposedLink> propose_link(const BoundDefinition& definition, std::string_view left,
                                  std::string_view right, std::optional<std::size_t> mapping) {
  COUPLET_ASSIGN(NamedObject a, parse_object(definition, left));
  COUPLET_ASSIGN(NamedObject b, parse_object(definition, right));
  for (std::size_t pair = 0; pair < definition.pairs.size(); ++pair) {
    const auto& entities = definition.pairs[pair].entities;
    if (mapping && definition.mappings[*mapping].pair != pair) {
      continue;
    }
    if (entities[0] == a.entity && entities[1] == b.entity) {
      return ProposedLink{pair, std::move(a.key), std::move(b.key), LinkedBy::kManual, {}, {}, {}};
    }
    if (entities[0] == b.entity && entities[1] == a.entity) {
      return ProposedLink{pair, std::move(b.key), std::move(a.key), LinkedBy::kManual, {}, {}, {}};
    }
  }
  const std::string names =
      definition.entities[a.entity].name + " and " + definition.entities[b.entity].name;
  return fail(Error{
      ErrorKind::kInvalidArgument,
      mapping ? "mapping '" + definition.mappings[*mapping].name + "' does not relate " + names
              : "no mapping relates " + names,
      "a link is between an object of a mapping's left and one of its right",
      {},
      "not_related",
      {}});
}

Result<std::vector<Result<bool>>> LinkAdmission::judge(
    std::span<const ProposedLink> proposals) const {
  std::vector<Result<bool>> verdicts(proposals.size(), true);
  COUPLET_TRY(find_missing(proposals, verdicts));
  std::set<std::size_t> pairs;
  for (const ProposedLink& proposal : proposals) {
    pairs.insert(proposal.pair);
  }
  for (const std::size_t pair : pairs) {
    COUPLET_TRY(find_linked(proposals, pair, verdicts));
  }
  return verdicts;
}

Result<void> LinkAdmission::find_missing(std::span<const ProposedLink> proposals,
                                         std::vector<Result<bool>>& verdicts) const {
  std::map<std::size_t, std::vector<ObjectKey>> wanted;  // by entity
  for (const ProposedLink& proposal : proposals) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      wanted[definition_.pairs[proposal.pair].entities[index_of(side)]].push_back(
          proposal.end(side));
    }
  }
  std::map<std::size_t, std::unordered_set<ObjectKey>> there;
  for (auto& [entity, keys] : wanted) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    const BoundEntity& bound = definition_.entities[entity];
    const Projection projection{bound.table.name, bound.id, bound.id_types, {}, {}};
    for (std::size_t start = 0; start < keys.size(); start += tuning::kBatchRows) {
      const std::size_t count = std::min(tuning::kBatchRows, keys.size() - start);
      RowBatch rows;
      COUPLET_TRY(
          sources_[bound.source]->fetch(projection, std::span(keys).subspan(start, count), rows));
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        there[entity].insert(key_of_row(rows, row, bound.id_types));
      }
    }
  }
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const std::size_t entity = definition_.pairs[proposals[i].pair].entities[index_of(side)];
      if (verdicts[i] && !there[entity].contains(proposals[i].end(side))) {
        verdicts[i] = fail(Error{ErrorKind::kNotFound,
                                 "there is no object " + object_name(definition_.entities[entity],
                                                                     proposals[i].end(side)),
                                 "a link is between two objects that exist",
                                 {},
                                 "no_such_object",
                                 {}});
      }
    }
  }
  return {};
}

Error LinkAdmission::linked_to(std::size_t pair, Side side, const ObjectKey& key,
                               const ObjectKey& other_key) const {
  const auto& entities = definition_.pairs[pair].entities;
  const std::string name = object_name(definition_.entities[entities[index_of(side)]], key);
  return {ErrorKind::kInvalidArgument,
          name + " is linked to " +
              object_name(definition_.entities[entities[index_of(other(side))]], other_key) +
              " already",
          "`couplet links remove " + name + "` removes that link",
          {},
          "already_linked",
          {}};
}

Result<void> LinkAdmission::find_linked(std::span<const ProposedLink> proposals, std::size_t pair,
                                        std::vector<Result<bool>>& verdicts) const {
  std::vector<std::size_t> places;
  std::array<std::vector<ObjectKey>, 2> keys;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    if (proposals[i].pair == pair && verdicts[i]) {
      places.push_back(i);
      keys[0].push_back(proposals[i].left);
      keys[1].push_back(proposals[i].right);
    }
  }
  const std::optional<Side> many = definition_.pairs[pair].many;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (many && side != *many) {
      continue;  // A target has any number of contributors.
    }
    COUPLET_ASSIGN(const auto others, state_.translate(pair, side, keys[index_of(side)]));
    for (std::size_t i = 0; i < places.size(); ++i) {
      const ProposedLink& proposal = proposals[places[i]];
      Result<bool>& verdict = verdicts[places[i]];
      if (!others[i] || !verdict) {
        continue;
      }
      if (*others[i] == proposal.end(other(side))) {
        verdict = false;
      } else {
        verdict = fail(linked_to(pair, side, proposal.end(side), *others[i]));
      }
    }
  }
  return {};
}

Result<void> LinkAdmission::make(std::span<const ProposedLink> proposals, Timestamp now,
                                 StateBatch& changes) const {
  std::map<std::size_t, std::vector<const ProposedLink*>> by_pair;
  for (const ProposedLink& proposal : proposals) {
    by_pair[proposal.pair].push_back(&proposal);
  }
  for (const auto& [pair, of_pair] : by_pair) {
    COUPLET_TRY(make_in_pair(of_pair, now, changes));
  }
  return {};
}

Result<void> LinkAdmission::make_in_pair(std::span<const ProposedLink* const> proposals,
                                         Timestamp now, StateBatch& changes) const {
  const std::size_t pair = proposals.front()->pair;
  const std::optional<Side> many = definition_.pairs[pair].many;
  const std::size_t slots = definition_.pairs[pair].slots.size();
  std::array<std::vector<ObjectKey>, 2> keys;
  for (const ProposedLink* proposal : proposals) {
    keys[0].push_back(proposal->left);
    keys[1].push_back(proposal->right);
  }
  COUPLET_ASSIGN(const bool separations, state_.any_separations(pair));
  COUPLET_ASSIGN(const auto left_tombstones, state_.tombstones(pair, Side::kLeft, keys[0]));
  COUPLET_ASSIGN(const auto right_tombstones, state_.tombstones(pair, Side::kRight, keys[1]));
  std::vector<std::optional<Target>> targets;
  if (many) {
    COUPLET_ASSIGN(targets, state_.targets(pair, keys[index_of(other(*many))]));
  }
  std::unordered_set<ObjectKey> made;  // targets, of this batch
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const ProposedLink& proposal = *proposals[i];
    if (separations) {
      state_.erase_separation(changes, pair, proposal.left, proposal.right);
    }
    // An object that was linked before is linked anew: it is another incarnation.
    std::uint32_t incarnation = 1;
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const auto& tombstone = (side == Side::kLeft ? left_tombstones : right_tombstones)[i];
      if (tombstone) {
        incarnation = std::max(incarnation, tombstone->agreement.incarnation + 1);
        state_.erase_tombstone(changes, pair, side, proposal.end(side));
      }
    }
    Agreement agreement;
    agreement.base.resize(slots);
    agreement.incarnation = proposal.incarnation.value_or(incarnation);
    agreement.synced_at = proposal.synced_at.value_or(Timestamp{});
    const Timestamp linked_at = proposal.linked_at.value_or(now);
    if (!many) {
      state_.put(changes, pair,
                 Link{proposal.left, proposal.right, proposal.by, linked_at, agreement});
      continue;
    }
    const ObjectKey& target = proposal.end(other(*many));
    // Without digests: it is looked at, and taken for what it then is.
    state_.put(changes, pair, proposal.end(*many),
               Contribution{target, proposal.by, linked_at, {}, {}});
    if (!targets[i] && made.insert(target).second) {
      state_.put(changes, pair, target, Target{agreement, std::vector<Winner>(slots)});
    }
  }
  return {};
}

}  // namespace couplet
