#include "connectors/memory/memory_faults.h"

#include <utility>

namespace couplet::memory {
namespace {

Error transient_fault() {
  return Error{ErrorKind::kTransient, "the connection was lost", {}, {}, "08006", {}};
}

}  // namespace

void MemoryFaults::add(SourceCall call, Script script) {
  const std::lock_guard lock(mutex_);
  scripts_.at(static_cast<std::size_t>(call)).push_back(std::move(script));
}

void MemoryFaults::fail_next(SourceCall call, Error error, int times, int skip) {
  Script script;
  script.skip = skip;
  script.times = times;
  script.error = std::move(error);
  add(call, std::move(script));
}

void MemoryFaults::before(SourceCall call, std::function<void()> action, int skip) {
  COUPLET_CHECK(call != SourceCall::kCommit);
  Script script;
  script.skip = skip;
  script.action = std::move(action);
  add(call, std::move(script));
}

void MemoryFaults::lose_commit(bool took_effect, int skip) {
  Script script;
  script.skip = skip;
  script.lost = took_effect ? LostCommit::kAfter : LostCommit::kBefore;
  const std::lock_guard lock(mutex_);
  commits_.push_back(std::move(script));
}

void MemoryFaults::execute_at_collect(bool on) {
  const std::lock_guard lock(mutex_);
  execute_at_collect_ = on;
}

void MemoryFaults::randomise(std::uint64_t seed, Rates rates) {
  const std::lock_guard lock(mutex_);
  random_.seed(seed);
  rates_ = rates;
}

void MemoryFaults::heal() {
  const std::lock_guard lock(mutex_);
  for (std::vector<Script>& scripts : scripts_) {
    scripts.clear();
  }
  commits_.clear();
  rates_ = {};
  execute_at_collect_ = false;
}

std::uint64_t MemoryFaults::happened() const {
  const std::lock_guard lock(mutex_);
  return happened_;
}

// The engine's bits alone decide: the library's distributions differ between implementations.
bool MemoryFaults::by_chance(double rate) {
  return rate > 0 && static_cast<double>(random_() >> 11U) * 0x1.0p-53 < rate;
}

Result<void> MemoryFaults::enter(SourceCall call) {
  std::function<void()> action;
  Result<void> answer;
  {
    const std::lock_guard lock(mutex_);
    std::vector<Script>& scripts = scripts_.at(static_cast<std::size_t>(call));
    if (!scripts.empty()) {
      Script& script = scripts.front();
      if (script.skip > 0) {
        --script.skip;
      } else {
        action = script.action;
        if (script.error) {
          answer = fail(*script.error);
        }
        if (--script.times == 0) {
          scripts.erase(scripts.begin());
        }
      }
    }
    if (answer && by_chance(rates_.transient)) {
      answer = fail(transient_fault());
    }
    happened_ += answer ? 0 : 1;
  }
  if (action) {
    action();
  }
  return answer;
}

MemoryFaults::LostCommit MemoryFaults::commit_lost() {
  const std::lock_guard lock(mutex_);
  LostCommit lost = LostCommit::kNone;
  if (!commits_.empty()) {
    if (commits_.front().skip > 0) {
      --commits_.front().skip;
    } else {
      lost = commits_.front().lost;
      commits_.erase(commits_.begin());
    }
  }
  if (lost == LostCommit::kNone && by_chance(rates_.commit_lost_before)) {
    lost = LostCommit::kBefore;
  }
  if (lost == LostCommit::kNone && by_chance(rates_.commit_lost_after)) {
    lost = LostCommit::kAfter;
  }
  happened_ += lost == LostCommit::kNone ? 0 : 1;
  return lost;
}

bool MemoryFaults::executes_at_collect() {
  const std::lock_guard lock(mutex_);
  return execute_at_collect_ || by_chance(rates_.execute_at_collect);
}

}  // namespace couplet::memory
