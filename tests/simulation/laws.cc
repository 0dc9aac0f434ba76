#include "tests/simulation/laws.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "engine/model/literal.h"

namespace couplet::simulation {
namespace {

using Use = Column::Use;
using memory::Cells;

}  // namespace

RestLaws::RestLaws(const Shape& shape, const Chronicle& chronicle,
                   const std::vector<OperationReport>& standing, const LinkNames& links)
    : shape_(shape), chronicle_(chronicle), rows_(chronicle.now()) {
  const std::map<std::string, Row> named = rows_by_name();
  read_standing(standing, named);
  for (const Mapping& mapping : shape_.mappings) {
    std::map<Row, Row>& of_mapping = links_[mapping.name];
    if (const auto found = links.find(mapping.name); found != links.end()) {
      for (const auto& [left, right] : found->second) {
        const auto own = named.find(left);
        const auto other_end = named.find(right);
        if (mapping.many_to_one && own == named.end() && other_end != named.end()) {
          unseen_.insert(other_end->second);  // One that nobody has seen go counts on.
        }
        if (own != named.end()) {
          of_mapping[own->second] = other_end != named.end() ? other_end->second : Row{};
        }
      }
    }
    if (!mapping.many_to_one) {
      excuse_both_ends(mapping);
    }
  }
}

// A worklist names one end of a link, and speaks of both.
void RestLaws::excuse_both_ends(const Mapping& mapping) {
  std::set<Row>& excused = excused_[{mapping.left, mapping.right}];
  for (const auto& [left, right] : links_.at(mapping.name)) {
    if (!right.second.empty() && (excused.contains(left) || excused.contains(right))) {
      excused.insert(left);
      excused.insert(right);
    }
  }
}

std::map<std::string, RestLaws::Row> RestLaws::rows_by_name() const {
  std::map<std::string, Row> by_name;
  for (std::size_t table = 0; table < rows_.size(); ++table) {
    const Table& of = shape_.tables[table];
    for (const auto& [tag, row] : rows_[table]) {
      by_name[std::string(couplet::name_of(of.side)) + "." + of.name + "/" +
              row.at(of.natural_id ? of.columns.front().name : "id").value_or("")] = {table, tag};
    }
  }
  return by_name;
}

std::vector<Violation> RestLaws::check() {
  for (const Mapping& mapping : shape_.mappings) {
    if (mapping.many_to_one) {
      check_targets(mapping);
    } else if (chronicle_.lineage_known()) {
      check_pairs(mapping);
    }
  }
  if (chronicle_.lineage_known()) {
    check_writes();
  }
  return std::move(violations_);
}

void RestLaws::violated(std::string law, std::string what) {
  violations_.push_back({std::move(law), std::move(what)});
}

std::size_t RestLaws::table(const Mapping& mapping, Side side) const {
  const auto found =
      std::find_if(shape_.tables.begin(), shape_.tables.end(),
                   [&](const Table& one) { return one.name == mapping.table(side); });
  return static_cast<std::size_t>(found - shape_.tables.begin());
}

std::string RestLaws::name(const Row& row) const {
  return shape_.tables[row.first].name + " row " + row.second;
}

bool RestLaws::in_scope(const Mapping& mapping, Side side, const Row& row) const {
  return !mapping.scoped(side) || cells(row).at("kind") == "x";
}

const Cells* RestLaws::row_with_id(std::size_t table, const std::string& id) const {
  for (const auto& [tag, row] : rows_[table]) {
    if (!shape_.tables[table].natural_id && row.at("id") == id) {
      return &row;
    }
  }
  return nullptr;
}

bool RestLaws::conflict_may_hold() const {
  return std::any_of(shape_.mappings.begin(), shape_.mappings.end(), [](const Mapping& mapping) {
    return mapping.conflict == "hold" ||
           std::any_of(mapping.fields.begin(), mapping.fields.end(),
                       [](const Field& field) { return field.conflict == "hold"; });
  });
}

const std::set<RestLaws::Row>& RestLaws::excused(const Mapping& mapping) const {
  static const std::set<Row> kNobody;
  const auto found = excused_.find({mapping.left, mapping.right});
  return found == excused_.end() ? kNobody : found->second;
}

bool RestLaws::source_wins(const Mapping& mapping, const Field& field) {
  const std::string& rule = field.conflict.empty() ? mapping.conflict : field.conflict;
  return rule == (field.to_right ? "left_wins" : "right_wins");
}

// An object on a worklist is not in step, and an operator sees why.
void RestLaws::read_standing(const std::vector<OperationReport>& standing,
                             const std::map<std::string, Row>& by_name) {
  for (const OperationReport& report : standing) {
    std::vector<Row> rows;
    for (const std::string& object : {report.from, report.to}) {
      if (const auto row = by_name.find(object); row != by_name.end()) {
        rows.push_back(row->second);
      }
    }
    judge(report, rows);
    const Mapping& mapping = shape_.mappings[report.mapping];
    if (rows.empty()) {  // A link whose named end is gone.
      ++unnamed_[{mapping.left, mapping.right}];
    }
    excused_[{mapping.left, mapping.right}].insert(rows.begin(), rows.end());
  }
}

// Whether there is a ground for it, as far as the databases and the definition show one.
void RestLaws::judge(const OperationReport& report, const std::vector<Row>& rows) {
  const Mapping& mapping = shape_.mappings[report.mapping];
  const auto groundless = [&](const char* why) {
    violated("worklists tell the truth", std::string(couplet::name_of(report.operation)) + " " +
                                             couplet::name_of(report.situation) + " under " +
                                             mapping.name + ", " + report.from + " " + report.to +
                                             " (" + report.reason + "): " + why);
  };
  const auto deleted = [&] {
    return chronicle_.deleted_any(table(mapping, Side::kLeft)) ||
           chronicle_.deleted_any(table(mapping, Side::kRight));
  };
  if (report.operation == Operation::kPark) {
    const bool unique =
        std::any_of(shape_.tables.begin(), shape_.tables.end(),
                    [](const Table& of) { return of.keys_unique || of.natural_id; });
    const bool refuses_null =
        std::any_of(shape_.tables.begin(), shape_.tables.end(), [](const Table& of) {
          return std::any_of(of.columns.begin(), of.columns.end(),
                             [](const Column& column) { return !column.nullable; });
        });
    const bool refuses_reference =
        std::any_of(shape_.tables.begin(), shape_.tables.end(), [](const Table& of) {
          return !of.declared_references &&
                 std::any_of(of.columns.begin(), of.columns.end(),
                             [](const Column& column) { return column.use == Use::kReference; });
        });
    bool deleted_somewhere = false;
    for (std::size_t of = 0; of < shape_.tables.size(); ++of) {
      deleted_somewhere = deleted_somewhere || chronicle_.deleted_any(of);
    }
    if (!unique && !refuses_null && !(refuses_reference && deleted_somewhere)) {
      groundless("no constraint could refuse it");
    }
    return;
  }
  if (report.operation == Operation::kDefer) {
    if (std::all_of(mapping.fields.begin(), mapping.fields.end(),
                    [](const Field& field) { return field.link.empty(); })) {
      groundless("it waits for no link");
    }
    return;
  }
  switch (report.situation) {
    case Situation::kConflict:
    case Situation::kMatched:
    case Situation::kSucceeded:
    case Situation::kMoved:
      if (report.operation == Operation::kHold && !conflict_may_hold()) {
        groundless("no rule holds conflicts");
      }
      return;
    case Situation::kSourceMissing:
    case Situation::kBothGone:
      if (!deleted()) {
        groundless("no user deleted anything");
      }
      return;
    case Situation::kTargetMissing:
      if (!deleted() && shape_.pair_two_way(mapping)) {
        groundless("no user deleted anything");
      }
      return;
    case Situation::kNoIdentity:
      for (const Row& row : rows) {
        if (has_key(mapping, shape_.tables[row.first].side, row)) {
          groundless("its identity key has no null");
        }
      }
      return;
    case Situation::kOutOfScope:
      if (!mapping.scoped_left && !mapping.scoped_right) {
        groundless("there is no `where`");
      }
      return;
    case Situation::kAbsent:
      if (report.operation == Operation::kHold || mapping.create.empty()) {
        groundless("it may be created");
      }
      return;
    case Situation::kDuplicate:
    case Situation::kAmbiguous:
    case Situation::kAlreadyLinked:
      return;  // check_pairs sees whether anybody shares the key.
    case Situation::kTargetChanged:
    case Situation::kSourceChanged:
      if (report.operation == Operation::kHold) {
        groundless(report.reason.c_str());
      }
      return;
    default:
      groundless("nothing of that kind stands");
  }
}

bool RestLaws::has_key(const Mapping& mapping, Side side, const Row& row) const {
  return std::all_of(mapping.fields.begin(), mapping.fields.end(), [&](const Field& field) {
    bool known = true;
    return !field.identity || value(field, side, row, known).has_value() || !known;
  });
}

std::optional<std::string> RestLaws::value(const Field& field, Side side, const Row& row,
                                           bool& known) const {
  std::size_t at = row.first;
  const Cells* holder = &cells(row);
  std::string path = field.path(side);
  if (path == "self") {
    known = false;
    return std::nullopt;
  }
  for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.')) {
    const std::string column = path.substr(0, dot) + "_id";
    const auto end = end_of(shape_, shape_.tables[at].name, path.substr(0, dot), true);
    const auto& id = holder->at(column);
    const std::string next = shape_.tables[end->table].column(end->column)->to;
    at = static_cast<std::size_t>(&shape_.table(next) - shape_.tables.data());
    holder = id ? row_with_id(at, *id) : nullptr;
    if (holder == nullptr) {
      return std::nullopt;
    }
    path = path.substr(dot + 1);
  }
  if (field.link.empty()) {
    return holder->at(path);
  }
  if (shape_.mapping(field.link).many_to_one) {
    known = false;
    return std::nullopt;
  }
  const auto& id = holder->at(path + "_id");
  const std::string to = shape_.tables[at].column(path + "_id")->to;
  if (!id) {
    return std::nullopt;
  }
  const auto table = static_cast<std::size_t>(&shape_.table(to) - shape_.tables.data());
  const Cells* referred = row_with_id(table, *id);
  // It dangles; or it is on a worklist: then its two ends need not show one stamp.
  if (referred == nullptr ||
      excused(shape_.mapping(field.link)).contains({table, referred->at("tag").value_or("")})) {
    known = false;
    return std::nullopt;
  }
  return "row stamped " + referred->at("stamp").value_or("");
}

void RestLaws::check_pairs(const Mapping& mapping) {
  const std::size_t left = table(mapping, Side::kLeft);
  const std::size_t right = table(mapping, Side::kRight);
  std::map<std::string, Row> by_stamp;
  std::set<std::string> paired;
  for (const auto& [tag, row] : rows_[left]) {
    by_stamp[row.at("stamp").value_or("")] = {left, tag};
  }
  const auto alone = [&](Side side, const Row& row) {
    const Side target = other(side);
    if (!mapping.creates(target) || excused(mapping).contains(row) ||
        !in_scope(mapping, side, row) || !has_key(mapping, side, row) ||
        rival_excused(mapping, side, row)) {
      return;
    }
    if (std::size_t& unnamed = unnamed_[{mapping.left, mapping.right}]; unnamed > 0) {
      --unnamed;
      return;
    }
    violated("convergence", name(row) + " has no counterpart under " + mapping.name +
                                ", and no worklist says why");
  };
  for (const auto& [tag, row] : rows_[right]) {
    const std::string stamp = row.at("stamp").value_or("");
    const Row own{right, tag};
    if (const auto pair = by_stamp.find(stamp); pair != by_stamp.end()) {
      paired.insert(stamp);
      if (!excused(mapping).contains(own) && !excused(mapping).contains(pair->second) &&
          in_scope(mapping, Side::kLeft, pair->second) && in_scope(mapping, Side::kRight, own)) {
        check_pair(mapping, pair->second, own);
      }
    } else {
      alone(Side::kRight, own);
    }
  }
  for (const auto& [stamp, row] : by_stamp) {
    if (!paired.contains(stamp)) {
      alone(Side::kLeft, row);
    }
  }
}

bool RestLaws::rival_excused(const Mapping& mapping, Side side, const Row& row) const {
  const std::set<Row>& known = excused(mapping);
  return std::any_of(known.begin(), known.end(), [&](const Row& counterpart) {
    return counterpart.first == table(mapping, other(side)) &&
           std::all_of(mapping.fields.begin(), mapping.fields.end(), [&](const Field& field) {
             bool comparable = true;
             const auto own = value(field, side, row, comparable);
             const auto theirs = value(field, other(side), counterpart, comparable);
             return !field.identity || !comparable || own == theirs;
           });
  });
}

void RestLaws::check_pair(const Mapping& mapping, const Row& left, const Row& right) {
  for (const Field& field : mapping.fields) {
    bool known = true;
    const auto at_left = value(field, Side::kLeft, left, known);
    const auto at_right = value(field, Side::kRight, right, known);
    if (!known || at_left == at_right || carrier_excused(field, left)) {
      continue;
    }
    if (!shape_.two_way(mapping, field)) {
      const auto& source = field.to_right ? at_left : at_right;
      const auto& target = field.to_right ? at_right : at_left;
      // A null never overwrites at first contact; what lost to a newer target is on record; and
      // only `enforce` keeps a target equal.
      if (field.policy != "enforce" || (!source && target) ||
          chronicle_.contested(source, target) ||
          (!field.link.empty() && !source_wins(mapping, field))) {
        continue;
      }
    }
    violated("convergence", field.left + " of " + name(left) + " is " + shown(at_left) + ", " +
                                field.right + " of " + name(right) + " is " + shown(at_right) +
                                " (" + mapping.name + ")");
  }
}

// What is read by a path is written by another mapping: where that one reports on the object, the
// two stay apart.
bool RestLaws::carrier_excused(const Field& field, const Row& left) const {
  if (field.right.find('.') == std::string::npos) {
    return false;
  }
  return std::any_of(shape_.mappings.begin(), shape_.mappings.end(), [&](const Mapping& mapping) {
    return mapping.many_to_one && table(mapping, Side::kLeft) == left.first &&
           excused(mapping).contains(left) &&
           std::any_of(mapping.fields.begin(), mapping.fields.end(),
                       [&](const Field& carried) { return carried.left == field.left; });
  });
}

std::optional<std::vector<std::string>> RestLaws::key_of(const Mapping& mapping, Side side,
                                                         const Row& row) const {
  std::vector<std::string> key;
  for (const Field& field : mapping.fields) {
    bool known = true;
    if (!field.identity) {
      continue;
    }
    auto part = value(field, side, row, known);
    if (known && !part) {
      return std::nullopt;
    }
    key.push_back(part.value_or("(not to be told)"));
  }
  return key;
}

bool RestLaws::reads_paths() const {
  return std::any_of(shape_.mappings.begin(), shape_.mappings.end(), [](const Mapping& mapping) {
    return std::any_of(mapping.fields.begin(), mapping.fields.end(), [](const Field& field) {
      return field.left.find('.') != std::string::npos ||
             field.right.find('.') != std::string::npos;
    });
  });
}

// What one mapping leaves to the target, the others do not overwrite either.
bool RestLaws::excused_anywhere(const Row& row) const {
  return std::any_of(excused_.begin(), excused_.end(),
                     [&](const auto& standing) { return standing.second.contains(row); });
}

// No lost update: what a user wrote last is there, or was beaten by a rule that is on record.
void RestLaws::check_writes() {
  for (const Mapping& mapping : shape_.mappings) {
    if (mapping.many_to_one) {
      continue;
    }
    for (const Field& field : mapping.fields) {
      if (!shape_.two_way(mapping, field) || !field.link.empty() ||
          field.left.find('.') != std::string::npos || field.right.find('.') != std::string::npos) {
        continue;
      }
      for (const Side side : {Side::kLeft, Side::kRight}) {
        const std::size_t at = table(mapping, side);
        const Column* column = shape_.tables[at].column(field.path(side));
        if (column->use != Use::kAttribute) {
          continue;
        }
        for (const auto& [value, write] : chronicle_.writes()) {
          if (write.table != at || write.column != column->name) {
            continue;
          }
          const Row row{at, write.tag};
          const auto still = rows_[at].find(write.tag);
          if (still == rows_[at].end() || excused(mapping).contains(row) ||
              !in_scope(mapping, side, row) || chronicle_.overwritten(value) != nullptr ||
              chronicle_.lost(value) || chronicle_.deleted(value) ||
              still->second.at(column->name) == value) {
            continue;
          }
          violated("no lost update", value + ", written by a user to " + column->name + " of " +
                                         name(row) + ", is gone: it holds " +
                                         shown(still->second.at(column->name)) +
                                         ", and no conflict is on record");
        }
        for (const auto& [tag, row] : rows_[at]) {
          const auto& value = row.at(column->name);
          const Chronicle::Write* over = value ? chronicle_.overwritten(*value) : nullptr;
          if (over == nullptr || over->may_return ||
              (over->table != table(mapping, Side::kLeft) &&
               over->table != table(mapping, Side::kRight)) ||
              excused(mapping).contains({at, tag}) || chronicle_.won(*value) ||
              chronicle_.departed(*value) || !rows_[over->table].contains(over->tag) ||
              excused(mapping).contains({over->table, over->tag})) {
            continue;
          }
          violated("no lost update", *value + " stands in " + column->name + " of " +
                                         name({at, tag}) + ", though a user wrote over it in " +
                                         name({over->table, over->tag}));
        }
      }
    }
  }
}

}  // namespace couplet::simulation
