#include "tests/simulation/shape.h"

#include <algorithm>

#include "tests/unit/definition/described_tables.h"

namespace couplet::simulation {
namespace {

const char* direction(bool to_left, bool to_right) {
  return to_left && to_right ? "both" : to_left ? "right_to_left" : "left_to_right";
}

std::string line_of(const Mapping& mapping, const Field& field) {
  std::string line = "{ left: " + field.left + ", right: " + field.right;
  if (!field.link.empty()) {
    line += ", link: " + field.link;
  }
  if (!field.identity && (field.to_left != mapping.to_left || field.to_right != mapping.to_right)) {
    line += std::string(", direction: ") + direction(field.to_left, field.to_right);
  }
  if (field.policy != "enforce") {
    line += ", policy: " + field.policy;
  }
  if (!field.conflict.empty()) {
    line += ", conflict: " + field.conflict;
  }
  return line + " }";
}

}  // namespace

const Column* Table::column(std::string_view column_name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& column) { return column.name == column_name; });
  return found == columns.end() ? nullptr : &*found;
}

bool Mapping::creates(Side side) const {
  return writes(side) && (create.empty() || create == name_of(side));
}

const Table& Shape::table(std::string_view table_name) const {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const Table& table) { return table.name == table_name; });
  COUPLET_CHECK(found != tables.end());
  return *found;
}

const Mapping& Shape::mapping(std::string_view mapping_name) const {
  const auto found = std::find_if(mappings.begin(), mappings.end(), [&](const Mapping& mapping) {
    return mapping.name == mapping_name;
  });
  COUPLET_CHECK(found != mappings.end());
  return *found;
}

bool Shape::pair_two_way(const Mapping& mapping) const {
  bool to_left = false;
  bool to_right = false;
  for (const Mapping& other : mappings) {
    if (other.left == mapping.left && other.right == mapping.right) {
      to_left = to_left || other.to_left;
      to_right = to_right || other.to_right;
    }
  }
  return to_left && to_right;
}

bool Shape::two_way(const Mapping& mapping, const Field& field) const {
  bool to_left = false;
  bool to_right = false;
  for (const Mapping& other : mappings) {
    for (const Field& use : other.fields) {
      if (other.left == mapping.left && other.right == mapping.right && use.left == field.left &&
          use.right == field.right) {
        to_left = to_left || use.to_left;
        to_right = to_right || use.to_right;
      }
    }
  }
  return to_left && to_right;
}

std::string Shape::definition() const {
  std::string text =
      "version: 1\nname: simulation\nstate: /nowhere\nsources:\n"
      "  left: { type: postgres, url: postgresql://left }\n"
      "  right: { type: postgres, url: postgresql://right }\nentities:\n";
  for (const Table& table : tables) {
    std::string options = "table: " + table.name;
    if (table.has_time) {
      options += ", updated_at: touched";
    }
    std::string references;
    for (const Column& column : table.columns) {
      if (column.use == Column::Use::kReference && table.declared_references) {
        references += (references.empty() ? "" : ", ") +
                      column.name.substr(0, column.name.size() - 3) +
                      ": { columns: " + column.name + ", entity: " + name_of(table.side) + "." +
                      column.to + " }";
      }
    }
    if (!references.empty()) {
      options += ", references: { " + references + " }";
    }
    text += std::string("  ") + name_of(table.side) + "." + table.name + ": { " + options + " }\n";
  }
  text += "mappings:\n";
  for (const Mapping& mapping : mappings) {
    text += "  " + mapping.name + ":\n    left: left." + mapping.left + "\n    right: right." +
            mapping.right + "\n    direction: " + direction(mapping.to_left, mapping.to_right) +
            "\n";
    if (mapping.many_to_one) {
      text += "    cardinality: many_to_one\n";
    }
    text += "    conflict: " + mapping.conflict + "\n";
    if (!mapping.tie.empty()) {
      text += "    tie: " + mapping.tie + "\n";
    }
    if (!mapping.create.empty()) {
      text += "    create: " + mapping.create + "\n";
    }
    if (mapping.scoped_left || mapping.scoped_right) {
      text += std::string("    where: { ") + (mapping.scoped_left ? "left: { kind: x }" : "") +
              (mapping.scoped_left && mapping.scoped_right ? ", " : "") +
              (mapping.scoped_right ? "right: { kind: x }" : "") + " }\n";
    }
    for (const bool identity : {true, false}) {
      std::string lines;
      for (const Field& field : mapping.fields) {
        if (field.identity == identity) {
          lines += "      - " + line_of(mapping, field) + "\n";
        }
      }
      if (!lines.empty()) {
        text += (identity ? "    keys:\n" : "    attributes:\n") + lines;
      }
    }
  }
  return text;
}

void create(MemoryDatabase& database, const Table& table) {
  test::DescribedTable described(table.name);
  if (!table.natural_id) {
    described.id();
  }
  const Type bigint = test::type_of(TypeKind::kInt64);
  described.column("tag", bigint, false).text("note");
  for (const Column& column : table.columns) {
    if (column.use != Column::Use::kReference) {
      described.column(column.name, test::type_of(TypeKind::kText), column.nullable);
    } else if (table.declared_references) {
      described.column(column.name, bigint, column.nullable);
    } else {
      described.foreign_key(column.name, column.to, column.nullable);
      described.info().foreign_keys.back().constraint = table.name + "_" + column.name;
    }
  }
  if (table.has_time) {
    described.column("touched", test::type_of(TypeKind::kTimestampTz));
  }
  TableInfo info = described.made();
  if (table.natural_id) {
    info.primary_key = {table.columns.front().name};
  }
  if (table.keys_unique) {
    info.unique_keys.push_back({table.name + "_keys", table.unique, false, false});
  }
  database.create_table(info);
  if (!table.natural_id) {
    database.set_default(table.name, "id", memory::SequenceDefault{});
  }
  database.set_default(table.name, "tag", memory::SequenceDefault{});
}

}  // namespace couplet::simulation
