#include "engine/sync/renewed_columns.h"

namespace couplet {

BaseSlot base_of_renewed(const BaseSlot& base, const std::array<Digest, 2>& held,
                         const std::array<bool, 2>& unwritten, MergeRules& rules) {
  const auto lost = [&](Side side) {
    return base.renewed[index_of(side)] && held[index_of(side)] != base.digests[index_of(side)];
  };
  if (!lost(Side::kLeft) && !lost(Side::kRight)) {
    return {true, base.digests};
  }
  BaseSlot unknown;
  if (lost(Side::kLeft) && lost(Side::kRight)) {
    return unknown;
  }
  const Side side = lost(Side::kLeft) ? Side::kLeft : Side::kRight;
  if (unwritten[index_of(side)]) {
    unknown.left_to_default = side;
  }
  rules.tie = other(side);
  if (rules.leads_anew == side) {
    rules.leads_anew.reset();
  }
  return unknown;
}

std::vector<std::string> tell_renewed(const BoundDefinition& definition, const State& state) {
  std::vector<std::string> sentences;
  for (const State::Renewed& renewed : state.renewed()) {
    const Pair& pair = definition.pairs[renewed.pair];
    const Slot& slot = pair.slots[renewed.slot];
    const BoundEntity& entity = definition.entities[pair.entities[index_of(renewed.side)]];
    sentences.push_back(
        "attribute " + slot.end(renewed.side).text + " of " + entity.name + ": column " +
        renewed.column.column + " of table " + to_string(renewed.column.table) +
        " is not the one that it was (dropped and added again?). What it holds counts as no "
        "change: a null, or a default in a row that nobody has written since, goes over no value "
        "of " +
        definition.entities[pair.entities[index_of(other(renewed.side))]].name +
        ", and takes the value from there where it may be written; another value that differs is "
        "decided by `conflict`");
  }
  return sentences;
}

}  // namespace couplet
