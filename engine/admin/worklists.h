#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/admin/page.h"
#include "engine/sync/state.h"

namespace couplet {

// Entries of the worklists as people see them. `id` names an entry for as long as it is there, in
// eight letters and digits: the same object under the same mapping has the same id each time.
struct ParkedItem {
  std::string id;
  Subject subject;
  std::string object;  // "source.Entity/ID"
  Parked parked;
  std::string counterpart;  // empty: it has none
};
struct HeldItem {
  std::string id;
  Subject subject;
  std::string object;
  Held held;
};
struct ConflictItem {
  std::string id;
  std::size_t mapping = 0;
  Conflict conflict;
  // It waits for a decision: it was held, nothing has settled it, and its object stands on a
  // worklist still. (What took it off may be out of the log's sight: a link removed by hand.)
  bool held = false;
};

// The situations that an object can have been in when a conflict of it was decided or held.
inline constexpr std::array kConflictSituations = {
    Situation::kInSync,  Situation::kSourceChanged, Situation::kTargetChanged, Situation::kConflict,
    Situation::kMatched, Situation::kMoved,         Situation::kSucceeded,
};

struct WorklistSelection {
  std::optional<std::size_t> mapping;
  std::optional<Situation> situation;  // of held ones; of parked ones and conflicts: as of then
  std::vector<std::string> ids;        // these only; empty: all
  AgeBounds age;                       // parked: when first, held: since when, conflicts: when
};

// Call `visit` for each entry that is selected until it says false; mappings in the order of the
// definition, objects in the order of their keys. Memory does not grow with the list. Errors:
// kInvalidArgument for a token that is none; the state's.
Result<Listed> list_parked(const BoundDefinition& definition, const State& state,
                           const WorklistSelection& selection, const Page& page,
                           const std::function<bool(const ParkedItem&)>& visit);
Result<Listed> list_held(const BoundDefinition& definition, const State& state,
                         const WorklistSelection& selection, const Page& page,
                         const std::function<bool(const HeldItem&)>& visit);
Result<Listed> list_conflicts(const BoundDefinition& definition, const State& state,
                              const WorklistSelection& selection, const Page& page,
                              const std::function<bool(const ConflictItem&)>& visit);

// The parked entries that are selected, all of them: for a selection by id. Errors: kNotFound if
// nothing has one of the ids.
Result<std::vector<ParkedItem>> find_parked(const BoundDefinition& definition, const State& state,
                                            const WorklistSelection& selection);

// The objects of the selected entries, some at a time; none at the end. The referents outlive it.
std::function<Result<std::vector<Subject>>()> parked_pages(const BoundDefinition& definition,
                                                           const State& state,
                                                           WorklistSelection selection);

// Forgets the selected entries, and nothing else; tells each that is gone. Synced, some at a time.
// Errors: kNotFound if nothing has one of the ids; then nothing is forgotten.
Result<std::uint64_t> discard_parked(const BoundDefinition& definition, State& state,
                                     const WorklistSelection& selection,
                                     const std::function<void(const ParkedItem&)>& tell);

}  // namespace couplet
