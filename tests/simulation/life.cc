#include "engine/app/daemon.h"
#include "engine/live/progress.h"
#include "tests/simulation/deployment.h"

// A life of `couplet run` in a deployment.
namespace couplet::simulation {
namespace {

// Idle steps behind the last of what is to happen, after which nothing comes any more.
constexpr int kIdleMost = 2;
constexpr std::int64_t kIdlePauseUs = 1'000'000;
constexpr std::int64_t kStepUs = 10'000;

// The last moment at which something is to happen.
int last_moment(const Step& step) {
  int last = std::max(step.crash, step.stop);
  for (const Step::Intrusion& intrusion : step.intrusions) {
    last = std::max(last, intrusion.moment + intrusion.hidden);
  }
  return last;
}

}  // namespace

RunEnd Deployment::live(const Step& step, const Intrude& intrude) {
  acknowledgements_ = Dice(step.seed);
  const int last = last_moment(step);
  RunEnd end = in_a_new_process(step, intrude, [&](const World& world) -> Result<void> {
    living_ = &world.end;
    int idle = 0;
    bool over = false;
    Daemon::Settings settings;
    if (step.reconcile_every != 0) {
      settings.schedule.emplace().every_us = std::int64_t{step.reconcile_every} * 1'000'000;
    }
    settings.batch_rows = shape_.batch_rows;
    settings.crash_points = world.crash_points;
    settings.stop_requested = [&] {
      return over || (step.stop != 0 && world.moments >= step.stop);
    };
    settings.after_step = [&](const LiveSync::Step& done) {
      ++world.end.steps;
      clock_.sleep_us(done.idle ? kIdlePauseUs : kStepUs);
      idle = done.idle ? idle + 1 : 0;
      over = idle >= kIdleMost && world.moments >= last;
    };
    return Daemon(*parsed_, *bound_, world.store, world.sources, clock_, random_, *this,
                  std::move(settings))
        .run();
  });
  living_ = nullptr;
  return end;
}

void Deployment::note_durable() {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const auto progress = progress_of(*store_, couplet::name_of(side));
    COUPLET_CHECK(progress.has_value());
    durable_[index_of(side)] = progress->done;
  }
}

bool Deployment::acknowledged(const Step& step, Side side, const Position& position, RunEnd& end) {
  const Lsn* told = std::get_if<Lsn>(&position);
  const Lsn* durable = std::get_if<Lsn>(&durable_[index_of(side)]);
  if (told == nullptr || durable == nullptr || *durable < *told) {
    end.told_too_early = std::string("the ") + couplet::name_of(side) +
                         " was told to forget what came before " +
                         std::to_string(told == nullptr ? 0 : told->value) + ", durable is " +
                         std::to_string(durable == nullptr ? 0 : durable->value);
  }
  return !acknowledgements_.chance(step.lost_acknowledgements);
}

}  // namespace couplet::simulation
