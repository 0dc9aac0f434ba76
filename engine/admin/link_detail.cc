#include "engine/admin/link_detail.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "engine/sync/mapping_plan.h"
#include "engine/sync/object_lookup.h"
#include "engine/sync/object_name.h"
#include "engine/sync/reader.h"

namespace couplet {
namespace {

// Fills in what one pair knows of the object.
class PairLook {
 public:
  PairLook(const BoundDefinition& definition, const State& state,
           const std::vector<Source*>& sources, std::size_t pair)
      : definition_(definition),
        state_(state),
        sources_(sources),
        plans_(make_plans(definition)),
        pair_(pair),
        entities_(definition.pairs[pair]) {}

  Result<void> add(Side side, const ObjectKey& key, ObjectLinks& found) const {
    COUPLET_ASSIGN(auto items, links_of(definition_, state_, pair_, side, key, kLinksTold + 1));
    if (items.size() > kLinksTold) {
      items.resize(kLinksTold);
      found.more = true;
    }
    std::vector<ObjectLinks::One> links;
    std::array<std::vector<ObjectKey>, 2> ends;
    for (LinkItem& item : items) {
      COUPLET_ASSIGN(NamedObject left, parse_object(definition_, item.left));
      COUPLET_ASSIGN(NamedObject right, parse_object(definition_, item.right));
      ends[0].push_back(std::move(left.key));
      ends[1].push_back(std::move(right.key));
      links.emplace_back().link = std::move(item);
    }
    COUPLET_TRY(compare(ends, links));
    std::move(links.begin(), links.end(), std::back_inserter(found.links));
    const auto name_of_other = [&](const ObjectKey& other_key) {
      return object_name(definition_.entities[entities_.entities[index_of(other(side))]],
                         other_key);
    };
    COUPLET_ASSIGN(const auto apart, state_.separations(pair_, side, {&key, 1}));
    for (const State::Apart& one : apart[0]) {
      found.kept_apart.push_back(name_of_other(one.other));
    }
    COUPLET_ASSIGN(const auto tombstones, state_.tombstones(pair_, side, {&key, 1}));
    if (tombstones[0]) {
      found.gone.push_back(name_of_other(tombstones[0]->gone));
    }
    return {};
  }

  // Whether it is there.
  [[nodiscard]] Result<bool> exists(Side side, const ObjectKey& key) const {
    TaskBatch batch;
    Reader reader(definition_, state_, sources_, plans_[entities_.mappings.front()], batch);
    COUPLET_ASSIGN(const auto found, reader.fetch(side, {&key, 1}));
    return !found.empty();
  }

 private:
  using Ends = std::array<std::vector<ObjectKey>, 2>;  // indexed by Side, then by link

  [[nodiscard]] Result<std::vector<Base>> bases_of(const Ends& ends) const {
    std::vector<Base> bases(ends[0].size());
    if (entities_.many) {
      COUPLET_ASSIGN(auto targets, state_.targets(pair_, ends[index_of(other(*entities_.many))]));
      for (std::size_t i = 0; i < targets.size(); ++i) {
        bases[i] = targets[i] ? std::move(targets[i]->agreement.base) : Base{};
      }
    } else {
      COUPLET_ASSIGN(auto links, state_.links(pair_, Side::kLeft, ends[0]));
      for (std::size_t i = 0; i < links.size(); ++i) {
        bases[i] = links[i] ? std::move(links[i]->agreement.base) : Base{};
      }
    }
    for (Base& base : bases) {
      base.resize(entities_.slots.size());
    }
    return bases;
  }

  // Reads all ends together, under each mapping of the pair.
  Result<void> compare(const Ends& ends, std::vector<ObjectLinks::One>& links) const {
    COUPLET_ASSIGN(const auto bases, bases_of(ends));
    std::set<std::size_t> told;
    for (const std::size_t mapping : entities_.mappings) {
      const MappingPlan& plan = plans_[mapping];
      TaskBatch batch;
      Reader reader(definition_, state_, sources_, plan, batch);
      std::array<Reader::Found, 2> rows;
      for (const Side side : {Side::kLeft, Side::kRight}) {
        std::vector<ObjectKey> keys = ends[index_of(side)];
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        COUPLET_ASSIGN(rows[index_of(side)], reader.fetch(side, keys));
      }
      std::vector<std::size_t> uses;  // whose slots no mapping before has
      for (std::size_t use = 0; use < plan.uses.size(); ++use) {
        if (told.insert(plan.uses[use]->slot).second) {
          uses.push_back(use);
        }
      }
      for (std::size_t i = 0; i < links.size(); ++i) {
        std::array<const View*, 2> views{};
        for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
          const auto row = rows[side].find(ends[side][i]);
          views[side] = row == rows[side].end() ? nullptr : row->second;
          links[i].exists[side] = views[side] != nullptr;
        }
        links[i].mappings.push_back(plan.bound->name);
        for (const std::size_t use : uses) {
          links[i].attributes.push_back(
              compare_slot(plan, use, bases[i][plan.uses[use]->slot], views));
        }
      }
    }
    return {};
  }

  [[nodiscard]] ObjectLinks::Attribute compare_slot(const MappingPlan& plan, std::size_t use,
                                                    const BaseSlot& base,
                                                    const std::array<const View*, 2>& views) const {
    ObjectLinks::Attribute attribute;
    attribute.left = plan.slot(use).left.text;
    attribute.right = plan.slot(use).right.text;
    attribute.known = base.known;
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const View* view = views[index_of(side)];
      if (!base.known || view == nullptr || side == entities_.many ||
          view->slots[use].state.kind == SlotState::Kind::kAbsent) {
        continue;
      }
      (side == Side::kLeft ? attribute.left_changed : attribute.right_changed) =
          view->slots[use].state.digest != base.digests[index_of(side)];
    }
    return attribute;
  }

  const BoundDefinition& definition_;
  const State& state_;
  const std::vector<Source*>& sources_;
  std::vector<MappingPlan> plans_;
  std::size_t pair_;
  const Pair& entities_;
};

}  // namespace

Result<ObjectLinks> look_at_links(const BoundDefinition& definition, const State& state,
                                  const std::vector<Source*>& sources, const std::string& object) {
  COUPLET_ASSIGN(const NamedObject named, parse_object(definition, object));
  ObjectLinks found;
  found.object = object_name(definition.entities[named.entity], named.key);
  for (std::size_t pair = 0; pair < definition.pairs.size(); ++pair) {
    const PairLook look(definition, state, sources, pair);
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (definition.pairs[pair].entities[index_of(side)] == named.entity) {
        COUPLET_ASSIGN(const bool exists, look.exists(side, named.key));
        found.exists = found.exists || exists;
        COUPLET_TRY(look.add(side, named.key, found));
      }
    }
  }
  if (!found.exists && found.links.empty() && found.kept_apart.empty() && found.gone.empty()) {
    // A tombstone of its survivor or a worklist may speak of it.
    COUPLET_ASSIGN(const auto known,
                   look_up(definition, state, sources, make_plans(definition), {&named, 1}));
    if (known[0].remembered) {
      return found;
    }
    return fail(Error{ErrorKind::kNotFound,
                      "no such object: " + found.object,
                      "nothing is known of it either",
                      {},
                      "no_such_object",
                      {}});
  }
  return found;
}

}  // namespace couplet
