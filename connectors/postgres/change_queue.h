#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "engine/model/result.h"
#include "engine/ports/change_stream.h"
#include "engine/ports/tuning.h"

namespace couplet::postgres {

// From the thread that receives to the one that works. Bounded in bytes; whoever puts never waits
// for whoever takes: it asks whether there is room, and is woken when there is again. A transaction
// is given whole, unless it alone is more than is given at once, or than there is room for.
class ChangeQueue {
 public:
  // Given at once, where so many wait: what they tell of one object is told once, the rows of a
  // batch are read while the one before is written, and positions are synced once. Some MiB, and a
  // fraction of a second.
  static constexpr std::size_t kEventsMost = 16 * tuning::kBatchRows;
  // So many are worth a step of their own where more is about to come: what a step costs whatever
  // its size, two syncs of a disk first of all, is little beside them.
  static constexpr std::size_t kEventsEnough = 4 * tuning::kBatchRows;

  explicit ChangeQueue(std::size_t bytes_most) : bytes_most_(bytes_most) {}

  // The end that receives. `put` leaves the batch empty. `more_comes`: soon, and what is put waits
  // for it, until it is kEventsEnough, or half of the room, or something is put, be it empty,
  // behind which no more comes, or at an idle place.
  [[nodiscard]] bool has_room();
  void put(ChangeBatch& batch, bool more_comes = false);
  // Rung whenever `take` comes to have something; outlives this.
  void ring(Bell& bell);
  // Nothing comes any more; told once all that was put is taken.
  void close(Error error);

  // The end that works: about kEventsMost events at most; waits up to `wait` for some.
  // `room_made`: whoever puts was without room and now has some.
  Result<ChangeBatch> take(std::chrono::milliseconds wait, bool& room_made);

 private:
  struct Part {
    ChangeTransaction transaction;
    std::size_t bytes = 0;
  };
  // With the lock.
  void tell();
  [[nodiscard]] bool has_some() const;
  void count(const Part& part, bool comes);

  const std::size_t bytes_most_;
  std::mutex mutex_;
  std::condition_variable come_;
  std::deque<Part> parts_;
  std::optional<Position> idle_at_;  // Behind all transactions.
  // Of `parts_`.
  std::size_t bytes_ = 0;
  std::size_t events_ = 0;
  std::size_t ends_ = 0;
  bool wants_room_ = false;
  bool released_ = true;  // What is there waits for nothing, until it is taken.
  std::optional<Error> closed_;
  Bell* bell_ = nullptr;
};

}  // namespace couplet::postgres
