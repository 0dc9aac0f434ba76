#include "engine/sync/separations.h"

#include <algorithm>

namespace couplet {
namespace {

// The digest that stands for an identity key; nullopt: it cannot be told what it is.
std::optional<Digest> telling(const Identity& identity) {
  switch (identity.kind) {
    case Identity::Kind::kComplete:
      return identity.digest;
    case Identity::Kind::kNull:
      return Digest{};
    case Identity::Kind::kUnresolved:
    case Identity::Kind::kFault:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Separation::Identities> identities_of(const State& state, const MappingPlan& plan,
                                                    const View& left, const View& right) {
  const auto at_left = telling(identity_of(plan, state.digester(), left));
  const auto at_right = telling(identity_of(plan, state.digester(), right));
  if (!at_left || !at_right) {
    return std::nullopt;
  }
  return Separation::Identities{state.mapping_id(plan.mapping), {*at_left, *at_right}};
}

Result<void> KeptApart::load(Side side, std::span<const View* const> views, Reader& reader) {
  std::vector<ObjectKey> keys;
  keys.reserve(views.size());
  for (const View* view : views) {
    keys.push_back(view->key);
  }
  COUPLET_ASSIGN(auto found, state_.separations(plan_.pair, side, keys));
  std::vector<ObjectKey> others;
  for (const auto& apart : found) {
    for (const State::Apart& one : apart) {
      others.push_back(one.other);
    }
  }
  if (others.empty()) {
    return {};
  }
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  COUPLET_ASSIGN(const auto there, reader.fetch(other(side), others));
  for (std::size_t i = 0; i < views.size(); ++i) {
    std::vector<Entry> entries;
    for (State::Apart& one : found[i]) {
      const auto view = there.find(one.other);
      const Kind kind =
          judge(*views[i], one.other, view == there.end() ? nullptr : view->second, one.separation);
      entries.push_back({std::move(one.other), kind});
    }
    if (!entries.empty()) {
      entries_[views[i]->key] = std::move(entries);
    }
  }
  return {};
}

KeptApart::Kind KeptApart::judge(const View& own, const ObjectKey& other_key,
                                 const View* other_view, const Separation& separation) const {
  if (other_view == nullptr) {
    return permissions_.doubt(other(own.side), other_key).empty() ? Kind::kEnded : Kind::kUnseen;
  }
  for (const Separation::Identities& then : separation.identities) {
    if (then.mapping != state_.mapping_id(plan_.mapping)) {
      continue;
    }
    for (const View* view : {&own, other_view}) {
      const Identity now = identity_of(plan_, state_.digester(), *view);
      if (now.kind == Identity::Kind::kComplete &&
          now.digest != then.digests[index_of(view->side)]) {
        return Kind::kEnded;
      }
    }
  }
  return Kind::kApart;
}

bool KeptApart::between(const ObjectKey& own, const ObjectKey& other_key) const {
  const auto entries = entries_.find(own);
  return entries != entries_.end() &&
         std::any_of(entries->second.begin(), entries->second.end(), [&](const Entry& entry) {
           return entry.kind != Kind::kEnded && entry.other == other_key;
         });
}

bool KeptApart::from_unseen(const ObjectKey& own) const {
  const auto entries = entries_.find(own);
  return entries != entries_.end() &&
         std::any_of(entries->second.begin(), entries->second.end(),
                     [](const Entry& entry) { return entry.kind == Kind::kUnseen; });
}

std::vector<Ends> KeptApart::ended(const View& own) const {
  std::vector<Ends> found;
  if (const auto entries = entries_.find(own.key); entries != entries_.end()) {
    for (const Entry& entry : entries->second) {
      if (entry.kind == Kind::kEnded) {
        found.push_back(own.side == Side::kLeft ? Ends{own.key, entry.other}
                                                : Ends{entry.other, own.key});
      }
    }
  }
  return found;
}

}  // namespace couplet
