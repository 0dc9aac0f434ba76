#include "engine/definition/field_table.h"

#include <utility>

namespace couplet {

namespace {

using Choices = std::vector<std::string_view>;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;
constexpr std::int64_t kMiB = 1 << 20;

Field row(std::string_view section, std::string_view name, FieldType type,
          std::string_view default_text, std::string_view doc) {
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
  field.type = FieldType::kOther;
  field.later = what;
  return field;
}

void add_file(std::vector<Field>& all) {
  const std::string_view s = "file";
  all.push_back(required(
      within(row(s, "version", FieldType::kInteger, "", "format of the file: 1"), 1, INT64_MAX)));
  all.push_back(required(row(s, "name", FieldType::kText, "",
                             "names slots, publications, origins and the metrics label; at most 40 "
                             "characters")));
  all.push_back(required(row(s, "state", FieldType::kPath, "",
                             "folder of the state, created with mode 0700; holds the control "
                             "socket")));
  all.push_back(within(row(s, "memory", FieldType::kSize, "512MiB", "bound of the whole process"),
                       64 * kMiB, 0));
  all.push_back(within(row(s, "clock_skew", FieldType::kDuration, "2s",
                           "two change times nearer than this are a tie"),
                       0, kDay));
  all.push_back(of(row(s, "reconcile", FieldType::kSection, "", "schedule of `run`"), "reconcile"));
  all.push_back(
      of(row(s, "http", FieldType::kSection, "", "HTTP for operators; off without it"), "http"));
  all.push_back(of(row(s, "log", FieldType::kSection, "", "what is logged and how"), "log"));
  all.push_back(required(
      of(row(s, "sources", FieldType::kSections, "", "systems of record, by name"), "source")));
  all.push_back(of(row(s, "entities", FieldType::kSections, "",
                       "what the catalog cannot tell, by source.Entity"),
                   "entity"));
  all.push_back(required(of(
      row(s, "mappings", FieldType::kSections, "", "what is kept in step, by name"), "mapping")));
  all.push_back(later(s, "publish", "operations published to a topic"));

  all.push_back(within(row("reconcile", "every", FieldType::kDuration, "",
                           "from the start of one run to the start of the next"),
                       kSecond, 0));
  all.push_back(row("reconcile", "cron", FieldType::kText, "", "five fields as in cron(5)"));
  all.push_back(
      row("reconcile", "timezone", FieldType::kText, "Etc/UTC", "of `cron`: an IANA name"));
  all.push_back(row("reconcile", "max_rate", FieldType::kNumber, "", "objects a second, at most"));
  all.push_back(row("reconcile", "yield_to_live", FieldType::kBoolean, "true",
                    "gives way to changes that have just been made"));

  all.push_back(required(row("http", "listen", FieldType::kText, "", "address:port")));
  all.push_back(row("http", "token", FieldType::kSecret, "", "what changing anything needs"));
  all.push_back(row("http", "allow_remote", FieldType::kBoolean, "false",
                    "may listen on an address that is not loopback"));

  all.push_back(choice(row("log", "level", FieldType::kChoice, "info", "the least that is logged"),
                       {"trace", "debug", "info", "warning", "error"}));
  all.push_back(choice(
      row("log", "format", FieldType::kChoice, "auto", "auto: text on a terminal, else JSON"),
      {"auto", "text", "json"}));
}

void add_postgres(std::vector<Field>& all) {
  const std::string_view s = "postgres";
  all.push_back(
      required(choice(row(s, "type", FieldType::kChoice, "", "kind of source"), {"postgres"})));
  all.push_back(required(row(s, "url", FieldType::kConnection, "", "libpq URL or key=value text")));
  all.push_back(row(s, "schema", FieldType::kText, "", "default: the first of the search path"));
  all.push_back(
      within(row(s, "connections", FieldType::kInteger, "4", "connections kept at once"), 1, 64));
  all.push_back(row(s, "slot", FieldType::kText, "", "default: couplet_<name>_<source>"));
  all.push_back(row(s, "publication", FieldType::kText, "", "default: couplet_<name>_<source>"));
  all.push_back(row(s, "stream", FieldType::kBoolean, "",
                    "default: true where a mapping reads from it; false: reconcile only"));
  all.push_back(within(row(s, "statement_timeout", FieldType::kDuration, "60s",
                           "longest time that one statement may take"),
                       100'000, kDay));
  all.push_back(later(s, "changes", "change events from Kafka topics"));
}

void add_sqlite(std::vector<Field>& all) {
  const std::string_view s = "sqlite";
  all.push_back(
      required(choice(row(s, "type", FieldType::kChoice, "", "kind of source"), {"sqlite"})));
  all.push_back(
      required(row(s, "path", FieldType::kPath, "", "the database file, which must exist")));
  all.push_back(within(row(s, "busy_timeout", FieldType::kDuration, "5s",
                           "longest wait for a lock that another program holds"),
                       0, kDay));
  all.push_back(
      within(row(s, "poll", FieldType::kDuration, "200ms", "how often changes are looked for"),
             1'000, kDay));
  all.push_back(row(s, "stream", FieldType::kBoolean, "",
                    "default: true where a mapping reads from it; false: reconcile only"));
}

void add_entities(std::vector<Field>& all) {
  const std::string_view s = "entity";
  all.push_back(row(s, "table", FieldType::kText, "",
                    "name or schema.name as the catalog spells it; default: the entity's name"));
  all.push_back(row(s, "id", FieldType::kTexts, "", "columns; default: the primary key"));
  all.push_back(row(s, "updated_at", FieldType::kText, "",
                    "column that holds the change time; else the commit time seen in the stream"));
  all.push_back(row(s, "references", FieldType::kOther, "",
                    "name: column, or name: {columns: [...], entity: ...}"));
  all.push_back(
      row(s, "where", FieldType::kOther, "", "attribute: value, all equal, or {sql: text}"));
  all.push_back(later(s, "identity", "objects put together by several mappings (identity)"));
  all.push_back(later(s, "required", "objects put together by several mappings (required)"));

  all.push_back(required(row("reference", "columns", FieldType::kTexts, "", "columns that refer")));
  all.push_back(row("reference", "entity", FieldType::kText, "",
                    "what they refer to, where there is no foreign key"));
}

void add_mappings(std::vector<Field>& all) {
  const std::string_view s = "mapping";
  const Choices conflicts = {"last_write_wins", "left_wins", "right_wins", "hold"};
  const Choices directions = {"both", "left_to_right", "right_to_left"};
  all.push_back(required(row(s, "left", FieldType::kText, "", "an entity: source.Entity")));
  all.push_back(required(row(s, "right", FieldType::kText, "", "an entity: source.Entity")));
  all.push_back(required(
      choice(row(s, "direction", FieldType::kChoice, "", "which sides are written"), directions)));
  all.push_back(required(of(
      row(s, "keys", FieldType::kSectionList, "", "what tells that two objects are the same thing"),
      "attribute")));
  all.push_back(of(row(s, "attributes", FieldType::kSectionList, "", "what else is kept in step"),
                   "attribute"));
  all.push_back(choice(row(s, "create", FieldType::kOther, "true",
                           "false: link and update only; left or right: create there only"),
                       {"true", "false", "left", "right"}));
  all.push_back(choice(row(s, "cardinality", FieldType::kChoice, "one_to_one",
                           "many_to_one: many sources, one target; one-way only"),
                       {"one_to_one", "many_to_one"}));
  all.push_back(choice(row(s, "conflict", FieldType::kChoice, "last_write_wins",
                           "who wins where both sides changed"),
                       conflicts));
  all.push_back(choice(row(s, "tie", FieldType::kChoice, "",
                           "who wins where times do not tell; default: the source of a one-way "
                           "mapping or attribute, else left"),
                       {"left", "right"}));
  all.push_back(choice(row(s, "delete", FieldType::kChoice, "never",
                           "what becomes of the counterpart of an object that is gone"),
                       {"never", "orphans", "intent"}));
  all.push_back(
      of(row(s, "where", FieldType::kSection, "", "which objects take part"), "mapping_where"));
  all.push_back(
      of(row(s, "limits", FieldType::kSection, "", "how much one run may write before it is held"),
         "limits"));
  all.push_back(row(s, "actions", FieldType::kOther, "", "situation: report, hold or default"));
  all.push_back(later(s, "publish", "operations published to a topic"));

  all.push_back(row("mapping_where", "left", FieldType::kOther, "", "as an entity's `where`"));
  all.push_back(row("mapping_where", "right", FieldType::kOther, "", "as an entity's `where`"));

  all.push_back(of(row("limits", "create", FieldType::kSection, "", "objects created"), "limit"));
  all.push_back(of(row("limits", "recreate", FieldType::kSection, "{count: 20, percent: 50}",
                       "objects created again"),
                   "limit"));
  all.push_back(of(row("limits", "update", FieldType::kSection, "", "objects updated"), "limit"));
  all.push_back(
      of(row("limits", "delete", FieldType::kSection, "{count: 20, percent: 5}", "objects deleted"),
         "limit"));
  all.push_back(within(row("limit", "count", FieldType::kInteger, "", "objects"), 0, INT64_MAX));
  all.push_back(
      row("limit", "percent", FieldType::kNumber, "", "of the mapping's links: 0 to 100"));

  const std::string_view a = "attribute";
  all.push_back(row(a, "left", FieldType::kText, "", "a path on the left"));
  all.push_back(row(a, "right", FieldType::kText, "", "a path on the right"));
  all.push_back(
      row(a, "link", FieldType::kText, "", "mapping whose links translate the reference"));
  all.push_back(
      choice(row(a, "direction", FieldType::kChoice, "", "within the mapping's"), directions));
  all.push_back(choice(row(a, "policy", FieldType::kChoice, "enforce",
                           "enforce: kept equal; follow: changes only; init: while empty"),
                       {"enforce", "follow", "init"}));
  all.push_back(row(a, "values", FieldType::kOther, "", "left value: right value"));
  all.push_back(row(a, "const", FieldType::kLiteral, "", "written to the side that is named"));
  all.push_back(
      choice(row(a, "conflict", FieldType::kChoice, "", "default: the mapping's"), conflicts));
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
