#pragma once

#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/sync/mapping_plan.h"

namespace couplet {

// Paths walked backwards, in batches: from objects that have changed, or whose link has, to those
// that read them (DESIGN section 5.6). One search a way and batch of objects; no query per object.
class FanOut {
 public:
  // From objects of one entity to the objects on one side of a mapping whose path leads through
  // them, or whose reference points at them.
  struct Way {
    std::size_t mapping = 0;
    Side side = Side::kLeft;
    Projection projection;  // of the readers: their id, and the columns that refer
    // The columns of the entity that those equal. Empty: of types that cannot be asked for.
    std::vector<std::string> equals;
  };

  FanOut(const BoundDefinition& definition, const std::vector<MappingPlan>& plans,
         std::vector<Source*> sources);

  // Who reads a row of the entity through a path.
  [[nodiscard]] const std::vector<Way>& through(std::size_t entity) const;
  // Who has a reference, translated through links of the pair, to objects on that side of it.
  [[nodiscard]] const std::vector<Way>& referring(std::size_t pair, Side side) const;

  // Those at the end of the way for these objects of the entity, ascending. nullopt: more than
  // `most` rows would answer, or there is no asking. At most tuning::kBatchRows keys; one
  // statement, two where the way does not go by the id.
  Result<std::optional<std::vector<ObjectKey>>> walk(const Way& way, std::size_t entity,
                                                     std::span<const ObjectKey> keys,
                                                     std::size_t most) const;

 private:
  void add_paths(const MappingPlan& plan, Side side);
  void add_references(const MappingPlan& plan, Side side);
  Result<ValueTable> values_of(const Way& way, const BoundEntity& entity,
                               std::span<const ObjectKey> keys) const;

  const BoundDefinition& definition_;
  std::vector<Source*> sources_;
  std::vector<std::vector<Way>> through_;  // by entity
  std::map<std::pair<std::size_t, Side>, std::vector<Way>> referring_;
};

}  // namespace couplet
