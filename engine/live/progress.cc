#include "engine/live/progress.h"

#include "engine/sync/byte_codec.h"

namespace couplet {
namespace {

constexpr std::uint8_t kLayout = 1;
constexpr char kSource = 's';  // + name
constexpr char kMissed = 'm';  // + mapping id
constexpr const char* kNextReconcile = "t";

void put_position(ByteWriter& out, const Position& position) {
  out.u8(static_cast<std::uint8_t>(position.index()));
  if (const Lsn* lsn = std::get_if<Lsn>(&position)) {
    out.u64(lsn->value);
  } else if (const KafkaOffsets* offsets = std::get_if<KafkaOffsets>(&position)) {
    out.varint(offsets->size());
    for (const auto& [partition, offset] : *offsets) {
      out.text(partition.first);
      out.u32(static_cast<std::uint32_t>(partition.second));
      out.u64(static_cast<std::uint64_t>(offset.value));
    }
  }
}

Position read_position(ByteReader& in) {
  switch (in.u8()) {
    case 1:
      return Lsn{in.u64()};
    case 2: {
      KafkaOffsets offsets;
      for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
        const std::string topic(in.text());
        const auto partition = static_cast<std::int32_t>(in.u32());
        offsets[{topic, partition}] = {static_cast<std::int64_t>(in.u64())};
      }
      return offsets;
    }
    default:
      return {};
  }
}

std::string source_key(const std::string& source) { return kSource + source; }
std::string missed_key(std::uint16_t mapping) { return kMissed + u16_key(mapping); }

}  // namespace

bool reaches(const Position& end, const Position& place) {
  const Lsn* a = std::get_if<Lsn>(&end);
  const Lsn* b = std::get_if<Lsn>(&place);
  if (a != nullptr && b != nullptr) {
    return *b <= *a;
  }
  return !std::holds_alternative<std::monostate>(end);
}

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
  if (layout != kLayout || !in.complete()) {
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
