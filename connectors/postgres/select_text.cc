#include "connectors/postgres/select_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/postgres/column_text.h"
#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

// Keys that are asked for. The name can hardly be that of a user's table, which would hide it.
constexpr std::string_view kAsked = "couplet$asked";

// A table of the statement: the projection's own, or one that a step of a path reaches.
struct Node {
  const Join* join = nullptr;  // Null: the projection's own.
  std::size_t parent = 0;
  std::string alias;
  std::vector<std::string> columns;  // That others need of it; column i is c<i>.

  std::string reference(const std::string& column) {
    auto found = std::find(columns.begin(), columns.end(), column);
    if (found == columns.end()) {
      found = columns.insert(columns.end(), column);
    }
    return fmt::format("{}.c{}", alias, found - columns.begin());
  }
};

class Select {
 public:
  Select(const Relation& relation, const Projection& projection)
      : relation_(relation), projection_(projection) {
    nodes_.push_back({nullptr, 0, "s", {}});
    for (const std::string& column : projection.id) {
      output_.push_back(nodes_[0].reference(column));
    }
    for (const ColumnPath& path : projection.columns) {
      std::size_t node = 0;
      for (const Join& join : path.joins) {
        node = joined(node, join);
      }
      output_.push_back(nodes_[node].reference(path.column));
    }
    for (std::size_t i = 0; i < output_.size(); ++i) {
      const std::size_t ids = projection.id.size();
      answer_.push_back(read_text(
          output_[i], i < ids ? projection.id_types[i] : projection.columns[i - ids].type));
    }
  }

  // Of the row that is answered, one per column of the projection.
  [[nodiscard]] const std::vector<std::string>& output() const { return output_; }
  // The same in the form that they are answered in.
  [[nodiscard]] const std::vector<std::string>& answer() const { return answer_; }

  // The projection's table as a subquery, without a name.
  [[nodiscard]] std::string own_table(const std::string& leading, const std::string& where,
                                      bool fenced) const {
    return subquery(projection_.table, leading, nodes_[0].columns, where, fenced);
  }

  // The joins along the paths. Fenced: each is done by an index look-up per row, which wants a
  // unique index; else as the planner likes.
  [[nodiscard]] std::string joins(const RelationOf* relation_of) const {
    std::string text;
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
      const Node& node = nodes_[i];
      const Node& parent = nodes_[node.parent];
      const Relation* target = relation_of == nullptr ? nullptr : (*relation_of)(node.join->table);
      const bool fenced = target != nullptr && target->unique_by(node.join->target_columns);
      std::vector<std::string> conditions;
      for (std::size_t k = 0; k < node.join->columns.size(); ++k) {
        const auto at =
            std::find(parent.columns.begin(), parent.columns.end(), node.join->columns[k]);
        const std::string from = fmt::format("{}.c{}", parent.alias, at - parent.columns.begin());
        const std::string to = fenced ? own_column(node.join->table, node.join->target_columns[k])
                                      : fmt::format("{}.k{}", node.alias, k);
        conditions.push_back(fmt::format("{} = {}", to, from));
      }
      const std::string condition = fmt::format("{}", fmt::join(conditions, " and "));
      if (fenced) {
        text +=
            fmt::format(" left join lateral {} as {} on true",
                        subquery(node.join->table, "", node.columns, condition, true), node.alias);
      } else {
        std::string keys;
        for (std::size_t k = 0; k < node.join->target_columns.size(); ++k) {
          keys += fmt::format("{}{} as k{}", k == 0 ? "" : ", ",
                              own_column(node.join->table, node.join->target_columns[k]), k);
        }
        text += fmt::format(" left join {} as {} on {}",
                            subquery(node.join->table, keys, node.columns, "", false), node.alias,
                            condition);
      }
    }
    return text;
  }

  static std::string own_column(const TableName& table, const std::string& column) {
    return quote_identifier(table.table) + "." + quote_identifier(column);
  }

  [[nodiscard]] std::string version() const {
    const std::string table = quote_identifier(projection_.table.table);
    return relation_.has_xmin ? table + ".xmin as v"
                              : fmt::format("hashtextextended(({}.*)::text, 0) as v", table);
  }
  // The columns that lead an answer.
  [[nodiscard]] std::string version_and_scope() const {
    return fmt::format("{}, {} as p", version(), condition_text(relation_, projection_.scope));
  }

 private:
  std::size_t joined(std::size_t parent, const Join& join) {
    for (const std::string& column : join.columns) {
      nodes_[parent].reference(column);
    }
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
      if (nodes_[i].parent == parent && *nodes_[i].join == join) {
        return i;
      }
    }
    nodes_.push_back({&join, parent, fmt::format("j{}", nodes_.size()), {}});
    return nodes_.size() - 1;
  }

  static std::string subquery(const TableName& table, const std::string& leading,
                              const std::vector<std::string>& columns, const std::string& where,
                              bool fenced) {
    std::string text = "(select " + leading;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      text += fmt::format("{}{} as c{}", i == 0 && leading.empty() ? "" : ", ",
                          own_column(table, columns[i]), i);
    }
    text += " from " + qualified(table);
    if (!where.empty()) {
      text += " where " + where;
    }
    // OFFSET 0 keeps the planner from merging the subquery into the statement, and so from any
    // other join than a look-up for each row.
    return text + (fenced ? " offset 0)" : ")");
  }

  const Relation& relation_;
  const Projection& projection_;
  std::vector<Node> nodes_;
  std::vector<std::string> output_;
  std::vector<std::string> answer_;
};

std::string asked(std::size_t keys) {
  return fmt::format("unnest({}) with ordinality as {}({}, i)", placeholders(keys), kAsked,
                     numbered("k", keys));
}

std::string asked_key(std::size_t index) { return fmt::format("{}.k{}", kAsked, index); }

std::string head(const Select& select) {
  return fmt::format("select {}.i, s.v, s.p, {} from ", kAsked, fmt::join(select.answer(), ", "));
}

bool is_coarse(const ColumnPath& path, std::span<const Comparison> as, std::size_t index) {
  return !as.empty() && is_coarser(as[index], path.type);
}

std::string equals_any_text(const Relation& relation, const EqualsAny& condition) {
  const std::string column = Select::own_column(relation.info.name, condition.column);
  const ColumnTraits& traits = relation.traits_of(condition.column);
  std::vector<std::string> alternatives;
  for (const std::optional<std::string>& value : condition.values) {
    if (!value) {
      alternatives.push_back(column + " is null");
      continue;
    }
    std::string literal = literal_text(condition.type, Value(*value));
    if (condition.type.kind == TypeKind::kOpaque) {  // As the server would print it.
      literal = fmt::format("({}::{})::text", literal, traits.cast);
    }
    alternatives.push_back("(" + equals_text(column, literal, condition.type, traits) + ")");
  }
  return alternatives.empty() ? "false"
                              : fmt::format("coalesce({}, false)", fmt::join(alternatives, " or "));
}

}  // namespace

std::string condition_text(const Relation& relation, std::span<const Condition> scope) {
  std::vector<std::string> conditions;
  for (const Condition& condition : scope) {
    if (const auto* equals_any = std::get_if<EqualsAny>(&condition)) {
      conditions.push_back(equals_any_text(relation, *equals_any));
    } else {
      // The line break ends a comment that the text may end in.
      conditions.push_back(
          fmt::format("coalesce(({}\n), false)", std::get<SqlCondition>(condition).text));
    }
  }
  return conditions.empty() ? "true" : fmt::format("({})", fmt::join(conditions, " and "));
}

std::string condition_probe(const TableName& table, const SqlCondition& condition) {
  // Inside brackets too: "a) or (b" is balanced between parentheses, but is no one expression.
  return fmt::format(
      "select from {1} where coalesce(({0}\n), false) and cardinality(array[{0}\n]) = 1",
      condition.text, qualified(table));
}

ScanText scan_text(const Relation& relation, const Projection& projection) {
  const Select select(relation, projection);
  const std::string where =
      projection.scope.empty() ? "" : condition_text(relation, projection.scope);
  std::vector<std::string> order;
  for (std::size_t i = 0; i < projection.id.size(); ++i) {
    order.push_back(key_order_text(select.output()[i], projection.id_types[i]));
  }
  ScanText scan;
  std::vector<std::string> sent;
  for (const std::string& column : select.answer()) {
    const auto found = std::find(sent.begin(), sent.end(), column);
    scan.fields.push_back(static_cast<std::size_t>(found - sent.begin()));
    if (found == sent.end()) {
      sent.push_back(column);
    }
  }
  scan.copy = fmt::format("copy (select {} from {} as s{} order by {}) to stdout (format binary)",
                          fmt::join(sent, ", "), select.own_table("", where, false),
                          select.joins(nullptr), fmt::join(order, ", "));
  return scan;
}

std::string fetch_text(const Relation& relation, const Projection& projection,
                       const RelationOf& relation_of) {
  const Select select(relation, projection);
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < projection.id.size(); ++i) {
    conditions.push_back(equals_text(Select::own_column(projection.table, projection.id[i]),
                                     asked_key(i), projection.id_types[i],
                                     relation.traits_of(projection.id[i])));
  }
  const std::string condition = fmt::format("{}", fmt::join(conditions, " and "));
  // Without an index on the id a look-up per key would read the table each time.
  const bool fenced = relation.unique_by(projection.id);
  if (!fenced) {
    std::vector<std::string> joined;
    for (std::size_t i = 0; i < projection.id.size(); ++i) {
      joined.push_back(equals_text(select.output()[i], asked_key(i), projection.id_types[i],
                                   relation.traits_of(projection.id[i])));
    }
    return fmt::format("{}{} join {} as s on {}{}", head(select), asked(projection.id.size()),
                       select.own_table(select.version_and_scope(), "", false),
                       fmt::join(joined, " and "), select.joins(&relation_of));
  }
  return fmt::format("{}{} cross join lateral {} as s{}", head(select), asked(projection.id.size()),
                     select.own_table(select.version_and_scope(), condition, true),
                     select.joins(&relation_of));
}

bool finds_by_index(const Relation& relation, const Projection& projection,
                    std::span<const std::size_t> by, std::span<const Comparison> as) {
  std::vector<std::string> own;
  for (std::size_t i = 0; i < by.size(); ++i) {
    const ColumnPath& path = projection.columns[by[i]];
    if (path.joins.empty() && is_found_by_index(path.type) && !is_coarse(path, as, i)) {
      own.push_back(path.column);
    }
  }
  return relation.unique_by(own);
}

std::string find_text(const Relation& relation, const Projection& projection,
                      std::span<const std::size_t> by, std::span<const Comparison> as,
                      const RelationOf& relation_of) {
  const Select select(relation, projection);
  const bool fenced = finds_by_index(relation, projection, by, as);
  const auto equal = [&](const std::string& column, std::size_t i, const ColumnTraits& traits) {
    const Type& type = projection.columns[by[i]].type;
    std::optional<std::string> coarse;
    if (!as.empty()) {
      coarse = coarse_equals_text(column, asked_key(i), type, traits, as[i]);
    }
    return coarse ? *coarse : equals_text(column, asked_key(i), type, traits);
  };
  std::vector<std::string> inside;   // Of the look-up in the projection's own table.
  std::vector<std::string> outside;  // Of the joined row.
  for (std::size_t i = 0; i < by.size(); ++i) {
    const ColumnPath& path = projection.columns[by[i]];
    if (fenced && path.joins.empty()) {
      inside.push_back(equal(Select::own_column(projection.table, path.column), i,
                             relation.traits_of(path.column)));
      continue;
    }
    const Relation* holder = path.joins.empty() ? &relation : relation_of(path.joins.back().table);
    const ColumnTraits traits =
        holder == nullptr ? ColumnTraits{true, {}} : holder->traits_of(path.column);
    outside.push_back(equal(select.output()[projection.id.size() + by[i]], i, traits));
  }
  const std::string where =
      outside.empty() ? "" : fmt::format(" where {}", fmt::join(outside, " and "));
  if (fenced) {
    return fmt::format("{}{} cross join lateral {} as s{}{}", head(select), asked(by.size()),
                       select.own_table(select.version_and_scope(),
                                        fmt::format("{}", fmt::join(inside, " and ")), true),
                       select.joins(&relation_of), where);
  }
  return fmt::format("{}{} as s{} cross join {}{}", head(select),
                     select.own_table(select.version_and_scope(), "", false), select.joins(nullptr),
                     asked(by.size()), where);
}

}  // namespace couplet::postgres
