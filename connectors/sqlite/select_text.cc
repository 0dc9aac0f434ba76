#include "connectors/sqlite/select_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "connectors/sqlite/asked_rows.h"
#include "connectors/sqlite/cell.h"
#include "connectors/sqlite/row_functions.h"
#include "connectors/sqlite/sql_text.h"

namespace couplet::sqlite {
namespace {

// A table that a step of a path reaches.
struct Node {
  const Join* join = nullptr;  // Null: the projection's own.
  std::size_t parent = 0;
  std::vector<std::string> columns = {};  // That others need of it.
};

class Select {
 public:
  Select(const Relation& relation, const Projection& projection)
      : relation_(relation), projection_(projection) {
    nodes_.push_back({});
    for (const std::string& column : projection.id) {
      output_.push_back(reference(0, column));
    }
    for (const ColumnPath& path : projection.columns) {
      std::size_t node = 0;
      for (const Join& join : path.joins) {
        node = joined(node, join);
      }
      output_.push_back(reference(node, path.column));
    }
  }

  // Of the row that is answered, one per column of the projection.
  [[nodiscard]] const std::vector<std::string>& output() const { return output_; }
  [[nodiscard]] std::string table() const { return quote_identifier(projection_.table.table); }

  [[nodiscard]] std::string joins() const {
    std::string text;
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
      const Node& node = nodes_[i];
      std::string columns;
      for (const std::string& column : node.columns) {
        columns += fmt::format("{}{} AS {}", columns.empty() ? "" : ", ", quote_identifier(column),
                               hidden_name(i, column));
      }
      std::vector<std::string> conditions;
      for (std::size_t k = 0; k < node.join->columns.size(); ++k) {
        conditions.push_back(fmt::format("{} = {}", own_reference(i, node.join->target_columns[k]),
                                         own_reference(node.parent, node.join->columns[k])));
      }
      text +=
          fmt::format(" LEFT JOIN (SELECT {} FROM {}) AS \"couplet${}\" ON {}", columns,
                      quote_identifier(node.join->table.table), i, fmt::join(conditions, " AND "));
    }
    return text;
  }

  [[nodiscard]] std::string version() const {
    std::vector<std::string> columns;
    for (const std::string& column : relation_.row_columns) {
      columns.push_back(column_of(projection_.table.table, column));
    }
    return version_text(columns);
  }

  // "1" if there are none.
  [[nodiscard]] std::string scope() const {
    std::vector<std::string> conditions;
    for (const Condition& condition : projection_.scope) {
      if (const auto* equals_any = std::get_if<EqualsAny>(&condition)) {
        conditions.push_back(equals_any_text(*equals_any));
      } else {
        // The line break ends a comment that the text may end in.
        conditions.push_back(
            fmt::format("coalesce(({}\n), 0)", std::get<SqlCondition>(condition).text));
      }
    }
    return conditions.empty() ? "1" : fmt::format("({})", fmt::join(conditions, " AND "));
  }

 private:
  static std::string hidden_name(std::size_t node, const std::string& column) {
    return quote_identifier(fmt::format("couplet${}${}", node, column));
  }

  [[nodiscard]] std::string own_reference(std::size_t node, const std::string& column) const {
    return node == 0 ? column_of(projection_.table.table, column)
                     : fmt::format("\"couplet${}\".{}", node, hidden_name(node, column));
  }

  std::string reference(std::size_t node, const std::string& column) {
    auto& columns = nodes_[node].columns;
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
      columns.push_back(column);
    }
    return own_reference(node, column);
  }

  std::size_t joined(std::size_t parent, const Join& join) {
    for (const std::string& column : join.columns) {
      reference(parent, column);
    }
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
      if (nodes_[i].parent == parent && *nodes_[i].join == join) {
        return i;
      }
    }
    nodes_.push_back({&join, parent});
    for (const std::string& column : join.target_columns) {
      reference(nodes_.size() - 1, column);
    }
    return nodes_.size() - 1;
  }

  [[nodiscard]] std::string equals_any_text(const EqualsAny& condition) const {
    const std::string column = column_of(projection_.table.table, condition.column);
    std::vector<std::string> alternatives;
    for (const std::optional<std::string>& value : condition.values) {
      if (!value) {
        alternatives.push_back(column + " IS NULL");
        continue;
      }
      const StoredValue stored = encode_question(condition.type, Value(std::string_view(*value)));
      alternatives.push_back(
          "(" + equals_text(&relation_, condition.column, condition.type, column, literal(stored)) +
          ")");
    }
    return alternatives.empty() ? "0"
                                : fmt::format("coalesce({}, 0)", fmt::join(alternatives, " OR "));
  }

  static std::string literal(const StoredValue& value) {
    switch (value.storage) {
      case StorageClass::kNull:
        return "NULL";
      case StorageClass::kInteger:
        // The smallest has no literal: the digits alone are one too many.
        return value.integer == INT64_MIN ? "(-9223372036854775807 - 1)"
                                          : std::to_string(value.integer);
      case StorageClass::kReal:
        return std::isinf(value.real) ? (value.real < 0 ? "-9e999" : "9e999")
                                      : fmt::format("{:.17g}", value.real);
      case StorageClass::kText:
        return quote_literal(value.bytes);
      case StorageClass::kBlob:
        break;
    }
    std::string hex;
    for (const char c : value.bytes) {
      hex += fmt::format("{:02X}", static_cast<unsigned char>(c));
    }
    return "x'" + hex + "'";
  }

  const Relation& relation_;
  const Projection& projection_;
  std::vector<Node> nodes_;
  std::vector<std::string> output_;
};

std::string head(const Select& select) {
  return fmt::format("SELECT {}, {}, {}, {} FROM ", asked_ordinal(), select.version(),
                     select.scope(), fmt::join(select.output(), ", "));
}

}  // namespace

std::string equals_text(const Relation* holder, const std::string& name, const Type& type,
                        const std::string& column, const std::string& value, const Comparison* as) {
  if (type.kind == TypeKind::kBytea) {  // Text in such a column equals no blob to SQLite.
    return fmt::format("{0} IN ({1}, CAST({1} AS TEXT))", column, value);
  }
  std::string text = fmt::format("{} = {}", comparable(type, column, as), value);
  // The first test can use an index, the second decides.
  if (holder != nullptr && holder->loosely_compared.contains(name)) {
    text += fmt::format(" AND {} COLLATE BINARY = {}", comparable(type, column, as), value);
  }
  return text;
}

std::string condition_probe(const TableName& table, const SqlCondition& condition) {
  // As an argument among others too: "a) or (b" is balanced in parentheses, but is no expression.
  return fmt::format("SELECT 1 FROM {1} WHERE coalesce(({0}\n), 0) AND iif(1, {0}\n, 0)",
                     condition.text, quote_identifier(table.table));
}

std::string scan_text(const Relation& relation, const Projection& projection) {
  const Select select(relation, projection);
  std::vector<std::string> order;
  for (std::size_t i = 0; i < projection.id.size(); ++i) {
    order.push_back(comparable(projection.id_types[i], select.output()[i]) + " COLLATE BINARY");
  }
  return fmt::format("SELECT {} FROM {}{} WHERE {} ORDER BY {}", fmt::join(select.output(), ", "),
                     select.table(), select.joins(), select.scope(), fmt::join(order, ", "));
}

std::string fetch_text(const Relation& relation, const Projection& projection) {
  const Select select(relation, projection);
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < projection.id.size(); ++i) {
    conditions.push_back(equals_text(&relation, projection.id[i], projection.id_types[i],
                                     select.output()[i], asked_key(i)));
  }
  const std::string asked = asked_text(projection.id.size());
  const std::string condition = fmt::format("{}", fmt::join(conditions, " AND "));
  // Without an index the table is read once, and each row asked for by a hash. CROSS JOIN keeps the
  // order as it is written (sqlite.org/optoverview.html, "Manual Control Of Query Plans").
  return relation.indexed_by(projection.id)
             ? fmt::format("{}{} CROSS JOIN {}{} WHERE {}", head(select), asked, select.table(),
                           select.joins(), condition)
             : fmt::format("{}{} CROSS JOIN {}{} WHERE {}", head(select), select.table(), asked,
                           select.joins(), condition);
}

std::string find_text(const Relation& relation, const Projection& projection,
                      std::span<const std::size_t> by, std::span<const Comparison> as,
                      const RelationOf& relation_of) {
  const Select select(relation, projection);
  std::vector<std::string> conditions;
  std::vector<std::string> own;
  for (std::size_t i = 0; i < by.size(); ++i) {
    const ColumnPath& path = projection.columns[by[i]];
    const Relation* holder = path.joins.empty() ? &relation : relation_of(path.joins.back().table);
    const Comparison* const how = as.empty() ? nullptr : &as[i];
    if (path.joins.empty() && compares_as_stored(path.type, how)) {
      own.push_back(path.column);
    }
    conditions.push_back(equals_text(holder, path.column, path.type,
                                     select.output()[projection.id.size() + by[i]], asked_key(i),
                                     how));
  }
  const std::string asked = asked_text(by.size());
  const std::string condition = fmt::format("{}", fmt::join(conditions, " AND "));
  return relation.indexed_by(own) ? fmt::format("{}{} CROSS JOIN {}{} WHERE {}", head(select),
                                                asked, select.table(), select.joins(), condition)
                                  : fmt::format("{}{}{} CROSS JOIN {} WHERE {}", head(select),
                                                select.table(), select.joins(), asked, condition);
}

}  // namespace couplet::sqlite
