#include "connectors/postgres/stream_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

using Kind = StreamProblem::Kind;
using Part = SetupStep::Part;

// A slot is told to be near its end when less than a fifth of its room is left.
constexpr std::int64_t kMib = 1'048'576;
constexpr std::int64_t kRoomLeftPart = 5;

std::string joined(const std::vector<TableName>& tables) {
  std::string list;
  for (const TableName& table : tables) {
    list += (list.empty() ? "" : ", ") + to_string(table);
  }
  return list;
}

// Children of a table are tables of their own, which nobody asked for.
std::string sql_list(const std::vector<TableName>& tables) {
  std::string list;
  for (const TableName& table : tables) {
    list += (list.empty() ? "ONLY " : ", ONLY ") + qualified(table);
  }
  return list;
}

std::string mib(std::int64_t bytes) { return fmt::format("{} MiB", bytes / kMib); }

class SetupPlanner {
 public:
  SetupPlanner(const std::string& source, const StreamNeeds& needs, const StreamFacts& facts)
      : source_(source), needs_(needs), facts_(facts) {
    plan_.set_up = has_our_slot();
  }

  StreamPlan setup() {
    check_tables();
    if (std::none_of(facts_.tables.begin(), facts_.tables.end(),
                     [](const TableFacts& table) { return table.publishable; })) {
      check_left_over();
      return std::move(plan_);
    }
    check_server();
    plan_old_slot();
    plan_publication();
    plan_slot();
    check_room();
    return std::move(plan_);
  }

  StreamPlan teardown() {
    if (has_our_slot()) {
      if (facts_.slot->active_pid != 0) {
        add({Kind::kSlot, fmt::format("slot {} is being read by {}", needs_.slot, reader()),
             "stop who reads it: the `couplet run` of this name", false, true, false});
      }
      add_step(Part::kSlot, "slot " + needs_.slot + " goes", drop_slot());
    } else if (facts_.slot) {
      add({Kind::kSlot, not_our_slot() + ": it is left alone", "", false, false, false});
    }
    if (facts_.publication) {
      if (needs_.shared_publication) {
        add({Kind::kPublication,
             "publication " + needs_.publication +
                 " was named by the file and may serve others: it is left alone",
             "DROP PUBLICATION " + quote_identifier(needs_.publication), true, false, false});
      } else {
        if (!facts_.publication->ours) {
          add({Kind::kOwner,
               fmt::format("publication {} belongs to role {}, which alone may take it away",
                           needs_.publication, facts_.publication->owner),
               "DROP PUBLICATION " + quote_identifier(needs_.publication), true, false, false});
        }
        add_step(Part::kPublication, "publication " + needs_.publication + " goes",
                 "DROP PUBLICATION " + quote_identifier(needs_.publication));
      }
    }
    for (const std::string& mark : facts_.marks) {
      add_step(Part::kMark, "replication origin " + mark + " goes",
               fmt::format("SELECT pg_replication_origin_drop({})", quote_literal(mark)));
    }
    return std::move(plan_);
  }

 private:
  void add(StreamProblem problem) { plan_.problems.push_back(std::move(problem)); }
  void add_step(Part part, std::string why, std::string sql) {
    plan_.steps.push_back({part, std::move(why), std::move(sql)});
  }

  [[nodiscard]] bool has_our_slot() const {
    return facts_.slot && facts_.slot->logical && facts_.slot->plugin == "pgoutput" &&
           facts_.slot->database == facts_.database && !facts_.slot->temporary;
  }
  [[nodiscard]] std::string not_our_slot() const {
    const SlotFacts& slot = *facts_.slot;
    if (!slot.logical) {
      return "slot " + needs_.slot + " is a physical one";
    }
    if (slot.database != facts_.database) {
      return "slot " + needs_.slot + " belongs to database " + slot.database;
    }
    if (slot.temporary) {
      return "slot " + needs_.slot + " is a temporary one of another session";
    }
    return fmt::format("slot {} is one of plugin {}, not of pgoutput", needs_.slot, slot.plugin);
  }
  [[nodiscard]] std::string reader() const {
    return fmt::format(
        "session {}{}", facts_.slot->active_pid,
        facts_.slot->application.empty() ? "" : " (application " + facts_.slot->application + ")");
  }
  [[nodiscard]] std::string drop_slot() const {
    return fmt::format("SELECT pg_drop_replication_slot({})", quote_literal(needs_.slot));
  }

  // What holds the log back for a reader who never comes fills the disk.
  void check_left_over() {
    if (has_our_slot()) {
      add({Kind::kLeftOver,
           fmt::format("slot {} is there, but nothing of this source is streamed: it holds the "
                       "server's log back for nobody",
                       needs_.slot),
           drop_slot(), true, false, false});
    }
  }

  void check_server() {
    if (facts_.standby) {
      add({Kind::kStandby, "the server is a standby: publication and slot are made on its primary",
           "let `url` lead to the primary: target_session_attrs=read-write", false, true, false});
    }
    if (facts_.pooled) {
      add({Kind::kPooler,
           "a pooler answers in place of the server: it passes no change stream on, and sessions "
           "are not ours to keep",
           "let `url` lead to the server itself", false, false, false});
    }
    if (facts_.wal_level != "logical") {
      add({Kind::kWalLevel, "wal_level is " + facts_.wal_level + ", which tells no changes",
           "ALTER SYSTEM SET wal_level = 'logical'", true, true, true});
    }
    if (!facts_.slot && facts_.slots >= facts_.slots_max) {
      add({Kind::kSlotsTaken, fmt::format("all {} replication slots are taken", facts_.slots_max),
           fmt::format("ALTER SYSTEM SET max_replication_slots = {}", facts_.slots_max + 4), true,
           true, true});
    }
    const bool reads = facts_.slot && facts_.slot->active_pid != 0;
    if (!reads && facts_.senders >= facts_.senders_max) {
      add({Kind::kSendersTaken,
           facts_.senders_max == 0
               ? std::string("max_wal_senders is 0: no change stream can start")
               : fmt::format("all {} of max_wal_senders are in use", facts_.senders_max),
           fmt::format("ALTER SYSTEM SET max_wal_senders = {}",
                       std::max<std::int64_t>(facts_.senders_max + 4, 10)),
           true, false, true});
    }
    if (!facts_.may_replicate) {
      add({Kind::kRole, "role " + facts_.role + " may not stream changes",
           fmt::format("ALTER ROLE {} REPLICATION", quote_identifier(facts_.role)), true,
           !has_our_slot() || facts_.slot->lost || !facts_.publication, false});
    }
  }

  [[nodiscard]] const PublishedTable* published(const TableName& name) const {
    if (!facts_.publication) {
      return nullptr;
    }
    const auto found =
        std::find_if(facts_.publication->tables.begin(), facts_.publication->tables.end(),
                     [&](const PublishedTable& table) { return table.name == name; });
    return found == facts_.publication->tables.end() ? nullptr : &*found;
  }
  // Whole, by itself or by what it is in.
  [[nodiscard]] bool covered(const TableName& name) const {
    if (!facts_.publication) {
      return false;
    }
    const auto& schemas = facts_.publication->schemas;
    const PublishedTable* table = published(name);
    return facts_.publication->all_tables ||
           std::find(schemas.begin(), schemas.end(), name.schema) != schemas.end() ||
           (table != nullptr && !table->narrowed);
  }

  // The server refuses updates and deletes of a published table that has no replica identity:
  // such a table is never published by us.
  void check_tables() {
    for (const TableFacts& table : facts_.tables) {
      if (!table.publishable) {
        add({Kind::kUnstreamable,
             to_string(table.name) +
                 " is a view, or its changes are not logged: what changes there is found by "
                 "reconcile alone",
             "", false, false, false});
        continue;
      }
      if (table.identity == TableFacts::Identity::kFitting) {
        continue;
      }
      const bool none = table.identity == TableFacts::Identity::kNone;
      const bool out = covered(table.name) || published(table.name) != nullptr;
      add({Kind::kReplicaIdentity,
           fmt::format("{} {}{}", to_string(table.part),
                       none ? "has no replica identity: the log does not tell which row was "
                              "changed or deleted"
                            : "has a replica identity that lacks its id: the log does not tell "
                              "which object was deleted",
                       !none ? ""
                       : out ? ", and, as it is published, the server refuses every update and "
                               "delete there"
                             : ""),
           fmt::format("ALTER TABLE {} REPLICA IDENTITY {}", qualified(table.part),
                       table.own_index.empty()
                           ? "FULL"
                           : "USING INDEX " + quote_identifier(table.own_index)),
           true, !out, false});
    }
  }

  // Making and widening a publication takes the rights of the tables' owners. False: told.
  bool may_publish(const std::vector<TableName>& added) {
    std::vector<TableName> others;
    for (const TableFacts& table : facts_.tables) {
      if (!table.ours && std::find(added.begin(), added.end(), table.name) != added.end()) {
        others.push_back(table.name);
      }
    }
    std::string reason;
    if (facts_.publication && !facts_.publication->ours) {
      reason = "it belongs to role " + facts_.publication->owner;
    } else if (!facts_.publication && !facts_.may_create) {
      reason = "the role may not create in database " + facts_.database;
    } else if (!others.empty()) {
      reason = fmt::format("the role does not own {}", joined(others));
    } else {
      return true;
    }
    add({Kind::kOwner,
         fmt::format("role {} may not {} publication {}: {}", facts_.role,
                     facts_.publication ? "change" : "make", needs_.publication, reason),
         fmt::format("couplet setup --dry-run {} | psql …, as a superuser or the owner", source_),
         false, true, false});
    return false;
  }

  void plan_publication() {
    std::vector<TableName> wanted;
    bool partitioned = false;
    for (const TableFacts& table : facts_.tables) {
      if (table.publishable) {
        wanted.push_back(table.name);
        partitioned = partitioned || table.partitioned;
      }
    }
    const std::string name = quote_identifier(needs_.publication);
    if (!facts_.publication) {
      may_publish(wanted);
      add_step(Part::kPublication, "publication " + needs_.publication + " is missing",
               fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH (publish = 'insert, update, "
                           "delete, truncate', publish_via_partition_root = true)",
                           name, sql_list(wanted)));
      return;
    }
    plan_tables(wanted, name);
    const bool root = partitioned && !facts_.publication->via_root;
    if (!facts_.publication->all_changes || root) {
      const bool told = changes_publication();
      add_step(Part::kPublication,
               fmt::format("publication {} does not tell {}", needs_.publication,
                           facts_.publication->all_changes
                               ? "changes of partitions as those of their table"
                               : "all kinds of changes"),
               fmt::format("ALTER PUBLICATION {} SET (publish = 'insert, update, delete, "
                           "truncate'{})",
                           name, root ? ", publish_via_partition_root = true" : ""));
      if (!told) {
        may_publish({});
      }
    }
  }

  [[nodiscard]] bool changes_publication() const {
    return std::any_of(plan_.steps.begin(), plan_.steps.end(),
                       [](const SetupStep& step) { return step.part == Part::kPublication; });
  }

  void plan_tables(const std::vector<TableName>& wanted, const std::string& name) {
    std::vector<TableName> missing;
    std::vector<TableName> narrowed;
    std::vector<TableName> extra;
    for (const TableName& table : wanted) {
      const PublishedTable* there = published(table);
      if (!covered(table)) {
        (there == nullptr ? missing : narrowed).push_back(table);
      }
    }
    for (const PublishedTable& table : facts_.publication->tables) {
      if (!needs_.shared_publication &&
          std::find(wanted.begin(), wanted.end(), table.name) == wanted.end()) {
        extra.push_back(table.name);
      }
    }
    if (!narrowed.empty() && needs_.shared_publication) {
      add({Kind::kPublication,
           fmt::format("publication {} holds {} with a row filter or a list of columns: a change "
                       "outside of it is not told",
                       needs_.publication, joined(narrowed)),
           fmt::format("BEGIN; ALTER PUBLICATION {0} DROP TABLE {1}; ALTER PUBLICATION {0} ADD "
                       "TABLE {1}; COMMIT",
                       name, sql_list(narrowed)),
           true, true, false});
      narrowed.clear();
    }
    if (!narrowed.empty()) {
      may_publish(wanted);
      add_step(Part::kPublication,
               fmt::format("publication {} holds {} with a row filter or a list of columns",
                           needs_.publication, joined(narrowed)),
               fmt::format("ALTER PUBLICATION {} SET TABLE {}", name, sql_list(wanted)));
      return;
    }
    if (!missing.empty()) {
      may_publish(missing);
      add_step(Part::kPublication,
               fmt::format("publication {} lacks {}", needs_.publication, joined(missing)),
               fmt::format("ALTER PUBLICATION {} ADD TABLE {}", name, sql_list(missing)));
    }
    if (!extra.empty()) {
      if (missing.empty()) {
        may_publish({});
      }
      add_step(Part::kPublication,
               fmt::format("publication {} holds {}, which nobody streams", needs_.publication,
                           joined(extra)),
               fmt::format("ALTER PUBLICATION {} DROP TABLE {}", name, sql_list(extra)));
    }
  }

  // A slot that cannot be read goes before its publication is made: whoever is killed in between
  // then finds that the slot is missing, not one that looks as if it were good.
  void plan_old_slot() {
    if (!facts_.slot) {
      return;
    }
    const SlotFacts& slot = *facts_.slot;
    if (!has_our_slot()) {
      add({Kind::kSlot, not_our_slot(),
           fmt::format("sources.{}.slot: another name; or, if nobody needs it: {}", source_,
                       drop_slot()),
           false, true, false});
    } else if (!slot.made) {
      add({Kind::kSlot,
           fmt::format("slot {} is being made by session {}, which waits until every transaction "
                       "that was open then has ended",
                       needs_.slot, slot.active_pid),
           fmt::format("wait, or SELECT pg_terminate_backend({})", slot.active_pid), false, true,
           false});
    } else if (made_anew()) {
      if (slot.active_pid != 0) {
        add({Kind::kSlot,
             fmt::format("slot {} has to be made anew, but is being read by {}", needs_.slot,
                         reader()),
             "stop who reads it: the `couplet run` of this name", false, true, false});
      }
      const std::string why =
          slot.lost ? fmt::format("slot {} is lost: the server no longer has what it stood for",
                                  needs_.slot)
                    : fmt::format("slot {} is older than its publication and cannot be read",
                                  needs_.slot);
      add_step(Part::kSlot, why + "; what changed meanwhile is found by a reconcile", drop_slot());
    } else if (slot.active_pid != 0 && slot.application != facts_.application) {
      add({Kind::kSlotBusy,
           fmt::format("slot {} is being read by {}, which is not couplet: what it reads, we never "
                       "see",
                       needs_.slot, reader()),
           fmt::format("SELECT pg_terminate_backend({})", slot.active_pid), true, false, false});
    }
  }

  [[nodiscard]] bool made_anew() const {
    return has_our_slot() && facts_.slot->made && (facts_.slot->lost || !facts_.publication);
  }

  void plan_slot() {
    if (!facts_.slot) {
      add_step(Part::kSlot, "slot " + needs_.slot + " is missing", make_slot());
    } else if (made_anew()) {
      add_step(Part::kSlot, "slot " + needs_.slot + " is made anew", make_slot());
    }
  }

  [[nodiscard]] std::string make_slot() const {
    return fmt::format("SELECT pg_create_logical_replication_slot({}, 'pgoutput')",
                       quote_literal(needs_.slot));
  }

  // How much of the log the slot may hold back.
  void check_room() {
    if (facts_.slot && !has_our_slot()) {
      return;
    }
    if (!facts_.slot_log_max_mib) {
      add({Kind::kLogUnbounded,
           fmt::format("max_slot_wal_keep_size has no bound: while nobody reads slot {}, the "
                       "server's disk fills{}",
                       needs_.slot,
                       facts_.slot && facts_.slot->retained_bytes
                           ? fmt::format(" ({} held back now)", mib(*facts_.slot->retained_bytes))
                           : ""),
           "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'", true, false, false});
      return;
    }
    if (!facts_.slot || facts_.slot->lost) {
      return;
    }
    const SlotFacts& slot = *facts_.slot;
    const std::int64_t room = *facts_.slot_log_max_mib * kMib;
    const bool near = slot.safe_bytes && *slot.safe_bytes < room / kRoomLeftPart;
    if (slot.wal_status == "unreserved" || near) {
      add({Kind::kSlotLagging,
           fmt::format("slot {} holds back {} of the {} that max_slot_wal_keep_size allows, and is "
                       "lost beyond it",
                       needs_.slot, mib(slot.retained_bytes.value_or(0)), mib(room)),
           fmt::format("ALTER SYSTEM SET max_slot_wal_keep_size = '{}MB'",
                       2 * *facts_.slot_log_max_mib),
           true, false, false});
    }
  }

  const std::string& source_;
  const StreamNeeds& needs_;
  const StreamFacts& facts_;
  StreamPlan plan_;
};

}  // namespace

StreamPlan setup_plan(const std::string& source, const StreamNeeds& needs,
                      const StreamFacts& facts) {
  return SetupPlanner(source, needs, facts).setup();
}

StreamPlan teardown_plan(const std::string& source, const StreamNeeds& needs,
                         const StreamFacts& facts) {
  return SetupPlanner(source, needs, facts).teardown();
}

}  // namespace couplet::postgres
