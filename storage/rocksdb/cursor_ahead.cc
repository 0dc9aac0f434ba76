#include "storage/rocksdb/cursor_ahead.h"

#include <exception>
#include <system_error>
#include <utility>

#include "engine/model/result.h"

namespace couplet {
namespace {

constexpr std::size_t kPageBytes = std::size_t{64} << 10U;
constexpr std::size_t kPagesAhead = 3;

}  // namespace

void CursorAhead::seek(std::string_view key) {
  stop();
  cursor_->seek(key);
  read(page_);
  at_ = 0;
}

void CursorAhead::next() {
  COUPLET_CHECK(valid());
  if (++at_ < page_.entries.size() || page_.last) {
    return;
  }
  if (!thread_.joinable() && !start()) {
    read(page_);
    at_ = 0;
    return;
  }
  std::unique_lock lock(mutex_);
  spare_.push_back(std::move(page_));
  changed_.wait(lock, [this] { return !ready_.empty(); });
  page_ = std::move(ready_.front());
  ready_.pop_front();
  at_ = 0;
  changed_.notify_one();
}

std::string_view CursorAhead::key() const {
  COUPLET_CHECK(valid());
  const Entry& entry = page_.entries[at_];
  return std::string_view(page_.bytes).substr(entry.at, entry.key_bytes);
}

std::string_view CursorAhead::value() const {
  COUPLET_CHECK(valid());
  const Entry& entry = page_.entries[at_];
  return std::string_view(page_.bytes).substr(entry.at + entry.key_bytes, entry.value_bytes);
}

void CursorAhead::read(Page& page) {
  page.bytes.clear();
  page.entries.clear();
  for (; cursor_->valid() && page.bytes.size() < kPageBytes; cursor_->next()) {
    const std::string_view key = cursor_->key();
    const std::string_view value = cursor_->value();
    page.entries.push_back({static_cast<std::uint32_t>(page.bytes.size()),
                            static_cast<std::uint32_t>(key.size()),
                            static_cast<std::uint32_t>(value.size())});
    page.bytes += key;
    page.bytes += value;
  }
  page.last = !cursor_->valid();
  page.status = page.last ? cursor_->status() : Result<void>{};
}

// What the thread cannot do is told to the walk, as an error of the last page.
void CursorAhead::read_or_fail(Page& page) {
  try {
    read(page);
  } catch (const std::exception& exception) {
    page = {};
    page.status =
        fail(ErrorKind::kInternal, std::string("reading the state ahead: ") + exception.what());
  }
}

bool CursorAhead::start() {
  stopping_ = false;
  try {
    thread_ = std::thread([this] { read_ahead(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void CursorAhead::stop() {
  if (!thread_.joinable()) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  ready_.clear();
}

void CursorAhead::read_ahead() {
  for (bool more = true; more;) {
    Page page;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || ready_.size() < kPagesAhead; });
      if (stopping_) {
        return;
      }
      if (!spare_.empty()) {
        page = std::move(spare_.back());
        spare_.pop_back();
      }
    }
    read_or_fail(page);
    more = !page.last;
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(page));
    changed_.notify_one();
  }
}

}  // namespace couplet
