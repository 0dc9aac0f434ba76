#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/sync/reader.h"

namespace couplet {

// Whom the objects of a batch are kept apart from (links removed by hand), and from whom they no
// longer are, as of their present identity keys.
class KeptApart {
 public:
  KeptApart(const State& state, const MappingPlan& plan, const Permissions& permissions)
      : state_(state), plan_(plan), permissions_(permissions) {}

  // Objects of one side. One look-up each where the pair has separations at all; the others they
  // are kept apart from are read together.
  Result<void> load(Side side, std::span<const View* const> views, Reader& reader);

  // True if the two are not to be linked. Of loaded objects only.
  [[nodiscard]] bool between(const ObjectKey& own, const ObjectKey& other) const;
  // True if an object that it is kept apart from cannot be seen, which is no evidence that it is
  // gone: what is made for this one may double it.
  [[nodiscard]] bool from_unseen(const ObjectKey& own) const;
  // Whom it is kept apart from no more: the other is gone, or one of the two has another identity
  // key. Their separations are to be erased.
  [[nodiscard]] std::vector<Ends> ended(const View& own) const;

 private:
  enum class Kind { kApart, kUnseen, kEnded };
  struct Entry {
    ObjectKey other;
    Kind kind = Kind::kApart;
  };
  [[nodiscard]] Kind judge(const View& own, const ObjectKey& other_key, const View* other_view,
                           const Separation& separation) const;

  const State& state_;
  const MappingPlan& plan_;
  const Permissions& permissions_;
  std::unordered_map<ObjectKey, std::vector<Entry>> entries_;
};

// Why such an object is only reported on.
inline constexpr const char* kKeptApartReason =
    "its link was removed by hand: `couplet links add` makes it again";

// The identity keys of both, to be recorded; nullopt: one of them cannot be told.
std::optional<Separation::Identities> identities_of(const State& state, const MappingPlan& plan,
                                                    const View& left, const View& right);

}  // namespace couplet
