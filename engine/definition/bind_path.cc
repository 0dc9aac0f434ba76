// Paths: through references to an attribute, a reference or the object itself.
#include <algorithm>
#include <utility>

#include "engine/definition/binding.h"
#include "engine/definition/suggestion.h"

namespace couplet {

namespace {

std::vector<std::string> split_steps(const std::string& text) {
  std::vector<std::string> steps;
  std::size_t begin = 0;
  while (true) {
    const std::size_t dot = text.find('.', begin);
    steps.push_back(text.substr(begin, dot - begin));
    if (dot == std::string::npos) {
      return steps;
    }
    begin = dot + 1;
  }
}

class PathBinder {
 public:
  PathBinder(Binding& binding, std::size_t entity, const Text& path,
             std::optional<std::size_t> link)
      : binding_(binding),
        source_(binding.definition.entities[entity].source),
        path_(path),
        link_(link),
        entity_(entity),
        table_(binding.entities[entity].table) {
    endpoint_.text = path.value;
  }

  std::optional<Endpoint> bind() {
    const std::vector<std::string> steps = split_steps(path_.value);
    if (std::any_of(steps.begin(), steps.end(),
                    [](const std::string& step) { return step.empty(); })) {
      return refuse("wrong_path", "path \"" + path_.value + "\" has an empty step");
    }
    if (steps.size() > 1 && table_->column(path_.value) != nullptr) {
      return refuse("wrong_path",
                    "column " + where() + "." + path_.value +
                        " has a dot in its name and cannot be mapped yet: a dot is a step");
    }
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
      if (!step(steps[i])) {
        return std::nullopt;
      }
    }
    if (!link_) {
      return column(steps.back());
    }
    if (steps.back() != "self") {
      return reference(steps.back());
    }
    return steps.size() == 1
               ? self()
               : refuse("wrong_path",
                        "`self` stands alone: " + path_.value + " ends in a reference",
                        "leave .self out");
  }

 private:
  std::optional<Endpoint> refuse(std::string code, std::string message, std::string hint = {}) {
    binding_.error(path_.place, std::move(code), std::move(message), std::move(hint));
    return std::nullopt;
  }

  // What the table is called in messages: its entity, else its own name.
  [[nodiscard]] std::string where() const {
    return entity_ ? binding_.definition.entities[*entity_].name
                   : binding_.definition.sources[source_].name + "." + to_string(table_->name);
  }

  std::vector<Reference> references() {
    return references_of(binding_, source_, *table_,
                         entity_ ? &binding_.definition.entities[*entity_] : nullptr, false);
  }

  // The reference of that name; nullopt: reported.
  std::optional<Reference> find_reference(const std::string& name) {
    std::vector<std::string> names;
    std::optional<std::string> over_column;
    for (Reference& candidate : references()) {
      if (candidate.name == name) {
        if (candidate.ambiguous) {
          refuse("ambiguous_reference",
                 "reference " + name + " of " + where() + ": several foreign keys have this name",
                 "name them under entities: references: { " + name +
                     ": { columns: [ … ], entity: … } }");
          return std::nullopt;
        }
        return std::move(candidate);
      }
      if (candidate.columns.size() == 1 && candidate.columns.front() == name) {
        over_column = candidate.name;
      }
      names.push_back(candidate.name);
    }
    if (table_->column(name) != nullptr) {
      refuse("unknown_reference",
             "\"" + name + "\" of " + where() + " is a plain column, not a reference",
             over_column ? "its reference is called \"" + *over_column + "\""
                         : "name what it refers to under entities: references: { NAME: { columns: "
                           "[ " +
                               name + " ], entity: … } }");
    } else {
      refuse("unknown_reference", where() + " has no reference \"" + name + "\"",
             did_you_mean(name, names));
    }
    return std::nullopt;
  }

  bool step(const std::string& name) {
    auto found = find_reference(name);
    if (!found) {
      return false;
    }
    if (!binding_.catalogs.known(source_, found->table)) {
      binding_.needed.insert({source_, found->table});
      return false;
    }
    const TableInfo* next = binding_.catalogs.find(source_, found->table);
    if (next == nullptr) {
      refuse("unknown_table", "reference " + name + " of " + where() + " leads to table " +
                                  to_string(found->table) + ", which our role cannot see");
      return false;
    }
    nullable_ = nullable_ || found->nullable;
    for (const std::string& column : found->columns) {
      add_read(column);
    }
    add_step(*found, next->name);
    joins_.push_back({found->columns, next->name, found->target_columns});
    table_ = next;
    entity_ = entity_over(binding_, source_, next->name);
    if (entity_) {
      binding_.entities[*entity_].used = true;
    }
    return true;
  }

  void add_read(const std::string& name) {
    const ColumnInfo* info = table_->column(name);
    endpoint_.read.push_back({table_->name, name, info != nullptr ? info->number : 0});
  }

  void add_step(const Reference& reference, const TableName& table) {
    PathStep& step = endpoint_.steps.emplace_back();
    step.table = table;
    step.target_columns = reference.target_columns;
    for (const std::string& name : reference.columns) {
      const ColumnInfo* info = table_->column(name);
      if (info == nullptr || !info->type) {
        step.columns.clear();
        return;
      }
      step.columns.push_back({joins_, name, *info->type});
    }
  }

  bool readable(const ColumnInfo& info) {
    if (!info.type) {
      refuse("unsupported_type", "column " + where() + "." + info.name + " has the type " +
                                     info.type_name + ", which is not supported yet");
      return false;
    }
    return true;
  }

  bool writable(const ColumnInfo& info) const {
    return joins_.empty() && !info.generated && table_->kind != TableInfo::Kind::kView;
  }

  void add_column(const ColumnInfo& info) {
    endpoint_.columns.push_back({joins_, info.name, *info.type});
    add_read(info.name);
    endpoint_.nullable = endpoint_.nullable || info.nullable;
    endpoint_.required =
        endpoint_.required || (joins_.empty() && !info.nullable && !info.has_default);
    endpoint_.writable = endpoint_.writable && writable(info);
  }

  // The change time of the object that holds the value.
  void add_updated_at() {
    if (!entity_) {
      return;
    }
    const auto& given = binding_.definition.entities[*entity_].updated_at;
    const ColumnInfo* info = given ? table_->column(given->value) : nullptr;
    if (info != nullptr && info->type) {
      endpoint_.updated_at = ColumnPath{joins_, info->name, *info->type};
    }
  }

  std::optional<Endpoint> column(const std::string& name) {
    const ColumnInfo* info = table_->column(name);
    if (info == nullptr) {
      std::vector<std::string> names = column_names(*table_);
      for (const Reference& candidate : references()) {
        if (candidate.name == name) {
          return refuse(
              "unknown_column",
              "\"" + name + "\" of " + where() + " is a reference and needs a link",
              candidate.columns.size() == 1
                  ? "link: NAME OF A MAPPING, or map its column " + candidate.columns.front()
                  : "link: NAME OF A MAPPING");
        }
      }
      return refuse("unknown_column", where() + " has no column \"" + name + "\"",
                    did_you_mean(name, names));
    }
    if (!readable(*info)) {
      return std::nullopt;
    }
    endpoint_.kind = Endpoint::Kind::kColumn;
    endpoint_.nullable = nullable_;
    endpoint_.writable = true;
    add_column(*info);
    add_updated_at();
    return std::move(endpoint_);
  }

  std::optional<Endpoint> self() {
    endpoint_.kind = Endpoint::Kind::kSelf;
    endpoint_.entity = *entity_;
    endpoint_.nullable = false;
    const BoundEntity& bound = binding_.bound.entities[*entity_];
    for (std::size_t i = 0; i < bound.id_types.size(); ++i) {
      endpoint_.columns.push_back({{}, bound.id[i], bound.id_types[i]});
      add_read(bound.id[i]);
    }
    add_updated_at();
    return std::move(endpoint_);
  }

  // Of several entities over the table the one that the link is about.
  std::optional<std::size_t> target_entity(const TableName& table) {
    const MappingDefinition& link = binding_.definition.mappings[*link_];
    for (const std::size_t candidate : link.entities) {
      const TableInfo* info = binding_.entities[candidate].table;
      if (binding_.definition.entities[candidate].source == source_ && info != nullptr &&
          info->name == table) {
        return candidate;
      }
    }
    return entity_over(binding_, source_, table);
  }

  std::optional<Endpoint> reference(const std::string& name) {
    const auto found = find_reference(name);
    if (!found) {
      return std::nullopt;
    }
    const auto target = target_entity(found->table);
    if (!target) {
      return refuse("wrong_link",
                    "reference " + name + " of " + where() + " leads to table " +
                        to_string(found->table) + ", which no mapping relates",
                    "link needs a mapping of that table");
    }
    const BoundEntity& bound = binding_.bound.entities[*target];
    if (!binding_.entities[*target].usable) {
      return std::nullopt;  // Reported with that entity.
    }
    endpoint_.kind = Endpoint::Kind::kReference;
    endpoint_.entity = *target;
    endpoint_.nullable = nullable_;
    endpoint_.writable = true;
    for (std::size_t i = 0; i < bound.id.size(); ++i) {
      const auto at =
          std::find(found->target_columns.begin(), found->target_columns.end(), bound.id[i]);
      if (at == found->target_columns.end() || found->target_columns.size() != bound.id.size()) {
        return refuse("wrong_reference",
                      "reference " + name + " of " + where() + " points at " + bound.name + "." +
                          found->target_columns.front() + ", which is not its id",
                      "only ids are translated through links; map a path to that column instead");
      }
      const auto index = static_cast<std::size_t>(at - found->target_columns.begin());
      const ColumnInfo& info = *table_->column(found->columns[index]);
      if (!readable(info)) {
        return std::nullopt;
      }
      if (!comparison_between(*info.type, bound.id_types[i])) {
        return refuse("wrong_reference", "reference " + name + " of " + where() + ": " +
                                             info.type->name + " does not compare with the id of " +
                                             bound.name + ", " + bound.id_types[i].name);
      }
      add_column(info);
    }
    add_updated_at();
    return std::move(endpoint_);
  }

  Binding& binding_;
  std::size_t source_;
  const Text& path_;
  std::optional<std::size_t> link_;
  std::optional<std::size_t> entity_;  // over table_, if any
  const TableInfo* table_;
  std::vector<Join> joins_;
  bool nullable_ = false;  // some reference on the way may be null
  Endpoint endpoint_;
};

}  // namespace

std::optional<Endpoint> bind_path(Binding& binding, std::size_t entity, const Text& path,
                                  std::optional<std::size_t> link) {
  return PathBinder(binding, entity, path, link).bind();
}

void gather_needed(Binding& binding) {
  bool all_there = true;
  for (std::size_t i = 0; i < binding.definition.entities.size(); ++i) {
    const EntityDefinition& entity = binding.definition.entities[i];
    if (!binding.catalogs.known(entity.source, entity.table)) {
      binding.needed.insert({entity.source, binding.catalogs.asked(entity.source, entity.table)});
      all_there = false;
    }
  }
  if (!all_there) {
    return;
  }
  bind_entities(binding);
  for (const MappingDefinition& mapping : binding.definition.mappings) {
    for (const auto* attributes : {&mapping.keys, &mapping.attributes}) {
      for (const AttributeDefinition& attribute : *attributes) {
        for (const Side side : {Side::kLeft, Side::kRight}) {
          const std::size_t entity = mapping.entities[index_of(side)];
          const auto& path = attribute.path[index_of(side)];
          if (path && path->known && binding.entities[entity].usable) {
            bind_path(binding, entity, *path, attribute.link_mapping);
          }
        }
      }
    }
  }
}

}  // namespace couplet
