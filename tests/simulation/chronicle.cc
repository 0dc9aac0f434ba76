#include "tests/simulation/chronicle.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace couplet::simulation {
namespace {

using Use = Column::Use;
using memory::Cells;

std::size_t index_of_table(const Shape& shape, std::string_view name) {
  for (std::size_t i = 0; i < shape.tables.size(); ++i) {
    if (shape.tables[i].name == name) {
      return i;
    }
  }
  COUPLET_CHECK(false);
  return 0;
}

}  // namespace

std::string shown(const std::optional<std::string>& value) { return value.value_or("(null)"); }

std::optional<ColumnAt> end_of(const Shape& shape, const std::string& table,
                               const std::string& path, bool reference) {
  if (path == "self") {
    return std::nullopt;
  }
  std::size_t at = index_of_table(shape, table);
  std::size_t begin = 0;
  for (;;) {
    const std::size_t dot = path.find('.', begin);
    const std::string step = path.substr(begin, dot - begin);
    if (dot == std::string::npos) {
      return ColumnAt{at, reference ? step + "_id" : step};
    }
    const Column* column = shape.tables[at].column(step + "_id");
    COUPLET_CHECK(column != nullptr);
    at = index_of_table(shape, column->to);
    begin = dot + 1;
  }
}

Chronicle::Chronicle(const Shape& shape)
    : shape_(shape),
      rights_(shape.tables.size()),
      group_(shape.tables.size()),
      now_(shape.tables.size()),
      deleted_stamps_(shape.tables.size()) {
  make_provenance();
  make_rights();
}

// Columns that one field relates hold values of each other's users.
void Chronicle::make_provenance() {
  std::map<ColumnAt, std::size_t> node;
  std::vector<std::size_t> parent;
  for (std::size_t table = 0; table < shape_.tables.size(); ++table) {
    for (const Column& column : shape_.tables[table].columns) {
      node[{table, column.name}] = parent.size();
      parent.push_back(parent.size());
    }
  }
  const std::function<std::size_t(std::size_t)> root = [&](std::size_t at) {
    return parent[at] == at ? at : parent[at] = root(parent[at]);
  };
  for (const Mapping& mapping : shape_.mappings) {
    for (const Field& field : mapping.fields) {
      if (!field.link.empty()) {
        continue;
      }
      const auto left = end_of(shape_, mapping.left, field.left, false);
      const auto right = end_of(shape_, mapping.right, field.right, false);
      parent[root(node.at(*left))] = root(node.at(*right));
    }
  }
  written_.resize(parent.size());
  for (const auto& [at, index] : node) {
    group_[at.table][at.column] = root(index);
  }
}

void Chronicle::make_rights() {
  for (const Mapping& mapping : shape_.mappings) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const std::size_t index = index_of_table(shape_, mapping.table(side));
      const Table& table = shape_.tables[index];
      Rights& rights = rights_[index];
      rights.stamped = std::any_of(table.columns.begin(), table.columns.end(),
                                   [](const Column& column) { return column.use == Use::kStamp; });
      rights.two_way = rights.two_way || (!mapping.many_to_one && shape_.pair_two_way(mapping));
      std::vector<std::string> keys;
      bool plain = true;
      for (const Field& field : mapping.fields) {
        const std::string& path = field.path(side);
        const bool own = path != "self" && path.find('.') == std::string::npos;
        const std::string column = field.link.empty() ? path : path + "_id";
        if (field.identity) {
          plain = plain && own;
          keys.push_back(column);
        }
        if (own && field.writes(side)) {
          rights.update.insert(column);
          rights.insert.insert(column);
        }
      }
      if (plain && mapping.creates(side)) {
        rights.keys = keys;
      }
      rights.creates = rights.creates || mapping.creates(side);
      if (mapping.writes(side)) {
        rights.update.insert("touched");
        rights.insert.insert("touched");
      }
      if (mapping.scoped(side)) {
        rights.insert.insert("kind");
      }
      rights.insert.insert({"id", "tag"});
    }
  }
}

std::string Chronicle::name(std::size_t table, const std::string& tag) const {
  return shape_.tables[table].name + " row " + tag;
}

void Chronicle::violated(std::string law, std::string what) {
  violations_.push_back({std::move(law), std::move(what)});
}

void Chronicle::check_value(std::size_t table, const std::string& column,
                            const std::optional<std::string>& value, const std::string& where) {
  const Column* known = shape_.tables[table].column(column);
  if (!value || known == nullptr || known->use == Use::kReference || known->use == Use::kScope) {
    return;
  }
  if (!written_[group_[table].at(column)].contains(*value)) {
    violated("nothing invented", where + " has " + column + "=" + *value +
                                     ", which no user wrote there or on the other side");
  }
}

void Chronicle::check_insert(std::size_t table, const std::string& tag, const Cells& row,
                             const Snapshot& after) {
  const Rights& rights = rights_[table];
  const std::string where = name(table, tag);
  if (creates_held_) {
    violated("no resurrection", "the engine made " + where + " beside a state that is lost");
  }
  if (!rights.creates) {
    violated("untouched", "the engine made " + where + ", where no mapping creates");
  }
  for (const auto& [column, value] : row) {
    if (value && !rights.insert.contains(column)) {
      violated("untouched", std::string("the engine made ")
                                .append(where)
                                .append(" with ")
                                .append(column)
                                .append("=")
                                .append(*value));
    }
    check_value(table, column, value, where);
  }
  if (rights.stamped && rights.two_way && lineage_known_) {
    const auto& stamp = row.at("stamp");
    if (stamp && deleted_stamps_[table].contains(*stamp) && !perhaps_not_ours_.contains(*stamp)) {
      violated("no resurrection",
               where + " has come back with stamp " + *stamp + ", which a user had deleted");
    }
  }
  // One that was there all the time under this identity key is the one to link with.
  if (rights.keys.empty()) {
    return;
  }
  const auto same_key = [&](const Cells& other) {
    return std::all_of(rights.keys.begin(), rights.keys.end(), [&](const std::string& key) {
      return other.at(key) && other.at(key) == row.at(key);
    });
  };
  for (const auto& [other, cells] : now_[table]) {
    const auto still = after[table].find(other);
    if (same_key(cells) && still != after[table].end() && same_key(still->second)) {
      violated("no duplicate create", "the engine made " + where + " beside " + name(table, other) +
                                          " of the same identity key");
    }
  }
}

void Chronicle::check_update(std::size_t table, const std::string& tag, const Cells& before,
                             const Cells& row) {
  for (const auto& [column, value] : row) {
    if (value == before.at(column)) {
      continue;
    }
    if (!rights_[table].update.contains(column)) {
      violated("untouched", "the engine changed " + column + " of " + name(table, tag) + " from " +
                                shown(before.at(column)) + " to " + shown(value));
    }
    check_value(table, column, value, name(table, tag));
  }
}

// One stamp, one object of its side.
void Chronicle::check_stamps(const Snapshot& after) {
  for (std::size_t table = 0; table < after.size(); ++table) {
    if (!rights_[table].stamped || !lineage_known_) {
      continue;
    }
    std::map<std::string, std::string> seen;
    for (const auto& [tag, row] : after[table]) {
      if (const auto& stamp = row.at("stamp")) {
        const auto [first, is_new] = seen.emplace(*stamp, tag);
        if (!is_new) {
          violated("no duplicate create", name(table, tag) + " and " + name(table, first->second) +
                                              " are one object: stamp " + *stamp);
        }
      }
    }
  }
}

void Chronicle::engine_wrote(const Snapshot& now) {
  if (now == now_) {
    return;
  }
  for (std::size_t table = 0; table < now.size(); ++table) {
    for (const auto& [tag, row] : now_[table]) {
      if (!now[table].contains(tag)) {
        violated("nothing deleted", "the engine deleted " + name(table, tag));
      }
    }
    for (const auto& [tag, row] : now[table]) {
      const auto before = now_[table].find(tag);
      if (before == now_[table].end()) {
        check_insert(table, tag, row, now);
        unrecorded_.emplace(table, tag);
      } else if (before->second != row) {
        check_update(table, tag, before->second, row);
        if (!shape_.marks) {
          unrecorded_before_.emplace(std::pair{table, tag}, before->second);
        }
      }
    }
  }
  check_stamps(now);
  now_ = now;
}

void Chronicle::note_write(std::size_t table, const std::string& tag, const std::string& column,
                           const std::optional<std::string>& value) {
  const Column* known = shape_.tables[table].column(column);
  if (!value || known == nullptr || known->use == Use::kReference || known->use == Use::kScope) {
    return;
  }
  written_[group_[table].at(column)].insert(*value);
  if (known->use == Use::kAttribute) {
    writes_[*value] = {table, tag, column, false};
  }
}

void Chronicle::engine_reached(std::string_view moment) {
  if (moment == "after_results") {
    unsynced_.merge(unrecorded_);
    unrecorded_.clear();
    unsynced_before_.merge(unrecorded_before_);
    unrecorded_before_.clear();
  } else if (moment == "scan" || moment == "before_intent") {
    unrecorded_.clear();  // What a crash has left is looked after.
    unrecorded_before_.clear();
  } else if (moment == "state, synced") {
    syncing_ = true;
  } else if (moment == "state" || moment == "state is committed") {
    if (syncing_) {
      unsynced_.clear();
      unsynced_before_.clear();
      deleted_unsynced_.clear();
    }
    syncing_ = false;
  }
}

void Chronicle::run_ended(bool killed, bool power_loss) {
  // What a run that ended otherwise has left is looked after by the next one that gets so far.
  if (killed && power_loss && !shape_.marks) {
    unrecorded_.merge(unsynced_);
    unrecorded_before_.merge(unsynced_before_);
    for (const auto& [table, stamp] : deleted_unsynced_) {
      deleted_stamps_[table].erase(stamp);
    }
  }
  unsynced_.clear();
  unsynced_before_.clear();
  deleted_unsynced_.clear();
}

void Chronicle::note_delete(std::size_t table, const Cells& row) {
  deleted_any_.insert(table);
  if (rekeyed(table, row.at("tag").value_or(""))) {
    renamed_and_deleted_.insert(table);
  }
  const std::pair at{table, row.at("tag").value_or("")};
  // As far as anybody remembers it was another object that stood there.
  const auto written = unrecorded_before_.find(at);
  const bool taken_over = rights_[table].stamped && written != unrecorded_before_.end() &&
                          written->second.at("stamp") != row.at("stamp");
  if (rights_[table].stamped && row.at("stamp") &&
      (shape_.marks || (!unrecorded_.contains(at) && !taken_over))) {
    deleted_stamps_[table].insert(*row.at("stamp"));
    if (unsynced_.contains(at)) {
      deleted_unsynced_.emplace(table, *row.at("stamp"));
    }
  }
  for (const auto& [column, value] : row) {
    if (value) {
      deleted_values_.insert(*value);
    }
  }
}

void Chronicle::user_wrote(const Snapshot& now) {
  bool links_in_doubt = false;
  for (std::size_t table = 0; table < now.size(); ++table) {
    for (const auto& [tag, row] : now_[table]) {
      const auto still = now[table].find(tag);
      // Under another id it is another object, as far as a look at the database can tell.
      const std::string id =
          shape_.tables[table].natural_id ? shape_.tables[table].columns.front().name : "id";
      if (still == now[table].end() || still->second.at(id) != row.at(id)) {
        note_delete(table, row);
        links_in_doubt = true;
      }
      if (still != now[table].end() && still->second.at(id) != row.at(id)) {
        for (const auto& [column, value] : row) {
          if (value) {
            departed_values_.insert(*value);
          }
        }
      }
    }
    for (const auto& [tag, row] : now[table]) {
      const auto before = now_[table].find(tag);
      for (const auto& [column, value] : row) {
        if (before == now_[table].end()) {
          note_write(table, tag, column, value);
          links_in_doubt = true;
          continue;
        }
        const auto& old = before->second.at(column);
        if (old == value) {
          continue;
        }
        note_write(table, tag, column, value);
        if (!shape_.marks && shape_.tables[table].natural_id && row.contains("stamp") &&
            unrecorded_.contains({table, tag})) {
          perhaps_not_ours_.insert(row.at("stamp").value_or(""));
        }
        const Column* known = shape_.tables[table].column(column);
        if (known != nullptr && (known->use == Use::kKey || known->use == Use::kReference)) {
          rekeyed_.emplace(table, tag);
        }
        links_in_doubt = links_in_doubt || (known != nullptr && known->use != Use::kAttribute);
        if (known != nullptr && known->use == Use::kAttribute && old) {
          const auto written = unrecorded_before_.find({table, tag});
          const bool put_back =
              written != unrecorded_before_.end() && written->second.at(column) == value;
          overwritten_[*old] = {table, tag, column, !value, (forgotten_ && !value) || put_back};
        }
      }
    }
  }
  lineage_known_ = lineage_known_ && !(forgotten_ && links_in_doubt);
  now_ = now;
}

const Chronicle::Write* Chronicle::overwritten(const std::string& value) const {
  const auto found = overwritten_.find(value);
  return found == overwritten_.end() ? nullptr : &found->second;
}

void Chronicle::conflict(const std::optional<std::string>& loser,
                         const std::optional<std::string>& winner) {
  contests_.emplace(std::min(shown(loser), shown(winner)), std::max(shown(loser), shown(winner)));
  if (loser) {
    losers_.insert(*loser);
  }
  if (winner) {
    winners_.insert(*winner);
  }
}

bool Chronicle::contested(const std::optional<std::string>& one,
                          const std::optional<std::string>& two) const {
  return contests_.contains({std::min(shown(one), shown(two)), std::max(shown(one), shown(two))});
}

// What a column says as a part of an identity key; of a reference the stamp of what it refers to.
std::optional<std::string> Chronicle::key_part(const Snapshot& rows, std::size_t table,
                                               const Cells& row, const std::string& name,
                                               bool reference) const {
  if (!reference) {
    return row.at(name);
  }
  const std::string column = name + "_id";
  const std::size_t to = index_of_table(shape_, shape_.tables[table].column(column)->to);
  const auto referred = std::find_if(rows[to].begin(), rows[to].end(), [&](const auto& named) {
    return named.second.at("id") == row.at(column);
  });
  return referred == rows[to].end() ? std::nullopt : referred->second.at("stamp");
}

// Whether every two rows that are one object have the same identity key: then a lost state finds
// all its links again.
bool Chronicle::keys_agree(const Snapshot& rows) const {
  // What is read through a path may have been moved, and not be carried yet.
  const bool reads_paths =
      std::any_of(shape_.mappings.begin(), shape_.mappings.end(), [](const Mapping& mapping) {
        return std::any_of(mapping.fields.begin(), mapping.fields.end(), [](const Field& field) {
          return field.identity && (field.left.find('.') != std::string::npos ||
                                    field.right.find('.') != std::string::npos);
        });
      });
  if (reads_paths && !rekeyed_.empty()) {
    return false;
  }
  for (const Mapping& mapping : shape_.mappings) {
    if (mapping.many_to_one) {
      continue;
    }
    const std::size_t left = index_of_table(shape_, mapping.left);
    const std::size_t right = index_of_table(shape_, mapping.right);
    std::map<std::string, const Cells*> by_stamp;
    for (const auto& [tag, row] : rows[left]) {
      by_stamp[row.at("stamp").value_or("")] = &row;
    }
    for (const auto& [tag, row] : rows[right]) {
      const auto pair = by_stamp.find(row.at("stamp").value_or(""));
      if (pair == by_stamp.end()) {
        return false;
      }
      for (const Field& field : mapping.fields) {
        const auto own = [](const std::string& path) {
          return path != "self" && path.find('.') == std::string::npos;
        };
        if (!field.identity || !own(field.left) || !own(field.right)) {
          continue;
        }
        const auto held = key_part(rows, left, *pair->second, field.left, !field.link.empty());
        if (!held || held != key_part(rows, right, row, field.right, !field.link.empty())) {
          return false;
        }
      }
      by_stamp.erase(pair);
    }
    if (!by_stamp.empty()) {
      return false;
    }
  }
  return true;
}

void Chronicle::state_lost() {
  forgotten_ = true;
  for (auto& [value, write] : overwritten_) {
    write.may_return = write.may_return || write.null;
  }
  lineage_known_ = lineage_known_ && keys_agree(now_);
}

void Chronicle::came_to_rest() { forgotten_ = false; }

}  // namespace couplet::simulation
