#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/ports/source.h"
#include "engine/sync/task.h"

namespace couplet {

class PlannedRows;
class ReadAhead;

// Reads objects of one mapping as views, in batches, into a TaskBatch that keeps them alive.
class Reader {
 public:
  Reader(const BoundDefinition& definition, const State& state, const std::vector<Source*>& sources,
         const MappingPlan& plan, TaskBatch& batch, const PlannedRows* planned = nullptr,
         const ReadAhead* ahead = nullptr)
      : builder_(definition, state, plan),
        sources_(sources),
        plan_(plan),
        batch_(batch),
        planned_(planned),
        ahead_(ahead) {}

  // The views of those that are there, by key. Chunks of tuning::kBatchRows, a statement each, of
  // those that have not been read ahead.
  using Found = std::unordered_map<ObjectKey, const View*>;
  Result<Found> fetch(Side side, std::span<const ObjectKey> keys);

  // Questions for objects on `side` that have the identity of a view: one statement for all.
  struct Question {
    const View* like = nullptr;  // on the other side: its identity in this side's terms;
                                 // on this side: its own, leaving out `self`
    std::vector<const View*> answers;
    std::optional<Error> fault;  // the identity cannot be said on this side
  };
  Result<void> find(Side side, std::span<Question> questions);

  [[nodiscard]] const ViewBuilder& builder() const { return builder_; }

 private:
  // Views of rows that came from the side, kept by the batch.
  Result<const std::vector<View>*> keep(Side side, RowBatch& rows);
  Result<void> keep(Side side, RowBatch& rows, Found& found);
  Result<void> ask(Side side, std::span<Question*> questions, std::span<const std::size_t> by,
                   const ValueTable& wanted);
  // Appends the identity to `row`; false where it has none that can be asked for.
  bool identity_cells(Side side, Question& question, std::vector<std::optional<std::string>>& row);

  ViewBuilder builder_;
  const std::vector<Source*>& sources_;
  const MappingPlan& plan_;
  TaskBatch& batch_;
  const PlannedRows* planned_;  // of a dry run; else null
  const ReadAhead* ahead_;      // null: nothing is
};

}  // namespace couplet
