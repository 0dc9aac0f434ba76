#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/app/output/console.h"
#include "engine/app/output/operation_text.h"
#include "engine/app/output/progress_bar.h"
#include "engine/ports/clock.h"
#include "engine/sync/report.h"

namespace couplet {

// What a run tells of itself, printed as it comes: operations as data, notices as talk, progress as
// a bar where somebody watches.
class RunReporter final : public Observer {
 public:
  struct Settings {
    std::vector<std::string> mappings;  // names, by index
    bool json = false;
    bool quiet = false;  // the summary alone
    bool dry_run = false;
    bool bar = true;                  // of progress, on a terminal
    Values values = Values::kHidden;  // of the text form
    bool counts_emptied = true;       // see emptied()
  };
  RunReporter(Console& console, Clock& clock, Settings settings)
      : console_(console), clock_(clock), settings_(std::move(settings)) {}

  void on_operation(const OperationReport& report) override;
  [[nodiscard]] bool wants_operations() const override {
    return !settings_.quiet || settings_.counts_emptied;
  }
  [[nodiscard]] bool wants_values() const override {
    return settings_.counts_emptied ||
           (!settings_.quiet && (settings_.json || settings_.values == Values::kShown));
  }
  void on_progress(std::size_t mapping, const char* phase, std::uint64_t done,
                   std::uint64_t total) override;
  void on_notice(const std::string& sentence) override;

  void summary(const Summary& summary);

  // Of each mapping, by attribute: how many objects were, or would be, set to null in it over a
  // value.
  using Emptied = std::map<std::pair<std::size_t, std::string>, std::uint64_t>;
  [[nodiscard]] const Emptied& emptied() const { return emptied_; }

 private:
  Console& console_;
  Clock& clock_;
  Settings settings_;
  RateMeter rate_;
  std::string at_;  // mapping and phase that `rate_` is of
  std::uint64_t last_done_ = 0;
  std::int64_t drawn_us_ = 0;
  Emptied emptied_;
};

}  // namespace couplet
