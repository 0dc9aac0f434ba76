#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/admin/page.h"
#include "engine/sync/state.h"

namespace couplet {

// A link as people see it. Many to one: one for each contributor, with what is known of its target.
struct LinkItem {
  std::string left;  // "source.Entity/ID"
  std::string right;
  LinkedBy by = LinkedBy::kMatched;
  Timestamp linked_at;
  std::optional<Timestamp> synced_at;  // nullopt: not yet
  std::uint32_t incarnation = 1;
};

struct LinkSelection {
  std::optional<std::size_t> pair;  // of these two entities only
  std::optional<LinkedBy> by;
  AgeBounds linked;
};

// Calls `visit` for each link that is selected until it says false; pairs in the order of the
// definition, links in the order of the left object's id (many to one: the contributor's). Memory
// does not grow with the links. Errors: kInvalidArgument for a token that is none; the state's.
Result<Listed> list_links(const BoundDefinition& definition, const State& state,
                          const LinkSelection& selection, const Page& page,
                          const std::function<bool(const LinkItem&)>& visit);

// The links of one object, at most `limit`, as many-to-one targets have any number of them.
Result<std::vector<LinkItem>> links_of(const BoundDefinition& definition, const State& state,
                                       std::size_t pair, Side side, const ObjectKey& key,
                                       std::size_t limit);

}  // namespace couplet
