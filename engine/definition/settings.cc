// Sections of the file that say how Couplet runs, and its sources.
#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/definition/cron.h"
#include "engine/definition/sections.h"
#include "engine/definition/suggestion.h"

namespace couplet {

namespace {

constexpr std::size_t kNameCharactersMax = 40;
constexpr std::size_t kReplicationNameMax = 63;  // NAMEDATALEN - 1 of PostgreSQL

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

void read_name(const ParseContext& context, const MapReader& file, Definition& definition) {
  const auto name = file.text("name");
  if (!name || !name->known) {
    return;
  }
  definition.name = name->value;
  if (count_characters(name->value) > kNameCharactersMax) {
    context.error(name->place, "wrong_value",
                  "name has " + std::to_string(count_characters(name->value)) +
                      " characters; at most 40 leave room for the names of slots");
  }
  if (std::any_of(name->value.begin(), name->value.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; })) {
    context.error(name->place, "wrong_value", "name holds a control character");
  }
}

void read_reconcile(const ParseContext& context, const YamlMember& given, Definition& definition) {
  const MapReader reader(context, given.value, "reconcile", "reconcile", given.key.begin);
  ReconcileOptions options;
  options.every_us = reader.duration_us("every");
  options.max_rate = reader.number("max_rate");
  if (options.max_rate && *options.max_rate <= 0) {
    context.error(reader.place_of("max_rate"), "wrong_value",
                  "reconcile.max_rate must be more than 0", "leave it out for no bound");
  }
  options.yield_to_live = reader.boolean("yield_to_live").value_or(true);

  const auto timezone = reader.text("timezone");
  if (const auto text = reader.text("cron"); text && text->known) {
    auto cron = parse_cron(text->value);
    if (!cron) {
      context.error(text->place, "wrong_value", "reconcile.cron: " + cron.error().message,
                    cron.error().hint);
    } else {
      cron->timezone = "Etc/UTC";
      options.cron = std::move(*cron);
    }
  }
  if (timezone && timezone->known) {
    if (const auto known = check_timezone(timezone->value); !known) {
      context.error(timezone->place, "wrong_value",
                    "reconcile.timezone: " + quoted(*timezone) + " " + known.error().message,
                    known.error().hint);
    } else if (options.cron) {
      options.cron->timezone = timezone->value;
    }
  }
  const bool every = reader.member("every") != nullptr;
  const bool cron = reader.member("cron") != nullptr;
  if (every && cron) {
    context.error(reader.member("cron")->key.begin, "contradiction",
                  "reconcile has both every and cron", "keep one of them");
  } else if (!every && !cron) {
    context.error(reader.place(), "missing_option", "reconcile lacks a schedule",
                  "every: 15m, or cron: \"0 3 * * *\" with a timezone");
  }
  if (timezone && !cron) {
    context.error(reader.member("timezone")->key.begin, "contradiction",
                  "reconcile.timezone says nothing without cron");
  }
  definition.reconcile = std::move(options);
}

// "127.0.0.1:8080", "[::1]:8080", "localhost:8080".
bool split_address(const std::string& text, HttpOptions& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return false;
  }
  options.host = text.substr(0, colon);
  if (options.host.front() == '[' && options.host.back() == ']') {
    options.host = options.host.substr(1, options.host.size() - 2);
  } else if (options.host.find(':') != std::string::npos) {
    return false;  // An IPv6 address without brackets: where does the port begin?
  }
  const auto host_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '_' || c == '%';
  };
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, options.port);
  return begin != end && error == std::errc() && stop == end && options.port > 0 &&
         !options.host.empty() &&
         std::all_of(options.host.begin(), options.host.end(), host_character);
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

void read_http(const ParseContext& context, const YamlMember& given, Definition& definition) {
  const MapReader reader(context, given.value, "http", "http", given.key.begin);
  HttpOptions options;
  options.token = reader.secret("token");
  options.allow_remote = reader.boolean("allow_remote").value_or(false);
  if (const auto listen = reader.text("listen"); listen && listen->known) {
    if (!split_address(listen->value, options)) {
      context.error(listen->place, "wrong_value",
                    "http.listen: " + quoted(*listen) + " is no address with a port",
                    "write address:port: 127.0.0.1:8080, [::1]:8080");
    } else if (!is_loopback(options.host) && (!options.allow_remote || !options.token)) {
      context.error(listen->place, "wrong_value",
                    "http.listen: " + quoted(*listen) +
                        " is open to other machines; that needs allow_remote: true and a token",
                    "listen on 127.0.0.1, and put TLS in front");
    }
  }
  definition.http = std::move(options);
}

void read_log(const ParseContext& context, const YamlMember& given, Definition& definition) {
  const MapReader reader(context, given.value, "log", "log", given.key.begin);
  if (const auto level = reader.choice("level")) {
    definition.log.level = static_cast<LogLevel>(*level);
  }
  if (const auto format = reader.choice("format")) {
    definition.log.format = static_cast<LogFormat>(*format);
  }
}

// Slots and publications: what the server takes as the name of a slot.
std::optional<std::string> read_slot_name(const ParseContext& context, const MapReader& reader,
                                          std::string_view option) {
  const auto text = reader.text(option);
  if (!text || !text->known) {
    return std::nullopt;
  }
  const bool fits = std::all_of(text->value.begin(), text->value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!fits || text->value.size() > kReplicationNameMax) {
    context.error(text->place, "wrong_value",
                  reader.option(option) + ": " + quoted(*text) +
                      " is no name for it: at most 63 lower-case letters, digits and _");
  }
  return text->value;
}

void read_postgres(const ParseContext& context, const MapReader& reader, SourceDefinition& source) {
  PostgresOptions& options = source.postgres;
  if (auto url = reader.secret("url")) {
    options.url = std::move(*url);
  }
  if (const auto schema = reader.text("schema"); schema && schema->known) {
    options.schema = schema->value;
  }
  options.connections = static_cast<std::uint32_t>(reader.integer("connections").value_or(4));
  options.slot = read_slot_name(context, reader, "slot");
  options.publication = read_slot_name(context, reader, "publication");
  options.stream = reader.boolean("stream");
  options.statement_timeout_us = reader.duration_us("statement_timeout").value_or(60'000'000);
}

void read_sqlite(const MapReader& reader, SourceDefinition& source) {
  SqliteOptions& options = source.sqlite;
  if (auto path = reader.path("path")) {
    options.path = std::move(*path);
  }
  options.busy_timeout_us = reader.duration_us("busy_timeout").value_or(options.busy_timeout_us);
  options.poll_us = reader.duration_us("poll").value_or(options.poll_us);
  options.stream = reader.boolean("stream");
}

// The type decides which options there are, so it is looked at first. nullopt: reported.
std::optional<SourceType> type_of(const ParseContext& context, const YamlMember& given,
                                  const std::string& subject) {
  const YamlMember* type = given.value.is_mapping() ? given.value.member("type") : nullptr;
  if (type == nullptr || !type->value.is_scalar() || type->value.is_null()) {
    return SourceType::kPostgres;  // Reported by the reader of the section.
  }
  for (const SourceType known : {SourceType::kPostgres, SourceType::kSqlite}) {
    if (type->value.text == name_of(known)) {
      return known;
    }
  }
  if (type->value.text == "kafka") {
    context.error(type->value.begin, "not_supported_yet",
                  "not supported yet: sources of type " + type->value.text);
  } else {
    context.error(type->value.begin, "wrong_value",
                  subject + ".type must be postgres or sqlite, not \"" + type->value.text + "\"",
                  did_you_mean(type->value.text, {"postgres", "sqlite"}));
  }
  return std::nullopt;
}

void check_replication_name(const ParseContext& context, const Definition& definition,
                            const SourceDefinition& source) {
  const std::string name = replication_name(definition.name, source.name);
  if (name.size() > kReplicationNameMax) {
    context.error(source.place, "wrong_value",
                  "the slot of sources." + source.name + " would be called " + name + ", " +
                      std::to_string(name.size()) + " bytes; a server takes 63",
                  "choose a shorter name for the source or the file");
    return;
  }
  for (const SourceDefinition& other : definition.sources) {
    if (&other == &source) {
      return;
    }
    if (other.type == SourceType::kPostgres &&
        replication_name(definition.name, other.name) == name) {
      context.error(source.place, "wrong_value",
                    "the slots of sources." + other.name + " and sources." + source.name +
                        " would both be called " + name,
                    "rename one of the two sources");
      return;
    }
  }
}

}  // namespace

const char* name_of(SourceType type) {
  return type == SourceType::kPostgres ? "postgres" : "sqlite";
}

std::string replication_name(std::string_view name, std::string_view source) {
  std::string out = "couplet_";
  out.append(name).append("_").append(source);
  for (char& c : out) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    c = kept ? c : '_';
  }
  return out;
}

std::vector<const YamlMember*> named_members(const ParseContext& context, const MapReader& file,
                                             std::string_view section) {
  std::vector<const YamlMember*> members;
  const YamlMember* given = file.member(section);
  if (given == nullptr) {
    return members;
  }
  if (!given->value.is_mapping()) {
    context.error(
        given->value.begin, "wrong_type",
        std::string(section) + " must be a map keyed by names, this is " + given->value.describe());
    return members;
  }
  for (const YamlMember& member : given->value.members) {
    if (section != "entities" && !is_plain_name(member.key.text)) {
      context.error(member.key.begin, "wrong_name",
                    "\"" + member.key.text +
                        "\" is no name: letters, digits, _ and -, beginning with a letter");
    }
    members.push_back(&member);
  }
  if (members.empty()) {
    context.error(given->value.begin, "missing_option", std::string(section) + " is empty");
  }
  return members;
}

void read_settings(const ParseContext& context, const MapReader& file, Definition& definition) {
  if (const auto version = file.integer("version"); version && *version != 1) {
    context.error(file.place_of("version"), "wrong_value",
                  "version " + std::to_string(*version) +
                      " of the file is not known to this Couplet, which reads version 1",
                  "install a newer Couplet");
  }
  read_name(context, file, definition);
  if (auto state = file.path("state")) {
    definition.state = std::move(*state);
  }
  definition.memory_bytes = file.size_bytes("memory").value_or(definition.memory_bytes);
  definition.clock_skew_us = file.duration_us("clock_skew").value_or(definition.clock_skew_us);
  if (const YamlMember* reconcile = file.member("reconcile")) {
    read_reconcile(context, *reconcile, definition);
  }
  if (const YamlMember* http = file.member("http")) {
    read_http(context, *http, definition);
  }
  if (const YamlMember* log = file.member("log")) {
    read_log(context, *log, definition);
  }
}

void read_sources(const ParseContext& context, const MapReader& file, Definition& definition) {
  for (const YamlMember* given : named_members(context, file, "sources")) {
    SourceDefinition source;
    source.name = given->key.text;
    source.place = given->key.begin;
    const std::string subject = "sources." + source.name;
    if (const auto type = type_of(context, *given, subject)) {
      source.type = *type;
      const MapReader reader(context, given->value, name_of(*type), subject, given->key.begin);
      if (reader.is_map() && *type == SourceType::kPostgres) {
        read_postgres(context, reader, source);
      } else if (reader.is_map()) {
        read_sqlite(reader, source);
      }
    }
    definition.sources.push_back(std::move(source));
  }
  for (const SourceDefinition& source : definition.sources) {
    if (source.type == SourceType::kPostgres) {
      check_replication_name(context, definition, source);
    }
  }
}

}  // namespace couplet
