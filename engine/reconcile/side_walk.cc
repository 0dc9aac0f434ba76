#include "engine/reconcile/side_walk.h"

#include <algorithm>

#include "engine/sync/many_to_one.h"

namespace couplet {
namespace {

// Rows that are worked on together, few enough that what is made of them stays in the nearest
// cache.
constexpr std::size_t kNearRows = 64;

}  // namespace

SideWalk::Records SideWalk::records_at(const MappingPlan& plan, Side side) {
  if (const std::optional<Side> many = plan.entities->many) {
    return side == *many ? Records::kContributions : Records::kTargets;
  }
  return side == Side::kLeft ? Records::kLinks : Records::kNone;
}

SideWalk::SideWalk(const BoundDefinition& definition, const State& state, const MappingPlan& plan,
                   Side side, std::unique_ptr<Scan> scan, const std::string& spool_folder)
    : definition_(definition),
      state_(state),
      plan_(plan),
      side_(side),
      records_(records_at(plan, side)),
      scan_(std::move(scan)),
      reader_(plan, side, state.digester()),
      survivors_(state.tombstone_cursor(plan.pair, side)),
      right_ends_(spool_folder),
      references_(plan.uses.size()),
      digests_(plan.uses.size()) {
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    asks_links_ = asks_links_ || (plan.slot(use).link && plan.slot(use).canonical != side);
  }
  if (records_ != Records::kNone) {
    links_.emplace(state.link_cursor(plan.pair, side));
  }
  result_.nominees = NomineeSpool(spool_folder);
  result_.missing = NomineeSpool(spool_folder);
}

Result<void> SideWalk::run(const std::function<bool(std::size_t rows)>& page_done) {
  RowBatch rows;
  for (bool more = true; more;) {
    COUPLET_ASSIGN(more, scan_->next(rows));
    const std::size_t together = asks_links_ ? std::max<std::size_t>(rows.rows(), 1) : kNearRows;
    for (std::size_t first = 0; first < rows.rows(); first += together) {
      const std::size_t last = std::min(first + together, rows.rows());
      COUPLET_TRY(read(rows, first, last));
      COUPLET_TRY(compare(rows, first, last));
    }
    result_.rows += rows.rows();
    if (!page_done(rows.rows())) {
      return fail(ErrorKind::kInterrupted, "interrupted");
    }
  }
  // Everything behind the last row: the scan was complete, so these have no row in it.
  COUPLET_TRY(pass_missing(nullptr));
  return pass_survivors(nullptr);
}

Result<void> SideWalk::read(const RowBatch& rows, std::size_t first, std::size_t last) {
  const std::size_t uses = plan_.uses.size();
  states_.resize((last - first) * uses);
  ObjectKey reference;
  for (std::size_t use = 0; use < uses; ++use) {
    if (reader_.read_column(use, rows, first, last, std::span(states_).subspan(use), uses)) {
      continue;
    }
    for (std::size_t row = first; row < last; ++row) {
      SlotState& state = states_[(row - first) * uses + use];
      state = reader_.read(use, rows, row, reference);
      if (reference.empty()) {
        continue;
      }
      if (side_ == plan_.slot(use).canonical) {
        reader_.resolve(use, reference, nullptr, nullptr, state);
      } else {
        references_[use].push_back({row - first, std::move(reference)});
      }
    }
  }
  return resolve();
}

// One look-up a page and slot, of each key once: children of one parent stand together.
Result<void> SideWalk::resolve() {
  const auto given = [](const std::optional<ObjectKey>& key) { return key ? &*key : nullptr; };
  for (std::size_t use = 0; use < references_.size(); ++use) {
    std::vector<Reference>& references = references_[use];
    if (references.empty()) {
      continue;
    }
    const Slot& slot = plan_.slot(use);
    std::vector<ObjectKey> keys;
    for (const Reference& reference : references) {
      keys.push_back(reference.key);
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::vector<std::optional<ObjectKey>> translated(keys.size());
    std::vector<std::optional<ObjectKey>> severed(keys.size());
    if (can_translate(definition_, slot, side_)) {
      const Side end = link_side(slot, side_);
      COUPLET_ASSIGN(translated, state_.translate(*slot.link, end, keys));
      if (std::find(translated.begin(), translated.end(), std::nullopt) != translated.end()) {
        COUPLET_ASSIGN(const auto tombstones, state_.tombstones(*slot.link, end, keys));
        for (std::size_t i = 0; i < keys.size(); ++i) {
          if (!translated[i] && tombstones[i]) {
            severed[i] = tombstones[i]->gone;
          }
        }
      }
    }
    for (const Reference& reference : references) {
      const auto at = static_cast<std::size_t>(
          std::lower_bound(keys.begin(), keys.end(), reference.key) - keys.begin());
      reader_.resolve(use, reference.key, given(translated[at]), given(severed[at]),
                      states_[reference.row * references_.size() + use]);
    }
    references.clear();
  }
  return {};
}

Result<void> SideWalk::compare(const RowBatch& rows, std::size_t first, std::size_t last) {
  const auto& id_types = plan_.side(side_).projection.id_types;
  for (std::size_t row = first; row < last; ++row) {
    const std::span<const SlotState> slots = this->slots(row - first);
    id_.clear();
    for (std::size_t i = 0; i < id_types.size(); ++i) {
      id_.push_back(rows.at(row, i));
    }
    key_.clear();
    COUPLET_CHECK(append_key(id_types, id_, key_));
    if (survivors_.valid()) {
      COUPLET_TRY(pass_survivors(&key_));
    }
    if (records_ == Records::kNone) {
      COUPLET_TRY(right_ends_.add(key_, fold(slots)));
      continue;
    }
    COUPLET_TRY(pass_missing(&key_));
    const bool linked = links_->valid() && links_->key() == key_;
    bool nominated = nominates_unlinked();
    if (linked) {
      COUPLET_ASSIGN(const bool agrees, agrees_with_record(slots, rows.in_scope(row)));
      nominated = !agrees;
    }
    if (nominated) {
      COUPLET_TRY(result_.nominees.add({side_, {key_}, records_ == Records::kLinks && !linked}));
    }
  }
  return {};
}

Result<bool> SideWalk::agrees_with_record(std::span<const SlotState> slots, bool in_scope) {
  bool agreed = false;
  switch (records_) {
    case Records::kLinks: {
      COUPLET_TRY(read_link());
      agreed = holds(slots, link_.agreement.base);
      break;
    }
    case Records::kContributions: {
      COUPLET_ASSIGN(const Contribution contribution, decode_contribution(links_->value()));
      agreed = contribution.values == contribution_digest(state_.digester(), slots, in_scope);
      break;
    }
    case Records::kTargets: {
      COUPLET_ASSIGN(const Target target, state_.decode_target_of(plan_.pair, links_->value()));
      agreed = agrees(slots, target.agreement.base);
      break;
    }
    case Records::kNone:
      break;
  }
  ++result_.linked;
  links_->next();
  return agreed;
}

Result<void> SideWalk::read_link() {
  COUPLET_TRY(state_.decode_link_of(plan_.pair, links_->key(), links_->value(), link_));
  return right_ends_.add(link_.right.bytes, fold(link_.agreement.base));
}

// Links whose key comes before that of the row at hand; null: all that are left.
Result<void> SideWalk::pass_missing(const std::string* before) {
  if (!links_ || (before != nullptr && (!links_->valid() || links_->key() >= *before))) {
    return {};
  }
  for (; links_->valid() && (before == nullptr || links_->key() < *before); links_->next()) {
    ++result_.linked;
    if (records_ == Records::kLinks) {
      COUPLET_TRY(read_link());
    }
    COUPLET_TRY(result_.missing.add({side_, {std::string(links_->key())}}));
  }
  return links_->status();
}

// Survivors that are not in the scan have gone too, or are out of scope. Null: all that are left.
Result<void> SideWalk::pass_survivors(const std::string* until) {
  for (; survivors_.valid() && (until == nullptr || survivors_.key() < *until); survivors_.next()) {
    COUPLET_TRY(result_.nominees.add({side_, {std::string(survivors_.key())}}));
  }
  if (survivors_.valid() && survivors_.key() == *until) {
    survivors_.next();
  }
  return survivors_.status();
}

bool SideWalk::agrees(std::span<const SlotState> slots, const Base& base) const {
  for (std::size_t use = 0; use < slots.size(); ++use) {
    const BaseSlot& slot = base[plan_.uses[use]->slot];
    if (slots[use].kind != SlotState::Kind::kAbsent &&
        (!slot.known || slot.digests[index_of(side_)] != slots[use].digest)) {
      return false;
    }
  }
  return true;
}

// To the digest: what cannot be read differs.
bool SideWalk::holds(std::span<const SlotState> slots, const Base& base) const {
  for (std::size_t use = 0; use < slots.size(); ++use) {
    const BaseSlot& slot = base[plan_.uses[use]->slot];
    if (!slot.known || slot.digests[index_of(side_)] != slots[use].digest) {
      return false;
    }
  }
  return true;
}

Digest SideWalk::fold(std::span<const SlotState> slots) {
  for (std::size_t use = 0; use < slots.size(); ++use) {
    digests_[use] = slots[use].digest;
  }
  return fold_digests();
}

// Digest{}, which no row comes to but by chance, where nothing is known of some attribute yet: the
// object is looked at.
Digest SideWalk::fold(const Base& base) {
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const BaseSlot& slot = base[plan_.uses[use]->slot];
    if (!slot.known) {
      return {};
    }
    digests_[use] = slot.digests[index_of(Side::kRight)];
  }
  return fold_digests();
}

Digest SideWalk::fold_digests() const {
  static_assert(sizeof(Digest) == sizeof(std::uint64_t));
  const std::span<const Digest> digests = digests_;
  return state_.digester().of_bytes(
      {reinterpret_cast<const char*>(digests.data()), digests.size_bytes()});
}

}  // namespace couplet
