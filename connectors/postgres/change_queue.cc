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

void ChangeQueue::count(const Part& part, bool comes) {
  const std::size_t events = part.transaction.events.size();
  const std::size_t ends = part.transaction.ended ? 1 : 0;
  bytes_ = comes ? bytes_ + part.bytes : bytes_ - part.bytes;
  events_ = comes ? events_ + events : events_ - events;
  ends_ = comes ? ends_ + ends : ends_ - ends;
}

bool ChangeQueue::has_some() const {
  const bool enough = released_ || events_ >= kEventsEnough || bytes_ >= bytes_most_ / 2;
  return (ends_ > 0 && enough) || idle_at_ || closed_ || events_ >= kEventsMost ||
         bytes_ >= bytes_most_;
}

void ChangeQueue::put(ChangeBatch& batch, bool more_comes) {
  std::vector<Part> parts;
  parts.reserve(batch.transactions.size());
  for (ChangeTransaction& transaction : batch.transactions) {
    const std::size_t bytes = memory_of(transaction);
    parts.push_back({std::move(transaction), bytes});
  }
  const std::lock_guard lock(mutex_);
  const bool was_released = released_;
  released_ = !more_comes || batch.idle_at || (was_released && ends_ > 0);
  if (batch.empty() && (was_released || !released_)) {
    return;
  }
  for (Part& part : parts) {
    count(part, true);
    parts_.push_back(std::move(part));
    idle_at_.reset();
  }
  if (batch.idle_at) {
    idle_at_ = std::move(batch.idle_at);
  }
  batch.transactions.clear();
  batch.idle_at.reset();
  tell();
}

void ChangeQueue::tell() {
  if (!has_some()) {
    return;
  }
  come_.notify_one();
  if (bell_ != nullptr) {
    bell_->ring();
  }
}

void ChangeQueue::ring(Bell& bell) {
  const std::lock_guard lock(mutex_);
  bell_ = &bell;
  if (has_some()) {
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
  if (!come_.wait_for(lock, wait, [this] { return has_some(); })) {
    return batch;
  }
  std::size_t events = 0;
  std::size_t taken = 0;
  std::size_t whole = 0;  // of those that are taken: up to the last that is an end
  for (; taken < parts_.size() && events < kEventsMost; ++taken) {
    events += parts_[taken].transaction.events.size();
    whole = parts_[taken].transaction.ended ? taken + 1 : whole;
  }
  for (std::size_t left = whole > 0 ? whole : taken; left > 0; --left) {
    count(parts_.front(), false);
    batch.transactions.push_back(std::move(parts_.front().transaction));
    parts_.pop_front();
  }
  if (parts_.empty()) {
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
