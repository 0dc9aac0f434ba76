#include "engine/definition/field_table.h"

#include <utility>

namespace couplet {

namespace {

using Type = FieldType;
using Choices = std::vector<std::string_view>;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;
constexpr std::int64_t kMiB = 1 << 20;

Field row(std::string_view section, std::string_view name, Type type, std::string_view default_text,
          std::string_view doc) {
  Field field;
  field.section = section;
  field.name = name;
  field.type = type;
  field.default_text = default_text;
  field.doc = doc;
  return field;
}

Field required(Field field) {
  field.required = true;
  return field;
}
Field of(Field field, std::string_view section) {
  field.of = section;
  return field;
}
Field choice(Field field, Choices choices) {
  field.choices = std::move(choices);
  return field;
}
Field within(Field field, std::int64_t least, std::int64_t most) {
  field.least = least;
  field.most = most;
  return field;
}
Field later(std::string_view section, std::string_view name, std::string_view what) {
  Field field;
  field.section = section;
  field.name = name;
  field.type = Type::kOther;
  field.later = what;
  return field;
}

void add_file(std::vector<Field>& all) {
  const std::string_view s = "file";
  all.push_back(required(
      within(row(s, "version", Type::kInteger, "", "format of the file: 1"), 1, INT64_MAX)));
  all.push_back(required(row(s, "name", Type::kText, "",
                             "names slots, publications, origins and the metrics label; at most 40 "
                             "characters")));
  all.push_back(required(row(s, "state", Type::kPath, "",
                             "folder of the state, created with mode 0700; holds the control "
                             "socket")));
  all.push_back(
      within(row(s, "memory", Type::kSize, "512MiB", "bound of the whole process"), 64 * kMiB, 0));
  all.push_back(within(
      row(s, "clock_skew", Type::kDuration, "2s", "two change times nearer than this are a tie"), 0,
      kDay));
  all.push_back(of(row(s, "reconcile", Type::kSection, "", "schedule of `run`"), "reconcile"));
  all.push_back(
      of(row(s, "http", Type::kSection, "", "HTTP for operators; off without it"), "http"));
  all.push_back(of(row(s, "log", Type::kSection, "", "what is logged and how"), "log"));
  all.push_back(
      required(of(row(s, "sources", Type::kSections, "", "systems of record, by name"), "source")));
  all.push_back(
      of(row(s, "entities", Type::kSections, "", "what the catalog cannot tell, by source.Entity"),
         "entity"));
  all.push_back(required(
      of(row(s, "mappings", Type::kSections, "", "what is kept in step, by name"), "mapping")));
  all.push_back(later(s, "publish", "operations published to a topic"));

  all.push_back(within(row("reconcile", "every", Type::kDuration, "",
                           "from the start of one run to the start of the next"),
                       kSecond, 0));
  all.push_back(row("reconcile", "cron", Type::kText, "", "five fields as in cron(5)"));
  all.push_back(row("reconcile", "timezone", Type::kText, "Etc/UTC", "of `cron`: an IANA name"));
  all.push_back(row("reconcile", "max_rate", Type::kNumber, "", "objects a second, at most"));
  all.push_back(row("reconcile", "yield_to_live", Type::kBoolean, "true",
                    "gives way to changes that have just been made"));

  all.push_back(required(row("http", "listen", Type::kText, "", "address:port")));
  all.push_back(row("http", "token", Type::kSecret, "", "what changing anything needs"));
  all.push_back(row("http", "allow_remote", Type::kBoolean, "false",
                    "may listen on an address that is not loopback"));

  all.push_back(choice(row("log", "level", Type::kChoice, "info", "the least that is logged"),
                       {"trace", "debug", "info", "warning", "error"}));
  all.push_back(
      choice(row("log", "format", Type::kChoice, "auto", "auto: text on a terminal, else JSON"),
             {"auto", "text", "json"}));
}

void add_postgres(std::vector<Field>& all) {
  const std::string_view s = "postgres";
  all.push_back(
      required(choice(row(s, "type", Type::kChoice, "", "kind of source"), {"postgres"})));
  all.push_back(required(row(s, "url", Type::kConnection, "", "libpq URL or key=value text")));
  all.push_back(row(s, "schema", Type::kText, "", "default: the first of the search path"));
  all.push_back(
      within(row(s, "connections", Type::kInteger, "4", "connections kept at once"), 1, 64));
  all.push_back(row(s, "slot", Type::kText, "", "default: couplet_<name>_<source>"));
  all.push_back(row(s, "publication", Type::kText, "", "default: couplet_<name>_<source>"));
  all.push_back(row(s, "stream", Type::kBoolean, "",
                    "default: true where a mapping reads from it; false: reconcile only"));
  all.push_back(within(row(s, "statement_timeout", Type::kDuration, "60s",
                           "longest time that one statement may take"),
                       100'000, kDay));
  all.push_back(later(s, "changes", "change events from Kafka topics"));
}

void add_sqlite(std::vector<Field>& all) {
  const std::string_view s = "sqlite";
  all.push_back(required(choice(row(s, "type", Type::kChoice, "", "kind of source"), {"sqlite"})));
  all.push_back(required(row(s, "path", Type::kPath, "", "the database file, which must exist")));
  all.push_back(within(row(s, "busy_timeout", Type::kDuration, "5s",
                           "longest wait for a lock that another program holds"),
                       0, kDay));
  all.push_back(within(row(s, "poll", Type::kDuration, "200ms", "how often changes are looked for"),
                       1'000, kDay));
  all.push_back(row(s, "stream", Type::kBoolean, "",
                    "default: true where a mapping reads from it; false: reconcile only"));
}

void add_entities(std::vector<Field>& all) {
  const std::string_view s = "entity";
  all.push_back(row(s, "table", Type::kText, "",
                    "name or schema.name as the catalog spells it; default: the entity's name"));
  all.push_back(row(s, "id", Type::kTexts, "", "columns; default: the primary key"));
  all.push_back(row(s, "updated_at", Type::kText, "",
                    "column that holds the change time; else the commit time seen in the stream"));
  all.push_back(row(s, "references", Type::kOther, "",
                    "name: column, or name: {columns: [...], entity: ...}"));
  all.push_back(row(s, "where", Type::kOther, "", "attribute: value, all equal, or {sql: text}"));
  all.push_back(later(s, "identity", "objects put together by several mappings (identity)"));
  all.push_back(later(s, "required", "objects put together by several mappings (required)"));

  all.push_back(required(row("reference", "columns", Type::kTexts, "", "columns that refer")));
  all.push_back(row("reference", "entity", Type::kText, "",
                    "what they refer to, where there is no foreign key"));
}

void add_mappings(std::vector<Field>& all) {
  const std::string_view s = "mapping";
  const Choices conflicts = {"last_write_wins", "left_wins", "right_wins", "hold"};
  const Choices directions = {"both", "left_to_right", "right_to_left"};
  all.push_back(required(row(s, "left", Type::kText, "", "an entity: source.Entity")));
  all.push_back(required(row(s, "right", Type::kText, "", "an entity: source.Entity")));
  all.push_back(required(
      choice(row(s, "direction", Type::kChoice, "", "which sides are written"), directions)));
  all.push_back(required(
      of(row(s, "keys", Type::kSectionList, "", "what tells that two objects are the same thing"),
         "attribute")));
  all.push_back(
      of(row(s, "attributes", Type::kSectionList, "", "what else is kept in step"), "attribute"));
  all.push_back(choice(row(s, "create", Type::kOther, "true",
                           "false: link and update only; left or right: create there only"),
                       {"true", "false", "left", "right"}));
  all.push_back(choice(row(s, "cardinality", Type::kChoice, "one_to_one",
                           "many_to_one: many sources, one target; one-way only"),
                       {"one_to_one", "many_to_one"}));
  all.push_back(choice(
      row(s, "conflict", Type::kChoice, "last_write_wins", "who wins where both sides changed"),
      conflicts));
  all.push_back(choice(row(s, "tie", Type::kChoice, "",
                           "who wins where times do not tell; default: the source of a one-way "
                           "mapping, else left"),
                       {"left", "right"}));
  all.push_back(choice(row(s, "delete", Type::kChoice, "never",
                           "what becomes of the counterpart of an object that is gone"),
                       {"never", "orphans", "intent"}));
  all.push_back(
      of(row(s, "where", Type::kSection, "", "which objects take part"), "mapping_where"));
  all.push_back(
      of(row(s, "limits", Type::kSection, "", "how much one run may write before it is held"),
         "limits"));
  all.push_back(row(s, "actions", Type::kOther, "", "situation: report, hold or default"));
  all.push_back(later(s, "publish", "operations published to a topic"));

  all.push_back(row("mapping_where", "left", Type::kOther, "", "as an entity's `where`"));
  all.push_back(row("mapping_where", "right", Type::kOther, "", "as an entity's `where`"));

  all.push_back(of(row("limits", "create", Type::kSection, "", "objects created"), "limit"));
  all.push_back(of(row("limits", "recreate", Type::kSection, "{count: 20, percent: 50}",
                       "objects created again"),
                   "limit"));
  all.push_back(of(row("limits", "update", Type::kSection, "", "objects updated"), "limit"));
  all.push_back(
      of(row("limits", "delete", Type::kSection, "{count: 20, percent: 5}", "objects deleted"),
         "limit"));
  all.push_back(within(row("limit", "count", Type::kInteger, "", "objects"), 0, INT64_MAX));
  all.push_back(row("limit", "percent", Type::kNumber, "", "of the mapping's links: 0 to 100"));

  const std::string_view a = "attribute";
  all.push_back(row(a, "left", Type::kText, "", "a path on the left"));
  all.push_back(row(a, "right", Type::kText, "", "a path on the right"));
  all.push_back(row(a, "link", Type::kText, "", "mapping whose links translate the reference"));
  all.push_back(choice(row(a, "direction", Type::kChoice, "", "within the mapping's"), directions));
  all.push_back(choice(row(a, "policy", Type::kChoice, "enforce",
                           "enforce: kept equal; follow: changes only; init: while empty"),
                       {"enforce", "follow", "init"}));
  all.push_back(row(a, "values", Type::kOther, "", "left value: right value"));
  all.push_back(row(a, "const", Type::kLiteral, "", "written to the side that is named"));
  all.push_back(choice(row(a, "conflict", Type::kChoice, "", "default: the mapping's"), conflicts));
}

std::vector<Field> make() {
  std::vector<Field> all;
  add_file(all);
  add_postgres(all);
  add_sqlite(all);
  add_entities(all);
  add_mappings(all);
  return all;
}

}  // namespace

std::span<const Field> fields() {
  static const std::vector<Field> kAll = make();
  return kAll;
}

const Field* field_named(std::string_view section, std::string_view name) {
  for (const Field& field : fields()) {
    if (field.section == section && field.name == name) {
      return &field;
    }
  }
  return nullptr;
}

std::vector<std::string> field_names(std::string_view section) {
  std::vector<std::string> names;
  for (const Field& field : fields()) {
    if (field.section == section && field.later.empty()) {
      names.emplace_back(field.name);
    }
  }
  return names;
}

}  // namespace couplet
