#include "engine/sync/standing.h"

#include "engine/sync/object_name.h"

namespace couplet {

Operation operation_of(Family worklist) {
  return worklist == Family::kWaiting ? Operation::kDefer
         : worklist == Family::kHeld  ? Operation::kHold
                                      : Operation::kPark;
}

std::vector<std::string> names_of(const BoundDefinition& definition, const State& state,
                                  const Waiting& waiting) {
  std::vector<std::string> names;
  for (const Waiting::For& link : waiting.links) {
    if (const auto pair = state.pair_of(link.pair)) {
      names.push_back(object_name(
          definition.entities[definition.pairs[*pair].entities[index_of(link.side)]], link.key));
    }
  }
  return names;
}

Result<std::uint64_t> tell_standing(const BoundDefinition& definition, const State& state,
                                    const MappingPlan& plan, Family worklist,
                                    std::span<const Subject> subjects, Observer& observer) {
  COUPLET_ASSIGN(const auto standing, state.standing(subjects));
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    OperationReport report;
    report.operation = operation_of(worklist);
    report.mapping = plan.mapping;
    report.from = object_name(plan, subjects[i].side, subjects[i].key);
    if (worklist == Family::kWaiting && standing[i].waiting) {
      report.situation = Situation::kDeferred;
      report.waits_for = names_of(definition, state, *standing[i].waiting);
    } else if (worklist == Family::kHeld && standing[i].held) {
      report.situation = standing[i].held->situation;
      report.reason = standing[i].held->reason;
    } else if (worklist == Family::kParked && standing[i].parked) {
      const Parked& parked = *standing[i].parked;
      report.situation = parked.situation;
      if (!parked.counterpart.empty()) {
        report.to = object_name(plan, other(subjects[i].side), parked.counterpart);
      }
      report.reason = parked.reason;
      report.refused = parked.attributes;
    } else {
      continue;
    }
    ++count;
    observer.on_operation(report);
  }
  return count;
}

}  // namespace couplet
