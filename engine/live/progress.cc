#include "engine/live/progress.h"

#include "engine/sync/byte_codec.h"

namespace couplet {
namespace {

constexpr std::uint8_t kLayout = 2;
constexpr std::uint8_t kLayoutWithoutTerms = 1;
constexpr char kSource = 's';  // + name
constexpr char kMissed = 'm';  // + mapping id
constexpr const char* kNextReconcile = "t";

std::string source_key(const std::string& source) { return kSource + source; }
std::string missed_key(std::uint16_t mapping) { return kMissed + u16_key(mapping); }

}  // namespace

Result<StreamProgress> progress_of(const StateStore& store, const std::string& source) {
  COUPLET_ASSIGN(const auto bytes, store.get(Family::kPositions, source_key(source)));
  StreamProgress progress;
  if (!bytes) {
    return progress;
  }
  ByteReader in(*bytes);
  const std::uint8_t layout = in.u8();
  progress.done = read_position(in);
  progress.received = read_position(in);
  progress.due = in.text();
  if (layout != kLayoutWithoutTerms) {
    progress.terms = in.text();
  }
  if ((layout != kLayout && layout != kLayoutWithoutTerms) || !in.complete()) {
    return fail(ErrorKind::kStateCorrupt,
                "the state's record of how far source '" + source + "' was followed is damaged",
                "run `couplet state verify`; `couplet reconcile --rebuild-state` with a new folder "
                "begins anew");
  }
  return progress;
}

void put_progress(StateBatch& batch, const std::string& source, const StreamProgress& progress) {
  // While no place is known, a slot that is made again could not be told from the one before.
  const bool nowhere = !is_known_position(progress.done);
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kLayout);
  put_position(out, progress.done);
  put_position(out, progress.received);
  out.text(nowhere && progress.due.empty() ? kNeverFollowed : progress.due);
  out.text(progress.terms);
  batch.put(Family::kPositions, source_key(source), std::move(bytes));
}

Result<bool> is_missed(const StateStore& store, std::uint16_t mapping) {
  COUPLET_ASSIGN(const auto found, store.get(Family::kPositions, missed_key(mapping)));
  return found.has_value();
}

Result<std::set<std::size_t>> missed_mappings(State& state) {
  std::set<std::size_t> missed;
  for (std::size_t mapping = 0; mapping < state.mappings(); ++mapping) {
    COUPLET_ASSIGN(const bool found, is_missed(state.store(), state.mapping_id(mapping)));
    if (found) {
      missed.insert(mapping);
    }
  }
  return missed;
}

void put_missed(StateBatch& batch, const State& state, std::size_t mapping) {
  batch.put(Family::kPositions, missed_key(state.mapping_id(mapping)), {});
}

void erase_missed(StateBatch& batch, const State& state, std::size_t mapping) {
  batch.erase(Family::kPositions, missed_key(state.mapping_id(mapping)));
}

Result<std::optional<Timestamp>> next_reconcile(const StateStore& store) {
  COUPLET_ASSIGN(const auto bytes, store.get(Family::kPositions, kNextReconcile));
  if (!bytes) {
    return std::nullopt;
  }
  return Timestamp{static_cast<std::int64_t>(ByteReader(*bytes).u64())};
}

void put_next_reconcile(StateBatch& batch, Timestamp due) {
  std::string bytes;
  ByteWriter(bytes).u64(static_cast<std::uint64_t>(due.value));
  batch.put(Family::kPositions, kNextReconcile, std::move(bytes));
}

}  // namespace couplet
