#include "connectors/postgres/change_queue.h"

namespace couplet::postgres {
namespace {

// What a short text holds without memory of its own.
constexpr std::size_t kInPlace = 15;

std::size_t memory_of(const std::string& text) {
  return text.size() > kInPlace ? text.size() + 1 : 0;
}

std::size_t memory_of(const ChangeTransaction& transaction) {
  std::size_t bytes = sizeof(ChangeTransaction) + transaction.events.size() * sizeof(ChangeEvent);
  for (const ChangeEvent& event : transaction.events) {
    bytes += memory_of(event.key.bytes) + memory_of(event.cells) +
             (event.before ? memory_of(event.before->bytes) : 0);
  }
  return bytes;
}

}  // namespace

bool ChangeQueue::has_room() {
  const std::lock_guard lock(mutex_);
  wants_room_ = bytes_ >= bytes_most_;
  return !wants_room_;
}

void ChangeQueue::put(ChangeBatch& batch) {
  if (batch.empty()) {
    return;
  }
  std::size_t bytes = 0;
  for (const ChangeTransaction& transaction : batch.transactions) {
    bytes += memory_of(transaction);
  }
  const std::lock_guard lock(mutex_);
  for (ChangeTransaction& transaction : batch.transactions) {
    transactions_.push_back(std::move(transaction));
    idle_at_.reset();
  }
  if (batch.idle_at) {
    idle_at_ = std::move(batch.idle_at);
  }
  bytes_ += bytes;
  batch.transactions.clear();
  batch.idle_at.reset();
  tell();
}

void ChangeQueue::tell() {
  come_.notify_one();
  if (bell_ != nullptr) {
    bell_->ring();
  }
}

void ChangeQueue::ring(Bell& bell) {
  const std::lock_guard lock(mutex_);
  bell_ = &bell;
  if (!transactions_.empty() || idle_at_ || closed_) {
    bell.ring();
  }
}

void ChangeQueue::close(Error error) {
  const std::lock_guard lock(mutex_);
  closed_ = std::move(error);
  tell();
}

Result<ChangeBatch> ChangeQueue::take(std::chrono::milliseconds wait, bool& room_made) {
  ChangeBatch batch;
  room_made = false;
  std::unique_lock lock(mutex_);
  come_.wait_for(lock, wait, [this] { return !transactions_.empty() || idle_at_ || closed_; });
  std::size_t events = 0;
  while (!transactions_.empty() && events < kEventsMost) {
    ChangeTransaction& next = transactions_.front();
    bytes_ -= memory_of(next);
    events += next.events.size();
    batch.transactions.push_back(std::move(next));
    transactions_.pop_front();
  }
  if (transactions_.empty()) {
    batch.idle_at.swap(idle_at_);
  }
  room_made = wants_room_ && bytes_ < bytes_most_ / 2;
  wants_room_ = wants_room_ && !room_made;
  if (batch.empty() && closed_) {
    return fail(*closed_);
  }
  return batch;
}

}  // namespace couplet::postgres
