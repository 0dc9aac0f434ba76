#include "tests/support/black_box.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace couplet::test {
namespace {

using Object = Ledger::Object;
using Presence = Object::Presence;
using Rows = std::map<std::string, Row>;  // by key

constexpr std::array<const char*, 2> kSides = {"left", "right"};

std::string shown(const std::optional<std::string>& value) {
  constexpr std::size_t kShown = 40;
  if (!value) {
    return "null";
  }
  return value->size() > kShown ? value->substr(0, kShown) + "…" : *value;
}

// What is wrong with one table.
class TableCheck {
 public:
  TableCheck(const SharedTable& table, const std::optional<std::set<std::uint64_t>>& lost,
             BlackBox::Figures& figures, std::vector<std::string>& findings)
      : table_(table), lost_(lost), figures_(figures), findings_(findings) {}

  Rows rows_by_key(std::size_t side, const std::vector<Row>& rows) {
    Rows by_key;
    for (const Row& row : rows) {
      const std::string key = row.at(0).value_or("null");
      if (!by_key.emplace(key, Row(row.begin() + 1, row.end())).second) {
        say(key, fmt::format("stands twice on the {}", kSides[side]));
      }
    }
    return by_key;
  }

  void check(const std::string& key, const Object& object, const std::array<const Row*, 2>& rows) {
    const std::array<bool, 2> deleted = {object.sides[0].presence == Presence::kDeleted,
                                         object.sides[1].presence == Presence::kDeleted};
    for (const std::size_t side : {0, 1}) {
      const bool there = rows[side] != nullptr;
      const bool written = object.sides[side].presence == Presence::kWritten;
      if (deleted[side] && there) {
        say(key, fmt::format("was deleted on the {} and is there again", kSides[side]));
      }
      if (!deleted[side] && !there && (written || !deleted[1 - side])) {
        say(key, fmt::format("is lost on the {}", kSides[side]));
      }
      if (there) {
        check_own(key, object, side, *rows[side]);
      }
    }
    if (deleted[0] || deleted[1]) {
      for (const std::size_t side : {0, 1}) {
        if (rows[side] != nullptr && !deleted[side]) {
          check_survivor(key, object, side, *rows[side]);
        }
      }
    } else if (rows[0] != nullptr && rows[1] != nullptr) {
      ++figures_.objects;
      check_pair(key, object, *rows[0], *rows[1]);
    }
  }

  void say(const std::string& key, const std::string& what) {
    findings_.push_back(fmt::format("{} {}: {}", table_.name, key, what));
  }

 private:
  void check_own(const std::string& key, const Object& object, std::size_t side, const Row& row) {
    for (std::size_t i = 0; i < table_.attributes.size(); ++i) {
      const std::string& last = object.sides[side].last[i].value;
      if (table_.attributes[i].kind == AttributeKind::kOwn && !last.empty() && row[i] != last) {
        say(key, fmt::format("{}, not mapped, holds {} on the {}, and was last written {}",
                             table_.attributes[i].name, shown(row[i]), kSides[side], shown(last)));
      }
    }
  }

  // The other side's users have deleted theirs.
  void check_survivor(const std::string& key, const Object& object, std::size_t side,
                      const Row& row) {
    for (std::size_t i = 0; i < table_.attributes.size(); ++i) {
      const Ledger::Last& here = object.sides[side].last[i];
      if (table_.attributes[i].kind != AttributeKind::kStamped || row[i] == here.value) {
        continue;
      }
      const std::uint64_t stamp = Ledger::stamp_of(row[i].value_or(""));
      const bool later_of_the_other = Ledger::side_of(stamp) != side && stamp > here.seen;
      if (!later_of_the_other && !here.value.empty()) {
        say(key,
            fmt::format("{} holds {} on the {}, where {} was written last",
                        table_.attributes[i].name, shown(row[i]), kSides[side], shown(here.value)));
      }
    }
  }

  void check_pair(const std::string& key, const Object& object, const Row& left, const Row& right) {
    for (std::size_t i = 0; i < table_.attributes.size(); ++i) {
      const AttributeKind kind = table_.attributes[i].kind;
      if (kind == AttributeKind::kOwn) {
        continue;
      }
      const std::string& name = table_.attributes[i].name;
      if (left[i] != right[i]) {
        say(key, fmt::format("{} is {} on the left and {} on the right", name, shown(left[i]),
                             shown(right[i])));
        continue;
      }
      const std::array<const Ledger::Last*, 2> last = {&object.sides[0].last[i],
                                                       &object.sides[1].last[i]};
      check_value(key, name, kind, left[i], last);
    }
  }

  void check_value(const std::string& key, const std::string& name, AttributeKind kind,
                   const std::optional<std::string>& value,
                   const std::array<const Ledger::Last*, 2>& last) {
    const bool is_left = !last[0]->value.empty() && value == last[0]->value;
    const bool is_right = !last[1]->value.empty() && value == last[1]->value;
    if (!is_left && !is_right) {
      if (has_lost(last[0]->stamp) || has_lost(last[1]->stamp)) {
        ++figures_.overruled;
        return;
      }
      say(key, fmt::format("{} is {}; last were written {} on the left and {} on the right", name,
                           shown(value), shown(last[0]->value), shown(last[1]->value)));
      return;
    }
    if (kind != AttributeKind::kStamped || last[0]->value.empty() || last[1]->value.empty()) {
      return;
    }
    const std::size_t winner = is_left ? 0 : 1;
    const Ledger::Last& won = *last[winner];
    const Ledger::Last& other = *last[1 - winner];
    if (other.seen == won.stamp) {
      if (has_lost(other.stamp)) {
        ++figures_.overruled;
        return;
      }
      say(key, fmt::format("{} is {} again, which users of the {} had overwritten with {}", name,
                           shown(value), kSides[1 - winner], shown(other.value)));
    } else if (won.seen != other.stamp) {
      ++figures_.concurrent;
      if (lost_ && !has_lost(other.stamp)) {
        say(key, fmt::format("{} is {}: that {} of the {} lost is not on record", name,
                             shown(value), shown(other.value), kSides[1 - winner]));
      }
    }
  }

  bool has_lost(std::uint64_t stamp) const { return stamp != 0 && lost_ && lost_->contains(stamp); }

  const SharedTable& table_;
  const std::optional<std::set<std::uint64_t>>& lost_;
  BlackBox::Figures& figures_;
  std::vector<std::string>& findings_;
};

}  // namespace

std::vector<std::string> BlackBox::findings(
    const std::optional<std::set<std::uint64_t>>& lost) const {
  std::vector<std::string> findings;
  figures_ = {};
  for (const Ledger::Finding& finding : ledger_.findings()) {
    if (lost && lost->contains(finding.lost)) {
      ++figures_.overruled;
    } else {
      findings.push_back(finding.what);
    }
  }
  for (std::size_t table = 0; table < ledger_.tables().size(); ++table) {
    const SharedTable& shared = ledger_.tables()[table];
    TableCheck check(shared, lost, figures_, findings);
    std::array<Rows, 2> rows;
    for (const std::size_t side : {0, 1}) {
      rows[side] = check.rows_by_key(side, query_[side](shared.select[side]));
    }
    const auto objects = ledger_.objects(table);
    for (const auto& [key, object] : objects) {
      std::array<const Row*, 2> found{};
      for (const std::size_t side : {0, 1}) {
        const auto at = rows[side].find(key);
        found[side] = at == rows[side].end() ? nullptr : &at->second;
      }
      check.check(key, object, found);
    }
    for (const std::size_t side : {0, 1}) {
      for (const auto& [key, row] : rows[side]) {
        if (!objects.contains(key)) {
          check.say(key, fmt::format("stands on the {}, and nobody wrote it", kSides[side]));
        }
      }
    }
  }
  return findings;
}

}  // namespace couplet::test
