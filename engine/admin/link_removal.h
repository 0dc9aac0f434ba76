#pragma once

#include <array>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/ports/source.h"
#include "engine/sync/mapping_plan.h"
#include "engine/sync/object_name.h"
#include "engine/sync/state.h"

namespace couplet {

// Removes links by hand. Two objects that both exist are kept apart from then on: they are neither
// linked to each other nor is a second one made for either, until a link of the two is made by hand
// or one of them gets another identity key. No row is written.
class LinkRemoval {
 public:
  LinkRemoval(const BoundDefinition& definition, State& state, const std::vector<Source*>& sources)
      : definition_(definition), state_(state), sources_(sources), plans_(make_plans(definition)) {}

  struct Removed {
    std::string left;
    std::string right;
    bool linked = true;      // until now
    bool kept_apart = true;  // from now on; false: an end is gone
  };

  // The link of these two, or, where they have none, its not being made: both must exist then.
  // Synced. Errors: kNotFound; kInvalidArgument.
  Result<Removed> remove(const std::string& left, const std::string& right,
                         std::optional<std::size_t> mapping, Timestamp now);
  // All links of an object (under one mapping), some at a time: a target may have any number of
  // contributors. Each that is gone is told; what was told is synced. Errors: kNotFound: it has
  // none.
  Result<void> remove_all(const std::string& object, std::optional<std::size_t> mapping,
                          Timestamp now, const std::function<void(const Removed&)>& tell);

 private:
  struct LinkEnds {
    ObjectKey left;
    ObjectKey right;
    bool linked = true;
  };
  // The first `limit` links of an object of that pair.
  Result<std::vector<LinkEnds>> links_at(std::size_t pair, Side side, const ObjectKey& key,
                                         std::size_t limit) const;
  // At most tuning::kBatchRows.
  Result<std::vector<Removed>> remove_batch(std::size_t pair, std::span<const LinkEnds> links,
                                            Timestamp now);
  struct Ended {
    std::array<bool, 2> exists{};          // indexed by Side
    std::optional<Separation> separation;  // what the two are by now, if both exist
  };
  Result<std::vector<Ended>> look_at(std::size_t pair, std::span<const LinkEnds> links,
                                     Timestamp now) const;
  // One to one. A survivor keeps a tombstone, so that what was deleted is not copied back.
  Result<void> erase_links(std::size_t pair, std::span<const LinkEnds> links,
                           std::span<const Ended> ended, Timestamp now, StateBatch& changes) const;
  Result<void> erase_contributions(std::size_t pair, std::span<const LinkEnds> links,
                                   StateBatch& changes) const;
  Result<bool> look_again(std::size_t pair, const ObjectKey& target,
                          const std::set<ObjectKey>& gone, StateBatch& changes) const;

  const BoundDefinition& definition_;
  State& state_;
  const std::vector<Source*>& sources_;
  std::vector<MappingPlan> plans_;
};

}  // namespace couplet
