// State: the worklists: parked, held and waiting objects, and conflicts.
#include <algorithm>

#include "engine/sync/byte_codec.h"
#include "engine/sync/state.h"

namespace couplet {
namespace {

constexpr char kWaitingObject = 'o';
constexpr char kWaitingIndex = 'i';
constexpr std::uint16_t kHeldIndex = 0x8000;
// Fewer records are asked for one by one: a cursor costs as much.
constexpr std::size_t kLookedUpAlone = 4;

std::string waiting_index_prefix(const PairEnd& end) {
  std::string bytes(1, kWaitingIndex);
  ByteWriter out(bytes);
  out.u16(end.pair);
  out.u8(static_cast<std::uint8_t>(end.side));
  bytes += end.key.bytes;
  return bytes;
}

// Behind all mappings: their numbers are below.
std::string held_index_prefix(const PairEnd& end) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u16(static_cast<std::uint16_t>(end.pair | kHeldIndex));
  out.u8(static_cast<std::uint8_t>(end.side));
  bytes += end.key.bytes;
  return bytes;
}

bool among(const std::vector<PairEnd>& ends, const PairEnd& end) {
  return std::find(ends.begin(), ends.end(), end) != ends.end();
}

}  // namespace

std::string State::subject_key(const Subject& subject) const {
  std::string bytes = u16_key(mapping_ids_[subject.mapping]);
  ByteWriter(bytes).u8(static_cast<std::uint8_t>(subject.side));
  return bytes + subject.key.bytes;
}

std::optional<std::size_t> State::mapping_of(std::uint16_t id) const {
  const auto found = std::find(mapping_ids_.begin(), mapping_ids_.end(), id);
  if (found == mapping_ids_.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - mapping_ids_.begin());
}

std::optional<std::size_t> State::pair_of(std::uint16_t id) const {
  const auto found = std::find(pair_ids_.begin(), pair_ids_.end(), id);
  if (found == pair_ids_.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - pair_ids_.begin());
}

Result<std::vector<State::Standing>> State::standing(std::span<const Subject> subjects) const {
  std::vector<std::string> keys;
  std::vector<std::string> waiting_keys;
  for (const Subject& subject : subjects) {
    keys.push_back(subject_key(subject));
    waiting_keys.push_back(kWaitingObject + keys.back());
  }
  // Nearly always nobody stands anywhere: one look tells so for all of them.
  const auto records = [&](Family family, const std::vector<std::string>& wanted)
      -> Result<std::vector<std::optional<std::string>>> {
    if (wanted.size() > kLookedUpAlone) {
      const auto [first, last] = std::minmax_element(wanted.begin(), wanted.end());
      const auto cursor = store_.cursor(family);
      cursor->seek(*first);
      COUPLET_TRY(cursor->status());
      if (!cursor->valid() || cursor->key() > *last) {
        return std::vector<std::optional<std::string>>(wanted.size());
      }
    }
    return store_.get_many(family, wanted);
  };
  COUPLET_ASSIGN(const auto parked, records(Family::kParked, keys));
  COUPLET_ASSIGN(const auto held, records(Family::kHeld, keys));
  COUPLET_ASSIGN(const auto waiting, records(Family::kWaiting, waiting_keys));
  std::vector<Standing> found(subjects.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (parked[i]) {
      COUPLET_ASSIGN(found[i].parked, decode_parked(*parked[i]));
    }
    if (held[i]) {
      COUPLET_ASSIGN(found[i].held, decode_held(*held[i]));
    }
    if (waiting[i]) {
      COUPLET_ASSIGN(found[i].waiting, decode_waiting(*waiting[i]));
    }
  }
  return found;
}

Result<bool> State::anyone_stands(std::size_t mapping) const {
  const std::string id = u16_key(mapping_ids_[mapping]);
  for (const auto& [family, prefix] : {std::pair{Family::kParked, id},
                                       {Family::kHeld, id},
                                       {Family::kWaiting, kWaitingObject + id}}) {
    const auto cursor = store_.cursor(family);
    cursor->seek(prefix);
    COUPLET_TRY(cursor->status());
    if (cursor->valid() && cursor->key().starts_with(prefix)) {
      return true;
    }
  }
  return false;
}

void State::replace_standing(StateBatch& batch, const Subject& subject, const Standing& before,
                             const Standing& after) const {
  const std::string key = subject_key(subject);
  const auto replace = [&](Family family, const std::string& at, const auto& old_record,
                           const auto& new_record) {
    if (new_record) {
      if (std::string bytes = encode(*new_record); !old_record || encode(*old_record) != bytes) {
        batch.put(family, at, std::move(bytes));
      }
    } else if (old_record) {
      batch.erase(family, at);
    }
  };
  replace(Family::kParked, key, before.parked, after.parked);
  replace(Family::kHeld, key, before.held, after.held);
  replace(Family::kWaiting, kWaitingObject + key, before.waiting, after.waiting);
  // Who is waited for, and who keeps somebody held, can be asked who that is.
  const auto replace_index = [&](Family family, const auto& prefix_of,
                                 const std::vector<PairEnd>& old_ends,
                                 const std::vector<PairEnd>& new_ends) {
    for (const PairEnd& end : old_ends) {
      if (!among(new_ends, end)) {
        batch.erase(family, prefix_of(end) + key);
      }
    }
    for (const PairEnd& end : new_ends) {
      if (!among(old_ends, end)) {
        batch.put(family, prefix_of(end) + key, {});
      }
    }
  };
  const std::vector<PairEnd> nobody;
  replace_index(Family::kWaiting, waiting_index_prefix,
                before.waiting ? before.waiting->links : nobody,
                after.waiting ? after.waiting->links : nobody);
  replace_index(Family::kHeld, held_index_prefix, before.held ? before.held->rivals : nobody,
                after.held ? after.held->rivals : nobody);
}

namespace {
constexpr std::size_t kSubjectHeader = 3;  // mapping id, side

Subject subject_of(std::size_t mapping, std::string_view key) {
  return {mapping, static_cast<Side>(key[2] & 1), {std::string(key.substr(kSubjectHeader))}};
}
}  // namespace

std::optional<std::size_t> State::mapping_of_key(std::string_view key) const {
  ByteReader in(key);
  const auto mapping = mapping_of(in.u16());
  return in.ok() ? mapping : std::nullopt;
}

std::optional<Subject> State::subject_of_key(std::string_view key) const {
  if (key.size() <= kSubjectHeader || key[2] < 0 || key[2] > 1) {
    return std::nullopt;
  }
  const auto mapping = mapping_of_key(key);
  return mapping ? std::optional(subject_of(*mapping, key)) : std::nullopt;
}

namespace {
std::string worklist_prefix(Family family, std::uint16_t mapping) {
  return (family == Family::kWaiting ? std::string(1, kWaitingObject) : std::string()) +
         u16_key(mapping);
}
}  // namespace

Result<std::vector<Subject>> State::worklist(std::size_t mapping, Family family,
                                             const std::optional<Subject>& after,
                                             std::size_t limit) const {
  const std::string prefix = worklist_prefix(family, mapping_ids_[mapping]);
  std::vector<Subject> found;
  const auto cursor = store_.cursor(family);
  if (after) {
    const std::string last = prefix.substr(0, prefix.size() - 2) + subject_key(*after);
    cursor->seek(last);
    if (cursor->valid() && cursor->key() == last) {
      cursor->next();
    }
  } else {
    cursor->seek(prefix);
  }
  for (; found.size() < limit && cursor->valid() && cursor->key().starts_with(prefix);
       cursor->next()) {
    found.push_back(subject_of(mapping, cursor->key().substr(prefix.size() - 2)));
  }
  COUPLET_TRY(cursor->status());
  return found;
}

namespace {
Result<std::uint64_t> count_prefix(const StateStore& store, Family family,
                                   const std::string& prefix) {
  std::uint64_t count = 0;
  const auto cursor = store.cursor(family);
  for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    ++count;
  }
  COUPLET_TRY(cursor->status());
  return count;
}
}  // namespace

Result<std::uint64_t> State::count(std::size_t mapping, Family family) const {
  return count_prefix(store_, family, worklist_prefix(family, mapping_ids_[mapping]));
}
Result<std::uint64_t> State::count_links(std::size_t pair) const {
  return count_prefix(store_, Family::kLinks, u16_key(pair_ids_[pair]));
}

void State::put_dirty(StateBatch& batch, const Subject& subject) const {
  batch.put(Family::kDirty, subject_key(subject), {});
}

Result<void> State::erase_dirty(StateBatch& batch, std::span<const Subject> subjects) const {
  std::vector<std::string> keys;
  for (const Subject& subject : subjects) {
    keys.push_back(subject_key(subject));
  }
  COUPLET_ASSIGN(const auto found, store_.get_many(Family::kDirty, keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (found[i]) {
      batch.erase(Family::kDirty, keys[i]);
    }
  }
  return {};
}

// The subjects behind a prefix of an index; `cursor` stands at the first key not before it.
Result<void> State::indexed(StateCursor& cursor, const std::string& prefix,
                            std::vector<Subject>& found) const {
  for (; cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
    const std::string_view rest = cursor.key().substr(prefix.size());
    if (rest.size() > kSubjectHeader) {
      if (const auto mapping = mapping_of(ByteReader(rest).u16())) {
        found.push_back(subject_of(*mapping, rest));
      }
    }
  }
  return cursor.status();
}

Result<std::vector<Subject>> State::waiters(std::size_t pair, Side side,
                                            const ObjectKey& key) const {
  std::vector<Subject> found;
  const std::string prefix = waiting_index_prefix({pair_ids_[pair], side, key});
  const auto cursor = store_.cursor(Family::kWaiting);
  cursor->seek(prefix);
  COUPLET_TRY(indexed(*cursor, prefix, found));
  return found;
}

Result<bool> State::anyone_is_held_by_another() const {
  const auto cursor = store_.cursor(Family::kHeld);
  cursor->seek(u16_key(kHeldIndex));
  COUPLET_TRY(cursor->status());
  return cursor->valid();
}

Result<std::vector<Subject>> State::held_by(std::vector<PairEnd> rivals) const {
  std::vector<Subject> found;
  COUPLET_ASSIGN(const bool any, anyone_is_held_by_another());
  if (!any) {
    return found;
  }
  const auto cursor = store_.cursor(Family::kHeld);
  std::sort(rivals.begin(), rivals.end());
  rivals.erase(std::unique(rivals.begin(), rivals.end()), rivals.end());
  for (const PairEnd& rival : rivals) {
    const std::string prefix = held_index_prefix(rival);
    cursor->seek(prefix);
    COUPLET_TRY(indexed(*cursor, prefix, found));
  }
  return found;
}

namespace {
std::string conflict_prefix(std::uint16_t mapping, const ObjectKey& left, const ObjectKey& right) {
  std::string key = u16_key(mapping);
  ByteWriter out(key);
  out.text(left.bytes);
  out.text(right.bytes);
  return key;
}
}  // namespace

Result<std::vector<Conflict>> State::conflicts(std::size_t mapping, const ObjectKey& left,
                                               const ObjectKey& right) const {
  std::vector<Conflict> found;
  const std::string prefix = conflict_prefix(mapping_ids_[mapping], left, right);
  const auto cursor = store_.cursor(Family::kConflicts);
  for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    COUPLET_ASSIGN(Conflict conflict, decode_conflict(cursor->value()));
    found.push_back(std::move(conflict));
  }
  COUPLET_TRY(cursor->status());
  return found;
}

Result<void> State::put_conflict(StateBatch& batch, std::size_t mapping, const ObjectKey& left,
                                 const ObjectKey& right, const std::array<Digest, 2>& digests,
                                 const Conflict& conflict) const {
  std::string key = conflict_prefix(mapping_ids_[mapping], left, right);
  ByteWriter out(key);
  out.text(conflict.attribute);
  out.u64(digests[0].value);
  out.u64(digests[1].value);
  COUPLET_ASSIGN(const auto known, store_.get(Family::kConflicts, key));
  if (!known) {
    batch.put(Family::kConflicts, std::move(key), encode(conflict));
    return {};
  }
  COUPLET_ASSIGN(Conflict before, decode_conflict(*known));
  const std::string& decided_by = before.settled ? before.settled->by : before.rule;
  if (before.winner == conflict.winner && decided_by == conflict.rule) {
    return {};
  }
  if (!before.undecided()) {
    batch.put(Family::kConflicts, std::move(key), encode(conflict));
    return {};
  }
  before.winner = conflict.winner;
  before.settled = Conflict::Settled{conflict.rule, conflict.at};
  batch.put(Family::kConflicts, std::move(key), encode(before));
  return {};
}

namespace {
// Behind the prefix of its objects: the attribute, then the digests of both values.
std::array<Digest, 2> digests_of_key(std::string_view key) {
  constexpr std::size_t kBytes = 16;
  ByteReader in(key.substr(key.size() < kBytes ? key.size() : key.size() - kBytes));
  const Digest left{in.u64()};
  const Digest right{in.u64()};
  return {left, right};
}

std::array<ObjectKey, 2> ends_of_key(std::string_view key) {
  ByteReader in(key);
  in.u16();
  std::string left(in.text());
  std::string right(in.text());
  return {ObjectKey{std::move(left)}, ObjectKey{std::move(right)}};
}
}  // namespace

Result<void> State::settle_conflicts(StateBatch& batch, std::size_t mapping, const ObjectKey& left,
                                     const ObjectKey& right, Timestamp at,
                                     const SettlementOf& verdict) const {
  const std::string prefix = conflict_prefix(mapping_ids_[mapping], left, right);
  const auto cursor = store_.cursor(Family::kConflicts);
  for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    COUPLET_ASSIGN(Conflict conflict, decode_conflict(cursor->value()));
    if (!conflict.undecided()) {
      continue;
    }
    if (const auto settled = verdict(conflict.attribute, digests_of_key(cursor->key()))) {
      conflict.winner = settled->winner;
      conflict.settled = Conflict::Settled{settled->by, at};
      batch.put(Family::kConflicts, std::string(cursor->key()), encode(conflict));
    }
  }
  return cursor->status();
}

Result<std::vector<State::ConflictEntry>> State::conflicts(std::size_t mapping,
                                                           const std::optional<std::string>& after,
                                                           std::size_t limit) const {
  const std::string prefix = u16_key(mapping_ids_[mapping]);
  std::vector<ConflictEntry> found;
  const auto cursor = store_.cursor(Family::kConflicts);
  cursor->seek(after ? *after : prefix);
  if (after && cursor->valid() && cursor->key() == *after) {
    cursor->next();
  }
  for (; found.size() < limit && cursor->valid() && cursor->key().starts_with(prefix);
       cursor->next()) {
    COUPLET_ASSIGN(Conflict conflict, decode_conflict(cursor->value()));
    found.push_back({std::string(cursor->key()), std::move(conflict), ends_of_key(cursor->key())});
  }
  COUPLET_TRY(cursor->status());
  return found;
}

}  // namespace couplet
