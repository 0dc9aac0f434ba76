#include "engine/sync/hourly_budget.h"

#include <algorithm>
#include <iterator>

namespace couplet {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::int64_t kMinutes = 60;
// Links are walked to be counted: of many that takes its time.
constexpr std::int64_t kPauseToCost = 100;

}  // namespace

HourlyBudget::HourlyBudget(const BoundDefinition& definition, Clock& clock, Observer& observer)
    : definition_(definition),
      clock_(clock),
      observer_(observer),
      written_(definition.mappings.size()) {}

std::int64_t HourlyBudget::minute() const { return clock_.now().value / kMinuteUs; }

void HourlyBudget::load(std::size_t mapping, Written written) {
  written_[mapping] = std::move(written);
}

void HourlyBudget::add(std::size_t mapping, const RailCounts& counts) {
  const auto& limits = definition_.mappings[mapping].limits;
  for (const auto& [rail, count] : counts) {
    if (count != 0 && limits.contains(rail.limit_class)) {
      written_[mapping][rail][minute()] += count;
      unsaved_.insert(mapping);
    }
  }
  if (unsaved_.contains(mapping)) {
    keep_up(mapping);
  }
}

std::uint64_t HourlyBudget::spent(std::size_t mapping, const Rail& rail) {
  if (written_[mapping].empty()) {
    return 0;
  }
  keep_up(mapping);
  const auto minutes = written_[mapping].find(rail);
  std::uint64_t spent = 0;
  if (minutes != written_[mapping].end()) {
    for (const auto& [minute, count] : minutes->second) {
      spent += count;
    }
  }
  return spent;
}

// Forgets what is older than an hour, and brings back what is ahead of the clock.
void HourlyBudget::keep_up(std::size_t mapping) {
  const std::int64_t now = minute();
  for (auto& [rail, minutes] : written_[mapping]) {
    minutes.erase(minutes.begin(), minutes.lower_bound(now - kMinutes));
    std::uint64_t ahead = 0;
    while (!minutes.empty() && minutes.rbegin()->first > now) {
      ahead += minutes.rbegin()->second;
      minutes.erase(std::prev(minutes.end()));
    }
    if (ahead != 0) {
      minutes[now] += ahead;
      unsaved_.insert(mapping);
    }
  }
  std::erase_if(written_[mapping], [](const auto& of_rail) { return of_rail.second.empty(); });
}

Result<std::uint64_t> HourlyBudget::objects(std::size_t mapping,
                                            const std::function<Result<std::uint64_t>()>& count) {
  const std::int64_t now = clock_.monotonic_us();
  const auto known = objects_.find(mapping);
  if (known != objects_.end() && now < known->second.again_us) {
    return known->second.objects;
  }
  COUPLET_ASSIGN(const std::uint64_t objects, count());
  const std::int64_t cost = clock_.monotonic_us() - now;
  objects_[mapping] = {now + std::max(kMinuteUs, cost * kPauseToCost), objects};
  return objects;
}

void HourlyBudget::tell(std::size_t mapping, const Rail& rail, const std::string& reason) {
  const std::int64_t now = clock_.monotonic_us();
  const auto [told, first] = told_us_.try_emplace({mapping, rail}, now);
  if (first || now - told->second >= kMinutes * kMinuteUs) {
    told->second = now;
    observer_.on_notice(reason);
  }
}

}  // namespace couplet
