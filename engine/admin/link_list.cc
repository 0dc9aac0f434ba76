#include "engine/admin/link_list.h"

#include <algorithm>
#include <map>

#include "engine/ports/tuning.h"
#include "engine/sync/byte_codec.h"
#include "engine/sync/object_name.h"

namespace couplet {
namespace {

std::optional<Timestamp> time_or_none(Timestamp time) {
  return time == Timestamp{} ? std::nullopt : std::optional(time);
}

// Raw records of one pair, made into items together: contributors need their targets' records.
class Items {
 public:
  Items(const BoundDefinition& definition, const State& state, std::size_t pair)
      : definition_(definition), state_(state), pair_(pair) {}

  [[nodiscard]] Result<std::vector<LinkItem>> of_links(
      const std::vector<std::pair<std::string, std::string>>& records) const {
    std::vector<LinkItem> items;
    for (const auto& [key, value] : records) {
      Link link;
      COUPLET_TRY(state_.decode_link_of(pair_, key, value, link));
      items.push_back(item(link.left, link.right, link.by, link.linked_at, link.agreement));
    }
    return items;
  }

  [[nodiscard]] std::vector<LinkItem> of_link(const Link& link) const {
    return {item(link.left, link.right, link.by, link.linked_at, link.agreement)};
  }

  [[nodiscard]] Result<std::vector<LinkItem>> of_contributions(
      std::span<const ObjectKey> contributors,
      const std::vector<Contribution>& contributions) const {
    std::vector<ObjectKey> keys;
    for (const Contribution& contribution : contributions) {
      keys.push_back(contribution.target);
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    COUPLET_ASSIGN(const auto targets, state_.targets(pair_, keys));
    const Agreement none;
    std::vector<LinkItem> items;
    for (std::size_t i = 0; i < contributors.size(); ++i) {
      const Contribution& contribution = contributions[i];
      const auto place = std::lower_bound(keys.begin(), keys.end(), contribution.target);
      const auto& target = targets[static_cast<std::size_t>(place - keys.begin())];
      const bool left = *definition_.pairs[pair_].many == Side::kLeft;
      items.push_back(item(left ? contributors[i] : contribution.target,
                           left ? contribution.target : contributors[i], contribution.by,
                           contribution.linked_at, target ? target->agreement : none));
    }
    return items;
  }

 private:
  [[nodiscard]] LinkItem item(const ObjectKey& left, const ObjectKey& right, LinkedBy by,
                              Timestamp linked_at, const Agreement& agreement) const {
    const Pair& pair = definition_.pairs[pair_];
    return {object_name(definition_.entities[pair.entities[0]], left),
            object_name(definition_.entities[pair.entities[1]], right),
            by,
            linked_at,
            time_or_none(agreement.synced_at),
            agreement.incarnation};
  }

  const BoundDefinition& definition_;
  const State& state_;
  std::size_t pair_;
};

}  // namespace

Result<Listed> list_links(const BoundDefinition& definition, const State& state,
                          const LinkSelection& selection, const Page& page,
                          const std::function<bool(const LinkItem&)>& visit) {
  std::size_t first = 0;
  std::string after;
  if (page.after) {
    COUPLET_ASSIGN(const std::string key, key_of_token(ListKind::kLinks, *page.after));
    const auto pair = state.pair_of(ByteReader(key).u16());
    if (!pair) {
      return fail(no_such_place(*page.after));
    }
    first = *pair;
    after = key.substr(2);
  }
  PageCounter counter(ListKind::kLinks, page);
  for (std::size_t pair = first; pair < definition.pairs.size(); ++pair) {
    if (selection.pair && *selection.pair != pair) {
      continue;
    }
    const std::optional<Side> many = definition.pairs[pair].many;
    const Items items(definition, state, pair);
    State::LinkCursor cursor = state.link_cursor(pair, many.value_or(Side::kLeft));
    if (pair == first && !after.empty()) {
      cursor.skip_past(after);
    }
    std::string prefix;
    ByteWriter(prefix).u16(state.pair_id(pair));
    while (cursor.valid()) {
      std::vector<std::pair<std::string, std::string>> records;
      std::vector<ObjectKey> contributors;
      std::vector<Contribution> contributions;
      for (; cursor.valid() && records.size() + contributors.size() < tuning::kBatchRows;
           cursor.next()) {
        if (many) {
          contributors.push_back({std::string(cursor.key())});
          COUPLET_ASSIGN(Contribution contribution, decode_contribution(cursor.value()));
          contributions.push_back(std::move(contribution));
        } else {
          records.emplace_back(cursor.key(), cursor.value());
        }
      }
      COUPLET_ASSIGN(const auto found, many ? items.of_contributions(contributors, contributions)
                                            : items.of_links(records));
      for (std::size_t i = 0; i < found.size(); ++i) {
        const LinkItem& item = found[i];
        if ((selection.by && item.by != *selection.by) || !selection.linked.take(item.linked_at)) {
          continue;
        }
        if (!counter.take(prefix + (many ? contributors[i].bytes : records[i].first)) ||
            !visit(item)) {
          return counter.listed();
        }
      }
    }
    COUPLET_TRY(cursor.status());
  }
  return counter.listed();
}

Result<std::vector<LinkItem>> links_of(const BoundDefinition& definition, const State& state,
                                       std::size_t pair, Side side, const ObjectKey& key,
                                       std::size_t limit) {
  const std::optional<Side> many = definition.pairs[pair].many;
  const Items items(definition, state, pair);
  if (!many) {
    COUPLET_ASSIGN(const auto links, state.links(pair, side, {&key, 1}));
    return links[0] ? items.of_link(*links[0]) : std::vector<LinkItem>{};
  }
  std::vector<ObjectKey> contributors{key};
  if (side != *many) {
    COUPLET_ASSIGN(contributors, state.contributors(pair, key, limit));
  }
  COUPLET_ASSIGN(const auto found, state.contributions(pair, contributors));
  std::vector<ObjectKey> keys;
  std::vector<Contribution> contributions;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i]) {
      keys.push_back(contributors[i]);
      contributions.push_back(*found[i]);
    }
  }
  return items.of_contributions(keys, contributions);
}

}  // namespace couplet
