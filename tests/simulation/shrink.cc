#include "tests/simulation/shrink.h"

#include <algorithm>
#include <utility>

namespace couplet::simulation {
namespace {

// Enough for every script that a seed makes; a bound, because each attempt plays a whole history.
constexpr int kAttemptsMost = 4000;

class Shrinker {
 public:
  Shrinker(Script script, const std::function<bool(const Script&)>& fails)
      : best_(std::move(script)), fails_(fails) {}

  Script shrunk() {
    for (bool smaller = true; smaller && attempts_ < kAttemptsMost;) {
      smaller = drop_steps();
      smaller = soften_steps() || smaller;
      smaller = drop_fields() || smaller;
      smaller = plain_streams() || smaller;
    }
    return std::move(best_);
  }

 private:
  bool still_fails(const Script& script) { return ++attempts_ <= kAttemptsMost && fails_(script); }
  bool keep_if_it_fails(Script script) {
    if (!still_fails(script)) {
      return false;
    }
    best_ = std::move(script);
    return true;
  }

  // Halves, quarters, …, single ones.
  bool drop_steps() {
    bool any = false;
    for (std::size_t size = std::max<std::size_t>(best_.steps.size() / 2, 1); size > 0; size /= 2) {
      for (std::size_t at = 0; at < best_.steps.size();) {
        Script fewer = best_;
        const auto first = fewer.steps.begin() + static_cast<std::ptrdiff_t>(at);
        const std::size_t count = std::min(size, fewer.steps.size() - at);
        fewer.steps.erase(first, first + static_cast<std::ptrdiff_t>(count));
        if (keep_if_it_fails(std::move(fewer))) {
          any = true;
        } else {
          at += size;
        }
      }
    }
    return any;
  }

  template <typename Change>
  bool with_step(std::size_t at, const Change& change) {
    Script changed = best_;
    return change(changed.steps[at]) && keep_if_it_fails(std::move(changed));
  }

  template <typename T>
  bool reset(std::size_t at, T Step::*member) {
    return with_step(at, [&](Step& step) {
      const T plain = Step{}.*member;
      const bool differs = step.*member != plain;
      step.*member = plain;
      return differs;
    });
  }

  // What of the databases is not needed.
  bool plain_streams() {
    Script plain = best_;
    const bool apart = std::exchange(plain.shape.stored_apart_bytes, 0) != 0;
    const bool any = apart && keep_if_it_fails(std::move(plain));
    plain = best_;
    const bool overlap = std::exchange(plain.shape.transactions_overlap, false);
    return (overlap && keep_if_it_fails(std::move(plain))) || any;
  }

  bool soften_steps() {
    bool any = false;
    for (std::size_t at = 0; at < best_.steps.size(); ++at) {
      any = reset(at, &Step::crash) || any;
      any = reset(at, &Step::power_loss) || any;
      any = reset(at, &Step::lost_reply) || any;
      any = reset(at, &Step::transient_percent) || any;
      any = reset(at, &Step::late_writes) || any;
      any = reset(at, &Step::rebuild) || any;
      any = reset(at, &Step::stop) || any;
      any = reset(at, &Step::lost_acknowledgements) || any;
      any = reset(at, &Step::reconcile_every) || any;
      any = reset(at, &Step::stream_events) || any;
      for (std::size_t i = best_.steps[at].intrusions.size(); i > 0; --i) {
        any = with_step(at,
                        [&](Step& step) {
                          step.intrusions.erase(step.intrusions.begin() +
                                                static_cast<std::ptrdiff_t>(i - 1));
                          return true;
                        }) ||
              any;
      }
      for (std::size_t i = 0; i < best_.steps[at].intrusions.size(); ++i) {
        any =
            with_step(
                at, [&](Step& step) { return std::exchange(step.intrusions[i].hidden, 0) != 0; }) ||
            any;
      }
      for (std::size_t i = best_.steps[at].objects.size(); i > 1; --i) {
        any = with_step(
                  at,
                  [&](Step& step) {
                    step.objects.erase(step.objects.begin() + static_cast<std::ptrdiff_t>(i - 1));
                    return true;
                  }) ||
              any;
      }
      any = with_step(at,
                      [](Step& step) {
                        const bool off = step.edit.time != 0;
                        step.edit.time = 0;
                        return off;
                      }) ||
            any;
      any = with_step(at,
                      [](Step& step) {
                        const bool null = step.edit.null;
                        step.edit.null = false;
                        return null;
                      }) ||
            any;
    }
    return any;
  }

  // Attributes that are not needed; mappings and tables stay, since edits name them by number.
  bool drop_fields() {
    bool any = false;
    for (std::size_t mapping = 0; mapping < best_.shape.mappings.size(); ++mapping) {
      for (std::size_t at = best_.shape.mappings[mapping].fields.size(); at > 0; --at) {
        Script fewer = best_;
        std::vector<Field>& fields = fewer.shape.mappings[mapping].fields;
        if (!fields[at - 1].identity && fields[at - 1].left != "stamp") {
          fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(at - 1));
          any = keep_if_it_fails(std::move(fewer)) || any;
        }
      }
    }
    return any;
  }

  Script best_;
  const std::function<bool(const Script&)>& fails_;
  int attempts_ = 0;
};

}  // namespace

Script shrink(Script script, const std::function<bool(const Script&)>& fails) {
  return Shrinker(std::move(script), fails).shrunk();
}

}  // namespace couplet::simulation
