#include "connectors/postgres/slot.h"

#include <fmt/format.h>

#include <variant>

#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

// $1: slot, $2: publication.
constexpr const char* kFacts = R"(
select current_database()::text, s.slot_name is not null, s.plugin::text, s.database::text,
       s.active_pid, s.confirmed_flush_lsn, s.wal_status, s.two_phase,
       exists (select from pg_publication where pubname = $2),
       case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end,
       (select setting::int8 from pg_settings where name = 'wal_sender_timeout'),
       case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end,
       case when pg_is_in_recovery() then null
            else left(pg_walfile_name(pg_current_wal_lsn()), 8) end,
       (select md5(p.oid || ' ' || p.xmin || coalesce(
                  (select string_agg(' ' || d.classid || '.' || d.objid, ''
                                     order by d.classid, d.objid)
                     from pg_depend d
                    where d.refclassid = 'pg_publication'::regclass and d.refobjid = p.oid), ''))
          from pg_publication p where p.pubname = $2)
  from (select) as one left join pg_replication_slots s on s.slot_name = $1)";

constexpr std::string_view kTrue("\1", 1);

std::string text_of(Value value) {
  return value.has_bytes() ? std::string(value.bytes()) : std::string();
}

Lsn lsn_of(Value value) {
  return Lsn{value.has_bytes() ? wire::read<std::uint64_t>(value.bytes().data()) : 0};
}

tl::unexpected<Error> refused(std::string code, std::string message, std::string hint) {
  Error error;
  error.kind = ErrorKind::kSchema;
  error.code = std::move(code);
  error.message = std::move(message);
  error.hint = std::move(hint);
  return fail(std::move(error));
}

}  // namespace

std::string to_string(Lsn lsn) {
  return fmt::format("{:X}/{:X}", lsn.value >> 32U, lsn.value & 0xFFFF'FFFFU);
}

Result<StreamSlot> read_slot(Connection& connection, const std::string& slot,
                             const std::string& publication) {
  Parameters parameters;
  parameters.add_text(slot);
  parameters.add_text(publication);
  COUPLET_ASSIGN(const Answer answer, connection.execute(kFacts, parameters));
  StreamSlot facts;
  facts.name = slot;
  facts.publication = publication;
  facts.database = answer.bytes(0, 0);
  facts.exists = answer.bytes(0, 1) == kTrue;
  facts.plugin = text_of(answer.at(0, 2));
  facts.slot_database = text_of(answer.at(0, 3));
  facts.active_pid =
      answer.at(0, 4).is_null() ? 0 : wire::read<std::int32_t>(answer.bytes(0, 4).data());
  facts.confirmed = lsn_of(answer.at(0, 5));
  facts.wal_status = text_of(answer.at(0, 6));
  facts.two_phase = answer.at(0, 7).has_bytes() && answer.bytes(0, 7) == kTrue;
  facts.publication_exists = answer.bytes(0, 8) == kTrue;
  facts.server = lsn_of(answer.at(0, 9));
  facts.wal_sender_timeout =
      std::chrono::milliseconds(wire::read<std::int64_t>(answer.bytes(0, 10).data()));
  facts.written = lsn_of(answer.at(0, 11));
  facts.timeline = text_of(answer.at(0, 12));
  facts.published = text_of(answer.at(0, 13));
  return facts;
}

Result<void> check_slot(const std::string& source_name, const StreamSlot& facts) {
  const std::string slot = fmt::format("source {}: replication slot {}", source_name, facts.name);
  if (!facts.exists) {
    return refused("slot_missing", slot + " does not exist",
                   "couplet setup makes it; what happened meanwhile a reconcile finds.");
  }
  if (facts.plugin != "pgoutput") {
    return refused("slot_foreign",
                   facts.plugin.empty() ? slot + " is a physical one"
                                        : fmt::format("{} is of the output plugin {}, not pgoutput",
                                                      slot, facts.plugin),
                   "Drop it, if nobody else needs it, and run couplet setup; or name another slot "
                   "in the source's options.");
  }
  if (facts.slot_database != facts.database) {
    return refused(
        "slot_foreign",
        fmt::format("{} is of database {}, not {}", slot, facts.slot_database, facts.database),
        "Correct the source's url, or name another slot in the source's options.");
  }
  if (facts.two_phase) {
    return refused("slot_foreign", slot + " tells of prepared transactions before they commit",
                   "It was made with two_phase: couplet teardown, then couplet setup.");
  }
  if (facts.wal_status == "lost") {
    return refused("slot_lost",
                   slot + " is lost: the server has removed write-ahead log that it still needed",
                   "Raise max_slot_wal_keep_size; couplet setup makes the slot anew, and what "
                   "happened meanwhile a reconcile finds.");
  }
  if (!facts.publication_exists) {
    return refused(
        "publication_missing",
        fmt::format("source {}: publication {} does not exist", source_name, facts.publication),
        "couplet setup makes it, and the slot anew: a slot cannot pass what was "
        "written before its publication was.");
  }
  if (facts.active_pid != 0) {
    Error error;
    error.kind = ErrorKind::kTransient;
    error.code = "55006";
    error.message =
        fmt::format("{} is in use by the session with process id {}", slot, facts.active_pid);
    error.hint = fmt::format(
        "Is another couplet of this name running? Else the server has not yet noticed that the "
        "earlier one is gone: wait, or run select pg_terminate_backend({}).",
        facts.active_pid);
    return fail(std::move(error));
  }
  return {};
}

std::string terms_of(const StreamSlot& facts) { return facts.timeline + "/" + facts.published; }

std::optional<StreamGap> gap_of(const StreamSlot& facts, const Position& from,
                                const std::string& terms) {
  const auto* lsn = std::get_if<Lsn>(&from);
  if (lsn == nullptr) {
    return std::nullopt;
  }
  if (*lsn > facts.server) {
    return StreamGap{fmt::format(
        "the server's log ends at {}, before {}, up to where its changes are known: it was "
        "restored, or a standby took over that had not received them",
        to_string(facts.server), to_string(*lsn))};
  }
  if (facts.confirmed > *lsn) {
    return StreamGap{fmt::format(
        "slot {} goes on at {}, behind {}, up to where its changes are known: it was made again, "
        "moved by somebody else, or the state is an older one",
        facts.name, to_string(facts.confirmed), to_string(*lsn))};
  }
  if (terms.empty() || terms == terms_of(facts)) {
    return std::nullopt;
  }
  const std::string timeline = terms.substr(0, terms.find('/'));
  if (timeline != facts.timeline) {
    return StreamGap{
        fmt::format("the server's log is on timeline {} and was on {}: a standby took over, or it "
                    "was restored, and may lack what we have seen",
                    facts.timeline, timeline)};
  }
  return StreamGap{fmt::format(
      "publication {} is not as it was: what was changed while it held less is not told",
      facts.publication)};
}

}  // namespace couplet::postgres
