#include "engine/sync/view.h"

#include <algorithm>
#include <limits>

#include "engine/model/planted_bug.h"
#include "engine/sync/byte_codec.h"
#include "engine/sync/object_name.h"

namespace couplet {
namespace {

constexpr std::string_view kPlannedPrefix = "\xFF\xFFplanned";

}  // namespace

bool is_planned(const ObjectKey& key) { return key.bytes.starts_with(kPlannedPrefix); }

ObjectKey planned_key(std::uint64_t number) {
  ObjectKey key{std::string(kPlannedPrefix)};
  ByteWriter(key.bytes).u64(number);
  return key;
}

Identity identity_of(const MappingPlan& plan, const Digester& digester, const View& view) {
  std::string bytes;
  ByteWriter out(bytes);
  Identity identity;
  for (std::size_t use = 0; use < plan.uses.size() && plan.uses[use]->identity; ++use) {
    const SlotState& state = view.slots[use].state;
    switch (state.kind) {
      case SlotState::Kind::kAbsent:
      case SlotState::Kind::kNull:
        return {Identity::Kind::kNull, {}};  // Null in any part: no identity, whatever else is.
      case SlotState::Kind::kUnresolved:
        identity.kind = Identity::Kind::kUnresolved;
        break;
      case SlotState::Kind::kFault:
        if (identity.kind == Identity::Kind::kComplete) {
          identity.kind = Identity::Kind::kFault;
        }
        break;
      case SlotState::Kind::kValue:
        break;
    }
    out.u64(state.digest.value);
  }
  identity.digest = digester.of_bytes(bytes);
  return identity;
}

Error unusable_value(const MappingPlan& plan, std::size_t use, const View& view) {
  const Endpoint& end = plan.slot(use).end(view.side);
  const std::string type = end.columns.empty() ? std::string("?") : end.columns[0].type.name;
  Error error;
  error.kind = ErrorKind::kRowFault;
  error.constraint = end.text;
  if (fits(plan.side(view.side).slots[use], *view.rows, view.row)) {
    error.message = "attribute '" + end.text +
                    "' has a value that is not listed in `values` (type " + type + ")";
    error.hint = "list the value, or correct it";
    error.detail =
        "the value is " +
        value_json(plan, view, use).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    error.code = "value_not_listed";
  } else {
    error.message =
        "attribute '" + end.text + "' holds what is no value of its type (" + type + ")";
    error.hint = "correct it where it is stored";
    error.code = "not_of_its_type";
  }
  return error;
}

Error unusable_identity(const MappingPlan& plan, const View& view) {
  std::size_t use = 0;
  while (view.slots[use].state.kind != SlotState::Kind::kFault) {
    ++use;
    COUPLET_CHECK(use < plan.uses.size() && plan.uses[use]->identity);
  }
  return unusable_value(plan, use, view);
}

Result<std::vector<View>> ViewBuilder::build(Side side, const RowBatch& rows) const {
  const SidePlan& own = plan_.side(side);
  SlotReader slots(plan_, side, state_.digester());
  ObjectKey reference;
  std::vector<View> views(rows.rows());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    View& view = views[row];
    view.side = side;
    view.key = key_of_row(rows, row, own.projection.id_types);
    view.present = true;
    view.in_scope = rows.in_scope(row);
    view.version = rows.version(row);
    view.rows = &rows;
    view.row = row;
    if (own.changed_at) {
      view.changed_at = time_of(rows.at(row, *own.changed_at));
    }
    view.slots.resize(plan_.uses.size());
    for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
      view.slots[use].state = slots.read(use, rows, row, reference);
      if (!reference.empty()) {
        view.slots[use].reference = reference;
      }
    }
  }
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    if (plan_.slot(use).link) {
      COUPLET_TRY(translate(side, use, views));
    }
  }
  return views;
}

Result<void> ViewBuilder::translate(Side side, std::size_t use, std::vector<View>& views) const {
  const Slot& slot = plan_.slot(use);
  if (can_translate(definition_, slot, side)) {
    std::vector<ObjectKey> keys;
    std::vector<View*> asking;
    for (View& view : views) {
      if (view.slots[use].reference) {
        keys.push_back(*view.slots[use].reference);
        asking.push_back(&view);
      }
    }
    COUPLET_ASSIGN(auto translated, state_.translate(*slot.link, link_side(slot, side), keys));
    for (std::size_t i = 0; i < asking.size(); ++i) {
      asking[i]->slots[use].translated = std::move(translated[i]);
    }
    COUPLET_TRY(find_severed(side, use, asking));
  }
  const SlotReader slots(plan_, side, state_.digester());
  const auto given = [](const std::optional<ObjectKey>& key) { return key ? &*key : nullptr; };
  for (View& view : views) {
    SlotView& held = view.slots[use];
    if (held.reference) {
      slots.resolve(use, *held.reference, given(held.translated), given(held.severed), held.state);
    }
  }
  return {};
}

Result<void> ViewBuilder::find_severed(Side side, std::size_t use,
                                       const std::vector<View*>& views) const {
  const Slot& slot = plan_.slot(use);
  std::vector<ObjectKey> keys;
  std::vector<View*> asking;
  for (View* view : views) {
    if (!view->slots[use].translated) {
      keys.push_back(*view->slots[use].reference);
      asking.push_back(view);
    }
  }
  if (keys.empty()) {
    return {};
  }
  COUPLET_ASSIGN(auto tombstones, state_.tombstones(*slot.link, link_side(slot, side), keys));
  for (std::size_t i = 0; i < asking.size(); ++i) {
    if (tombstones[i]) {
      asking[i]->slots[use].severed = std::move(tombstones[i]->gone);
    }
  }
  return {};
}

Result<void> send_slot(const MappingPlan& plan, std::size_t use, Side from, SlotState::Kind kind,
                       Value cell, const ObjectKey* translated, std::string& arena,
                       std::vector<Value>& cells) {
  const Slot& slot = plan.slot(use);
  const Side to = other(from);
  const Endpoint& target = slot.end(to);
  cells.clear();
  arena.clear();
  COUPLET_CHECK(kind == SlotState::Kind::kNull || kind == SlotState::Kind::kValue);
  if (slot.constant) {
    if (slot.constant->has_value()) {
      arena = **slot.constant;
    }
    cells.push_back(slot.constant->has_value() ? Value(std::string_view(arena)) : Value::null());
    return {};
  }
  if (slot.link) {
    if (kind == SlotState::Kind::kNull || (translated != nullptr && is_planned(*translated))) {
      cells.assign(target.columns.size(), Value::null());
      return {};
    }
    COUPLET_CHECK(translated != nullptr);
    std::vector<Type> types;
    for (const ColumnPath& column : target.columns) {
      types.push_back(column.type);
    }
    return decode_key(types, translated->bytes, arena, cells);
  }
  const Type& type = plan.side(from).slots[use].types[0];
  if (!slot.values.empty()) {
    if (const ValuePair* pair = value_pair(slot, from, type, cell)) {
      const auto& mapped = end_of(*pair, to);
      if (mapped) {
        arena = *mapped;
      }
      cells.push_back(mapped ? Value(std::string_view(arena)) : Value::null());
      return {};
    }
  }
  if (!cell.has_bytes()) {
    cells.push_back(Value::null());
    return {};
  }
  if (auto converted = convert_value(type, target.columns[0].type, cell, arena); !converted) {
    converted.error().message =
        "attribute '" + slot.end(from).text + "': " + converted.error().message;
    converted.error().constraint = slot.end(from).text;
    return converted;
  }
  cells.emplace_back(std::string_view(arena));
  return {};
}

Result<void> ViewBuilder::send(const View& from, std::size_t use, std::string& arena,
                               std::vector<Value>& cells) const {
  const Slot& slot = plan_.slot(use);
  const SlotView& held = from.slots[use];
  const bool stands_in_row = !slot.constant && !slot.link;
  return send_slot(plan_, use, from.side, held.state.kind,
                   stands_in_row ? from.cell(plan_.side(from.side).slots[use].columns[0]) : Value(),
                   held.translated ? &*held.translated : nullptr, arena, cells);
}

std::vector<PairEnd> first_ends(std::uint16_t pair, const std::vector<const View*>& views,
                                std::size_t most) {
  std::vector<PairEnd> ends;
  for (const View* view : views) {
    ends.push_back({pair, view->side, view->key});
  }
  std::sort(ends.begin(), ends.end());
  ends.resize(std::min(ends.size(), most));
  return ends;
}

}  // namespace couplet
