#include "engine/reconcile/link_walk.h"

#include "engine/ports/tuning.h"

namespace couplet {

Digest fold(const Digester& digester, std::span<const Digest> digests) {
  static_assert(sizeof(Digest) == sizeof(std::uint64_t));
  return digester.of_bytes({reinterpret_cast<const char*>(digests.data()), digests.size_bytes()});
}

LinkWalk::LinkWalk(const State& state, const MappingPlan& plan, const std::string& spool_folder)
    : state_(state),
      plan_(plan),
      cursor_(state.link_cursor(plan.pair, Side::kLeft)),
      expected_{KeyRuns(spool_folder), KeyRuns(spool_folder)},
      digests_(plan.uses.size()) {}

Result<void> LinkWalk::run(const std::function<bool()>& goes_on) {
  for (; cursor_.valid(); cursor_.next()) {
    if (links_++ % tuning::kBatchRows == 0 && !goes_on()) {
      return fail(ErrorKind::kInterrupted, "interrupted");
    }
    COUPLET_TRY(state_.decode_link_of(plan_.pair, cursor_.key(), cursor_.value(), link_));
    for (const Side side : {Side::kLeft, Side::kRight}) {
      COUPLET_TRY(expected(side).add(link_.end(side).bytes, fold(link_.agreement.base, side)));
    }
  }
  return cursor_.status();
}

// Digest{}, which no row comes to but by chance, where nothing is known of some attribute yet: the
// object is looked at.
Digest LinkWalk::fold(const Base& base, Side side) {
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const BaseSlot& slot = base[plan_.uses[use]->slot];
    if (!slot.known) {
      return {};
    }
    digests_[use] = slot.digests[index_of(side)];
  }
  return couplet::fold(state_.digester(), digests_);
}

}  // namespace couplet
