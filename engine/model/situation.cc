#include "engine/model/situation.h"

#include <array>
#include <cstddef>

namespace couplet {

namespace {

constexpr std::array<const char*, kSituations> kSituationNames = {
    "in_sync",        "source_changed", "target_changed", "conflict",  "matched",
    "absent",         "deferred",       "assembling",     "ambiguous", "duplicate",
    "already_linked", "moved",          "no_identity",    "succeeded", "target_missing",
    "source_missing", "out_of_scope",   "both_gone",
};

constexpr std::array<const char*, kOperations> kOperationNames = {
    "create", "link", "update", "delete", "unlink", "defer", "hold", "park", "conflict", "report",
};

}  // namespace

const char* name_of(Side side) { return side == Side::kLeft ? "left" : "right"; }

const char* name_of(Situation situation) {
  return kSituationNames.at(static_cast<std::size_t>(situation));
}

std::optional<Situation> situation_named(std::string_view name) {
  for (std::size_t i = 0; i < kSituationNames.size(); ++i) {
    if (name == kSituationNames.at(i)) {
      return static_cast<Situation>(i);
    }
  }
  return std::nullopt;
}

const char* name_of(Operation operation) {
  return kOperationNames.at(static_cast<std::size_t>(operation));
}

}  // namespace couplet
