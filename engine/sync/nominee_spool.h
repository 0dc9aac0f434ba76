#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/result.h"
#include "engine/ports/spool_file.h"
#include "engine/sync/task.h"

namespace couplet {

// Objects to be looked at, in the order in which they were added. A few stay in memory; more go to
// a SpoolFile, so that a first reconcile of any size needs bounded memory. Nothing
// of it survives the process, and need not: a scan finds it again.
class NomineeSpool {
 public:
  // `folder`: where the file may be made; empty: the system's temporary folder.
  explicit NomineeSpool(std::string folder = {}) : file_(std::move(folder)) {}

  Result<void> add(const Nominee& nominee);
  // The next at most `limit` in order; fewer only at the end. Adding while taking is fine.
  Result<std::vector<Nominee>> take(std::size_t limit);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  Result<void> spill();
  Result<void> read_ahead();

  std::vector<Nominee> head_;  // read next, from head_at_ on
  std::size_t head_at_ = 0;
  std::vector<Nominee> tail_;  // added last
  SpoolFile file_;
  std::uint64_t read_at_ = 0;
  std::uint64_t in_file_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace couplet
