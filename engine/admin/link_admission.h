#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/ports/source.h"
#include "engine/sync/state.h"

namespace couplet {

// A link that somebody wants to make by hand.
struct ProposedLink {
  std::size_t pair = 0;
  ObjectKey left;  // in the pair's orientation
  ObjectKey right;
  LinkedBy by = LinkedBy::kManual;
  std::optional<Timestamp> linked_at;  // nullopt: now
  std::optional<Timestamp> synced_at;
  std::optional<std::uint32_t> incarnation;

  [[nodiscard]] const ObjectKey& end(Side side) const { return side == Side::kLeft ? left : right; }
};

// The pair that relates two named objects, in either order, and their keys. `mapping`: it has to be
// the one of that mapping. Errors: kInvalidArgument; whether they exist is not asked.
Result<ProposedLink> propose_link(const BoundDefinition& definition, std::string_view left,
                                  std::string_view right, std::optional<std::size_t> mapping);

// Makes links by hand, in batches. What such a link says of values is nothing: the next sync merges
// them as at first contact, whatever their identity keys are.
class LinkAdmission {
 public:
  LinkAdmission(const BoundDefinition& definition, const State& state,
                const std::vector<Source*>& sources)
      : definition_(definition), state_(state), sources_(sources) {}

  // For each: true: it can be made; false: it is there already; or why it cannot be made: an object
  // does not exist (kNotFound), an end has another link (kInvalidArgument, "already_linked"). One
  // statement for each entity and tuning::kBatchRows objects. What the proposals are to each other
  // is not looked at.
  Result<std::vector<Result<bool>>> judge(std::span<const ProposedLink> proposals) const;

  // Adds what makes those links to `changes`: all can be made, and none is in another's way.
  Result<void> make(std::span<const ProposedLink> proposals, Timestamp now,
                    StateBatch& changes) const;

 private:
  Result<void> find_missing(std::span<const ProposedLink> proposals,
                            std::vector<Result<bool>>& verdicts) const;
  Result<void> find_linked(std::span<const ProposedLink> proposals, std::size_t pair,
                           std::vector<Result<bool>>& verdicts) const;
  [[nodiscard]] Error linked_to(std::size_t pair, Side side, const ObjectKey& key,
                                const ObjectKey& other_key) const;
  Result<void> make_in_pair(std::span<const ProposedLink* const> proposals, Timestamp now,
                            StateBatch& changes) const;

  const BoundDefinition& definition_;
  const State& state_;
  const std::vector<Source*>& sources_;
};

}  // namespace couplet
