#include "connectors/memory/memory_scan.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports/tuning.h"

namespace couplet::memory {

MemoryScan::MemoryScan(std::shared_ptr<MemoryDatabase> database, const ProjectionReader& reader)
    : database_(std::move(database)), width_(reader.id().size() + reader.columns()) {
  std::vector<std::pair<std::string, const StoredRow*>> order;
  for (const auto& [place, row] : reader.table().rows()) {
    std::string key;
    if (reader.in_scope(row) && reader.append_key(row, key)) {
      order.emplace_back(std::move(key), &row);
    }
  }
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [key, row] : order) {
    if (batches_.empty() || batches_.back().rows() >= tuning::kBatchRows ||
        batches_.back().bytes() >= tuning::kBatchBytes) {
      batches_.emplace_back(width_);
    }
    reader.append(*row, 0, batches_.back());
  }
}

Result<bool> MemoryScan::next(RowBatch& out) {
  out.reset(width_);
  COUPLET_TRY(database_->faults().enter(SourceCall::kScanNext));
  if (batches_.empty()) {
    return false;
  }
  out = std::move(batches_.front());
  batches_.pop_front();
  return true;
}

}  // namespace couplet::memory
