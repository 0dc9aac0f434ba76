#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/ports/state_store.h"

namespace couplet {

// A cursor whose entries are read by a thread of its own, some pages ahead of whoever walks over
// them, so that decompressing and merging go beside what the walk does. Few entries are read
// without it: the thread starts behind the first page, if one can be had; else the walk reads by
// itself. Memory: a handful of pages of 64 KiB.
class CursorAhead final : public StateCursor {
 public:
  explicit CursorAhead(std::unique_ptr<StateCursor> cursor) : cursor_(std::move(cursor)) {}
  ~CursorAhead() override { stop(); }
  CursorAhead(const CursorAhead&) = delete;
  CursorAhead& operator=(const CursorAhead&) = delete;

  void seek(std::string_view key) override;
  [[nodiscard]] bool valid() const override { return at_ < page_.entries.size(); }
  void next() override;
  [[nodiscard]] std::string_view key() const override;
  [[nodiscard]] std::string_view value() const override;
  [[nodiscard]] Result<void> status() const override {
    return valid() ? Result<void>{} : page_.status;
  }

 private:
  struct Entry {
    std::uint32_t at = 0;  // of the key in the bytes; its value stands behind it
    std::uint32_t key_bytes = 0;
    std::uint32_t value_bytes = 0;
  };
  struct Page {
    std::string bytes;
    std::vector<Entry> entries;
    bool last = true;
    Result<void> status;  // of the last one: why it is
  };

  void read(Page& page);  // from cursor_; its memory is used again
  void read_or_fail(Page& page);
  bool start();  // False: there is no thread to be had.
  void stop();
  void read_ahead();  // the thread

  std::unique_ptr<StateCursor> cursor_;  // the thread's while it runs
  Page page_;
  std::size_t at_ = 0;

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Page> ready_;   // behind mutex_
  std::vector<Page> spare_;  // behind mutex_
  bool stopping_ = false;    // behind mutex_
};

}  // namespace couplet
