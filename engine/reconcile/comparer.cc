#include "engine/reconcile/comparer.h"

#include "engine/sync/many_to_one.h"

namespace couplet {

struct Comparer::Page {
  std::vector<View> views;
  std::vector<std::optional<std::string>> records;  // by row: what the link family holds for it
  std::vector<std::optional<Base>> bases;           // by row, where there is a link
  std::vector<std::optional<Digest>> values;        // by row, of contributors
};

// A row without a link matters to a mapping that reads its side.
bool Comparer::nominates_unlinked(Side side) const {
  return plan_.bound->writes[index_of(other(side))];
}

bool Comparer::differs(Side side, const View& view, const Base& base) const {
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const SlotState& state = view.slots[use].state;
    if (state.kind == SlotState::Kind::kAbsent) {
      continue;
    }
    const BaseSlot& slot = base[plan_.uses[use]->slot];
    if (!slot.known || slot.digests[index_of(side)] != state.digest) {
      return true;
    }
  }
  return false;
}

Result<void> Comparer::add_agreements(Side side, Page& page) const {
  const std::optional<Side> many = plan_.entities->many;
  page.bases.resize(page.views.size());
  page.values.resize(page.views.size());
  if (!many && side == Side::kRight) {
    std::vector<ObjectKey> keys;
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < page.views.size(); ++row) {
      if (page.records[row]) {
        keys.push_back(page.views[row].key);
        rows.push_back(row);
      }
    }
    COUPLET_ASSIGN(auto links, state_.links(plan_.pair, side, keys));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (links[i]) {
        page.bases[rows[i]] = std::move(links[i]->agreement.base);
      }
    }
    return {};
  }
  for (std::size_t row = 0; row < page.views.size(); ++row) {
    if (!page.records[row]) {
      continue;
    }
    if (!many) {
      COUPLET_ASSIGN(auto link, state_.decode_link_of(plan_.pair, page.views[row].key.bytes,
                                                      *page.records[row]));
      page.bases[row] = std::move(link.agreement.base);
    } else if (side == *many) {
      COUPLET_ASSIGN(const auto contribution, decode_contribution(*page.records[row]));
      page.values[row] = contribution.values;
    } else {
      COUPLET_ASSIGN(auto target, state_.decode_target_of(plan_.pair, *page.records[row]));
      page.bases[row] = std::move(target.agreement.base);
    }
  }
  return {};
}

Result<Comparer::SideResult> Comparer::compare(
    Side side, NomineeSpool& spool, NomineeSpool& missing,
    const std::function<bool(std::uint64_t rows)>& progress) const {
  SideResult result;
  const SidePlan& own = plan_.side(side);
  const ViewBuilder builder(definition_, state_, plan_);
  COUPLET_ASSIGN(const auto scan, sources_[own.entity->source]->scan(own.projection));
  State::LinkCursor links = state_.link_cursor(plan_.pair, side);
  // Survivors that are not in the scan have gone too, or are out of scope.
  State::LinkCursor survivors = state_.tombstone_cursor(plan_.pair, side);
  const auto skip_survivors_to = [&](const std::string* key) -> Result<void> {
    for (; survivors.valid() && (key == nullptr || survivors.key() < *key); survivors.next()) {
      COUPLET_TRY(spool.add({side, {std::string(survivors.key())}}));
    }
    if (survivors.valid() && survivors.key() == *key) {
      survivors.next();
    }
    return survivors.status();
  };
  const auto skip_to = [&](std::string_view key) -> Result<void> {
    for (; links.valid() && links.key() < key; links.next()) {
      ++result.linked;
      ++result.missing;
      COUPLET_TRY(missing.add({side, {std::string(links.key())}}));
    }
    return links.status();
  };
  RowBatch rows;
  for (;;) {
    COUPLET_ASSIGN(const bool more, scan->next(rows));
    Page page;
    COUPLET_ASSIGN(page.views, builder.build(side, rows));
    page.records.resize(page.views.size());
    for (std::size_t row = 0; row < page.views.size(); ++row) {
      const std::string& key = page.views[row].key.bytes;
      COUPLET_TRY(skip_to(key));
      COUPLET_TRY(skip_survivors_to(&key));
      if (links.valid() && links.key() == key) {
        ++result.linked;
        page.records[row].emplace(links.value());
        links.next();
      }
    }
    COUPLET_TRY(add_agreements(side, page));
    for (std::size_t row = 0; row < page.views.size(); ++row) {
      const View& view = page.views[row];
      const bool nominated = page.values[row]
                                 ? *page.values[row] != contribution_digest(state_.digester(), view)
                             : page.bases[row] ? differs(side, view, *page.bases[row])
                                               : nominates_unlinked(side);
      if (nominated) {
        COUPLET_TRY(spool.add({side, view.key}));
      }
    }
    result.rows += rows.rows();
    if (!progress(result.rows)) {
      return fail(ErrorKind::kInterrupted, "interrupted");
    }
    if (!more) {
      break;
    }
  }
  // Everything behind the last row: the scan was complete, so these have no row in it.
  for (; links.valid(); links.next()) {
    ++result.linked;
    ++result.missing;
    COUPLET_TRY(missing.add({side, {std::string(links.key())}}));
  }
  COUPLET_TRY(links.status());
  COUPLET_TRY(skip_survivors_to(nullptr));
  return result;
}

}  // namespace couplet
