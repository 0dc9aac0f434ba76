#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/soak/user.h"

namespace couplet::soak {

// All users of both sides, a thread each.
class Users {
 public:
  // So many on each side, each with about so many transactions a second.
  Users(Deployment& deployment, test::Ledger& ledger, std::uint64_t seed, std::size_t each_side,
        double per_second);
  ~Users();
  Users(const Users&) = delete;
  Users& operator=(const Users&) = delete;

  // Returns when no transaction is open any more.
  void pause();
  void resume();
  // Throws what has ended one of them: a mistake in the test.
  void check() const;
  User::Figures figures() const;  // While paused.

 private:
  void work(User& user, std::uint64_t seed);

  const double per_second_;
  Directory directory_;
  std::vector<std::unique_ptr<User>> users_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  bool paused_ = false;
  bool ended_ = false;
  std::size_t busy_ = 0;
  std::string mistake_;
  std::vector<std::thread> threads_;
};

}  // namespace couplet::soak
