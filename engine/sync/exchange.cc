#include "engine/sync/exchange.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <unordered_map>

#include "engine/model/ascii.h"
#include "engine/model/planted_bug.h"
#include "engine/sync/byte_codec.h"

namespace couplet {

Value held_value(const SidePlan& side, const RowWrite& write, const std::string& column) {
  const View* target = write.task->views[index_of(write.side)];
  if (target == nullptr) {
    return Value::absent();
  }
  const std::vector<std::string>& id = side.projection.id;
  if (const auto found = std::find(id.begin(), id.end(), column); found != id.end()) {
    return target->cell(static_cast<std::size_t>(found - id.begin()));
  }
  for (std::size_t i = 0; i < side.projection.columns.size(); ++i) {
    const ColumnPath& path = side.projection.columns[i];
    if (path.joins.empty() && path.column == column) {
      return target->cell(id.size() + i);
    }
  }
  return Value::absent();
}

Value wanted_value(const SidePlan& side, const RowWrite& write, const std::string& column) {
  if (const RowWrite::Cell* cell = write.cell(column)) {
    return cell->value ? Value(std::string_view(*cell->value)) : Value::null();
  }
  return held_value(side, write, column);
}

namespace {

// The row's values of a unique key; empty where one is null. A column that no mapping reads is
// taken to hold the same in all rows: one that is moved without need is none the worse for it.
template <class ValueOf>
std::string tuple(const SidePlan& side, const UniqueKey& key, const RowWrite& write,
                  ValueOf value_of) {
  std::string bytes;
  ByteWriter out(bytes);
  for (const std::string& name : key.columns) {
    const Value value = value_of(side, write, name);
    if (value.is_absent()) {
      continue;
    }
    if (!value.has_bytes()) {
      return {};
    }
    const ColumnInfo* column = side.entity->table.column(name);
    const bool padded = column != nullptr && column->type && column->type->kind == TypeKind::kChar;
    out.text(padded ? ascii::without_trailing_blanks(value.bytes()) : value.bytes());
  }
  return bytes;
}

bool writes_any_of(const RowWrite& write, const UniqueKey& key) {
  return std::any_of(key.columns.begin(), key.columns.end(),
                     [&](const std::string& column) { return write.cell(column) != nullptr; });
}

}  // namespace

Moves moves_among(const SidePlan& side, const std::vector<const RowWrite*>& rows) {
  Moves moves;
  for (const UniqueKey& key : side.entity->table.unique_keys) {
    if (key.deferrable || key.columns.empty()) {
      continue;
    }
    std::multimap<std::string, std::size_t> takers;
    std::vector<std::pair<std::string, std::size_t>> holders;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!writes_any_of(*rows[i], key)) {
        continue;
      }
      std::string from = tuple(side, key, *rows[i], held_value);
      std::string to = tuple(side, key, *rows[i], wanted_value);
      if (from == to) {
        continue;
      }
      if (!to.empty()) {
        takers.emplace(std::move(to), i);
      }
      if (!from.empty()) {
        holders.emplace_back(std::move(from), i);
      }
    }
    std::set<std::string> left;  // Values whose takers have all been told.
    for (const auto& [from, holder] : holders) {
      const auto [first, last] = takers.equal_range(from);
      if (first == last || planted("no_displacement")) {
        continue;
      }
      const auto end = left.insert(from).second ? last : std::next(first);
      for (auto taker = first; taker != end; ++taker) {
        moves.holders.insert(holder);
        moves.takers.insert(taker->second);
        moves.pairs.emplace_back(holder, taker->second);
        for (const std::size_t row : {holder, taker->second}) {
          for (const std::string& column : key.columns) {
            if (rows[row]->cell(column) != nullptr) {
              moves.columns.insert(column);
            }
          }
        }
      }
    }
  }
  return moves;
}

Halves halves_of(const MappingPlan& plan, Side side, std::span<RowWrite* const> writes) {
  // Each row's place in `writes` of the first row that it exchanges with, directly or by others.
  std::vector<std::size_t> first(writes.size());
  std::iota(first.begin(), first.end(), std::size_t{0});
  const auto first_of = [&first](std::size_t row) {
    while (first[row] != row) {
      row = first[row] = first[first[row]];
    }
    return row;
  };
  std::vector<const RowWrite*> updates;
  std::vector<std::size_t> place_of;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (writes[i]->operation == WriteGroup::Operation::kUpdate) {
      updates.push_back(writes[i]);
      place_of.push_back(i);
    }
  }
  for (const auto& [holder, taker] : moves_among(plan.side(side), updates).pairs) {
    const std::size_t a = first_of(place_of[holder]);
    const std::size_t b = first_of(place_of[taker]);
    first[std::max(a, b)] = std::min(a, b);
  }
  std::map<std::size_t, std::vector<RowWrite*>> together;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    together[first_of(i)].push_back(writes[i]);
  }
  const std::size_t middle = writes.size() / 2;
  Halves halves;
  if (together.size() == 1) {
    halves.one_exchange = true;
    halves.first.assign(writes.begin(), writes.begin() + static_cast<std::ptrdiff_t>(middle));
    halves.second.assign(writes.begin() + static_cast<std::ptrdiff_t>(middle), writes.end());
    return halves;
  }
  for (const auto& [place, rows] : together) {
    const bool here = halves.first.empty() ||
                      (halves.second.empty() && halves.first.size() + rows.size() <= middle);
    std::vector<RowWrite*>& half = here ? halves.first : halves.second;
    half.insert(half.end(), rows.begin(), rows.end());
  }
  return halves;
}

namespace {

// The columns of a unique key, as a search over them; nullopt: the mapping does not read them all.
std::optional<Projection> search_over(const SidePlan& side, const UniqueKey& key) {
  Projection search = side.projection;
  search.columns.clear();
  for (const std::string& name : key.columns) {
    const auto found = std::find_if(
        side.projection.columns.begin(), side.projection.columns.end(),
        [&](const ColumnPath& path) { return path.joins.empty() && path.column == name; });
    if (found == side.projection.columns.end()) {
      return std::nullopt;
    }
    search.columns.push_back(*found);
  }
  return search;
}

// Who holds the values of one key that these rows are to have.
class Holders {
 public:
  Holders(const SidePlan& side, std::span<RowWrite* const> writes) : side_(side), writes_(writes) {
    for (std::size_t row = 0; row < writes.size(); ++row) {
      if (!writes[row]->key.empty() && writes[row]->operation == WriteGroup::Operation::kUpdate) {
        row_of_.emplace(writes[row]->key, row);
      }
    }
  }

  // Appends the rows that wait for one that stays where it is.
  Result<void> search(Source& source, const UniqueKey& key, std::vector<Blocked>& blocked) const {
    const auto projection = search_over(side_, key);
    if (!projection) {
      return {};
    }
    ValueTable wanted;
    for (const ColumnPath& path : projection->columns) {
      wanted.types.push_back(path.type);
    }
    wanted.rows.reset(wanted.types.size());
    std::vector<std::size_t> asked;
    for (std::size_t row = 0; row < writes_.size(); ++row) {
      std::vector<Value> values;
      for (const std::string& column : key.columns) {
        values.push_back(wanted_value(side_, *writes_[row], column));
      }
      if (!writes_any_of(*writes_[row], key) ||
          !std::all_of(values.begin(), values.end(),
                       [](const Value& value) { return value.has_bytes(); })) {
        continue;
      }
      wanted.rows.begin_row({}, static_cast<std::uint32_t>(asked.size()));
      for (const Value& value : values) {
        wanted.rows.push(value);
      }
      asked.push_back(row);
    }
    if (asked.empty()) {
      return {};
    }
    std::vector<std::size_t> by(projection->columns.size());
    std::iota(by.begin(), by.end(), std::size_t{0});
    RowBatch found;
    COUPLET_TRY(source.find(*projection, by, wanted, found));
    for (std::size_t answer = 0; answer < found.rows(); ++answer) {
      const std::size_t row = asked[found.ordinal(answer)];
      ObjectKey holder = key_of_row(found, answer, projection->id_types);
      // Creates are written before updates: one waits for whoever holds its value.
      if (holder != writes_[row]->key &&
          (writes_[row]->operation == WriteGroup::Operation::kCreate || !leaves(holder, key))) {
        blocked.push_back({row, std::move(holder), &key});
      }
    }
    return {};
  }

 private:
  // Whether it is one of these rows and gives up its value of the key.
  [[nodiscard]] bool leaves(const ObjectKey& holder, const UniqueKey& key) const {
    const auto found = row_of_.find(holder);
    return found != row_of_.end() && tuple(side_, key, *writes_[found->second], held_value) !=
                                         tuple(side_, key, *writes_[found->second], wanted_value);
  }

  const SidePlan& side_;
  std::span<RowWrite* const> writes_;
  std::unordered_map<ObjectKey, std::size_t> row_of_;
};

// Rows that change places in a circle: each is to have what another of them holds. `next`: by row
// the one that holds what it is to have, or itself. A row has one at most, so a walk comes to one
// circle at most.
std::vector<bool> in_circles(const std::vector<std::size_t>& next) {
  std::vector<bool> in(next.size(), false);
  std::vector<std::size_t> walked(next.size(), next.size());  // by the walk from this row
  for (std::size_t start = 0; start < next.size(); ++start) {
    std::size_t row = start;
    while (walked[row] == next.size()) {
      walked[row] = start;
      row = next[row];
    }
    if (walked[row] == start && next[row] != row) {
      for (; !in[row]; row = next[row]) {
        in[row] = true;
      }
    }
  }
  return in;
}

// One value of a unique key goes to one row. Of several updates that are to have it, the one that
// is part of a circle gets it, as the others of that circle cannot move without it; else the first.
// Appends those that wait for that one. Only among rows that are not `known` to be blocked.
void append_rivals(const SidePlan& side, std::span<RowWrite* const> writes, const UniqueKey& key,
                   std::vector<bool>& known, std::vector<Blocked>& blocked) {
  std::vector<std::size_t> taking;
  std::vector<std::string> wanted(writes.size());
  std::unordered_map<std::string, std::size_t> holders;
  for (std::size_t row = 0; row < writes.size(); ++row) {
    if (known[row] || writes[row]->operation != WriteGroup::Operation::kUpdate ||
        !writes_any_of(*writes[row], key)) {
      continue;
    }
    std::string from = tuple(side, key, *writes[row], held_value);
    wanted[row] = tuple(side, key, *writes[row], wanted_value);
    if (from != wanted[row]) {
      taking.push_back(row);
      holders.emplace(std::move(from), row);
    }
  }
  std::vector<std::size_t> next(writes.size());
  std::iota(next.begin(), next.end(), std::size_t{0});
  for (const std::size_t row : taking) {
    const auto holder = holders.find(wanted[row]);
    next[row] = wanted[row].empty() || holder == holders.end() ? row : holder->second;
  }
  const std::vector<bool> in_circle = in_circles(next);
  std::unordered_map<std::string_view, std::size_t> winners;
  for (const bool of_circle : {true, false}) {
    for (const std::size_t row : taking) {
      if (in_circle[row] != of_circle || wanted[row].empty()) {
        continue;
      }
      const auto [winner, is_first] = winners.emplace(wanted[row], row);
      if (!is_first) {
        known[row] = true;
        blocked.push_back({row, writes[winner->second]->key, &key});
      }
    }
  }
}

}  // namespace

Result<std::vector<Blocked>> blocked_rows(const SidePlan& side, Source& source,
                                          std::span<RowWrite* const> writes) {
  std::vector<Blocked> blocked;
  const Holders holders(side, writes);
  for (const UniqueKey& key : side.entity->table.unique_keys) {
    if (!key.deferrable && !key.columns.empty()) {
      COUPLET_TRY(holders.search(source, key, blocked));
    }
  }
  std::vector<bool> known(writes.size(), false);
  std::erase_if(blocked, [&](const Blocked& one) {
    const bool told = known[one.row];
    known[one.row] = true;
    return told;
  });
  const std::vector<const RowWrite*> rows(writes.begin(), writes.end());
  const Moves moves = moves_among(side, rows);
  std::multimap<std::size_t, std::size_t> takers;
  for (const auto& [holder, taker] : moves.pairs) {
    takers.emplace(holder, taker);
  }
  std::size_t next = 0;
  // Who is to take what a blocked row holds is blocked too.
  const auto append_takers = [&] {
    for (; next < blocked.size(); ++next) {
      const std::size_t holder = blocked[next].row;
      const auto [first, last] = takers.equal_range(holder);
      for (auto taker = first; taker != last; ++taker) {
        if (!known[taker->second]) {
          known[taker->second] = true;
          blocked.push_back({taker->second, writes[holder]->key, blocked[next].key});
        }
      }
    }
  };
  append_takers();
  for (const UniqueKey& key : side.entity->table.unique_keys) {
    if (!key.deferrable && !key.columns.empty() && search_over(side, key)) {
      append_rivals(side, writes, key, known, blocked);
      append_takers();
    }
  }
  return blocked;
}

}  // namespace couplet
