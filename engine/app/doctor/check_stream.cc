// What a change stream needs: log, role, publication, slot; or the change log of a file.
#include <algorithm>
#include <optional>

#include "engine/app/doctor/checks.h"

namespace couplet {
namespace {

using Level = Finding::Level;
using Kind = StreamProblem::Kind;
using Part = SetupStep::Part;

bool has(const StreamPlan& plan, Kind kind) {
  return std::any_of(plan.problems.begin(), plan.problems.end(),
                     [&](const StreamProblem& problem) { return problem.kind == kind; });
}

class StreamCheck {
 public:
  StreamCheck(std::string source, const StreamPlan& plan)
      : source_(std::move(source)),
        plan_(plan),
        level_(plan.set_up ? Level::kError : Level::kNote) {}

  Findings check() {
    for (const StreamProblem& problem : plan_.problems) {
      check_problem(problem);
    }
    if (!plan_.set_up && !plan_.steps.empty()) {
      add(Level::kNote, "stream_not_set_up",
          "nothing, or not all, is set up for a change stream: " + plan_.steps.front().why,
          has(plan_, Kind::kOwner) ? "couplet setup --dry-run " + source_ + ", for an administrator"
                                   : "couplet setup");
      return std::move(findings_);
    }
    const Level level = level_;
    std::string code;
    std::string why;
    std::string sql;  // A slot is made anew in two statements, a change log in some more.
    for (const SetupStep& step : plan_.steps) {
      if (step.part == Part::kPublication) {
        add(level, "publication", step.why, step.sql);
        continue;
      }
      if (why.empty()) {
        why = step.why;
        code = step.part == Part::kSlot ? "replication_slot" : "change_log";
      }
      sql += (sql.empty() ? "" : "; ") + step.sql;
    }
    if (!why.empty()) {
      // A run makes the triggers of a log by itself.
      add(code == "change_log" ? Level::kWarning : level, code, why, sql);
    }
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string code, std::string message, std::string fix) {
    findings_.push_back({level, source_, std::move(code), std::move(message), std::move(fix)});
  }

  void check_problem(const StreamProblem& problem) {
    const Level level = level_;
    const std::string& fix = problem.fix;
    // Of what is to be made, and of it alone, a reconcile has no need.
    const std::string& told = problem.message;
    const std::string later =
        told + (plan_.set_up ? "" : "; reconcile does without, a change stream does not");
    switch (problem.kind) {
      case Kind::kStandby:
        return add(level, "standby", later, fix);
      case Kind::kWalLevel:
        return add(level, "wal_level", later, fix);
      case Kind::kSlotsTaken:
        return add(level, "replication_slots", later, fix);
      case Kind::kSendersTaken:
        return add(level, "wal_senders", later, fix);
      case Kind::kRole:
        return add(level, "replication_role", later, fix);
      case Kind::kOwner:
        return;  // Who may make it is told with what is to be made.
      case Kind::kPooler:
        return add(Level::kWarning, "pooler", told, fix);
      case Kind::kReplicaIdentity:
        // Not blocking: it is published already.
        return add(problem.blocks ? level : Level::kError, "replica_identity",
                   problem.blocks ? later : told, fix);
      case Kind::kUnstreamable:
        return add(Level::kNote, "not_streamed", told, fix);
      case Kind::kPublication:
        return add(level, "publication", told, fix);
      case Kind::kSlot:
        return add(level, "replication_slot", later, fix);
      case Kind::kLeftOver:
        return add(Level::kWarning, "slot_left_over", told, fix);
      case Kind::kLog:
        return add(level, "change_log", later, fix);
      case Kind::kLogLeftOver:
        return add(Level::kWarning, "log_left_over", told, fix);
      case Kind::kSlotBusy:
        return add(Level::kWarning, "slot_in_use", told, fix);
      case Kind::kSlotLagging:
        return add(Level::kWarning, "slot_lagging", told, fix);
      case Kind::kLogUnbounded:
        if (plan_.set_up) {
          add(Level::kNote, "slot_wal_unbounded", told, fix);
        }
        return;
    }
  }

  std::string source_;
  const StreamPlan& plan_;
  Level level_;
  Findings findings_;
};

}  // namespace

Findings check_stream(const Definition& definition, std::size_t source, const StreamPlan& plan) {
  return StreamCheck(definition.sources[source].name, plan).check();
}

}  // namespace couplet
