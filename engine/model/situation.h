#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace couplet {

enum class Side : std::uint8_t { kLeft = 0, kRight = 1 };
constexpr Side other(Side side) { return side == Side::kLeft ? Side::kRight : Side::kLeft; }
constexpr std::size_t index_of(Side side) { return static_cast<std::size_t>(side); }
const char* name_of(Side side);  // "left", "right"

// What the decider found for an object under a mapping (DESIGN section 5.2).
enum class Situation : std::uint8_t {
  kInSync,
  kSourceChanged,
  kTargetChanged,
  kConflict,
  kMatched,
  kAbsent,
  kDeferred,
  kAssembling,
  kAmbiguous,
  kDuplicate,
  kAlreadyLinked,
  kMoved,
  kNoIdentity,
  kSucceeded,
  kTargetMissing,
  kSourceMissing,
  kOutOfScope,
  kBothGone,
};
inline constexpr std::size_t kSituations = 18;
const char* name_of(Situation situation);  // "in_sync", …: as the file and reports spell it
std::optional<Situation> situation_named(std::string_view name);

// What was done, or is so at the end of a run. The first five are operations proper: rows written.
enum class Operation : std::uint8_t {
  kCreate,
  kLink,
  kUpdate,
  kDelete,
  kUnlink,
  kDefer,
  kHold,
  kPark,
  kConflict,
  kReport,
};
inline constexpr std::size_t kOperations = 10;
const char* name_of(Operation operation);  // "create", …

}  // namespace couplet
