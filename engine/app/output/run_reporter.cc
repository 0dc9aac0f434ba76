#include "engine/app/output/run_reporter.h"

#include "engine/app/output/operation_json.h"
#include "engine/app/output/printable.h"

namespace couplet {
namespace {

constexpr std::int64_t kRedrawUs = 100'000;

}  // namespace

void RunReporter::on_operation(const OperationReport& report) {
  for (const AttributeChange& change : report.attributes) {
    if (change.new_value.is_null() && !change.old_value.is_null()) {
      ++emptied_[{report.mapping, change.name}];
    }
  }
  if (settings_.quiet) {
    return;
  }
  const std::string& mapping = settings_.mappings[report.mapping];
  console_.data(settings_.json
                    ? operation_json(report, mapping)
                    : operation_line(report, mapping, settings_.values, console_.out_colors()));
}

void RunReporter::on_progress(std::size_t mapping, const char* phase, std::uint64_t done,
                              std::uint64_t total) {
  console_.flush();  // Once a batch: who reads the lines gets them while the run goes on.
  if (!settings_.bar || !console_.shows_bar()) {
    return;
  }
  const std::int64_t now = clock_.monotonic_us();
  const std::string at = settings_.mappings[mapping] + "\n" + phase;
  if (at != at_ || done < last_done_) {
    at_ = at;
    rate_.restart();
    drawn_us_ = 0;
  }
  last_done_ = done;
  rate_.add(now, done);
  if (drawn_us_ != 0 && now - drawn_us_ < kRedrawUs) {
    return;
  }
  drawn_us_ = now;
  // The last column stays free: some terminals wrap as soon as it is written.
  console_.show_bar(render_progress(
      {settings_.mappings[mapping], phase, done, total, rate_.per_second()}, console_.width() - 1));
}

void RunReporter::on_notice(const std::string& sentence) {
  console_.talk("couplet: " + printable(sentence));
}

void RunReporter::summary(const Summary& summary) {
  console_.data(settings_.json ? summary_json(summary) : summary_line(summary, settings_.dry_run));
}

}  // namespace couplet
