// The server, our role there, clocks.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "connectors/postgres/sql_text.h"
#include "engine/app/doctor/checks.h"

namespace couplet {
namespace {

using Level = Finding::Level;
using postgres::quote_identifier;

constexpr int kOldestVersion = 120000;

std::string setting_of(const Inspection& found, const std::string& name) {
  const auto setting = found.settings.find(name);
  return setting == found.settings.end() ? std::string() : setting->second;
}

bool has_room_for_marks(const Inspection& found) {
  return setting_of(found, "max_replication_slots") != "0";
}

class ServerCheck {
 public:
  ServerCheck(const Definition& definition, const Examined& source, const Access& access)
      : definition_(definition), source_(source), found_(source.found), access_(access) {}

  Findings check() {
    if (found_.product.empty()) {
      return {};  // Nothing is known.
    }
    check_version();
    check_role();
    check_protection();
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string code, std::string message, std::string fix) {
    findings_.push_back({level, definition_.sources[source_.index].name, std::move(code),
                         std::move(message), std::move(fix)});
  }
  [[nodiscard]] bool written() const { return is_written(source_, access_); }

  void check_version() {
    if (found_.version != 0 && found_.version < kOldestVersion) {
      add(Level::kError, "old_server",
          found_.product + " is older than 12, the oldest that will do",
          "move the database to a newer server");
    }
    if (!found_.encoding.empty() && found_.encoding != "UTF8") {
      add(Level::kWarning, "encoding",
          "the database is encoded as " + found_.encoding +
              ": texts with characters that it lacks are refused, and their rows park",
          "restore a dump of it into: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0");
    }
    if (found_.read_only && written()) {
      add(Level::kError, "read_only",
          "the server takes no writes: it is a standby, or default_transaction_read_only is on",
          "let `url` lead to the primary: target_session_attrs=read-write");
    }
  }

  void check_role() {
    if (found_.superuser) {
      add(Level::kWarning, "superuser",
          "role " + found_.role + " is a superuser: nothing keeps it from the tables of others",
          "let `url` name a role of its own, with the grants of docs/reference/privileges.md");
    } else if (found_.sees_hidden_rows) {
      add(Level::kWarning, "bypass_row_security",
          "role " + found_.role + " is above row security in every table",
          fmt::format("ALTER ROLE {} NOBYPASSRLS", quote_identifier(found_.role)));
    }
  }

  void check_protection() {
    if (!written()) {
      return;
    }
    if (!has_room_for_marks(found_)) {
      add(Level::kNote, "crash_protection",
          "crash protection: writes are looked for after a crash, since max_replication_slots = 0 "
          "leaves no room for marks",
          "ALTER SYSTEM SET max_replication_slots = 10");
    } else if (found_.forbidden_functions.empty()) {
      add(Level::kNote, "crash_protection",
          "crash protection: marks that commit with what is written (replication origin " +
              replication_name(definition_.name, definition_.sources[source_.index].name) + "_0)",
          "");
    } else {
      add(Level::kNote, "crash_protection",
          "crash protection: writes are looked for after a crash, since our role may not make "
          "marks; with marks nothing has to be compared",
          grant_of_marks(found_));
    }
  }

  const Definition& definition_;
  const Examined& source_;
  const Inspection& found_;
  const Access& access_;
  Findings findings_;
};

// How far a clock is ahead of ours, at least and at most: it was read between two looks at ours.
struct Skew {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

// The part of a range that is certain: 0 if it may be nothing.
std::int64_t certain(const Skew& skew) {
  return skew.least > 0 ? skew.least : skew.most < 0 ? skew.most : 0;
}

std::string seconds(std::int64_t us) {
  return fmt::format("{:.1f} s", static_cast<double>(std::llabs(us)) / 1e6);
}

}  // namespace

bool is_written(const Examined& source, const Access& access) {
  return std::any_of(access.begin(), access.end(), [&](const auto& table) {
    return table.first.first == source.index &&
           (!table.second.update.empty() || !table.second.insert.empty());
  });
}

std::string grant_of_marks(const Inspection& found) {
  return fmt::format("GRANT EXECUTE ON FUNCTION {} TO {}",
                     fmt::join(found.forbidden_functions, ", "), quote_identifier(found.role));
}

Findings check_server(const Definition& definition, const Examined& source, const Access& access) {
  return ServerCheck(definition, source, access).check();
}

Findings check_marks(const Definition& definition, const std::vector<Examined>& sources,
                     const Access& access) {
  std::string fix;
  bool any_written = false;
  for (const Examined& source : sources) {
    if (!is_written(source, access)) {
      continue;
    }
    any_written = true;
    if (definition.sources[source.index].type != SourceType::kPostgres) {
      continue;  // A file has no marks.
    }
    const bool room = has_room_for_marks(source.found);
    if (room && source.found.forbidden_functions.empty()) {
      return {};  // One that has them is enough.
    }
    if (fix.empty()) {
      fix = "in " + definition.sources[source.index].name + ": " +
            (room ? grant_of_marks(source.found)
                  : std::string("ALTER SYSTEM SET max_replication_slots = 10"));
    }
  }
  if (!any_written) {
    return {};
  }
  return {{Level::kNote, "", "lost_state_unseen",
           "no database keeps marks that would tell a lost state from a first run: without its "
           "state a run creates again what was deleted on one side",
           fix.empty() ? "keep the folder of the state, and back it up while no run is going on"
                       : fix}};
}

Findings check_clocks(const Definition& definition, const std::vector<Examined>& sources) {
  Findings findings;
  std::vector<std::pair<std::string, Skew>> skews;
  const auto report = [&](const std::string& source, std::int64_t ahead, const std::string& than) {
    if (std::llabs(ahead) > definition.clock_skew_us) {
      findings.push_back(
          {Level::kWarning, source, "clock_skew",
           fmt::format("its clock is at least {} {} {}; clock_skew allows {}", seconds(ahead),
                       ahead > 0 ? "ahead of" : "behind", than, seconds(definition.clock_skew_us)),
           "synchronise the clocks (NTP); change times decide who wins"});
    }
  };
  for (const Examined& source : sources) {
    if (!source.found.now) {
      continue;
    }
    const std::int64_t now = source.found.now->value;
    const Skew skew{now - source.after.value, now - source.before.value};
    const std::string& name = definition.sources[source.index].name;
    report(name, certain(skew), "this machine's");
    for (const auto& [other_name, other] : skews) {
      report(name, certain({skew.least - other.most, skew.most - other.least}), other_name + "'s");
    }
    skews.emplace_back(name, skew);
  }
  return findings;
}

}  // namespace couplet
