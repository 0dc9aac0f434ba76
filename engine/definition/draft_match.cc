// Which tables and columns may mean the same: by name, type and keys.
#include <algorithm>
#include <set>

#include "engine/definition/draft_model.h"
#include "engine/definition/name_words.h"
#include "engine/model/canonical.h"

namespace couplet {
namespace {

using Words = std::vector<std::string>;

bool is_integer(const Type& type) {
  return type.kind == TypeKind::kInt16 || type.kind == TypeKind::kInt32 ||
         type.kind == TypeKind::kInt64;
}

// What a table is about, beside ids and references.
std::vector<const ColumnInfo*> own_columns(const TableInfo& table) {
  std::vector<const ColumnInfo*> own;
  for (const ColumnInfo& column : table.columns) {
    if (why_not(column).empty() && !is_surrogate(table, column.name) &&
        !refers_by_id(table, column.name) && change_time_of(table) != &column) {
      own.push_back(&column);
    }
  }
  return own;
}

bool comparable(const ColumnInfo& a, const ColumnInfo& b) {
  return comparison_between(*a.type, *b.type).has_value();
}

// From 0 to 1: how much the names say that the tables are the same.
double likeness(const Words& a, const Words& b) {
  if (a.empty() || b.empty()) {
    return 0;
  }
  if (same_words(a, b)) {
    return 1;
  }
  const std::size_t ending = common_ending(a, b);
  const auto most = static_cast<double>(std::max(a.size(), b.size()));
  if (ending == std::min(a.size(), b.size())) {  // A prefix on one side: app_customers.
    return 0.95 - 0.05 * (most - static_cast<double>(ending));
  }
  return ending == 0 ? 0 : 0.3 + 0.4 * static_cast<double>(ending) / most;
}

struct Overlap {
  std::size_t shared = 0;
  double share = 0;     // of all columns of both
  bool unique = false;  // a shared column is unique on both sides
};

bool unique_alone(const TableInfo& table, const std::string& column) {
  return std::any_of(table.unique_keys.begin(), table.unique_keys.end(), [&](const UniqueKey& key) {
    return key.columns == std::vector<std::string>{column};
  });
}

// What is looked at of a table again and again.
struct Candidate {
  const TableInfo* table = nullptr;
  Words words;
  std::vector<const ColumnInfo*> columns;
  std::vector<Words> column_words;
};

Overlap overlap(const Candidate& left, const Candidate& right) {
  Overlap found;
  for (std::size_t i = 0; i < left.columns.size(); ++i) {
    for (std::size_t j = 0; j < right.columns.size(); ++j) {
      if (same_words(left.column_words[i], right.column_words[j]) &&
          comparable(*left.columns[i], *right.columns[j])) {
        ++found.shared;
        found.unique = found.unique || (unique_alone(*left.table, left.columns[i]->name) &&
                                        unique_alone(*right.table, right.columns[j]->name));
        break;
      }
    }
  }
  const std::size_t all = left.columns.size() + right.columns.size();
  found.share = all == 0 ? 0 : 2.0 * static_cast<double>(found.shared) / static_cast<double>(all);
  return found;
}

std::vector<Candidate> candidates(const DraftSide& side) {
  std::vector<Candidate> all;
  for (const TableInfo& table : side.tables) {
    if (why_not(table).empty()) {
      Candidate candidate{&table, words_of(table.name.table), own_columns(table), {}};
      for (const ColumnInfo* column : candidate.columns) {
        candidate.column_words.push_back(words_of(column->name));
      }
      all.push_back(std::move(candidate));
    }
  }
  return all;
}

struct Guess {
  double score = 0;
  TablePair pair;
};

constexpr double kSure = 0.85;       // of a name: equal, or equal behind a prefix
constexpr double kSameEnding = 0.3;  // "vlan_service_providers", "cloud_service_providers"

void add_guess(const Candidate& left, const Candidate& right, std::vector<Guess>& guesses) {
  const double name = likeness(left.words, right.words);
  const Overlap columns = overlap(left, right);
  TablePair pair{{left.table, right.table}, ""};
  if (name < kSameEnding) {
    if (!columns.unique || columns.shared < 2 || columns.share < 0.5) {
      return;
    }
    pair.check = "the names differ; guessed by their columns";
  } else if (name < kSure) {
    if (columns.shared == 0) {
      return;
    }
    pair.check = "the names are alike, not the same";
  }
  const bool same_schema = left.table->name.schema == right.table->name.schema;
  guesses.push_back({0.6 * name + 0.39 * columns.share + (same_schema ? 0.01 : 0), pair});
}

// Its words without those of its table in front: customer_name is name.
Words own_words(const ColumnInfo& column, const TableInfo& table) {
  Words words = words_of(column.name);
  const Words of_table = words_of(table.name.table);
  if (words.size() > 1 && !of_table.empty() && same_word(words.front(), of_table.back())) {
    words.erase(words.begin());
  }
  return words;
}

}  // namespace

bool is_surrogate(const TableInfo& table, const std::string& name) {
  const ColumnInfo& column = *table.column(name);
  if (table.primary_key != std::vector<std::string>{name} || !column.type) {
    return false;
  }
  const Words words = words_of(name);
  const bool called_id = !words.empty() && words.back() == "id";
  return is_integer(*column.type) ? column.has_default || called_id
                                  : column.type->kind == TypeKind::kUuid && column.has_default;
}

bool refers_by_id(const TableInfo& table, const std::string& name) {
  const ColumnInfo& column = *table.column(name);
  return column.type && (is_integer(*column.type) || column.type->kind == TypeKind::kUuid) &&
         std::any_of(table.foreign_keys.begin(), table.foreign_keys.end(),
                     [&](const ForeignKey& key) { return contains(key.columns, name); });
}

std::string why_not(const ColumnInfo& column) {
  if (column.name.find('.') != std::string::npos) {
    return "a dot in its name is a step of a path";
  }
  if (column.name == "self") {
    return "`self` is the object itself";
  }
  if (!column.type) {
    return "type " + column.type_name + " is not supported yet";
  }
  return column.generated ? "generated" : "";
}

std::string why_not(const TableInfo& table) {
  if (table.kind == TableInfo::Kind::kView) {
    return "a view: it can be read, with `id: [ columns ]` under entities";
  }
  if (table.kind == TableInfo::Kind::kOther) {
    return "neither a table nor a view";
  }
  if (table.primary_key.empty()) {
    return "no primary key; `id: [ columns ]` under entities says what tells its rows apart";
  }
  if (table.name.schema.find('.') != std::string::npos) {
    return "a schema with a dot in its name cannot be written in the file";
  }
  if (table.name.schema.empty() && table.name.table.find('.') != std::string::npos) {
    return "a name with a dot cannot be written in the file";
  }
  for (const std::string& name : table.primary_key) {
    const ColumnInfo& column = *table.column(name);
    if (!column.type) {
      return "its primary key " + name + " has the type " + column.type_name +
             ", which is not supported yet";
    }
    if (name.find('.') != std::string::npos) {
      return "its primary key " + name + " has a dot in its name";
    }
  }
  return "";
}

const ColumnInfo* change_time_of(const TableInfo& table) {
  static const std::vector<Words> kNames = {
      {"updated", "at"},  {"modified", "at"}, {"changed", "at"},   {"last", "modified"},
      {"updated", "on"},  {"modified", "on"}, {"last", "changed"}, {"last", "updated"},
      {"last", "update"}, {"modified"},       {"updated"}};
  for (const Words& name : kNames) {
    for (const ColumnInfo& column : table.columns) {
      const bool time = column.type && (column.type->kind == TypeKind::kTimestamp ||
                                        column.type->kind == TypeKind::kTimestampTz);
      if (time && words_of(column.name) == name) {
        return &column;
      }
    }
  }
  return nullptr;
}

std::vector<TablePair> pair_tables(const DraftRequest& request) {
  const std::vector<Candidate> left = candidates(request.sides[0]);
  const std::vector<Candidate> right = candidates(request.sides[1]);
  std::vector<Guess> guesses;
  for (const Candidate& one : left) {
    for (const Candidate& other : right) {
      add_guess(one, other, guesses);
    }
  }
  std::stable_sort(guesses.begin(), guesses.end(),
                   [](const Guess& a, const Guess& b) { return a.score > b.score; });
  std::set<const TableInfo*> taken;
  std::vector<TablePair> pairs;
  for (const Guess& guess : guesses) {
    const auto& tables = guess.pair.tables;
    if (!taken.contains(tables[0]) && !taken.contains(tables[1])) {
      taken.insert(tables.begin(), tables.end());
      pairs.push_back(guess.pair);
    }
  }
  return pairs;
}

std::vector<ColumnPair> pair_columns(const std::array<const TableInfo*, 2>& tables,
                                     const std::array<std::vector<std::string>, 2>& taken) {
  std::array<std::vector<const ColumnInfo*>, 2> free;
  for (std::size_t side = 0; side < 2; ++side) {
    for (const ColumnInfo& column : tables[side]->columns) {
      if (why_not(column).empty() && !contains(taken[side], column.name)) {
        free[side].push_back(&column);
      }
    }
  }
  std::vector<ColumnPair> pairs;
  const auto take = [&](const std::string& check, const auto& same) {
    for (auto left = free[0].begin(); left != free[0].end();) {
      const auto right = std::find_if(free[1].begin(), free[1].end(), [&](const ColumnInfo* other) {
        return comparable(**left, *other) && same(**left, *other);
      });
      if (right == free[1].end()) {
        ++left;
        continue;
      }
      pairs.push_back({{*left, *right}, check});
      free[1].erase(right);
      left = free[0].erase(left);
    }
  };
  take("", [](const ColumnInfo& a, const ColumnInfo& b) { return a.name == b.name; });
  take("", [](const ColumnInfo& a, const ColumnInfo& b) {
    return same_words(words_of(a.name), words_of(b.name));
  });
  take("the names are alike, not the same", [&](const ColumnInfo& a, const ColumnInfo& b) {
    return same_words(own_words(a, *tables[0]), own_words(b, *tables[1]));
  });
  // In the order of the left table.
  std::stable_sort(pairs.begin(), pairs.end(), [](const ColumnPair& a, const ColumnPair& b) {
    return a.columns[0] < b.columns[0];
  });
  return pairs;
}

}  // namespace couplet
