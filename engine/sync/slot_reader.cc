#include "engine/sync/slot_reader.h"

#include <limits>

#include "engine/model/planted_bug.h"
#include "engine/sync/byte_codec.h"

namespace couplet {
namespace {

// The type that plain values of the slot are digested as.
const Type& canonical_type(const Slot& slot) { return slot.end(slot.canonical).columns[0].type; }

Value listed(const std::optional<std::string>& value) {
  return value ? Value(std::string_view(*value)) : Value::null();
}

}  // namespace

const ValuePair* value_pair(const Slot& slot, Side side, const Type& type, Value value) {
  const auto comparison = comparison_between(type, type);
  for (const ValuePair& pair : slot.values) {
    if (same_value(*comparison, type, listed(end_of(pair, side)), type, value)) {
      return &pair;
    }
  }
  return nullptr;
}

std::optional<Timestamp> time_of(Value cell) {
  if (!cell.has_bytes() || cell.bytes().size() != sizeof(std::int64_t)) {
    return std::nullopt;
  }
  const auto time = static_cast<std::int64_t>(ByteReader(cell.bytes()).u64());
  if (time == std::numeric_limits<std::int64_t>::max() ||
      time == std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return Timestamp{time};
}

Side link_side(const Slot& slot, Side side) { return slot.link_flipped ? other(side) : side; }

bool can_translate(const BoundDefinition& definition, const Slot& slot, Side from) {
  const std::optional<Side> many = definition.pairs[*slot.link].many;
  return !many || *many == link_side(slot, from);
}

Digest unresolved(const Digester& digester, const ObjectKey& reference) {
  return digester.of_bytes("unresolved" + reference.bytes);
}

bool fits(const SlotColumns& columns, const RowBatch& rows, std::size_t row) {
  for (std::size_t i = 0; i < columns.columns.size(); ++i) {
    if (!is_value_of(columns.types[i], rows.at(row, columns.columns[i]))) {
      return false;
    }
  }
  return true;
}

SlotReader::SlotReader(const MappingPlan& plan, Side side, const Digester& digester)
    : plan_(plan), side_(side), digester_(digester), plain_(plan.uses.size()) {
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    const Slot& slot = plan.slot(use);
    if (!slot.constant && !slot.link && slot.values.empty()) {
      plain_[use].emplace(digester, slot.comparison, plan.side(side).slots[use].types[0]);
    }
  }
}

std::optional<Timestamp> SlotReader::time_in(const SlotColumns& columns, const RowBatch& rows,
                                             std::size_t row) const {
  std::optional<Timestamp> time;
  if (columns.time) {
    time = time_of(rows.at(row, *columns.time));
  }
  const std::optional<std::size_t>& own = plan_.side(side_).changed_at;
  if (planted("newest_time_on_the_path") && own) {
    const std::optional<Timestamp> changed_at = time_of(rows.at(row, *own));
    if (changed_at && (!time || *changed_at > *time)) {
      time = changed_at;
    }
  }
  return time;
}

void SlotReader::read_plain(std::size_t use, const RowBatch& rows, std::size_t row,
                            SlotState& state) {
  const SlotColumns& columns = plan_.side(side_).slots[use];
  const Value value = rows.at(row, columns.columns[0]);
  state.kind = SlotState::Kind::kAbsent;
  state.time.reset();
  if (columns.time || planted("newest_time_on_the_path")) {
    state.time = time_in(columns, rows, row);
  }
  if (value.has_bytes()) {
    if (const std::optional<Digest> digest = plain_[use]->of(value.bytes())) {
      state.kind = SlotState::Kind::kValue;
      state.digest = *digest;
    } else {
      read_fault(columns, rows, row, state);
    }
  } else if (value.is_null()) {
    state.kind = SlotState::Kind::kNull;
    state.digest = digester_.of_null();
  }
}

bool SlotReader::read_column(std::size_t use, const RowBatch& rows, std::size_t first,
                             std::size_t last, std::span<SlotState> states, std::size_t stride) {
  if (!plain_[use]) {
    return false;
  }
  for (std::size_t row = first; row < last; ++row) {
    read_plain(use, rows, row, states[(row - first) * stride]);
  }
  return true;
}

SlotState SlotReader::read(std::size_t use, const RowBatch& rows, std::size_t row,
                           ObjectKey& reference) {
  const SlotColumns& columns = plan_.side(side_).slots[use];
  reference.bytes.clear();
  SlotState state;
  if (plain_[use]) {
    read_plain(use, rows, row, state);
    return state;
  }
  const Slot& slot = plan_.slot(use);
  if (slot.constant) {
    read_constant(slot, columns.columns.empty() ? Value() : rows.at(row, columns.columns[0]),
                  state);
    return state;
  }
  state.time = time_in(columns, rows, row);
  if (!fits(columns, rows, row)) {
    read_fault(columns, rows, row, state);
    return state;
  }
  if (!slot.link) {
    read_mapped(slot, columns.types[0], rows.at(row, columns.columns[0]), state);
    return state;
  }
  std::vector<Value> cells;
  for (const std::size_t column : columns.columns) {
    cells.push_back(rows.at(row, column));
    if (cells.back().is_absent()) {
      return state;
    }
  }
  if (append_key(columns.types, cells, reference.bytes)) {
    state.kind = SlotState::Kind::kUnresolved;  // until it is resolved
  } else {
    state.kind = SlotState::Kind::kNull;
    state.digest = digester_.of_null();
  }
  return state;
}

// A constant is what the written side holds, against the value that the file gives.
void SlotReader::read_constant(const Slot& slot, Value own, SlotState& state) const {
  const Side written = slot.left.kind == Endpoint::Kind::kNone ? Side::kRight : Side::kLeft;
  const Value value = side_ == written ? own : listed(*slot.constant);
  state.kind = value.has_bytes() ? SlotState::Kind::kValue : SlotState::Kind::kNull;
  state.digest = value.has_bytes()
                     ? digester_.of(slot.comparison, slot.end(written).columns[0].type, value)
                     : digester_.of_null();
}

void SlotReader::read_fault(const SlotColumns& columns, const RowBatch& rows, std::size_t row,
                            SlotState& state) const {
  state.kind = SlotState::Kind::kFault;
  std::string held;
  for (const std::size_t column : columns.columns) {
    const Value cell = rows.at(row, column);
    ByteWriter(held).text(cell.has_bytes() ? cell.bytes() : std::string_view());
  }
  state.digest = digester_.of_bytes(held);
}

// A value that the slot's `values` turn into one of the canonical side.
void SlotReader::read_mapped(const Slot& slot, const Type& type, Value value,
                             SlotState& state) const {
  if (value.is_absent()) {
    return;
  }
  const Type* digested_as = &type;
  const ValuePair* pair = value_pair(slot, side_, type, value);
  if (pair == nullptr && value.has_bytes()) {
    state.kind = SlotState::Kind::kFault;
    state.digest = digester_.of(*comparison_between(type, type), type, value);
    return;
  }
  if (pair != nullptr) {
    value = listed(end_of(*pair, slot.canonical));
    digested_as = &canonical_type(slot);
  }
  state.kind = value.has_bytes() ? SlotState::Kind::kValue : SlotState::Kind::kNull;
  state.digest =
      value.has_bytes() ? digester_.of(slot.comparison, *digested_as, value) : digester_.of_null();
}

void SlotReader::resolve(std::size_t use, const ObjectKey& reference, const ObjectKey* translated,
                         const ObjectKey* severed, SlotState& state) const {
  const ObjectKey* canonical = side_ == plan_.slot(use).canonical ? &reference : translated;
  if (canonical != nullptr) {
    state.kind = SlotState::Kind::kValue;
    state.digest = digester_.of_bytes(canonical->bytes);
  } else {
    state.kind = SlotState::Kind::kUnresolved;
    state.digest =
        severed != nullptr ? digester_.of_bytes(severed->bytes) : unresolved(digester_, reference);
  }
  state.sendable = translated != nullptr;
}

}  // namespace couplet
