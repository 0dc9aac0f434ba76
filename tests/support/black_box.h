#pragma once

#include <array>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/ledger.h"
#include "tests/support/postgres_cluster.h"

namespace couplet::test {

// Looks at two databases from outside, with plain SQL, and says what cannot be right about them
// once everything is at rest. It knows what the users wrote (Ledger) and nothing of what is
// between:
//
// - An object stands on each side once, and no object that nobody wrote.
// - An object that no user has deleted stands on both sides, with the same values.
// - One that users of a side have deleted is not there again on that side; the other side keeps
// what
//   its users have written (Couplet deletes nothing), and what stands there are their last values,
//   or later ones of the side where it is gone. Deleted and written again it is one like any. What
//   is deleted on the right of a one-way table is made again.
// - An attribute holds what its users wrote last: of the left or of the right. Where the users of
// one
//   side wrote it after having seen the last value of the other it is theirs, and no other: nothing
//   else would be the loss of an update. Where neither had seen the other's, the two were
//   concurrent, either counts, and the one that lost is among those that are known to have lost.
// - What is not mapped is as the users of its side wrote it last.
class BlackBox {
 public:
  using Query = std::function<std::vector<Row>(const std::string& sql)>;

  // Both must outlive this.
  BlackBox(const Ledger& ledger, std::array<Query, 2> query)
      : ledger_(ledger), query_(std::move(query)) {}

  // What is wrong, a sentence each; empty: nothing. `lost` are the stamps of values that are on
  // record as having lost. Such a one may be gone, even to an older value: that somebody decides by
  // a rule what a crash left in doubt is no silent loss. Without `lost` no record is looked at.
  std::vector<std::string> findings(
      const std::optional<std::set<std::uint64_t>>& lost = std::nullopt) const;

  struct Figures {
    std::size_t objects = 0;     // that stand on both sides
    std::size_t concurrent = 0;  // attributes whose last writers had not seen each other
    std::size_t overruled = 0;   // values that an older one has replaced, on record
  };
  // Of the last look.
  const Figures& figures() const { return figures_; }

 private:
  const Ledger& ledger_;
  std::array<Query, 2> query_;
  mutable Figures figures_;
};

}  // namespace couplet::test
