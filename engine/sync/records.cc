#include "engine/sync/records.h"

#include "engine/sync/byte_codec.h"

namespace couplet {
namespace {

// First byte of every record; a new layout gets a new number.
constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kHeldFormat = 2;
constexpr std::uint8_t kParkedFormat = 2;
constexpr std::uint8_t kIntentFormat = 2;
constexpr std::uint8_t kConflictFormat = 3;
constexpr std::uint8_t kConflictWithoutSettlement = 2;

void put_time(ByteWriter& out, std::optional<Timestamp> time) {
  out.u8(time ? 1 : 0);
  if (time) {
    out.u64(static_cast<std::uint64_t>(time->value));
  }
}
std::optional<Timestamp> get_time(ByteReader& in) {
  if (in.u8() == 0) {
    return std::nullopt;
  }
  return Timestamp{static_cast<std::int64_t>(in.u64())};
}
void put_instant(ByteWriter& out, Timestamp time) {
  out.u64(static_cast<std::uint64_t>(time.value));
}
Timestamp get_instant(ByteReader& in) { return {static_cast<std::int64_t>(in.u64())}; }

// Two bits a slot: 0 not known, 1 both sides alike, 2 a digest a side, 3 left to the default on one
// side; then the digests, and of 3 that side.
void put_base(ByteWriter& out, const Base& base) {
  out.varint(base.size());
  std::uint8_t bits = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    const BaseSlot& slot = base[i];
    const unsigned code =
        slot.known ? (slot.digests[0] == slot.digests[1] ? 1 : 2) : (slot.left_to_default ? 3 : 0);
    bits = static_cast<std::uint8_t>(bits | (code << (2 * (i % 4))));
    if (i % 4 == 3 || i + 1 == base.size()) {
      out.u8(bits);
      bits = 0;
    }
  }
  for (const BaseSlot& slot : base) {
    if (slot.known) {
      out.u64(slot.digests[0].value);
      if (slot.digests[0] != slot.digests[1]) {
        out.u64(slot.digests[1].value);
      }
    } else if (slot.left_to_default) {
      out.u8(static_cast<std::uint8_t>(*slot.left_to_default));
    }
  }
}
void get_base(ByteReader& in, Base& base) {
  constexpr std::uint64_t kSlotsMax = 4096;
  const std::uint64_t size = in.varint();
  if (!in.ok() || size > kSlotsMax) {
    base.clear();
    in = ByteReader({});
    in.u8();
    return;
  }
  const std::string_view codes = in.bytes((size + 3) / 4);
  base.resize(in.ok() ? size : 0);
  for (std::size_t i = 0; i < base.size(); ++i) {
    base[i] = {};
    const unsigned code = (static_cast<unsigned char>(codes[i / 4]) >> (2 * (i % 4))) & 3U;
    if (code == 3) {
      base[i].left_to_default = static_cast<Side>(in.u8() & 1U);
    } else if (code != 0) {
      base[i].known = true;
      base[i].digests[0] = {in.u64()};
      base[i].digests[1] = code == 1 ? base[i].digests[0] : Digest{in.u64()};
    }
  }
}

void put_agreement(ByteWriter& out, const Agreement& agreement, std::uint16_t shape) {
  out.u16(shape);
  for (const EndState& end : agreement.ends) {
    out.varint(end.version.value);
    put_time(out, end.time);
  }
  out.varint(agreement.incarnation);
  put_instant(out, agreement.synced_at);
  out.u8(agreement.flips);
  if (agreement.flips != 0) {
    put_instant(out, agreement.flips_since);
  }
  put_base(out, agreement.base);
}
std::uint16_t get_agreement(ByteReader& in, Agreement& agreement) {
  const std::uint16_t shape = in.u16();
  for (EndState& end : agreement.ends) {
    end.version = {in.varint()};
    end.time = get_time(in);
  }
  agreement.incarnation = static_cast<std::uint32_t>(in.varint());
  agreement.synced_at = get_instant(in);
  agreement.flips = in.u8();
  agreement.flips_since = agreement.flips != 0 ? get_instant(in) : Timestamp{};
  get_base(in, agreement.base);
  return shape;
}

ObjectKey get_key(ByteReader& in) { return {std::string(in.text())}; }
std::string get_text(ByteReader& in) { return std::string(in.text()); }

Error damaged(const char* what) {
  return {ErrorKind::kStateCorrupt,
          std::string("the state holds a damaged record: ") + what,
          "restore the state from a backup, or remove it and run "
          "`couplet reconcile --rebuild-state`",
          {},
          {},
          {}};
}

template <typename T>
Result<T> checked(const ByteReader& in, bool format_known, T value, const char* what) {
  if (!format_known || !in.complete()) {
    return fail(damaged(what));
  }
  return value;
}

}  // namespace

const char* name_of(LinkedBy by) {
  switch (by) {
    case LinkedBy::kMatched:
      return "matched";
    case LinkedBy::kCreated:
      return "created";
    case LinkedBy::kManual:
      return "manual";
    case LinkedBy::kSucceeded:
      return "succeeded";
  }
  return "matched";
}

std::optional<LinkedBy> linked_by_named(std::string_view name) {
  for (const LinkedBy by :
       {LinkedBy::kMatched, LinkedBy::kCreated, LinkedBy::kManual, LinkedBy::kSucceeded}) {
    if (name == name_of(by)) {
      return by;
    }
  }
  return std::nullopt;
}

std::string encode(const Link& link, std::uint16_t shape) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  out.text(link.right.bytes);
  out.u8(static_cast<std::uint8_t>(link.by));
  put_instant(out, link.linked_at);
  put_agreement(out, link.agreement, shape);
  return bytes;
}
Result<void> decode_link(std::string_view bytes, Link& link, std::uint16_t& shape) {
  ByteReader in(bytes);
  const bool known = in.u8() == kFormat;
  link.right.bytes = in.text();
  link.by = static_cast<LinkedBy>(in.u8());
  link.linked_at = get_instant(in);
  shape = get_agreement(in, link.agreement);
  return known && in.complete() ? Result<void>{} : fail(damaged("link"));
}

std::string encode(const Contribution& contribution) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  out.text(contribution.target.bytes);
  out.u8(static_cast<std::uint8_t>(contribution.by));
  put_instant(out, contribution.linked_at);
  out.u64(contribution.identity.value);
  out.u64(contribution.values.value);
  return bytes;
}
Result<Contribution> decode_contribution(std::string_view bytes) {
  ByteReader in(bytes);
  const bool known = in.u8() == kFormat;
  Contribution contribution;
  contribution.target = get_key(in);
  contribution.by = static_cast<LinkedBy>(in.u8());
  contribution.linked_at = get_instant(in);
  contribution.identity = {in.u64()};
  contribution.values = {in.u64()};
  return checked(in, known, std::move(contribution), "contribution");
}

std::string encode(const Target& target, std::uint16_t shape) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  put_agreement(out, target.agreement, shape);
  out.varint(target.winners.size());
  for (const Winner& winner : target.winners) {
    out.text(winner.key.bytes);
    if (!winner.key.empty()) {
      out.u8(static_cast<std::uint8_t>((winner.null ? 1U : 0U) | (winner.leads ? 2U : 0U)));
      put_time(out, winner.time);
    }
  }
  return bytes;
}
Result<Target> decode_target(std::string_view bytes, std::uint16_t& shape) {
  ByteReader in(bytes);
  const bool known = in.u8() == kFormat;
  Target target;
  shape = get_agreement(in, target.agreement);
  const std::uint64_t winners = in.varint();
  for (std::uint64_t i = 0; i < winners && in.ok(); ++i) {
    Winner& winner = target.winners.emplace_back();
    winner.key = get_key(in);
    if (!winner.key.empty()) {
      const std::uint8_t flags = in.u8();
      winner.null = (flags & 1U) != 0;
      winner.leads = (flags & 2U) != 0;
      winner.time = get_time(in);
    }
  }
  return checked(in, known, std::move(target), "target");
}

std::string encode(const Tombstone& tombstone, std::uint16_t shape) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  out.text(tombstone.gone.bytes);
  put_instant(out, tombstone.at);
  put_agreement(out, tombstone.agreement, shape);
  return bytes;
}
Result<Tombstone> decode_tombstone(std::string_view bytes, std::uint16_t& shape) {
  ByteReader in(bytes);
  const bool known = in.u8() == kFormat;
  Tombstone tombstone;
  tombstone.gone = get_key(in);
  tombstone.at = get_instant(in);
  shape = get_agreement(in, tombstone.agreement);
  return checked(in, known, std::move(tombstone), "tombstone");
}

std::string encode(const Separation& separation) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  put_instant(out, separation.since);
  out.varint(separation.identities.size());
  for (const Separation::Identities& identities : separation.identities) {
    out.u16(identities.mapping);
    out.u64(identities.digests[0].value);
    out.u64(identities.digests[1].value);
  }
  return bytes;
}
Result<Separation> decode_separation(std::string_view bytes) {
  ByteReader in(bytes);
  const bool known = in.u8() == kFormat;
  Separation separation;
  separation.since = get_instant(in);
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const std::uint16_t mapping = in.u16();
    const Digest at_left{in.u64()};
    separation.identities.push_back({mapping, {at_left, Digest{in.u64()}}});
  }
  return checked(in, known, std::move(separation), "separation");
}

std::string encode(const Parked& parked) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kParkedFormat);
  out.u8(static_cast<std::uint8_t>(parked.kind));
  out.text(parked.code);
  out.text(parked.reason);
  out.text(parked.detail);
  out.varint(parked.attempts);
  put_instant(out, parked.first_at);
  put_instant(out, parked.last_at);
  out.text(name_of(parked.situation));
  out.text(parked.counterpart.bytes);
  out.varint(parked.attributes.size());
  for (const std::string& attribute : parked.attributes) {
    out.text(attribute);
  }
  return bytes;
}
Result<Parked> decode_parked(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t format = in.u8();
  bool known = format == kFormat || format == kParkedFormat;
  Parked parked;
  parked.kind = static_cast<ErrorKind>(in.u8());
  parked.code = get_text(in);
  parked.reason = get_text(in);
  parked.detail = get_text(in);
  parked.attempts = static_cast<std::uint32_t>(in.varint());
  parked.first_at = get_instant(in);
  parked.last_at = get_instant(in);
  if (format == kParkedFormat) {  // Else it is not known.
    const auto situation = situation_named(in.text());
    known = known && situation.has_value();
    parked.situation = situation.value_or(Situation::kAbsent);
    parked.counterpart = get_key(in);
    const std::uint64_t attributes = in.varint();
    for (std::uint64_t i = 0; i < attributes && in.ok(); ++i) {
      parked.attributes.push_back(get_text(in));
    }
  }
  return checked(in, known, std::move(parked), "parked object");
}

namespace {
void put_ends(ByteWriter& out, const std::vector<PairEnd>& ends) {
  out.varint(ends.size());
  for (const PairEnd& end : ends) {
    out.u16(end.pair);
    out.u8(static_cast<std::uint8_t>(end.side));
    out.text(end.key.bytes);
  }
}
std::vector<PairEnd> get_ends(ByteReader& in) {
  std::vector<PairEnd> ends;
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    PairEnd end;
    end.pair = in.u16();
    end.side = static_cast<Side>(in.u8() & 1U);
    end.key = get_key(in);
    ends.push_back(std::move(end));
  }
  return ends;
}
}  // namespace

std::string encode(const Held& held) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kHeldFormat);
  out.text(name_of(held.situation));
  out.text(held.reason);
  put_instant(out, held.since);
  put_ends(out, held.rivals);
  return bytes;
}
Result<Held> decode_held(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t format = in.u8();
  bool known = format == kFormat || format == kHeldFormat;
  Held held;
  const auto situation = situation_named(in.text());
  known = known && situation.has_value();
  held.situation = situation.value_or(Situation::kConflict);
  held.reason = get_text(in);
  held.since = get_instant(in);
  if (format == kHeldFormat) {  // Else it is not known who keeps it held.
    held.rivals = get_ends(in);
  }
  return checked(in, known, std::move(held), "held object");
}

std::string encode(const Waiting& waiting) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  put_instant(out, waiting.since);
  put_ends(out, waiting.links);
  return bytes;
}
Result<Waiting> decode_waiting(std::string_view bytes) {
  ByteReader in(bytes);
  const bool known = in.u8() == kFormat;
  Waiting waiting;
  waiting.since = get_instant(in);
  waiting.links = get_ends(in);
  return checked(in, known, std::move(waiting), "waiting object");
}

std::string encode(const Conflict& conflict) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kConflictFormat);
  out.text(conflict.attribute);
  for (std::size_t side = 0; side < 2; ++side) {
    out.text(conflict.objects[side]);
    out.text(conflict.values[side]);
    put_time(out, conflict.times[side]);
  }
  out.text(conflict.rule);
  out.u8(conflict.winner ? static_cast<std::uint8_t>(*conflict.winner) : 2);
  put_instant(out, conflict.at);
  out.text(conflict.situation ? name_of(*conflict.situation) : "");
  out.text(conflict.settled ? conflict.settled->by : "");
  if (conflict.settled) {
    put_instant(out, conflict.settled->at);
  }
  return bytes;
}
Result<Conflict> decode_conflict(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t format = in.u8();
  bool known = format >= kFormat && format <= kConflictFormat;
  Conflict conflict;
  conflict.attribute = get_text(in);
  for (std::size_t side = 0; side < 2; ++side) {
    conflict.objects[side] = get_text(in);
    conflict.values[side] = get_text(in);
    conflict.times[side] = get_time(in);
  }
  conflict.rule = get_text(in);
  const std::uint8_t winner = in.u8();
  if (winner < 2) {
    conflict.winner = static_cast<Side>(winner);
  }
  conflict.at = get_instant(in);
  if (format >= kConflictWithoutSettlement) {
    const std::string_view situation = in.text();
    conflict.situation = situation_named(situation);
    known = known && (situation.empty() || conflict.situation.has_value());
  }
  if (format == kConflictFormat) {
    if (std::string by = get_text(in); !by.empty()) {
      conflict.settled = Conflict::Settled{std::move(by), get_instant(in)};
    }
  }
  return checked(in, known, std::move(conflict), "conflict");
}

IntentWriter::IntentWriter(const std::string& source, BatchNumber number, bool marked,
                           std::size_t entries) {
  ByteWriter out(bytes_);
  out.u8(kIntentFormat);
  out.text(source);
  out.u64(number.value);
  out.u8(marked ? 1 : 0);
  out.varint(entries);
}
void IntentWriter::entry(const std::string& mapping, Side side, Operation operation,
                         const ObjectKey& key, const ObjectKey& from, std::size_t written) {
  ByteWriter out(bytes_);
  out.text(mapping);
  out.u8(static_cast<std::uint8_t>(side));
  out.u8(static_cast<std::uint8_t>(operation));
  out.text(key.bytes);
  out.text(from.bytes);
  out.varint(written);
}
void IntentWriter::written(const std::string& slot, Digest digest, Digest before) {
  ByteWriter out(bytes_);
  out.text(slot);
  out.u64(digest.value);
  out.u64(before.value);
}
void IntentWriter::changes(const std::vector<StateBatch::Change>& changes) {
  ByteWriter out(bytes_);
  out.varint(changes.size());
  for (const StateBatch::Change& change : changes) {
    out.u8(static_cast<std::uint8_t>(change.family));
    out.text(change.key);
    out.u8(change.value ? 1 : 0);
    if (change.value) {
      out.text(*change.value);
    }
  }
}

std::string encode(const Intent& intent) {
  IntentWriter out(intent.source, intent.number, intent.marked, intent.entries.size());
  for (const Intent::Entry& entry : intent.entries) {
    out.entry(entry.mapping, entry.side, entry.operation, entry.key, entry.from,
              entry.written.size());
    for (const Intent::Entry::Written& written : entry.written) {
      out.written(written.slot, written.digest, written.before);
    }
    out.changes(entry.changes);
  }
  return out.take();
}
Result<Intent> decode_intent(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint8_t format = in.u8();
  const bool known = format == kFormat || format == kIntentFormat;
  Intent intent;
  intent.source = get_text(in);
  intent.number = {in.u64()};
  intent.marked = in.u8() != 0;
  const std::uint64_t entries = in.varint();
  for (std::uint64_t i = 0; i < entries && in.ok(); ++i) {
    Intent::Entry entry;
    entry.mapping = get_text(in);
    entry.side = static_cast<Side>(in.u8() & 1U);
    entry.operation = static_cast<Operation>(in.u8());
    entry.key = get_key(in);
    if (format == kIntentFormat) {
      entry.from = get_key(in);
    }
    const std::uint64_t written = in.varint();
    for (std::uint64_t j = 0; j < written && in.ok(); ++j) {
      std::string slot = get_text(in);
      const Digest digest{in.u64()};
      const Digest before{format == kIntentFormat ? in.u64() : 0};
      entry.written.push_back({std::move(slot), digest, before});
    }
    const std::uint64_t changes = in.varint();
    for (std::uint64_t j = 0; j < changes && in.ok(); ++j) {
      StateBatch::Change change;
      change.family = static_cast<Family>(in.u8());
      change.key = get_text(in);
      if (in.u8() != 0) {
        change.value = get_text(in);
      }
      entry.changes.push_back(std::move(change));
    }
    intent.entries.push_back(std::move(entry));
  }
  return checked(in, known, std::move(intent), "intent");
}

}  // namespace couplet
