#include "tests/unit/live/live_world.h"

#include <gmock/gmock.h>

#include <cstdio>

namespace couplet::test {

Result<void> PowerStore::commit(const StateBatch& batch, Durability durability) {
  before_commit();
  if (failure) {
    return fail(*std::exchange(failure, std::nullopt));
  }
  COUPLET_TRY(seen_->commit(batch, durability));
  later_.push_back(batch);
  if (durability == Durability::kSynced) {
    ++syncs_;
    on_disk_.insert(on_disk_.end(), later_.begin(), later_.end());
    later_.clear();
  }
  return {};
}

void PowerStore::lose_power() {
  later_.clear();
  seen_ = std::make_unique<MemoryStateStore>();
  for (const StateBatch& batch : on_disk_) {
    COUPLET_CHECK(seen_->commit(batch, Durability::kSynced).has_value());
  }
}

Lsn PowerStore::durable(const std::string& source) const {
  MemoryStateStore disk;
  for (const StateBatch& batch : on_disk_) {
    COUPLET_CHECK(disk.commit(batch, Durability::kSynced).has_value());
  }
  const auto progress = progress_of(disk, source);
  COUPLET_CHECK(progress.has_value());
  const Lsn* lsn = std::get_if<Lsn>(&progress->done);
  return lsn == nullptr ? Lsn{} : *lsn;
}

LiveWorld::LiveWorld(bool marks) : PeopleWorld(marks) {
  left->make_slot("test");
  right->make_slot("test");
}

void LiveWorld::after_steps(int steps, std::function<void()> action) {
  actions_.emplace_back(steps, std::move(action));
}

void LiveWorld::live() {
  const auto done = try_live();
  if (!done) {
    std::fprintf(stderr, "live: %s\n", done.error().message.c_str());
  }
  COUPLET_CHECK(done.has_value());
}

Result<void> LiveWorld::try_live() {
  clock.sleep_us(1);
  forget_what_was_told();
  MemorySource left_source(left);
  MemorySource right_source(right);
  bool stop = false;
  steps_ = 0;
  Daemon::Settings settings;
  settings.schedule = schedule;
  settings.set_up = [&](Observer& /*observer*/) { return set_up(); };
  settings.on_standing = on_standing;
  settings.batch_rows = batch_rows;
  settings.crash_points = crash_points;
  settings.stop_requested = [&] { return stop || stop_requested(); };
  int idle = 0;
  settings.after_step = [&](const LiveSync::Step& step) {
    ++steps_;
    for (auto& [at, action] : actions_) {
      if (at == steps_ && action) {
        std::exchange(action, nullptr)();
        idle = 0;
      }
    }
    idle = step.idle ? idle + 1 : 0;
    stop = idle > 1;
  };
  auto done = Daemon(parsed(), definition(), disk, {&left_source, &right_source}, clock, random(),
                     *this, std::move(settings))
                  .run();
  statements = {left_source.statements(), right_source.statements()};
  return done;
}

bool LiveWorld::live_until(const std::string& point, int nth) {
  int passed = 0;
  crash_points.reached = [&](const char* name) {
    if (name == point && ++passed == nth) {
      throw Killed(name);
    }
  };
  bool killed = false;
  try {
    const auto done = try_live();
    EXPECT_TRUE(done.has_value());
  } catch (const Killed&) {
    killed = true;
  }
  crash_points.reached = [](const char*) {};
  return killed;
}

void LiveWorld::expect_in_step() {
  EXPECT_EQ(lefts(), rights());
  const std::uint64_t before = left->transactions() + right->transactions();
  live();
  EXPECT_EQ(left->transactions() + right->transactions(), before) << "a second life wrote";
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

std::size_t LiveWorld::count_lines(const std::string& part) const {
  return static_cast<std::size_t>(
      std::count_if(lines().begin(), lines().end(),
                    [&](const std::string& line) { return line.find(part) != std::string::npos; }));
}

bool LiveWorld::told(const std::string& part) const {
  return std::any_of(notices().begin(), notices().end(), [&](const std::string& sentence) {
    return sentence.find(part) != std::string::npos;
  });
}

}  // namespace couplet::test
