#include "engine/definition/draft.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/definition/bind.h"
#include "engine/definition/draft_mapping.h"
#include "engine/definition/draft_model.h"
#include "engine/definition/grants.h"
#include "engine/definition/load.h"
#include "engine/definition/name_words.h"

namespace couplet {
namespace {

using TablePairs = std::vector<TablePair>;

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// `name`, with a number behind it if it is taken already.
std::string unlike(std::string name, std::set<std::string>& taken) {
  const std::string base = name;
  for (int i = 2; !taken.insert(name).second; ++i) {
    name = base + "_" + std::to_string(i);
  }
  return name;
}

std::string name_from(const std::string& text, bool one) {
  std::vector<std::string> words = words_of(text);
  std::string name;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string word = one && i + 1 == words.size() ? singular(words[i]) : words[i];
    std::erase_if(word, [](char c) { return !is_word({&c, 1}); });
    name += (name.empty() || word.empty() ? "" : "_") + word;
  }
  const bool letter = !name.empty() && name[0] >= 'a' && name[0] <= 'z';
  return letter ? name : "t_" + name;
}

// Parents first; circles end where they began.
class ParentsFirst {
 public:
  ParentsFirst(const TablePairs& pairs, const LinkOf& index_of)
      : pairs_(pairs), index_of_(index_of), seen_(pairs.size(), false) {}

  std::vector<std::size_t> order() {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      visit(i);
    }
    return order_;
  }

 private:
  void visit(std::size_t pair) {
    if (seen_[pair]) {
      return;
    }
    seen_[pair] = true;
    for (const ForeignKey& left : pairs_[pair].tables[0]->foreign_keys) {
      for (const ForeignKey& right : pairs_[pair].tables[1]->foreign_keys) {
        if (const std::size_t parent = index_of_(left.table, right.table); parent != kNoMapping) {
          visit(parent);
        }
      }
    }
    order_.push_back(pair);
  }

  const TablePairs& pairs_;
  const LinkOf& index_of_;
  std::vector<bool> seen_;
  std::vector<std::size_t> order_;
};

class Drafter {
 public:
  explicit Drafter(const DraftRequest& request) : request_(request) { model_.request = &request; }

  Result<Draft> draft() {
    for (const DraftSide& side : request_.sides) {
      if (side.tables.empty()) {  // There is nothing that could be filled in.
        return fail(sees_no_table(side));
      }
    }
    const TablePairs pairs = in_order(pair_tables(request_));
    for (const TablePair& pair : pairs) {
      add(pair);
    }
    const LinkOf link_of = finder(pairs);
    for (DraftMapping& mapping : model_.mappings) {
      draft_mapping(model_, mapping, link_of);
    }
    list_left_out();
    return settle();
  }

 private:
  // Which pair relates two tables.
  static LinkOf finder(const TablePairs& pairs) {
    std::map<std::pair<TableName, TableName>, std::size_t> found;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      found[{pairs[i].tables[0]->name, pairs[i].tables[1]->name}] = i;
    }
    return [found = std::move(found)](const TableName& left, const TableName& right) {
      const auto at = found.find({left, right});
      return at == found.end() ? kNoMapping : at->second;
    };
  }

  // Those with a pair of the same name first in the order of the left catalog, parents before.
  TablePairs in_order(TablePairs pairs) const {
    std::sort(pairs.begin(), pairs.end(),
              [](const TablePair& a, const TablePair& b) { return a.tables[0] < b.tables[0]; });
    TablePairs ordered;
    for (const std::size_t i : ParentsFirst(pairs, finder(pairs)).order()) {
      ordered.push_back(pairs[i]);
    }
    return ordered;
  }

  void add(const TablePair& pair) {
    DraftMapping mapping;
    mapping.name = unlike(name_from(pair.tables[0]->name.table, true), mapping_names_);
    mapping.check = pair.check;
    std::array<bool, 2> may{};
    for (std::size_t side = 0; side < 2; ++side) {
      mapping.entities[side] = model_.entities[side].size();
      model_.entities[side].push_back(entity_of(side, *pair.tables[side]));
      may[side] = may_write(*pair.tables[side]);
    }
    if (may[0] != may[1]) {
      mapping.direction = may[0] ? "right_to_left" : "left_to_right";
      mapping.direction_check = why_one_way(may[0] ? 1 : 0, *pair.tables[may[0] ? 1 : 0]);
    }
    model_.mappings.push_back(std::move(mapping));
  }

  static bool may_write(const TableInfo& table) {
    return table.may_update || table.may_insert ||
           std::any_of(table.columns.begin(), table.columns.end(), [](const ColumnInfo& column) {
             return column.may_update || column.may_insert;
           });
  }

  // Nobody has said which side leads: the rights alone do.
  [[nodiscard]] std::string why_one_way(std::size_t side, const TableInfo& table) const {
    const std::string name = request_.sides[side].source + "." + to_string(table.name);
    const std::string grant = grant_to_write(table);
    return grant.empty() ? name + " cannot be written"
                         : "our role may not write " + name + "; for `both`: " + grant;
  }

  DraftEntity entity_of(std::size_t side, const TableInfo& table) {
    const DraftSide& of = request_.sides[side];
    DraftEntity entity;
    entity.table = &table;
    const bool usual = table.name.schema == of.default_schema;
    const bool plain = is_word(table.name.table) && (usual || is_word(table.name.schema));
    std::string name = plain ? table.name.table : name_from(table.name.table, false);
    if (plain && !usual) {
      name.insert(0, table.name.schema + ".");
    }
    entity.listed = !plain;
    entity.name = of.source + "." + unlike(std::move(name), entity_names_[side]);
    if (const ColumnInfo* time = change_time_of(table); time != nullptr) {
      entity.updated_at = time->name;
    }
    return entity;
  }

  void list_left_out() {
    for (std::size_t side = 0; side < 2; ++side) {
      for (const TableInfo& table : request_.sides[side].tables) {
        const bool used =
            std::any_of(model_.entities[side].begin(), model_.entities[side].end(),
                        [&](const DraftEntity& entity) { return entity.table == &table; });
        if (used) {
          continue;
        }
        const std::string reason = why_not(table);
        ++model_.left_out_count[side];
        model_.left_out.push_back(
            request_.sides[side].source + "." + to_string(table.name) + ": " +
            (reason.empty() ? "nothing like it in " + request_.sides[1 - side].source : reason));
      }
    }
  }

  // What nobody writes although a row needs it.
  [[nodiscard]] std::vector<std::string> unwritten(const DraftMapping& mapping,
                                                   std::size_t side) const {
    const DraftEntity& entity = model_.entities[side][mapping.entities[side]];
    std::set<std::string> written = {entity.updated_at};
    for (const auto* attributes : {&mapping.keys, &mapping.attributes}) {
      for (const DraftAttribute& attribute : *attributes) {
        if (attribute.refused.empty()) {
          add_columns(entity, attribute, side, written);
        }
      }
    }
    std::vector<std::string> columns;
    for (const ColumnInfo& column : entity.table->columns) {
      if (!column.nullable && !column.has_default && !column.generated &&
          !written.contains(column.name)) {
        columns.push_back(request_.sides[side].source + "." + column.name);
      }
    }
    return columns;
  }

  static void add_columns(const DraftEntity& entity, const DraftAttribute& attribute,
                          std::size_t side, std::set<std::string>& written) {
    const std::string& path = attribute.path[side];
    if (attribute.link == kNoMapping) {
      written.insert(path);
      return;
    }
    for (const auto& [name, columns] : entity.references) {
      if (name == path) {
        written.insert(columns.begin(), columns.end());
      }
    }
    written.insert({path, path + "_id"});
  }

  // A link needs its mapping; a key that is refused leaves nothing to go by.
  void spread_refusals() {
    for (bool more = true; more;) {
      more = false;
      for (DraftMapping& mapping : model_.mappings) {
        for (auto* attributes : {&mapping.keys, &mapping.attributes}) {
          for (DraftAttribute& attribute : *attributes) {
            if (attribute.refused.empty() && attribute.link != kNoMapping &&
                !model_.mappings[attribute.link].refused.empty()) {
              attribute.refused =
                  "mapping " + model_.mappings[attribute.link].name + " is left out";
              more = true;
            }
          }
        }
        const auto refused_key =
            std::find_if(mapping.keys.begin(), mapping.keys.end(),
                         [](const DraftAttribute& key) { return !key.refused.empty(); });
        if (mapping.refused.empty() && refused_key != mapping.keys.end()) {
          mapping.refused = refused_key->refused;
          more = true;
        }
      }
    }
  }

  void decide_creates() {
    for (DraftMapping& mapping : model_.mappings) {
      std::array<std::vector<std::string>, 2> needed;
      for (std::size_t side = 0; side < 2; ++side) {
        if (mapping.direction != (side == 0 ? "left_to_right" : "right_to_left")) {
          needed[side] = unwritten(mapping, side);
        }
      }
      const bool left = needed[0].empty();
      const bool right = needed[1].empty();
      mapping.unwritten = std::move(needed[0]);
      mapping.unwritten.insert(mapping.unwritten.end(), needed[1].begin(), needed[1].end());
      mapping.create = left && right                          ? "true"
                       : left && mapping.direction == "both"  ? "left"
                       : right && mapping.direction == "both" ? "right"
                                                              : "false";
    }
  }

  // What loading and binding say of the text; errors about nothing that is drafted are ours.
  Result<Diagnostics> judge(const DraftText& written) const {
    LoadOptions options;
    options.resolve_secrets = false;
    LoadResult loaded = parse_definition(written.text, "couplet.yaml", options);
    if (!loaded.definition) {
      return std::move(loaded.diagnostics);
    }
    const auto side_of = [&](std::size_t source) -> const DraftSide& {
      return loaded.definition->sources[source].name == request_.sides[0].source
                 ? request_.sides[0]
                 : request_.sides[1];
    };
    COUPLET_ASSIGN(BindResult bound,
                   bind(
                       *loaded.definition,
                       [&](std::size_t source, std::span<const TableName> names) {
                         return described(side_of(source), names);
                       },
                       [](std::size_t) { return Result<std::vector<TableName>>(); }));
    return std::move(bound.diagnostics);
  }

  // As the source would, to a role that may do everything: rights are another matter.
  static Result<std::vector<TableInfo>> described(const DraftSide& side,
                                                  std::span<const TableName> names) {
    std::vector<TableInfo> found;
    for (const TableName& name : names) {
      const std::string& schema = name.schema.empty() ? side.default_schema : name.schema;
      const auto table =
          std::find_if(side.tables.begin(), side.tables.end(), [&](const TableInfo& candidate) {
            return candidate.name.table == name.table && candidate.name.schema == schema;
          });
      if (table != side.tables.end()) {
        found.push_back(with_every_right(*table));
      }
    }
    return found;
  }

  // Leaves out what an error is about. False: none of it is ours.
  bool refuse(const Diagnostic& diagnostic, const DraftText& written) {
    const std::size_t line = diagnostic.place.line == 0 ? 0 : diagnostic.place.line - 1;
    const LineOwner owner = line < written.owners.size() ? written.owners[line] : LineOwner{};
    if (owner.mapping == kNoMapping) {
      return false;
    }
    DraftMapping& mapping = model_.mappings[owner.mapping];
    if (owner.attribute == kNoMapping) {
      mapping.refused = diagnostic.message;
    } else if (owner.attribute < mapping.keys.size()) {
      mapping.keys[owner.attribute].refused = diagnostic.message;
    } else {
      mapping.attributes[owner.attribute - mapping.keys.size()].refused = diagnostic.message;
    }
    return true;
  }

  // Writes, asks, leaves out what is refused, until nothing is. Each round leaves something out.
  Result<Draft> settle() {
    while (true) {
      spread_refusals();
      decide_creates();
      DraftText written = write_draft(model_);
      if (written.mappings == 0) {  // It is a skeleton, which loading would refuse.
        return Draft{std::move(written.text), 0, written.checks, left_out()};
      }
      COUPLET_ASSIGN(const Diagnostics found, judge(written));
      if (!found.has_errors()) {
        return Draft{std::move(written.text), written.mappings, written.checks, left_out()};
      }
      bool ours = false;
      for (const Diagnostic& diagnostic : found.items()) {
        ours = (diagnostic.severity == Severity::kError && refuse(diagnostic, written)) || ours;
      }
      if (!ours) {
        return fail(ErrorKind::kInternal,
                    "the file that was drafted is not valid: " + found.items().front().message);
      }
    }
  }

  // Those of mappings that were refused, too.
  [[nodiscard]] std::array<std::size_t, 2> left_out() const {
    std::array<std::size_t, 2> count = model_.left_out_count;
    for (const DraftMapping& mapping : model_.mappings) {
      for (std::size_t& side : count) {
        side += mapping.refused.empty() ? 0 : 1;
      }
    }
    return count;
  }

  static Error sees_no_table(const DraftSide& side) {
    return {ErrorKind::kNotFound,
            "our role sees no table of " + side.source +
                ": GRANT USAGE ON its schema and SELECT on its tables",
            "or give the URL of another database",
            {},
            "no_tables",
            {}};
  }

  const DraftRequest& request_;
  DraftModel model_;
  std::set<std::string> mapping_names_;
  std::array<std::set<std::string>, 2> entity_names_;
};

}  // namespace

Result<Draft> draft_definition(const DraftRequest& request) { return Drafter(request).draft(); }

}  // namespace couplet
