// One mapping guessed from two tables: references, keys, attributes.
#include <algorithm>
#include <set>

#include "engine/definition/draft_mapping.h"
#include "engine/definition/name_words.h"

namespace couplet {
namespace {

using Names = std::vector<std::string>;

bool all_in(const Names& some, const Names& all) {
  return std::all_of(some.begin(), some.end(),
                     [&](const std::string& name) { return contains(all, name); });
}
std::string listed(const Names& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

// What binding calls a foreign key of one column by itself.
std::string own_name(const ForeignKey& key) {
  std::string name = key.columns.front();
  if (name.size() > 3 && name.ends_with("_id")) {
    name.resize(name.size() - 3);
  }
  return name;
}

bool can_be_path(const std::string& name) {
  return name.find('.') == std::string::npos && name != "self";
}

// A foreign key on each side, which point at tables that one mapping is about.
struct Reference {
  std::array<const ForeignKey*, 2> keys;
  std::size_t link = kNoMapping;
};

class MappingDrafter {
 public:
  MappingDrafter(DraftModel& model, DraftMapping& mapping, const LinkOf& link_of)
      : model_(model), mapping_(mapping), link_of_(link_of) {
    for (std::size_t side = 0; side < 2; ++side) {
      tables_[side] = entity(side).table;
    }
  }

  void draft() {
    find_references();
    columns_ = pair_columns(tables_, by_id());
    if (!find_key()) {
      mapping_.refused = "no column is shared that could tell which rows are the same";
      return;
    }
    add_attributes();
    note_rest();
  }

 private:
  struct Key {
    int rank = 0;  // the smaller, the surer
    std::vector<DraftAttribute> parts;
    std::array<Names, 2> columns;
    std::string check;
  };
  enum : std::uint8_t { kBothUnique, kNullable, kOneUnique, kByName, kUuids, kNumbers };

  DraftEntity& entity(std::size_t side) { return model_.entities[side][mapping_.entities[side]]; }
  [[nodiscard]] const std::string& source(std::size_t side) const {
    return model_.request->sides[side].source;
  }

  void find_references() {
    std::set<const ForeignKey*> taken;
    for (const bool by_name : {true, false}) {
      for (const ForeignKey& left : tables_[0]->foreign_keys) {
        for (const ForeignKey& right : tables_[1]->foreign_keys) {
          const std::size_t link = link_of_(left.table, right.table);
          const bool same_name = same_words(words_of(own_name(left)), words_of(own_name(right)));
          if (link == kNoMapping || taken.contains(&left) || taken.contains(&right) ||
              by_name != same_name || !nameable(0, left) || !nameable(1, right) ||
              left.columns.size() != right.columns.size()) {
            continue;
          }
          taken.insert({&left, &right});
          references_.push_back({{&left, &right}, link});
        }
      }
    }
  }

  // Two foreign keys over one column have one name, which then means neither.
  bool nameable(std::size_t side, const ForeignKey& key) {
    const auto& keys = tables_[side]->foreign_keys;
    return all_in(key.columns, readable_names(side)) &&
           std::none_of(keys.begin(), keys.end(), [&](const ForeignKey& other) {
             return &other != &key && own_name(other) == own_name(key);
           });
  }
  [[nodiscard]] Names readable_names(std::size_t side) const {
    Names names;
    for (const ColumnInfo& column : tables_[side]->columns) {
      if (column.type && !column.generated && can_be_path(column.name)) {
        names.push_back(column.name);
      }
    }
    return names;
  }

  [[nodiscard]] std::array<Names, 2> by_id() const {
    std::array<Names, 2> names;
    for (std::size_t side = 0; side < 2; ++side) {
      for (const ColumnInfo& column : tables_[side]->columns) {
        const bool in_reference =
            std::any_of(references_.begin(), references_.end(), [&](const Reference& reference) {
              return contains(reference.keys[side]->columns, column.name);
            });
        if (in_reference || refers_by_id(*tables_[side], column.name) ||
            change_time_of(*tables_[side]) == &column) {
          names[side].push_back(column.name);
        }
      }
    }
    return names;
  }

  // The reference's name on a side, made where it has none by itself.
  std::string path_of(std::size_t side, const ForeignKey& key) {
    if (key.columns.size() == 1 && can_be_path(own_name(key))) {
      return own_name(key);
    }
    DraftEntity& of = entity(side);
    for (const auto& [name, columns] : of.references) {
      if (columns == key.columns) {
        return name;
      }
    }
    const auto words = words_of(key.table.table);
    std::string name = words.empty() ? "parent" : singular(words.back());
    while (of.table->column(name) != nullptr ||
           std::any_of(of.references.begin(), of.references.end(),
                       [&](const auto& other) { return other.first == name; })) {
      name += "_ref";
    }
    of.references.emplace_back(name, key.columns);
    return name;
  }

  DraftAttribute attribute_of(const Reference& reference) {
    return {{path_of(0, *reference.keys[0]), path_of(1, *reference.keys[1])},
            reference.link,
            false,
            "",
            ""};
  }

  // The parts of a key over these columns of `side`, if the other side has them all.
  bool take_parts(std::size_t side, const Names& columns, Key& key) {
    Names left = columns;
    for (const Reference& reference : references_) {
      const Names& own = reference.keys[side]->columns;
      // A reference to the object's own kind would need itself first.
      if (!all_in(own, left) || &model_.mappings[reference.link] == &mapping_) {
        continue;
      }
      key.parts.push_back(attribute_of(reference));
      for (std::size_t s = 0; s < 2; ++s) {
        const Names& names = reference.keys[s]->columns;
        key.columns[s].insert(key.columns[s].end(), names.begin(), names.end());
      }
      std::erase_if(left, [&](const std::string& name) { return contains(own, name); });
    }
    for (const std::string& name : left) {
      const auto found =
          std::find_if(columns_.begin(), columns_.end(),
                       [&](const ColumnPair& pair) { return pair.columns[side]->name == name; });
      if (found == columns_.end()) {
        return false;
      }
      key.parts.push_back(attribute_of(*found));
      key.columns[0].push_back(found->columns[0]->name);
      key.columns[1].push_back(found->columns[1]->name);
      key.check = key.check.empty() ? found->check : key.check;
    }
    return true;
  }

  static DraftAttribute attribute_of(const ColumnPair& pair) {
    return {{pair.columns[0]->name, pair.columns[1]->name}, kNoMapping, false, pair.check, ""};
  }

  [[nodiscard]] bool unique(std::size_t side, const Names& columns) const {
    const auto& keys = tables_[side]->unique_keys;
    return std::any_of(keys.begin(), keys.end(),
                       [&](const UniqueKey& key) { return all_in(key.columns, columns); });
  }
  [[nodiscard]] bool nullable(std::size_t side, const Names& columns) const {
    return std::any_of(columns.begin(), columns.end(), [&](const std::string& name) {
      return tables_[side]->column(name)->nullable;
    });
  }

  void add_unique_keys(std::vector<Key>& found) {
    for (std::size_t side = 0; side < 2; ++side) {
      for (const UniqueKey& unique_key : tables_[side]->unique_keys) {
        Key key;
        if (!take_parts(side, unique_key.columns, key)) {
          continue;
        }
        const bool surrogate = unique_key.columns.size() == 1 &&
                               is_surrogate(*tables_[side], unique_key.columns.front());
        if (surrogate) {
          const bool uuid =
              tables_[side]->column(unique_key.columns.front())->type->kind == TypeKind::kUuid;
          key.rank = uuid ? kUuids : kNumbers;
          key.check = "nothing but the id is shared: does one id mean one thing on both sides?";
        } else if (!unique(1 - side, key.columns[1 - side])) {
          key.rank = kOneUnique;
          key.check = "unique in " + source(side) + ", not in " + source(1 - side);
        } else if (nullable(0, key.columns[0]) || nullable(1, key.columns[1])) {
          key.rank = kNullable;
          key.check = "may be null, and a row with a null here is never linked";
        }
        found.push_back(std::move(key));
      }
    }
  }

  void add_usual_names(std::vector<Key>& found) const {
    for (const char* usual : {"email", "code", "sku", "slug", "uuid", "guid", "username", "login",
                              "key", "number", "name", "title"}) {
      for (const ColumnPair& pair : columns_) {
        const auto words = words_of(pair.columns[0]->name);
        if (words.empty() || words.back() != usual ||
            is_surrogate(*tables_[0], pair.columns[0]->name)) {
          continue;
        }
        Key key;
        key.rank = kByName;
        key.parts = {attribute_of(pair)};
        key.columns = {Names{pair.columns[0]->name}, Names{pair.columns[1]->name}};
        key.check = "nothing says that it is unique";
        found.push_back(std::move(key));
      }
    }
  }

  bool find_key() {
    std::vector<Key> found;
    add_unique_keys(found);
    add_usual_names(found);
    const auto best = std::min_element(found.begin(), found.end(), [](const Key& a, const Key& b) {
      return std::pair(a.rank, a.parts.size()) < std::pair(b.rank, b.parts.size());
    });
    if (best == found.end()) {
      return false;
    }
    mapping_.keys = best->parts;
    mapping_.key_check = best->check;
    for (DraftAttribute& part : mapping_.keys) {
      part.check = part.link == kNoMapping ? loosely_compared(part) : "";
    }
    used_ = best->columns;
    return true;
  }

  // Whether a side takes for one what Couplet tells apart.
  [[nodiscard]] std::string loosely_compared(const DraftAttribute& part) const {
    for (std::size_t side = 0; side < 2; ++side) {
      const ColumnInfo* column = tables_[side]->column(part.path[side]);
      if (column != nullptr && !column->equated_by.empty()) {
        return source(side) + " compares it by " + column->equated_by +
               ", Couplet by code points: Ab and ab are two";
      }
    }
    return {};
  }

  void add_attributes() {
    for (const Reference& reference : references_) {
      if (all_in(reference.keys[0]->columns, used_[0])) {
        continue;
      }
      DraftAttribute attribute = attribute_of(reference);
      if (!same_words(words_of(attribute.path[0]), words_of(attribute.path[1]))) {
        attribute.check = "the names differ";
      }
      mapping_.attributes.push_back(std::move(attribute));
      for (std::size_t side = 0; side < 2; ++side) {
        const Names& names = reference.keys[side]->columns;
        used_[side].insert(used_[side].end(), names.begin(), names.end());
      }
    }
    for (const ColumnPair& pair : columns_) {
      const std::array<std::string, 2> names = {pair.columns[0]->name, pair.columns[1]->name};
      const bool id = is_surrogate(*tables_[0], names[0]) || is_surrogate(*tables_[1], names[1]);
      // An id that no default gives has to come from somewhere when a row is created.
      const bool given = pair.columns[0]->has_default && pair.columns[1]->has_default;
      if (contains(used_[0], names[0]) || (id && given)) {
        continue;
      }
      mapping_.attributes.push_back(attribute_of(pair));
      if (id) {
        mapping_.attributes.back().on_create = true;
        mapping_.attributes.back().check = "no default gives it: a new row brings it along";
      }
      used_[0].push_back(names[0]);
      used_[1].push_back(names[1]);
    }
  }

  void note(std::size_t side, const std::string& column, const std::string& reason) {
    mapping_.notes.push_back(source(side) + "." + column + ": " + reason);
  }

  // Columns without a counterpart, and why.
  void note_rest() {
    std::array<std::vector<const ColumnInfo*>, 2> rest;
    for (std::size_t side = 0; side < 2; ++side) {
      for (const ColumnInfo& column : tables_[side]->columns) {
        const std::string& name = column.name;
        if (contains(used_[side], name) || is_surrogate(*tables_[side], name) ||
            change_time_of(*tables_[side]) == &column) {
          continue;
        }
        if (const std::string reason = why_not(column); !reason.empty()) {
          note(side, name, reason);
        } else if (refers_by_id(*tables_[side], name)) {
          note(side, name, "a reference without a counterpart on the other side");
        } else {
          rest[side].push_back(&column);
        }
      }
    }
    suggest(rest);
    for (std::size_t side = 0; side < 2; ++side) {
      Names names;
      for (const ColumnInfo* column : rest[side]) {
        names.push_back(column->name);
      }
      if (!names.empty()) {
        mapping_.notes.push_back("only in " + source(side) + ": " + listed(names));
      }
    }
  }

  // Columns that have a word in common, and a type that fits.
  void suggest(std::array<std::vector<const ColumnInfo*>, 2>& rest) {
    for (const ColumnInfo* left : rest[0]) {
      const auto words = words_of(left->name);
      for (const ColumnInfo* right : rest[1]) {
        const auto others = words_of(right->name);
        const bool shared = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
          return word.size() > 3 &&
                 std::any_of(others.begin(), others.end(),
                             [&](const std::string& other) { return same_word(word, other); });
        });
        if (shared && comparison_between(*left->type, *right->type)) {
          mapping_.notes.push_back("perhaps - { left: " + left->name + ", right: " + right->name +
                                   " }");
        }
      }
    }
  }

  DraftModel& model_;
  DraftMapping& mapping_;
  const LinkOf& link_of_;
  std::array<const TableInfo*, 2> tables_{};
  std::vector<Reference> references_;
  std::vector<ColumnPair> columns_;
  std::array<Names, 2> used_;
};

}  // namespace

void draft_mapping(DraftModel& model, DraftMapping& mapping, const LinkOf& link_of) {
  MappingDrafter(model, mapping, link_of).draft();
}

}  // namespace couplet
