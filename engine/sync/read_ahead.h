#pragma once

#include <array>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/ports/do_all.h"
#include "engine/ports/source.h"
#include "engine/sync/mapping_plan.h"
#include "engine/sync/state.h"
#include "engine/sync/task.h"

namespace couplet {

// The rows that a batch of a one-to-one mapping is about to ask for, read while a database still
// works on the batch before. To everybody else's writes they are as if they had been read later: a
// write names the version of the row that it was decided on. Only what we write ourselves in
// between is recorded in the base, so it has to be forgotten here, or it would look like a change.
class ReadAhead {
 public:
  ReadAhead() = default;
  // What cannot be read is left out: whoever asks for it is told why. Nothing is read where a row
  // could change by what we write to another: through a path, or at the other end.
  ReadAhead(const MappingPlan& plan, const State& state, const std::vector<Source*>& sources,
            const DoAll& do_all, std::span<const Nominee> nominees);

  // Appends the row to `out`, which has the width of the side's projection. False: it is not here.
  bool append(Side side, const ObjectKey& key, RowBatch& out) const;
  // What a batch of the mapping has written.
  void forget_written(const TaskBatch& batch);

 private:
  struct Rows {
    RowBatch rows;
    std::unordered_map<ObjectKey, std::size_t> places;
  };
  std::array<Rows, 2> sides_;  // indexed by Side
};

}  // namespace couplet
