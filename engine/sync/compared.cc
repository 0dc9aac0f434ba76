#include "engine/sync/compared.h"

#include "engine/sync/byte_codec.h"

namespace couplet {
namespace {

constexpr std::uint8_t kLayout = 1;
constexpr char kCompared = 'c';  // + mapping id

std::string compared_key(const State& state, std::size_t mapping) {
  return kCompared + u16_key(state.mapping_id(mapping));
}

void put_rail(ByteWriter& out, const Rail& rail) {
  out.u8(static_cast<std::uint8_t>(rail.limit_class));
  out.u8(static_cast<std::uint8_t>(rail.side));
}

Rail read_rail(ByteReader& in) {
  const auto limit_class = static_cast<LimitClass>(in.u8());
  return {limit_class, static_cast<Side>(in.u8())};
}

}  // namespace

void put_compared(StateBatch& batch, const State& state, const std::string& fingerprint,
                  std::size_t mapping, const Compared& compared) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kLayout);
  out.text(fingerprint);
  out.u64(compared.rows);
  for (const std::string& why : compared.permissions.no_evidence) {
    out.text(why);
  }
  out.varint(compared.permissions.rails.size());
  for (const auto& [rail, reason] : compared.permissions.rails) {
    put_rail(out, rail);
    out.text(reason);
  }
  out.varint(compared.rehearsed.size());
  for (const auto& [rail, count] : compared.rehearsed) {
    put_rail(out, rail);
    out.u64(count);
  }
  batch.put(Family::kPositions, compared_key(state, mapping), std::move(bytes));
}

Result<std::map<std::size_t, Compared>> compared_mappings(const State& state,
                                                          const std::string& fingerprint) {
  std::map<std::size_t, Compared> found;
  for (std::size_t mapping = 0; mapping < state.mappings(); ++mapping) {
    COUPLET_ASSIGN(const auto bytes,
                   state.store().get(Family::kPositions, compared_key(state, mapping)));
    if (!bytes) {
      continue;
    }
    ByteReader in(*bytes);
    const bool known = in.u8() == kLayout;
    const bool same = in.text() == fingerprint;
    Compared compared;
    compared.rows = in.u64();
    for (std::string& why : compared.permissions.no_evidence) {
      why = in.text();
    }
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      const Rail rail = read_rail(in);
      compared.permissions.rails[rail] = in.text();
    }
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      const Rail rail = read_rail(in);
      compared.rehearsed[rail] = in.u64();
    }
    // It saves a scan: one that cannot be read is none.
    if (known && same && in.complete()) {
      found.emplace(mapping, std::move(compared));
    }
  }
  return found;
}

void forget_compared(StateBatch& batch, const State& state, std::size_t mapping) {
  batch.erase(Family::kPositions, compared_key(state, mapping));
}

Result<void> forget_all_compared(StateBatch& batch, const State& state, const std::string& but) {
  for (std::size_t mapping = 0; mapping < state.mappings(); ++mapping) {
    COUPLET_ASSIGN(const auto found,
                   state.store().get(Family::kPositions, compared_key(state, mapping)));
    if (!found) {
      continue;
    }
    ByteReader in(*found);
    in.u8();
    if (but.empty() || in.text() != but) {
      forget_compared(batch, state, mapping);
    }
  }
  return {};
}

}  // namespace couplet
