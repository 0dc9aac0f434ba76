#include "engine/live/progress.h"

#include "engine/sync/byte_codec.h"
#include "engine/sync/compared.h"

namespace couplet {
namespace {

constexpr std::uint8_t kLayout = 2;
constexpr std::uint8_t kLayoutWithoutTerms = 1;
constexpr char kSource = 's';  // + name
constexpr char kMissed = 'm';  // + mapping id
constexpr char kHour = 'h';    // + mapping id
constexpr std::uint8_t kHourLayout = 1;
constexpr const char* kNextReconcile = "t";

std::string source_key(const std::string& source) { return kSource + source; }
std::string missed_key(std::uint16_t mapping) { return kMissed + u16_key(mapping); }
std::string hour_key(std::uint16_t mapping) { return kHour + u16_key(mapping); }

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
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kLayout);
  put_position(out, progress.done);
  put_position(out, progress.received);
  out.text(progress.due);
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
  forget_compared(batch, state, mapping);
}

void erase_missed(StateBatch& batch, const State& state, std::size_t mapping) {
  batch.erase(Family::kPositions, missed_key(state.mapping_id(mapping)));
}

Result<HourlyBudget::Written> hour_of(State& state, std::size_t mapping) {
  COUPLET_ASSIGN(const auto bytes,
                 state.store().get(Family::kPositions, hour_key(state.mapping_id(mapping))));
  HourlyBudget::Written written;
  if (!bytes) {
    return written;
  }
  ByteReader in(*bytes);
  bool sound = in.u8() == kHourLayout;
  for (std::uint64_t left = in.varint(); left > 0 && sound; --left) {
    const std::uint8_t limit_class = in.u8();
    const std::uint8_t side = in.u8();
    const auto minute = static_cast<std::int64_t>(in.u64());
    const std::uint64_t count = in.varint();
    sound = in.ok() && limit_class <= static_cast<std::uint8_t>(LimitClass::kDelete) &&
            side <= static_cast<std::uint8_t>(Side::kRight);
    if (sound) {
      written[{static_cast<LimitClass>(limit_class), static_cast<Side>(side)}][minute] += count;
    }
  }
  if (!sound || !in.complete()) {
    return fail(ErrorKind::kStateCorrupt,
                "the state's record of what was written in the last hour is damaged",
                "run `couplet state verify`; `couplet reconcile --rebuild-state` with a new folder "
                "begins anew");
  }
  return written;
}

void put_hour(StateBatch& batch, const State& state, std::size_t mapping,
              const HourlyBudget::Written& written) {
  std::string bytes;
  ByteWriter out(bytes);
  std::uint64_t entries = 0;
  for (const auto& [rail, minutes] : written) {
    entries += minutes.size();
  }
  out.u8(kHourLayout);
  out.varint(entries);
  for (const auto& [rail, minutes] : written) {
    for (const auto& [minute, count] : minutes) {
      out.u8(static_cast<std::uint8_t>(rail.limit_class));
      out.u8(static_cast<std::uint8_t>(rail.side));
      out.u64(static_cast<std::uint64_t>(minute));
      out.varint(count);
    }
  }
  if (entries == 0) {
    batch.erase(Family::kPositions, hour_key(state.mapping_id(mapping)));
  } else {
    batch.put(Family::kPositions, hour_key(state.mapping_id(mapping)), std::move(bytes));
  }
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
