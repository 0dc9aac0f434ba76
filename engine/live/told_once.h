#pragma once

#include <set>
#include <string>

#include "engine/sync/report.h"

namespace couplet {

// Passes on what a run tells, but each sentence once: what every step of a life would say again
// (that creates are held, that a rail has tripped).
class ToldOnce final : public Observer {
 public:
  explicit ToldOnce(Observer& observer) : observer_(observer) {}

  void on_operation(const OperationReport& report) override { observer_.on_operation(report); }
  [[nodiscard]] bool wants_operations() const override { return observer_.wants_operations(); }
  [[nodiscard]] bool wants_values() const override { return observer_.wants_values(); }
  void on_progress(std::size_t mapping, const char* phase, std::uint64_t done,
                   std::uint64_t total) override {
    observer_.on_progress(mapping, phase, done, total);
  }
  void on_notice(const std::string& sentence) override {
    if (told_.size() < kToldMost && told_.insert(sentence).second) {
      observer_.on_notice(sentence);
    }
  }

  // What it was about is over: the same may be told again.
  void forget() { told_.clear(); }

 private:
  static constexpr std::size_t kToldMost = 10'000;  // Numbers in sentences make each another one.
  Observer& observer_;
  std::set<std::string> told_;
};

}  // namespace couplet
