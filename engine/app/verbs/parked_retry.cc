#include <algorithm>
#include <map>
#include <set>

#include "engine/admin/worklists.h"
#include "engine/app/crash_points.h"
#include "engine/app/output/run_reporter.h"
#include "engine/app/stop_signals.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/list_options.h"
#include "engine/app/verbs/verbs.h"
#include "engine/ports/tuning.h"
#include "engine/sync/syncer.h"

namespace couplet {
namespace {

// Objects that change each other's mind more often than this are left to the next reconcile.
constexpr int kRoundsMax = 25;

// Syncs objects and what that makes dirty, mapping by mapping, until nothing is left.
class Retry {
 public:
  Retry(const BoundDefinition& definition, Syncer& syncer, const Permissions& permissions)
      : definition_(definition), syncer_(syncer), permissions_(permissions) {}

  void add(const Subject& subject) {
    if (!is_planned(subject.key)) {
      left_[subject.mapping].insert({subject.side, subject.key});
    }
  }

  // False: it was interrupted, or did not come to rest.
  Result<bool> run() {
    for (rounds_ = 1; rounds_ <= kRoundsMax && !left_.empty(); ++rounds_) {
      for (const std::size_t mapping : definition_.order) {
        COUPLET_TRY(sync(mapping, false));
      }
      // What clashed may fit now that the others have moved; what still does is parked.
      for (const Subject& subject : std::exchange(clashes_, {})) {
        add(subject);
      }
      for (const std::size_t mapping : definition_.order) {
        COUPLET_TRY(sync(mapping, true));
      }
      if (stop_requested()) {
        return false;
      }
    }
    return left_.empty();
  }
  [[nodiscard]] std::uint32_t rounds() const { return static_cast<std::uint32_t>(rounds_) - 1; }

 private:
  Result<void> sync(std::size_t mapping, bool clashing) {
    const auto found = left_.find(mapping);
    if (found == left_.end()) {
      return {};
    }
    const std::vector<Nominee> nominees(found->second.begin(), found->second.end());
    left_.erase(found);
    for (std::size_t start = 0; start < nominees.size(); start += tuning::kBatchRows) {
      const std::size_t count = std::min(tuning::kBatchRows, nominees.size() - start);
      COUPLET_ASSIGN(
          const auto outcome,
          syncer_.sync(mapping, std::span(nominees).subspan(start, count), permissions_, clashing));
      for (const std::vector<Subject>* more : {&outcome.again, &outcome.dirty, &outcome.hidden}) {
        for (const Subject& subject : *more) {
          add(subject);
        }
      }
      clashes_.insert(clashes_.end(), outcome.clashes.begin(), outcome.clashes.end());
    }
    return {};
  }

  const BoundDefinition& definition_;
  Syncer& syncer_;
  const Permissions& permissions_;
  std::map<std::size_t, std::set<Nominee>> left_;
  std::vector<Subject> clashes_;
  int rounds_ = 0;
};

// What a single object is not to be done to: only a complete scan tells that something is gone.
Permissions permissions_of(const Session& session, const Syncer& syncer) {
  Permissions permissions;
  permissions.no_evidence.fill("only a reconcile tells that an object is gone");
  if (session.state->fresh() && syncer.marks_found()) {
    permissions.creates_held =
        "the state is lost: what has no counterpart may have been deleted on the other side";
  }
  return permissions;
}

// Those that still stand somewhere, told and counted.
Result<void> tell_standing(const Session& session, std::span<const ParkedItem> items,
                           RunReporter& reporter, Summary& summary) {
  for (std::size_t start = 0; start < items.size(); start += tuning::kBatchRows) {
    const auto batch = items.subspan(start, std::min(tuning::kBatchRows, items.size() - start));
    std::vector<Subject> subjects;
    for (const ParkedItem& item : batch) {
      subjects.push_back(item.subject);
    }
    COUPLET_ASSIGN(const auto standing, session.state->standing(subjects));
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      OperationReport report;
      report.mapping = subjects[i].mapping;
      report.from = batch[i].object;
      if (standing[i].parked) {
        report.operation = Operation::kPark;
        report.situation = Situation::kAbsent;
        report.reason = standing[i].parked->reason;
      } else if (standing[i].held) {
        report.operation = Operation::kHold;
        report.situation = standing[i].held->situation;
        report.reason = standing[i].held->reason;
      } else if (standing[i].waiting) {
        report.operation = Operation::kDefer;
        report.situation = Situation::kDeferred;
      } else {
        continue;
      }
      ++summary.count(report.operation);
      reporter.on_operation(report);
    }
  }
  return {};
}

Result<ExitCode> run_parked_retry(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_change(invocation, true, console));
  COUPLET_ASSIGN(const auto options, list_options(invocation, session->bound, clock.now()));
  WorklistSelection selection;
  selection.mapping = options.mapping;
  selection.ids = invocation.words;
  COUPLET_ASSIGN(const auto items, find_parked(session->bound, *session->state, selection));
  catch_stop_signals();

  RunReporter::Settings settings;
  for (const BoundMapping& mapping : session->bound.mappings) {
    settings.mappings.push_back(mapping.name);
  }
  settings.json = invocation.json;
  settings.quiet = invocation.quiet;
  RunReporter reporter(console, clock, settings);
  const std::int64_t started = clock.monotonic_us();
  Syncer syncer(session->bound, *session->state, session->source_pointers(), clock, reporter,
                {false, crash_points_from_environment()});
  COUPLET_TRY(syncer.recover());
  const Permissions permissions = permissions_of(*session, syncer);
  Retry retry(session->bound, syncer, permissions);
  for (const ParkedItem& item : items) {
    retry.add(item.subject);
  }
  auto done = retry.run();
  Summary summary = syncer.summary();
  COUPLET_TRY(tell_standing(*session, items, reporter, summary));
  summary.count(Operation::kReport) = syncer.reported().size();
  summary.count(Operation::kConflict) = syncer.conflicts();
  summary.objects = items.size();
  summary.rounds = retry.rounds();
  summary.converged = done && *done;
  summary.elapsed_seconds = static_cast<double>(clock.monotonic_us() - started) / 1e6;
  reporter.summary(summary);
  if (!done) {
    return fail(std::move(done.error()));
  }
  return *done ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace

VerbSpec parked_retry_verb() {
  VerbSpec verb;
  verb.name = "parked retry";
  verb.summary = "try parked objects again, now";
  verb.doc =
      "Syncs these objects, or all that are parked (under a mapping), and what they wake. One "
      "that\n"
      "fails again stays parked, with one attempt more; that is no operation.";
  verb.run = run_parked_retry;
  verb.words = "[ID...]";
  verb.words_most = kAnyNumber;
  verb.options = {mapping_option()};
  verb.examples = {{{"couplet parked retry", "the column is wider now: try all again"},
                    {"couplet parked retry 8f0zk3aq --json", "one of them, for a program"}}};
  return verb;
}

}  // namespace couplet
