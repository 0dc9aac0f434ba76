#include "tests/simulation/history.h"

#include <algorithm>
#include <set>

#include "tests/simulation/laws.h"
#include "tests/simulation/users.h"

namespace couplet::simulation {
namespace {

class History {
 public:
  History(const Script& script, const Trace& trace)
      : script_(script),
        shape_(script.shape),
        trace_(trace),
        deployment_(shape_, script.live),
        users_(shape_, {&deployment_.database(Side::kLeft), &deployment_.database(Side::kRight)}),
        chronicle_(shape_) {
    deployment_.tell = trace_;
    deployment_.observe = [this](std::string_view moment) { observe(moment); };
  }

  Verdict play() {
    if (!deployment_.define(verdict_.refused)) {
      return std::move(verdict_);
    }
    for (const Step& step : script_.steps) {
      tell(to_string(shape_, step));
      take(step);
      if (broken()) {
        return std::move(verdict_);
      }
    }
    tell("rest");
    deployment_.clock().sleep_us(120'000'000);
    if (script_.live) {
      rest_beside_streams();
    }
    if (!broken()) {
      come_to_rest();
    }
    if (trace_) {
      tell_all();
    }
    return std::move(verdict_);
  }

 private:
  void take(const Step& step) {
    switch (step.kind) {
      case Step::Kind::kEdit:
        edit(step.edit);
        deployment_.clock().sleep_us(500'000);
        return;
      case Step::Kind::kWait:
        deployment_.clock().sleep_us(std::int64_t{step.seconds} * 1'000'000);
        return;
      case Step::Kind::kLose:
        read_conflicts(deployment_.conflicts());
        read_conflicts(deployment_.promised_conflicts());
        deployment_.lose_state();
        lost_ = shape_.marks && marked_;
        forgotten_ = true;
        chronicle_.state_lost();
        return;
      case Step::Kind::kSlot:
        deployment_.make_slot(step.side);
        return;
      case Step::Kind::kReconcile:
      case Step::Kind::kSync:
      case Step::Kind::kLive:
        run(step);
        return;
    }
  }

  // Each transaction of the engine's is looked at by itself: one row may be made and then changed.
  // Nobody writes beside a transaction that no read sees yet: it holds its rows.
  void observe(std::string_view moment) {
    engine_writes_ = moment == "commit" || moment == "collect";
    if (hidden_ > 0 && (--hidden_ == 0 || engine_writes_)) {
      show();
    }
    if (all_transactions() != seen_) {
      see();
    }
    chronicle_.engine_reached(moment);
  }
  void see() {
    chronicle_.engine_wrote(snapshot());
    seen_ = all_transactions();
  }

  void edit(const Edit& edit, int hidden = 0) {
    show();
    see();
    const auto done = users_.make(edit, deployment_.clock().monotonic_us(), hidden > 0);
    if (done) {
      ++verdict_.edits;
      tell("  user: " + *done + (hidden > 0 ? ", which no read sees yet" : ""));
      hidden_ = hidden;
      untold_ = untold_ || !deployment_.is_followed(edit.table % shape_.tables.size());
      truncated_ = truncated_ || edit.kind == Edit::Kind::kTruncate;
    }
    if (done && hidden == 0) {
      chronicle_.user_wrote(snapshot());
    }
  }
  void show() {
    if (deployment_.database(Side::kLeft).hides() || deployment_.database(Side::kRight).hides()) {
      see();
      deployment_.database(Side::kLeft).show_hidden();
      deployment_.database(Side::kRight).show_hidden();
      tell("  reads see it");
      chronicle_.user_wrote(snapshot());
    }
    hidden_ = 0;
  }

  void intrude(const Step::Intrusion& intrusion) {
    switch (intrusion.kind) {
      case Step::Intrusion::Kind::kEdit:
        return edit(intrusion.edit, engine_writes_ ? 0 : intrusion.hidden);
      case Step::Intrusion::Kind::kJump:
        return deployment_.clock().jump_us(std::int64_t{intrusion.seconds} * 1'000'000);
      case Step::Intrusion::Kind::kSlot:
        return deployment_.make_slot(intrusion.side);
    }
  }

  void run(const Step& step) {
    lost_ = lost_ && !step.rebuild;
    chronicle_.hold_creates(lost_);
    const bool live = step.kind == Step::Kind::kLive;
    const RunEnd end =
        deployment_.run(step, [&](const Step::Intrusion& intrusion) { intrude(intrusion); });
    show();
    ++verdict_.runs;
    forgotten_ = forgotten_ && !(step.kind == Step::Kind::kReconcile && step.rebuild &&
                                 end.kind == RunEnd::Kind::kDone);
    marked_ = marked_ || (end.kind == RunEnd::Kind::kDone && (!live || end.steps > 0));
    verdict_.killed += end.kind == RunEnd::Kind::kKilled ? 1 : 0;
    verdict_.operations += end.summary.operations();
    verdict_.unread += live ? static_cast<std::uint64_t>(end.unread) : 0;
    see();
    chronicle_.run_ended(end.kind == RunEnd::Kind::kKilled, step.power_loss);
    const bool disturbed = step.transient_percent != 0 || step.lost_reply != std::array<int, 2>{} ||
                           !step.intrusions.empty();
    const bool excusable = end.error.kind == ErrorKind::kTransient ||
                           end.error.kind == ErrorKind::kCommitUnknown ||
                           end.error.kind == ErrorKind::kNotFound;
    if (step.kind == Step::Kind::kReconcile && step.intrusions.empty() &&
        end.kind == RunEnd::Kind::kDone && end.summary.converged) {
      untold_ = false;
    }
    if (live) {
      check_life(step, end);
    } else if (end.kind == RunEnd::Kind::kFailed && !(disturbed && excusable)) {
      violated("runs succeed", "the run ended in an error: " + end.error.message);
    }
  }

  // What passes is waited for; only a stream that is gone ends it.
  void check_life(const Step& step, const RunEnd& end) {
    note_what_a_life_leaves(end);
    const bool lost_stream = std::any_of(
        step.intrusions.begin(), step.intrusions.end(),
        [](const auto& intrusion) { return intrusion.kind == Step::Intrusion::Kind::kSlot; });
    if (!end.told_too_early.empty()) {
      violated("position never ahead of what is durable", end.told_too_early);
    }
    if (end.restless) {
      violated("liveness", "a life did not come to idle");
    }
    if (end.kind == RunEnd::Kind::kFailed && !(lost_stream && end.error.code == "stream_missing")) {
      violated("runs succeed", "a life ended in an error: " + end.error.message);
    }
  }

  // Without faults and users a life brings all into step by what it is told, and another one, which
  // is told the same again, finds it so.
  void rest_beside_streams() {
    chronicle_.hold_creates(false);
    if (forgotten_) {
      Step rebuild;
      rebuild.kind = Step::Kind::kReconcile;
      rebuild.rebuild = true;
      quiet_run(rebuild, "the run that rebuilds the state");
    }
    Step forgetful;
    forgetful.kind = Step::Kind::kLive;
    forgetful.lost_acknowledgements = 100;
    const RunEnd first = quiet_run(forgetful, "the first life at rest");
    untold_ = untold_ && !first.reconciled;
    by_streams_ = !first.reconciled;
    Step life;
    life.kind = Step::Kind::kLive;
    const std::uint64_t transactions = all_transactions();
    const RunEnd second = quiet_run(life, "the second life at rest");
    if (!untold_) {  // Else what is told again may lead to what was not told.
      expect_nothing(second, transactions, "the second life at rest");
    }
    told_all_ = !untold_ && !truncated_ && !deployment_.anyone_is_parked();
  }

  // Without faults and users: one reconcile converges, whatever comes after it does nothing.
  void come_to_rest() {
    chronicle_.hold_creates(false);
    const std::uint64_t before = all_transactions();
    Step quiet;
    quiet.kind = Step::Kind::kReconcile;
    quiet.rebuild = true;
    RunEnd first = quiet_run(quiet, "the first run at rest");
    if (told_all_ && !is_what_lives_left(first)) {
      verdict_.by_streams += by_streams_ ? 1 : 0;
      expect_nothing(first, before, "a reconcile behind the streams");
    }
    // A table without a row is no evidence; once the run has put one there, it is.
    if (!broken() && awaits_evidence(first)) {
      first = quiet_run(quiet, "the run at rest after the first");
    }
    if (broken()) {
      return;
    }
    if (!first.summary.converged) {
      violated("convergence", "the first run at rest has not converged");
      return;
    }
    chronicle_.came_to_rest();
    const std::uint64_t transactions = all_transactions();
    const RunEnd second = quiet_run(quiet, "the second run at rest");
    expect_nothing(second, transactions, "the second run at rest");
    if (broken()) {
      return;
    }
    const RunEnd by_hand = deployment_.sync_everything();
    expect_nothing(by_hand, transactions, "a sync by hand of everything, at rest,");
    if (broken()) {
      return;
    }
    if (const auto faults = deployment_.link_faults(); !faults.empty()) {
      violated("link integrity", faults.front());
      return;
    }
    read_conflicts(deployment_.conflicts());
    std::vector<OperationReport> standing = second.operations;
    verdict_.excused = standing.size();
    for (Violation& violation :
         RestLaws(shape_, chronicle_, standing, deployment_.links()).check()) {
      verdict_.violation = std::move(violation);
      return;
    }
  }

  RunEnd quiet_run(const Step& quiet, const char* which) {
    RunEnd end = deployment_.run(quiet, [](const Step::Intrusion&) {});
    ++verdict_.runs;
    verdict_.operations += end.summary.operations();
    if (quiet.kind == Step::Kind::kLive) {
      check_life(quiet, end);
    }
    if (end.stopped) {
      violated("runs succeed", std::string(which) + " stopped a mapping");
    }
    if (end.kind != RunEnd::Kind::kDone) {
      violated("runs succeed", std::string(which) + " ended in an error: " + end.error.message);
    }
    see();
    return end;
  }

  static bool awaits_evidence(const RunEnd& end) {
    return std::any_of(end.operations.begin(), end.operations.end(), [](const auto& operation) {
      return operation.reason.find("no evidence") != std::string::npos;
    });
  }

  // That an object is not there is evidence for a whole scan alone (DESIGN section 5.8): a look
  // that no delete was told for, or not any more, leaves its link to a reconcile, and says so. And
  // who is reported on stands on no worklist: it is not woken when the one in its way, which a
  // `where` leaves out, goes.
  void note_what_a_life_leaves(const RunEnd& life) {
    for (const OperationReport& report : life.operations) {
      if (report.reason.find("`couplet reconcile` decides") != std::string::npos ||
          (report.operation == Operation::kReport && report.situation == Situation::kOutOfScope)) {
        left_to_reconcile_.insert({report.from, report.to});
        left_to_reconcile_.erase("");
      }
    }
  }
  [[nodiscard]] bool is_what_lives_left(const RunEnd& reconcile) const {
    return std::any_of(reconcile.operations.begin(), reconcile.operations.end(),
                       [&](const OperationReport& report) {
                         return left_to_reconcile_.contains(report.from) ||
                                left_to_reconcile_.contains(report.to);
                       });
  }

  // What is parked is tried again, in a transaction that comes to nothing.
  void expect_nothing(const RunEnd& end, std::uint64_t transactions, const char* which) {
    if (broken()) {
      return;
    }
    if (end.kind == RunEnd::Kind::kFailed) {
      violated("runs succeed", std::string(which) + " ended in an error: " + end.error.message);
    } else if (end.summary.operations() != 0 ||
               (end.summary.count(Operation::kPark) == 0 && all_transactions() != transactions)) {
      violated("quiescence", std::string(which) + " did " +
                                 std::to_string(end.summary.operations()) + " operations in " +
                                 std::to_string(all_transactions() - transactions) +
                                 " transactions");
    }
  }

  void read_conflicts(const std::vector<Conflict>& conflicts) {
    for (const Conflict& conflict : conflicts) {
      ++verdict_.conflicts;
      if (!conflict.winner) {
        continue;  // Held.
      }
      const auto text = [&](Side side) -> std::optional<std::string> {
        const auto value = nlohmann::json::parse(conflict.values[index_of(side)]);
        return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
      };
      chronicle_.conflict(text(other(*conflict.winner)), text(*conflict.winner));
    }
  }

  [[nodiscard]] std::uint64_t all_transactions() const {
    return deployment_.database(Side::kLeft).transactions() +
           deployment_.database(Side::kRight).transactions();
  }

  [[nodiscard]] Snapshot snapshot() const {
    Snapshot all;
    for (const Table& table : shape_.tables) {
      Rows rows;
      for (memory::Cells& row : deployment_.database(table.side).rows(table.name)) {
        std::string tag = row.at("tag").value_or("");
        rows.emplace(std::move(tag), std::move(row));
      }
      all.push_back(std::move(rows));
    }
    return all;
  }

  bool broken() {
    if (!verdict_.violation && !chronicle_.violations().empty()) {
      verdict_.violation = chronicle_.violations().front();
    }
    return verdict_.violation.has_value();
  }
  void violated(std::string law, std::string what) {
    if (!broken()) {
      verdict_.violation = {std::move(law), std::move(what)};
    }
  }

  void tell(const std::string& line) const {
    if (trace_) {
      trace_(line);
    }
  }
  void tell_all() const {
    for (std::size_t table = 0; table < shape_.tables.size(); ++table) {
      for (const auto& [tag, row] : chronicle_.now()[table]) {
        std::string line = "  " + shape_.tables[table].name + ":";
        for (const auto& [column, value] : row) {
          line += " " + column + "=" + value.value_or("(null)");
        }
        tell(line);
      }
    }
    tell(deployment_.state_bytes());
  }

  const Script& script_;
  const Shape& shape_;
  const Trace& trace_;
  Deployment deployment_;
  Users users_;
  Chronicle chronicle_;
  Verdict verdict_;
  bool marked_ = false;         // a run has put marks into the databases
  std::uint64_t seen_ = 0;      // transactions
  bool lost_ = false;           // since then the state was lost, and not rebuilt
  bool forgotten_ = false;      // the state was lost, and not rebuilt since
  bool engine_writes_ = false;  // is about to
  int hidden_ = 0;              // moments until reads see what a user has written
  bool untold_ = false;         // users wrote where nobody is told of it
  bool truncated_ = false;  // that its rows are gone is evidence for a whole scan of others alone
  bool by_streams_ = false;
  std::set<std::string> left_to_reconcile_;  // objects
  bool told_all_ = false;                    // so that a reconcile behind the streams finds nothing
};

}  // namespace

Verdict play(const Script& script, const Trace& trace) { return History(script, trace).play(); }

}  // namespace couplet::simulation
