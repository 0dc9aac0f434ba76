#include "tests/soak/users.h"

#include <chrono>
#include <random>
#include <stdexcept>

namespace couplet::soak {

using test::Ledger;

Users::Users(Deployment& deployment, Ledger& ledger, std::uint64_t seed, std::size_t each_side,
             double per_second)
    : per_second_(per_second), directory_(each_side), paused_(true) {
  for (const std::size_t side : {0, 1}) {
    for (std::size_t number = 0; number < each_side; ++number) {
      users_.push_back(std::make_unique<User>(side, number, seed + users_.size(),
                                              deployment.url(side), ledger, directory_));
      if (side == 0) {
        users_.back()->begin();
      }
    }
  }
  busy_ = users_.size();
  for (const auto& user : users_) {
    threads_.emplace_back(
        [this, &user = *user, pace = seed ^ threads_.size()] { work(user, pace); });
  }
}

Users::~Users() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Users::work(User& user, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> pause(per_second_);
  try {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        --busy_;
        changed_.notify_all();
        changed_.wait_for(lock, std::chrono::duration<double>(pause(random)),
                          [&] { return ended_ || paused_; });
        changed_.wait(lock, [&] { return ended_ || !paused_; });
        if (ended_) {
          return;
        }
        ++busy_;
      }
      user.write();
    }
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    mistake_ = error.what();
    --busy_;
    changed_.notify_all();
  }
}

void Users::pause() {
  std::unique_lock lock(mutex_);
  paused_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return busy_ == 0; });
}

void Users::resume() {
  const std::lock_guard lock(mutex_);
  paused_ = false;
  changed_.notify_all();
}

void Users::check() const {
  const std::lock_guard lock(mutex_);
  if (!mistake_.empty()) {
    throw std::runtime_error("a user ended: " + mistake_);
  }
}

User::Figures Users::figures() const {
  User::Figures sum;
  for (const auto& user : users_) {
    sum.rolled_back += user->figures().rolled_back;
    sum.largest = std::max(sum.largest, user->figures().largest);
  }
  return sum;
}

}  // namespace couplet::soak
