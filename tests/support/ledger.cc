#include "tests/support/ledger.h"

#include <fmt/format.h>

#include <charconv>

namespace couplet::test {

Ledger::Ledger(std::vector<SharedTable> tables)
    : tables_(std::move(tables)), objects_(tables_.size()) {}

std::uint64_t Ledger::next_stamp(std::size_t side) { return 2 * ++stamps_ + side; }

std::uint64_t Ledger::stamp_of(std::string_view value) {
  std::uint64_t stamp = 0;
  std::from_chars(value.data(), value.data() + value.size(), stamp);
  return stamp;
}

void Ledger::committed(std::size_t side, const std::vector<Entry>& entries) {
  const std::lock_guard lock(mutex_);
  ++figures_.transactions;
  for (const Entry& entry : entries) {
    Object& object = objects_[entry.table][entry.key];
    for (Object::Side& one : object.sides) {
      one.last.resize(tables_[entry.table].attributes.size());
    }
    Object::Side& here = object.sides[side];
    for (const Cell& cell : entry.cells) {
      see(side, entry, cell, here.last[cell.attribute]);
    }
    if (entry.kind == Entry::Kind::kDelete) {
      here.presence = Object::Presence::kDeleted;
      for (std::size_t i = 0; i < here.last.size(); ++i) {
        if (tables_[entry.table].attributes[i].kind == AttributeKind::kOwn) {
          here.last[i] = {};  // It went with the row.
        }
      }
      ++figures_.deletes;
      continue;
    }
    here.presence = Object::Presence::kWritten;
    ++(entry.kind == Entry::Kind::kInsert ? figures_.inserts : figures_.updates);
    for (const Cell& cell : entry.cells) {
      Last& last = here.last[cell.attribute];
      last.value = cell.value;
      last.stamp = is_stamped(entry, cell) ? stamp_of(cell.value) : 0;
    }
  }
}

bool Ledger::is_stamped(const Entry& entry, const Cell& cell) const {
  return tables_[entry.table].attributes[cell.attribute].kind == AttributeKind::kStamped;
}

// What a writer has found at the place that it has written.
void Ledger::see(std::size_t side, const Entry& entry, const Cell& cell, Last& last) {
  if (!cell.seen || !is_stamped(entry, cell)) {
    return;
  }
  const SharedTable& table = tables_[entry.table];
  const std::uint64_t seen = stamp_of(*cell.seen);
  const bool foreign = side_of(seen) != side;
  if (foreign ? seen < last.seen : seen != last.stamp) {
    const std::uint64_t newer = foreign ? last.seen : last.stamp;
    findings_.push_back(
        {fmt::format("{} {}: its users on the {} found {} in {}, after {} had stood there",
                     table.name, entry.key, side == 0 ? "left" : "right", seen,
                     table.attributes[cell.attribute].name, newer),
         newer});
  }
  if (foreign) {
    last.seen = seen;
  }
}

std::map<std::string, Ledger::Object> Ledger::objects(std::size_t table) const {
  const std::lock_guard lock(mutex_);
  return objects_[table];
}

std::vector<Ledger::Finding> Ledger::findings() const {
  const std::lock_guard lock(mutex_);
  return findings_;
}

Ledger::Figures Ledger::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

}  // namespace couplet::test
