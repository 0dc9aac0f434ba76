#include "engine/admin/worklists.h"

#include <algorithm>

#include "engine/ports/tuning.h"
#include "engine/sync/object_name.h"

namespace couplet {
namespace {

// 40 bits of a digest of the entry's key, without letters that look like digits.
std::string id_of(const State& state, std::string_view key) {
  constexpr std::string_view kLetters = "0123456789abcdefghjkmnpqrstvwxyz";
  constexpr int kLength = 8;
  std::uint64_t bits = state.digester().of_bytes(key).value;
  std::string id;
  for (int i = 0; i < kLength; ++i, bits >>= 5U) {
    id += kLetters[bits & 31U];
  }
  return id;
}

bool wanted(const WorklistSelection& selection, const std::string& id) {
  return selection.ids.empty() ||
         std::find(selection.ids.begin(), selection.ids.end(), id) != selection.ids.end();
}

bool of_situation(const WorklistSelection& selection, std::optional<Situation> situation) {
  return !selection.situation || selection.situation == situation;
}

// Calls `visit(subject, key, standing)` for the entries of a family, mapping by mapping.
using SubjectVisit = std::function<bool(const Subject&, const std::string&, State::Standing&)>;
Result<void> walk(const BoundDefinition& definition, const State& state, Family family,
                  ListKind list, const WorklistSelection& selection, const Page& page,
                  const SubjectVisit& visit) {
  std::optional<Subject> after;
  if (page.after) {
    COUPLET_ASSIGN(const std::string key, key_of_token(list, *page.after));
    after = state.subject_of_key(key);
    if (!after) {
      return fail(no_such_place(*page.after));
    }
  }
  for (std::size_t mapping = after ? after->mapping : 0; mapping < definition.mappings.size();
       ++mapping) {
    if (selection.mapping && *selection.mapping != mapping) {
      continue;
    }
    std::optional<Subject> last = after && after->mapping == mapping ? after : std::nullopt;
    for (;;) {
      COUPLET_ASSIGN(const auto subjects,
                     state.worklist(mapping, family, last, tuning::kBatchRows));
      COUPLET_ASSIGN(auto standing, state.standing(subjects));
      for (std::size_t i = 0; i < subjects.size(); ++i) {
        if (!visit(subjects[i], state.subject_key(subjects[i]), standing[i])) {
          return {};
        }
      }
      if (subjects.size() < tuning::kBatchRows) {
        break;
      }
      last = subjects.back();
    }
  }
  return {};
}

std::string name_of_subject(const BoundDefinition& definition, const Subject& subject) {
  const Pair& pair = definition.pairs[definition.mappings[subject.mapping].pair];
  return object_name(definition.entities[pair.entities[index_of(subject.side)]], subject.key);
}

// How many contributors of a target are asked whether they stand on a worklist.
constexpr std::size_t kContributorsAsked = 100;

// Which of these conflicts wait for a decision still.
Result<std::vector<bool>> held_among(const BoundDefinition& definition, const State& state,
                                     std::size_t mapping,
                                     const std::vector<State::ConflictEntry>& entries) {
  const std::size_t pair = definition.mappings[mapping].pair;
  const std::optional<Side> many = definition.pairs[pair].many;
  std::vector<Subject> subjects;
  std::vector<std::size_t> entry_of;
  const auto ask = [&](std::size_t entry, Side side, const ObjectKey& key) {
    subjects.push_back({mapping, side, key});
    entry_of.push_back(entry);
  };
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].conflict.undecided()) {
      continue;
    }
    for (const Side side : {Side::kLeft, Side::kRight}) {
      ask(i, side, entries[i].ends[index_of(side)]);
    }
    if (many) {  // Any of those who contribute may stand for all.
      COUPLET_ASSIGN(
          const auto contributors,
          state.contributors(pair, entries[i].ends[index_of(other(*many))], kContributorsAsked));
      for (const ObjectKey& contributor : contributors) {
        ask(i, *many, contributor);
      }
    }
  }
  COUPLET_ASSIGN(const auto standing, state.standing(subjects));
  std::vector<bool> held(entries.size());
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    if (standing[i].held || standing[i].parked || standing[i].waiting) {
      held[entry_of[i]] = true;
    }
  }
  return held;
}

}  // namespace

Result<Listed> list_parked(const BoundDefinition& definition, const State& state,
                           const WorklistSelection& selection, const Page& page,
                           const std::function<bool(const ParkedItem&)>& visit) {
  PageCounter counter(ListKind::kParked, page);
  COUPLET_TRY(walk(definition, state, Family::kParked, ListKind::kParked, selection, page,
                   [&](const Subject& subject, const std::string& key, State::Standing& standing) {
                     ParkedItem item{id_of(state, key), subject, {}, {}, {}};
                     if (!standing.parked || !wanted(selection, item.id) ||
                         !selection.age.take(standing.parked->first_at) ||
                         !of_situation(selection, standing.parked->situation)) {
                       return true;
                     }
                     item.object = name_of_subject(definition, subject);
                     item.parked = std::move(*standing.parked);
                     if (const ObjectKey& there = item.parked.counterpart; !there.empty()) {
                       item.counterpart = name_of_subject(
                           definition, {subject.mapping, other(subject.side), there});
                     }
                     return counter.take(key) && visit(item);
                   }));
  return counter.listed();
}

Result<Listed> list_held(const BoundDefinition& definition, const State& state,
                         const WorklistSelection& selection, const Page& page,
                         const std::function<bool(const HeldItem&)>& visit) {
  PageCounter counter(ListKind::kHeld, page);
  COUPLET_TRY(walk(definition, state, Family::kHeld, ListKind::kHeld, selection, page,
                   [&](const Subject& subject, const std::string& key, State::Standing& standing) {
                     HeldItem item{id_of(state, key), subject, {}, {}};
                     if (!standing.held || !wanted(selection, item.id) ||
                         !selection.age.take(standing.held->since) ||
                         !of_situation(selection, standing.held->situation)) {
                       return true;
                     }
                     item.object = name_of_subject(definition, subject);
                     item.held = std::move(*standing.held);
                     return counter.take(key) && visit(item);
                   }));
  return counter.listed();
}

Result<Listed> list_conflicts(const BoundDefinition& definition, const State& state,
                              const WorklistSelection& selection, const Page& page,
                              const std::function<bool(const ConflictItem&)>& visit) {
  PageCounter counter(ListKind::kConflicts, page);
  std::optional<std::string> after;
  if (page.after) {
    COUPLET_ASSIGN(after, key_of_token(ListKind::kConflicts, *page.after));
  }
  std::optional<std::size_t> first;
  if (after) {
    first = state.mapping_of_key(*after);
    if (!first) {
      return fail(no_such_place(*page.after));
    }
  }
  for (std::size_t mapping = first.value_or(0); mapping < definition.mappings.size(); ++mapping) {
    if (selection.mapping && *selection.mapping != mapping) {
      continue;
    }
    std::optional<std::string> last = mapping == first ? after : std::nullopt;
    for (;;) {
      COUPLET_ASSIGN(auto entries, state.conflicts(mapping, last, tuning::kBatchRows));
      COUPLET_ASSIGN(const auto held, held_among(definition, state, mapping, entries));
      for (std::size_t i = 0; i < entries.size(); ++i) {
        State::ConflictEntry& entry = entries[i];
        ConflictItem item{id_of(state, entry.key), mapping, std::move(entry.conflict), held[i]};
        if (wanted(selection, item.id) && selection.age.take(item.conflict.at) &&
            of_situation(selection, item.conflict.situation) &&
            !(counter.take(entry.key) && visit(item))) {
          return counter.listed();
        }
      }
      if (entries.size() < tuning::kBatchRows) {
        break;
      }
      last = std::move(entries.back().key);
    }
  }
  return counter.listed();
}

Result<std::vector<ParkedItem>> find_parked(const BoundDefinition& definition, const State& state,
                                            const WorklistSelection& selection) {
  std::vector<ParkedItem> items;
  COUPLET_TRY(list_parked(definition, state, selection, {}, [&](const ParkedItem& item) {
    items.push_back(item);
    return true;
  }));
  for (const std::string& id : selection.ids) {
    if (std::none_of(items.begin(), items.end(),
                     [&](const ParkedItem& item) { return item.id == id; })) {
      return fail(Error{ErrorKind::kNotFound,
                        "nothing parked has the id \"" + id + "\"",
                        "`couplet parked list` tells the ids",
                        {},
                        "no_such_entry",
                        {}});
    }
  }
  return items;
}

std::function<Result<std::vector<Subject>>()> parked_pages(const BoundDefinition& definition,
                                                           const State& state,
                                                           WorklistSelection selection) {
  // Where to go on; nullopt at the end.
  std::optional<Page> page = Page{std::nullopt, tuning::kBatchRows};
  return [&definition, &state, selection = std::move(selection),
          page]() mutable -> Result<std::vector<Subject>> {
    std::vector<Subject> subjects;
    if (!page) {
      return subjects;
    }
    COUPLET_ASSIGN(const Listed listed,
                   list_parked(definition, state, selection, *page, [&](const ParkedItem& item) {
                     subjects.push_back(item.subject);
                     return true;
                   }));
    if (listed.next) {
      page->after = listed.next;
    } else {
      page.reset();
    }
    return subjects;
  };
}

namespace {
Result<void> forget(State& state, std::span<const ParkedItem> items) {
  std::vector<Subject> subjects;
  for (const ParkedItem& item : items) {
    subjects.push_back(item.subject);
  }
  COUPLET_ASSIGN(const auto before, state.standing(subjects));
  StateBatch changes;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    State::Standing after = before[i];
    after.parked.reset();
    state.replace_standing(changes, subjects[i], before[i], after);
  }
  return state.store().commit(changes, Durability::kSynced);
}
}  // namespace

Result<std::uint64_t> discard_parked(const BoundDefinition& definition, State& state,
                                     const WorklistSelection& selection,
                                     const std::function<void(const ParkedItem&)>& tell) {
  if (!selection.ids.empty()) {
    COUPLET_TRY(find_parked(definition, state, selection));
  }
  std::uint64_t discarded = 0;
  // What a page has forgotten does not shift the next one: pages go on behind a key.
  for (Page page{std::nullopt, tuning::kBatchRows};;) {
    std::vector<ParkedItem> items;
    COUPLET_ASSIGN(const Listed listed,
                   list_parked(definition, state, selection, page, [&](const ParkedItem& item) {
                     items.push_back(item);
                     return true;
                   }));
    COUPLET_TRY(forget(state, items));
    std::for_each(items.begin(), items.end(), tell);
    discarded += items.size();
    if (!listed.next) {
      return discarded;
    }
    page.after = listed.next;
  }
}

}  // namespace couplet
