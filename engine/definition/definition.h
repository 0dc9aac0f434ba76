#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/bound.h"
#include "engine/definition/cron.h"
#include "engine/definition/diagnostic.h"
#include "engine/definition/secret.h"
#include "engine/model/situation.h"

// couplet.yaml as parsed: every check made that needs no catalog, nothing resolved against one.
// Every name keeps its place, so that binding can point at it.
namespace couplet {

// A text of the file. Referenced: it comes from an environment variable or a file, so diagnostics
// do not quote it. Not known: it does, and was left alone (`--no-secrets`); its value is empty and
// no check is made of it.
struct Text {
  std::string value;
  Place place;
  bool referenced = false;
  bool known = true;
};

// A scalar that is read as a literal of a column's type at binding; nullopt: null.
struct LiteralText {
  std::optional<std::string> value;
  Place place;
  bool referenced = false;
  bool known = true;
};

enum class Direction : std::uint8_t { kBoth, kLeftToRight, kRightToLeft };
const char* name_of(Direction direction);  // "both", "left_to_right", "right_to_left"
// Indexed by Side: may write there.
std::array<bool, 2> written_sides(Direction direction);
// Of one way its source, else left.
Side source_side(Direction direction);

enum class SourceType : std::uint8_t { kPostgres, kSqlite };
const char* name_of(SourceType type);  // "postgres", "sqlite"

struct PostgresOptions {
  Secret url;
  std::optional<std::string> schema;
  std::uint32_t connections = 4;
  std::optional<std::string> slot;         // else couplet_<name>_<source>
  std::optional<std::string> publication;  // else the same
  std::optional<bool> stream;
  std::int64_t statement_timeout_us = 60'000'000;
};

struct SqliteOptions {
  std::filesystem::path path;  // made absolute by the folder of the file
  std::int64_t busy_timeout_us = 5'000'000;
  std::int64_t poll_us = 200'000;
  std::optional<bool> stream;
};

struct SourceDefinition {
  std::string name;
  Place place;
  SourceType type = SourceType::kPostgres;
  PostgresOptions postgres;  // of that type
  SqliteOptions sqlite;      // of that type

  // What its `stream` says; nullopt: nothing.
  [[nodiscard]] const std::optional<bool>& stream() const {
    return type == SourceType::kPostgres ? postgres.stream : sqlite.stream;
  }
};

// One line of `references`: a name for columns that refer.
struct ReferenceDefinition {
  Text name;
  std::vector<Text> columns;
  std::optional<Text> entity;  // where there is no foreign key: full name, "desire.CloudRegion"
};

// `where`: either attribute: values, all of which must hold, or SQL text.
struct WhereDefinition {
  struct Line {
    Text attribute;
    std::vector<LiteralText> values;  // any of them
  };
  Place place;
  std::vector<Line> lines;
  std::optional<Text> sql;
};

struct EntityDefinition {
  std::string name;        // "daphne.VlanServiceConnection"
  std::size_t source = 0;  // index into Definition::sources
  Place place;             // of its entry, or of its first mention where it has none
  bool listed = true;      // has an entry under `entities`
  TableName table;         // schema empty: the source's
  Place table_place;
  std::vector<Text> id;
  std::optional<Text> updated_at;
  std::vector<ReferenceDefinition> references;
  std::optional<WhereDefinition> where;
};

struct ValueLine {
  LiteralText left;
  LiteralText right;
};

// One entry of `keys` or `attributes`.
struct AttributeDefinition {
  Place place;
  bool identity = false;
  std::array<std::optional<Text>, 2> path;  // indexed by Side; one is missing for a `const`
  std::optional<Text> link;                 // a mapping's name
  std::optional<std::size_t> link_mapping;  // its index
  Direction direction = Direction::kBoth;   // within the mapping's: filled in
  std::optional<Place> direction_place;     // where it was given
  Policy policy = Policy::kEnforce;
  ConflictPolicy conflict = ConflictPolicy::kLastWriteWins;  // the mapping's, if it has none
  std::vector<ValueLine> values;
  std::optional<Place> values_place;
  std::optional<LiteralText> constant;
};

struct MappingDefinition {
  std::string name;
  Place place;
  std::array<std::size_t, 2> entities = {0, 0};  // indexed by Side: into Definition::entities
  std::array<Place, 2> entity_places;
  Direction direction = Direction::kBoth;
  Place direction_place;
  bool many_to_one = false;
  Place cardinality_place;
  Place keys_place;
  std::vector<AttributeDefinition> keys;
  std::vector<AttributeDefinition> attributes;
  std::array<bool, 2> create = {true, true};
  ConflictPolicy conflict = ConflictPolicy::kLastWriteWins;
  std::optional<Side> tie;  // nullopt: not given
  DeletePolicy delete_policy = DeletePolicy::kNever;
  std::array<std::optional<WhereDefinition>, 2> where;
  std::map<LimitClass, Limit> limits;  // defaults filled in
  std::map<Situation, Action> actions;
};

struct ReconcileOptions {
  std::optional<std::int64_t> every_us;
  std::optional<Cron> cron;        // exactly one of the two
  std::optional<double> max_rate;  // objects a second
  bool yield_to_live = true;
};

struct HttpOptions {
  std::string host;  // "127.0.0.1", "::1": without brackets
  std::uint16_t port = 0;
  std::optional<Secret> token;
  bool allow_remote = false;
};

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarning, kError };
enum class LogFormat : std::uint8_t { kAuto, kText, kJson };
struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kAuto;
};

struct Definition {
  std::shared_ptr<const SourceText> text;  // what diagnostics of later passes quote
  std::string name;
  std::filesystem::path state;  // made absolute by the folder of the file
  std::uint64_t memory_bytes = 512ULL << 20U;
  std::int64_t clock_skew_us = 2'000'000;
  std::optional<ReconcileOptions> reconcile;
  std::optional<HttpOptions> http;
  LogOptions log;
  std::vector<SourceDefinition> sources;
  // Those under `entities` first, then those that mappings name without an entry.
  std::vector<EntityDefinition> entities;
  std::vector<MappingDefinition> mappings;
};

// couplet_<name>_<source> (DESIGN section 6): lower case, every other character `_`. What slots,
// publications and origins are called.
std::string replication_name(std::string_view name, std::string_view source);

}  // namespace couplet
