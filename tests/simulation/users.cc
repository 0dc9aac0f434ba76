#include "tests/simulation/users.h"

#include <algorithm>

#include "engine/model/literal.h"

namespace couplet::simulation {
namespace {

using Use = Column::Use;
using memory::Cells;

std::vector<const Column*> columns_of(const Table& table, Use use) {
  std::vector<const Column*> found;
  for (const Column& column : table.columns) {
    if (column.use == use) {
      found.push_back(&column);
    }
  }
  return found;
}

// The first key column has a few texts, the others two: chains of rows have something to share.
std::string key_of(std::size_t index, std::uint64_t number) {
  return index == 0 ? key_text(number) : key_text((number / (std::uint64_t{10} << index)) % 2);
}

void set_time(const Table& table, const Edit& edit, std::int64_t now, Cells& cells) {
  if (table.has_time) {
    cells["touched"] = edit.time == Edit::kNoTime
                           ? std::nullopt
                           : std::optional(format_timestamp(
                                 {now + static_cast<std::int64_t>(edit.time) * 1'000'000}));
  }
}

std::string describe(const Cells& cells) {
  std::string text;
  for (const auto& [column, value] : cells) {
    text += " " + column + "=" + value.value_or("null");
  }
  return text;
}

}  // namespace

Result<void> Users::commit(const Table& table, const Work& work) {
  return hidden_ ? database(table).hidden_transaction(work) : database(table).transaction(work);
}

std::optional<std::string> Users::make(const Edit& edit, std::int64_t now, bool hidden) {
  hidden_ = hidden;
  const Table& table = shape_.tables[edit.table % shape_.tables.size()];
  std::string what = table.name + ":";
  const auto done = edit.kind == Edit::Kind::kInsert ? insert(table, edit, now, what)
                                                     : write(table, edit, now, what);
  return done ? std::optional(what) : std::nullopt;
}

// The id of a row of the table that a reference leads to.
std::optional<std::string> Users::some_row_of(const Table& table, std::string_view to,
                                              std::uint64_t number) const {
  const auto rows = database(table).rows(to);
  return rows.empty() ? std::nullopt : rows[number % rows.size()].at("id");
}

Cells Users::row_of(const Table& table, const Edit& edit) const {
  Cells row;
  std::size_t key = 0;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    const bool null = edit.null && edit.other % table.columns.size() == i;
    switch (column.use) {
      case Use::kKey:
        row[column.name] = null ? std::nullopt : std::optional(key_of(key, edit.number));
        ++key;
        break;
      case Use::kStamp:
        row[column.name] = attribute_text(edit, column.name);
        break;
      case Use::kAttribute:
        row[column.name] = null ? std::nullopt : std::optional(attribute_text(edit, column.name));
        break;
      case Use::kReference:
        row[column.name] = null ? std::nullopt : some_row_of(table, column.to, edit.other);
        break;
      case Use::kScope:
        row[column.name] = edit.other % 5 == 0 ? "y" : "x";
        break;
    }
  }
  row["note"] = "n" + std::to_string(edit.number);
  return row;
}

Result<void> Users::insert(const Table& table, const Edit& edit, std::int64_t now,
                           std::string& what) {
  Cells row = row_of(table, edit);
  set_time(table, edit, now, row);
  what += " insert" + describe(row);
  return commit(table, [&](memory::MemoryTransaction& transaction) {
    return transaction.insert(table.name, row);
  });
}

std::optional<Cells> Users::change_of(const Table& table, const Edit& edit) const {
  const auto chosen = [&](Use use) -> std::optional<std::pair<std::size_t, const Column*>> {
    const auto columns = columns_of(table, use);
    if (columns.empty()) {
      return std::nullopt;
    }
    const std::size_t index = edit.other % columns.size();
    return std::pair(index, columns[index]);
  };
  Cells set;
  switch (edit.kind) {
    case Edit::Kind::kSet:
      if (const auto column = chosen(Use::kAttribute)) {
        set[column->second->name] =
            edit.null ? std::nullopt : std::optional(attribute_text(edit, column->second->name));
      }
      break;
    case Edit::Kind::kKey:
      if (const auto column = chosen(Use::kKey)) {
        set[column->second->name] =
            edit.null ? std::nullopt : std::optional(key_of(column->first, edit.number));
        if (table.natural_id && column->first == 0) {  // Another id: another object.
          set["stamp"] = attribute_text(edit, "stamp");
        }
      }
      break;
    case Edit::Kind::kMove:
      if (const auto column = chosen(Use::kReference)) {
        set[column->second->name] =
            edit.null ? std::nullopt : some_row_of(table, column->second->to, edit.number / 10);
      }
      break;
    case Edit::Kind::kScope:
      if (const auto column = chosen(Use::kScope)) {
        set[column->second->name] = edit.number % 3 == 0 ? "y" : "x";
      }
      break;
    case Edit::Kind::kNote:
      set["note"] = "n" + std::to_string(edit.number);
      break;
    case Edit::Kind::kInsert:
    case Edit::Kind::kDelete:
    case Edit::Kind::kReplace:
    case Edit::Kind::kSwap:
    case Edit::Kind::kTruncate:
      break;
  }
  return set.empty() ? std::nullopt : std::optional(set);
}

Result<void> Users::write(const Table& table, const Edit& edit, std::int64_t now,
                          std::string& what) {
  const auto nothing = [] { return fail(ErrorKind::kNotFound, "there is nothing to write"); };
  const auto rows = database(table).rows(table.name);
  if (rows.empty()) {
    return nothing();
  }
  const Cells& row = rows[edit.row % rows.size()];
  const Cells itself{{"tag", row.at("tag")}};
  what += " row " + row.at("tag").value_or("");
  switch (edit.kind) {
    case Edit::Kind::kDelete:
      what += " delete" + describe(row);
      return commit(table, [&](memory::MemoryTransaction& transaction) {
        return transaction.erase(table.name, itself).map([](std::size_t) {});
      });
    case Edit::Kind::kReplace: {
      Cells fresh = row_of(table, edit);
      for (const Column& column : table.columns) {
        if (column.use == Use::kKey || column.use == Use::kReference) {
          fresh[column.name] = row.at(column.name);
        }
      }
      set_time(table, edit, now, fresh);
      what += " replace by" + describe(fresh);
      return commit(table, [&](memory::MemoryTransaction& transaction) -> Result<void> {
        COUPLET_TRY(transaction.erase(table.name, itself));
        return transaction.insert(table.name, fresh);
      });
    }
    case Edit::Kind::kSwap: {
      const Cells& second = rows[edit.other % rows.size()];
      what += " swap keys with row " + second.at("tag").value_or("");
      return swap(table, row, second);
    }
    case Edit::Kind::kTruncate: {
      const bool referred_to =
          std::any_of(shape_.tables.begin(), shape_.tables.end(), [&](const Table& other) {
            return std::any_of(other.columns.begin(), other.columns.end(),
                               [&](const Column& column) { return column.to == table.name; });
          });
      if (referred_to) {
        return nothing();
      }
      what = table.name + ": truncate";
      return commit(table, [&](memory::MemoryTransaction& transaction) {
        return transaction.truncate(table.name);
      });
    }
    default:
      break;
  }
  auto set = change_of(table, edit);
  if (!set) {
    return nothing();
  }
  set_time(table, edit, now, *set);
  what += " set" + describe(*set);
  return commit(table, [&](memory::MemoryTransaction& transaction) {
    return transaction.update(table.name, itself, *set).map([](std::size_t) {});
  });
}

Result<void> Users::swap(const Table& table, const Cells& one, const Cells& two) {
  if (one.at("tag") == two.at("tag") || table.natural_id) {
    return fail(ErrorKind::kNotFound, "there are no two rows");
  }
  Cells first;
  Cells second;
  Cells aside;
  for (const Column* column : columns_of(table, Use::kKey)) {
    first[column->name] = two.at(column->name);
    second[column->name] = one.at(column->name);
    aside[column->name] = "aside";
  }
  return commit(table, [&](memory::MemoryTransaction& transaction) -> Result<void> {
    COUPLET_TRY(transaction.update(table.name, {{"tag", one.at("tag")}}, aside));
    COUPLET_TRY(transaction.update(table.name, {{"tag", two.at("tag")}}, second));
    COUPLET_TRY(transaction.update(table.name, {{"tag", one.at("tag")}}, first));
    return {};
  });
}

}  // namespace couplet::simulation
