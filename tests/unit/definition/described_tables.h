#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/definition/bind.h"
#include "engine/definition/load.h"
#include "engine/ports/catalog.h"

// Catalogs made by hand, so that binding can be tested without a server.
namespace couplet::test {

inline Type type_of(TypeKind kind, std::int32_t length = -1) {
  Type type;
  type.kind = kind;
  type.length = length;
  type.name = name_of(kind);
  if (length >= 0) {
    type.name += "(" + std::to_string(length) + ")";
  }
  return type;
}
inline Type numeric(std::int32_t precision, std::int32_t scale) {
  Type type = type_of(TypeKind::kNumeric);
  type.precision = precision;
  type.scale = scale;
  type.name = "numeric(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
  return type;
}
inline Type timestamp(std::int32_t digits) {
  Type type = type_of(TypeKind::kTimestamp);
  type.fraction_digits = digits;
  type.name = "timestamp(" + std::to_string(digits) + ")";
  return type;
}

// table("orders").id().text("name", kRequired).foreign_key("buyer_id", "people").made()
class DescribedTable {
 public:
  explicit DescribedTable(std::string name) { table_.name = {"public", std::move(name)}; }

  DescribedTable& column(const std::string& name, Type type, bool nullable = true) {
    ColumnInfo column;
    column.name = name;
    column.type_name = type.name;
    column.type = std::move(type);
    column.nullable = nullable;
    table_.columns.push_back(std::move(column));
    return *this;
  }
  DescribedTable& unknown(const std::string& name, const std::string& type_name) {
    ColumnInfo column;
    column.name = name;
    column.type_name = type_name;
    table_.columns.push_back(std::move(column));
    return *this;
  }
  DescribedTable& text(const std::string& name) { return column(name, type_of(TypeKind::kText)); }
  DescribedTable& required(const std::string& name, Type type = type_of(TypeKind::kText)) {
    return column(name, std::move(type), false);
  }
  // Columns of a primary key; "id" alone is an identity column.
  DescribedTable& id(const std::vector<std::string>& names = {"id"}) {
    for (const std::string& name : names) {
      column(name, type_of(TypeKind::kInt64), false);
      last().has_default = names.size() == 1;
    }
    table_.primary_key = names;
    table_.unique_keys.push_back({"pkey", names, false, true});
    return *this;
  }
  DescribedTable& foreign_key(const std::string& name, const std::string& to,
                              bool nullable = false) {
    column(name, type_of(TypeKind::kInt64), nullable);
    return constraint({name}, to, {"id"});
  }
  DescribedTable& constraint(const std::vector<std::string>& columns, const std::string& to,
                             const std::vector<std::string>& target) {
    table_.foreign_keys.push_back(
        {table_.name.table + "_fk", columns, {"public", to}, target, false});
    return *this;
  }
  ColumnInfo& last() { return table_.columns.back(); }
  TableInfo& info() { return table_; }
  template <typename Change>
  DescribedTable& with(Change change) {
    change(table_.columns.back());
    return *this;
  }
  [[nodiscard]] TableInfo made() const { return table_; }

 private:
  TableInfo table_;
};

inline DescribedTable table(std::string name) { return DescribedTable(std::move(name)); }

// What all sources of a test hold: tables by source, in the order of the file.
using DescribedSources = std::vector<std::vector<TableInfo>>;

inline Result<std::vector<TableInfo>> describe(const DescribedSources& sources, std::size_t source,
                                               std::span<const TableName> names) {
  std::vector<TableInfo> answer;
  for (const TableName& name : names) {
    for (const TableInfo& info : sources.at(source)) {
      if (info.name.table == name.table &&
          (name.schema.empty() || name.schema == info.name.schema)) {
        answer.push_back(info);
      }
    }
  }
  return answer;
}

inline std::vector<TableName> names_of(const DescribedSources& sources, std::size_t source) {
  std::vector<TableName> names;
  for (const TableInfo& info : sources.at(source)) {
    names.push_back(info.name);
  }
  return names;
}

inline BindResult bind_to(const Definition& definition, const DescribedSources& sources) {
  auto result = bind(
      definition,
      [&](std::size_t source, std::span<const TableName> names) {
        return describe(sources, source, names);
      },
      [&](std::size_t source) -> Result<std::vector<TableName>> {
        return names_of(sources, source);
      });
  return std::move(*result);
}

// Loads `text` as couplet.yaml in /etc/couplet, where the variables that exist are in
// `environment`.
inline LoadResult load_text(const std::string& text,
                            const std::map<std::string, std::string>& environment = {}) {
  LoadOptions options;
  options.environment = [environment](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  options.read_file = [](const std::filesystem::path& path) -> Result<std::string> {
    if (path == "/etc/couplet/token") {
      return "from-a-file\n";
    }
    return fail(ErrorKind::kNotFound, "there is no file " + path.string());
  };
  LoadResult result = parse_definition(text, "/etc/couplet/couplet.yaml", options);
  return result;
}

// Rendered, with the folder left out.
inline std::string rendered(const Diagnostics& diagnostics) {
  std::string text = diagnostics.render();
  const std::string folder = "/etc/couplet/couplet.yaml:";
  for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) {
    text.replace(at, folder.size(), "couplet.yaml:");
  }
  return text;
}

}  // namespace couplet::test
