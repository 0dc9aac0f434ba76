#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "engine/definition/bound.h"
#include "engine/model/strong_int.h"
#include "engine/sync/records.h"

// The three-way merge of one attribute (DESIGN sections 5.3, 5.4). Pure: digests, times and
// policies in; who is written and what is remembered out. Both lanes, reconcile and the simulator
// come here.
namespace couplet {

// What one end holds.
struct SlotState {
  enum class Kind : std::uint8_t {
    kAbsent,  // not carried: no opinion
    kNull,
    kValue,
    kUnresolved,  // a reference to an object without a link: `digest` tells it from others
    kFault,       // a value that the other side has no word for: the object parks
  };
  Kind kind = Kind::kAbsent;
  Digest digest;  // in canonical terms; of null: the digest of null
  std::optional<Timestamp> time;
  bool sendable = true;  // false: what it refers to has no link in the direction of writing

  [[nodiscard]] bool holds() const { return kind == Kind::kNull || kind == Kind::kValue; }
};

struct MergeRules {
  std::array<bool, 2> writes{};  // indexed by Side
  std::array<bool, 2> carried_back{};
  Policy policy = Policy::kEnforce;
  ConflictPolicy conflict = ConflictPolicy::kLastWriteWins;
  Side tie = Side::kLeft;
  std::int64_t clock_skew_us = 0;
  // A later change time is not believed: it decides no conflict.
  Timestamp time_most{std::numeric_limits<std::int64_t>::max()};
  // Many to one, where another mapping writes the same attribute: its contributor comes first, so
  // the attribute is left to it; or the one on this side comes first as of now, which counts as a
  // change there.
  bool outvoted = false;
  // Outvoted by a null, and one itself: nothing of what is there is the other's, so the base stays.
  bool behind_null = false;
  std::optional<Side> leads_anew;
  // One side is read through a path: what carries a change of the other is a mapping of another
  // pair, whose own look decides.
  bool through_path = false;
  // Nobody has written either row since this mapping last looked at them: what it leaves to
  // another mapping it has left to it before.
  bool looked_before = false;
  // False where another mapping of the pair, listed before, writes the slot the same way.
  bool decides_first_contact = true;
};

namespace because {
inline constexpr const char* kNotRead = "not_read";
inline constexpr const char* kEqual = "equal";
inline constexpr const char* kUnchanged = "unchanged";
inline constexpr const char* kChanged = "changed";
inline constexpr const char* kCreated = "created";
inline constexpr const char* kEnforce = "enforce";
inline constexpr const char* kFollow = "follow";
inline constexpr const char* kInit = "init";
inline constexpr const char* kNullNeverWins = "null_never_wins";
inline constexpr const char* kDefaultNeverWins = "default_never_wins";
inline constexpr const char* kFirstListed = "first_listed";
inline constexpr const char* kCarriedBack = "carried_by_another";
inline constexpr const char* kOutvoted = "outvoted";
inline constexpr const char* kLeftWins = "left_wins";
inline constexpr const char* kRightWins = "right_wins";
inline constexpr const char* kLastWriteWins = "last_write_wins";
inline constexpr const char* kTie = "tie";
inline constexpr const char* kFutureTime = "future_time";
inline constexpr const char* kHold = "hold";
// All of them.
inline constexpr std::array kAll = {
    kOutvoted,         kNotRead,     kEqual,       kUnchanged, kChanged,
    kCreated,          kEnforce,     kFollow,      kInit,      kNullNeverWins,
    kDefaultNeverWins, kFirstListed, kCarriedBack, kLeftWins,  kRightWins,
    kLastWriteWins,    kTie,         kFutureTime,  kHold,
};
}  // namespace because

struct Merge {
  enum class Outcome : std::uint8_t {
    kNone,    // nothing to write; `base` may still be news
    kWrite,   // write to `to`, from the other side
    kWait,    // the value refers to an object without a link
    kReport,  // differs, and policy leaves it so
    kHold,    // a conflict to be decided by hand
    kPark,    // the value cannot be said on the other side
  };
  Outcome outcome = Outcome::kNone;
  Side to = Side::kRight;
  // What the base becomes once the outcome is done. A write's written side is what the target then
  // really holds. nullopt: as it was.
  std::optional<BaseSlot> base;
  bool first_contact = false;
  bool changed_left = false;
  bool changed_right = false;
  // Both changed, or both differed at first contact: the rule that decided, for the conflict log.
  const char* rule = nullptr;
  std::optional<Side> winner;  // whose value counts, where one's does
  // Why it came out so, in every case: `rule`, or a word of docs/reference/verbs.md, "explain".
  const char* because = because::kNotRead;
};

Merge merge_slot(const SlotState& left, const SlotState& right, const BaseSlot& base,
                 const MergeRules& rules);

// The newer side, if both times are known and differ by more than the skew bound.
std::optional<Side> newer_side(std::optional<Timestamp> left, std::optional<Timestamp> right,
                               std::int64_t clock_skew_us);

}  // namespace couplet
