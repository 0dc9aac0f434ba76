#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports/source.h"
#include "engine/sync/row_writes.h"

// Unique values that change places, or chain into each other: who holds what another row is to
// hold.
namespace couplet {

// What the row holds now, where that was read; absent where it was not.
Value held_value(const SidePlan& side, const RowWrite& write, const std::string& column);
// What it is to hold: a column that is not written stays as it is.
Value wanted_value(const SidePlan& side, const RowWrite& write, const std::string& column);

// Rows whose unique values change places among `rows`, or chain into each other: those that hold
// now what another is to hold, and those others.
struct Moves {
  std::set<std::size_t> holders;
  std::set<std::size_t> takers;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;  // a holder and who takes from it
  std::set<std::string> columns;                           // written ones of the keys concerned
};
Moves moves_among(const SidePlan& side, const std::vector<const RowWrite*>& rows);

// A batch that was refused, cut in two: rows whose unique values change places stay together, as
// none of them can be written alone; where all of them do, they are parted after all.
struct Halves {
  std::vector<RowWrite*> first;
  std::vector<RowWrite*> second;
  bool one_exchange = false;  // all of them
};
Halves halves_of(const MappingPlan& plan, Side side, std::span<RowWrite* const> writes);

// A row that cannot be written now, since another one holds a value that it is to have.
struct Blocked {
  std::size_t row = 0;  // index into `writes`
  ObjectKey holder;
  const UniqueKey* key = nullptr;
};
// Those of `writes` that wait for a row which does not leave its value with them, or for one of
// them which is to have the same, directly or through others of them. One search for each unique
// key whose columns the mapping reads. Errors: as of Source::find.
Result<std::vector<Blocked>> blocked_rows(const SidePlan& side, Source& source,
                                          std::span<RowWrite* const> writes);

}  // namespace couplet
